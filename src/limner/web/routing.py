"""Makes of what doors offer - methods that return or send their answers - what the router takes. Knows no door."""

from collections.abc import Awaitable, Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send


class AsgiDoor:
    """A door that sends its answer itself; of a bare method Starlette would expect a Response."""

    def __init__(self, answer: ASGIApp) -> None:
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self._answer(scope, receive, send)


class ByMethod:
    """The doors at one address; what else is asked there is refused naming all methods, and no later route is tried."""

    def __init__(self, **doors: ASGIApp) -> None:
        self._doors = doors
        if "GET" in doors:
            self._doors["HEAD"] = doors["GET"]
        self.methods = frozenset(self._doors)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["method"] not in self._doors:
            raise HTTPException(405, headers={"Allow": ", ".join(sorted(self.methods))})
        await self._doors[scope["method"]](scope, receive, send)


def answer_by(answer: Callable[[Request], Awaitable[Response]]) -> ASGIApp:
    """Return a door that returns its answer as one that sends it."""

    async def send_answer(scope: Scope, receive: Receive, send: Send) -> None:
        await (await answer(Request(scope, receive)))(scope, receive, send)

    return send_answer
