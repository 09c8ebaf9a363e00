"""`/healthz` and `/readyz`: whether the process lives, and whether it can take calls. Need no key."""

from collections.abc import Awaitable, Callable, Mapping

import msgspec
from msgspec import UNSET, Struct
from starlette.requests import Request
from starlette.responses import Response

from limner.wire.status import Alive, Readiness


class HealthDoor:
    """Both doors. `checks` name what must work; each returns None or what is wrong."""

    def __init__(
        self,
        *,
        version: str,
        emulator_url: str | None,
        checks: Mapping[str, Callable[[], Awaitable[str | None]]],
        describe_upstream: Callable[[], str | None],
    ) -> None:
        """`describe_upstream` says what is wrong with Gemini; that decides nothing: another gateway would fare no better."""
        self._alive = Alive(version=version, emulator=UNSET if emulator_url is None else emulator_url)
        self._checks = checks
        self._describe_upstream = describe_upstream

    async def show_alive(self, _request: Request) -> Response:
        """Answer that the process lives."""
        return _to_json(self._alive, 200)

    async def show_ready(self, _request: Request) -> Response:
        """Answer 200 when everything needed works, else 503; the body says what does."""
        found = {name: await check() for name, check in self._checks.items()}
        is_ready = all(problem is None for problem in found.values())
        body = Readiness(
            status="ready" if is_ready else "not_ready",
            checks={name: problem or "ok" for name, problem in found.items()},
            upstream=self._describe_upstream() or UNSET,
        )
        return _to_json(body, 200 if is_ready else 503)


def _to_json(value: Struct, status: int) -> Response:
    return Response(msgspec.json.encode(value), status_code=status, media_type="application/json")
