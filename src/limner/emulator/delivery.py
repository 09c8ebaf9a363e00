"""Send an answer's bytes, whole or broken off or held up, and note in the journal how it ended.

It must not know what the bytes mean.
"""

import asyncio
from collections.abc import Iterator

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from limner.emulator.journal import Entry

_PIECE_BYTES = 65_536


class Delivery(Response):
    """A chunked answer of `blocks`.

    `cut` is the share of the bytes after which the connection is closed without a final chunk; `stall_at` the share
    after which nothing comes for `stall_seconds`.
    """

    def __init__(
        self,
        blocks: list[bytes],
        *,
        media_type: str,
        headers: dict[str, str],
        entry: Entry,
        cut: float | None = None,
        stall_at: float = 0.0,
        stall_seconds: float = 0.0,
    ) -> None:
        super().__init__(status_code=200, headers={**headers, "content-type": media_type})
        # Google's answers come chunked, without a length.
        del self.headers["content-length"]
        self._blocks = blocks
        self._entry = entry
        self._cut = cut
        self._stall_at = stall_at
        self._stall_seconds = stall_seconds
        self._gone = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send as ASGI asks; returning before the last message is what makes the server close the connection."""
        del scope
        self._entry.status = self.status_code
        watch = asyncio.create_task(self._watch(receive))
        try:
            await send(
                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            )
            complete = await self._send_body(send)
            if complete and not self._gone.is_set():
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            watch.cancel()

    async def _send_body(self, send: Send) -> bool:
        """Send the pieces; say whether the answer may be ended properly."""
        total_bytes = sum(map(len, self._blocks))
        stop_at = total_bytes if self._cut is None else int(total_bytes * self._cut)
        stall_at = int(total_bytes * self._stall_at) if self._stall_seconds else stop_at
        for piece in [
            *self._pieces(0, min(stall_at, stop_at)),
            None,
            *self._pieces(min(stall_at, stop_at), stop_at),
        ]:
            if piece is None:
                await self._stall()
            else:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            if self._gone.is_set():
                self._entry.outcome = "gone"
                return False
        return self._cut is None

    def _pieces(self, start: int, end: int) -> Iterator[bytes]:
        """The bytes from `start` to `end`, a block's end being a piece's end too."""
        offset = 0
        for block in self._blocks:
            first, last = max(start - offset, 0), min(end - offset, len(block))
            for position in range(first, last, _PIECE_BYTES):
                yield block[position : min(position + _PIECE_BYTES, last)]
            offset += len(block)

    async def _stall(self) -> None:
        if self._stall_seconds:
            try:
                await asyncio.wait_for(self._gone.wait(), self._stall_seconds)
            except TimeoutError:
                return

    async def _watch(self, receive: Receive) -> None:
        """Notice that the client went away."""
        while (await receive())["type"] != "http.disconnect":
            pass
        self._gone.set()
