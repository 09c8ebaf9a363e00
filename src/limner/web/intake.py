"""Counts what requests bring while it is held, and reads large ones only when there is room. Knows no door.

A small body is never held up: whether a call repeats an earlier one can only be told once it has been read, and repeats
are answered however much there is to do.
"""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from limner.generation.admission import Admission, Departed, Share

SMALL_BYTES = 64 * 1024
"""A body up to this size is never held up."""


class Intake:
    """Wraps the doors. `scope["limner.share"]` is what a request has of the gateway's room."""

    def __init__(self, doors: ASGIApp, admission: Admission) -> None:
        self._doors = doors
        self._admission = admission

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have one request answered. Raises what the doors raise, GatewayUnavailable too if its body finds no room."""
        if scope["type"] != "http":
            await self._doors(scope, receive, send)
            return
        connection = scope.get("limner.connection")
        share = self._admission.open(None if connection is None else connection.on_lost)
        scope["limner.share"] = share
        try:
            await self._doors(scope, _Body(share, _read_length(scope), receive).receive, send)
        finally:
            if not share.is_under_way:
                share.close()


class _Body:
    """One request's body as it comes. A length that is known is counted before any of it is read."""

    def __init__(self, share: Share, length: int | None, receive: Receive) -> None:
        self._share = share
        self._length = length
        self._receive = receive
        self._received_bytes = 0
        self._has_begun = False

    async def receive(self) -> Message:
        try:
            if not self._has_begun:
                self._has_begun = True
                await self._count(self._length or 0)
            message = await self._receive()
            if self._length is None:
                self._received_bytes += len(message.get("body", b""))
                await self._count(self._received_bytes)
        except Departed:
            return {"type": "http.disconnect"}
        return message

    async def _count(self, size_bytes: int) -> None:
        """Have the request counted with so much."""
        if size_bytes <= SMALL_BYTES:
            self._share.hold_request(size_bytes)
        else:
            await self._share.take_request(size_bytes - self._share.request_bytes)


def _read_length(scope: Scope) -> int | None:
    """Return how long the body is, None if that will show; a server's parser has checked it."""
    headers = Headers(scope=scope)
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return None
    length = headers.get("content-length", "0")
    return int(length) if length.isdecimal() else None
