"""What the edge asks of whoever traces requests. Knows no tracing library: without one nothing of this is called."""

from typing import Protocol

from starlette.types import Scope

from limner.web.access_log import Problem


class RequestTrace(Protocol):
    """One request that is traced."""

    def end(self, status: int | None, problem: Problem | None) -> None:
        """Take its end."""


class RequestTraces(Protocol):
    """Traces requests. It must not raise, nor wait for anybody."""

    def begin(self, scope: Scope, door: str) -> RequestTrace | None:
        """Take the beginning of a request; None if this one is not traced."""
