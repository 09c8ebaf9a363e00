"""What a generation's calls go out through: the pool, the client, and who is told what became of each attempt. Records only."""

from collections.abc import Callable

from msgspec import Struct

from limner.errors import GatewayError
from limner.generation.watching import Watcher
from limner.upstream.call_body import CallBody
from limner.upstream.client import GeminiClient
from limner.upstream.pool import Pool
from limner.upstream.standing import Trouble


class Upstreams(Struct, frozen=True, kw_only=True):
    """Where calls go."""

    pool: Pool
    client: GeminiClient
    watchers: list[Watcher] = []
    """Who is told of each attempt."""


class Errand(Struct, frozen=True, kw_only=True):
    """What one model is asked."""

    model_id: str
    kind: str | None
    """The kind of upstream that is asked rather; None: it makes no difference."""
    build: Callable[[str], bytes | CallBody]
    """Returns the body for a kind of upstream."""
    build_unsigned: Callable[[str], bytes | CallBody] | None
    """The same without thought signatures, in case one is refused; None: there is none in it."""


class Refused(Exception):
    """An attempt failed before Gemini answered anything."""

    def __init__(
        self,
        error: GatewayError,
        *,
        trouble: Trouble | None = None,
        told_seconds: float | None = None,
        status: int | None = None,
        said: str | None = None,
    ) -> None:
        """`trouble` is what it says of the credential; `said` are Gemini's words, without secrets."""
        super().__init__(error.message)
        self.error = error
        self.trouble = trouble
        self.told_seconds = told_seconds
        self.status = status
        self.said = said
