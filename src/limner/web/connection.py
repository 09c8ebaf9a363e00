"""One client's connection as a door sees it: how much arrived there, whether the client is still there.

Counts what is written and knows how a chunk is framed; what a request is, and when a connection ends, the
protocol knows.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from limner.web.deadlines import Reception
from limner.web.send_queue import SendQueue

Piece = bytes | memoryview
_Data: TypeAlias = "bytes | bytearray | memoryview[Any]"


class CountedTransport(asyncio.Transport):
    """A transport that counts what is written, and lets the protocol decide how it is closed."""

    def __init__(self, inner: asyncio.Transport, reception: Reception, close: Callable[[], None]) -> None:
        super().__init__()
        self.inner = inner
        self.written_bytes = 0
        self._reception = reception
        self._close = close
        self._is_ended = False

    def write(self, data: _Data) -> None:
        """Write, unless nothing is written any more."""
        if not self.is_closing():  # what a closing transport drops must not count
            self.written_bytes += len(data)
            self.inner.write(data)

    def writelines(self, list_of_data: Iterable[_Data]) -> None:
        """Write all of it, in one call of the transport."""
        if not self.is_closing():
            pieces = list(list_of_data)
            self.written_bytes += sum(map(_size, pieces))
            self.inner.writelines(pieces)

    def end(self) -> None:
        """Write nothing any more."""
        self._is_ended = True

    def is_closing(self) -> bool:
        """Return whether nothing is written any more."""
        return self._is_ended or self.inner.is_closing()

    def close(self) -> None:
        """Let the protocol close."""
        self._close()

    def release(self) -> None:
        """Forget the protocol: what refers to itself waits for the garbage collector."""
        self._close = self.inner.close

    def abort(self) -> None:
        """Close at once."""
        self.inner.abort()

    def pause_reading(self) -> None:
        """Stop reading; that time is not the client's."""
        self._reception.pause()
        self.inner.pause_reading()

    def resume_reading(self) -> None:
        """Read again."""
        self._reception.resume()
        self.inner.resume_reading()

    def get_write_buffer_size(self) -> int:
        """Return the bytes that the kernel has not taken yet."""
        return self.inner.get_write_buffer_size()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return what the transport knows."""
        return self.inner.get_extra_info(name, default)


class Connection:
    """One client's connection, `scope["limner.connection"]` of all its requests."""

    def __init__(
        self, transport: CountedTransport, flow: FlowControl, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._transport = transport
        self._flow = flow
        self._loop = loop
        self._queue = SendQueue(transport.inner)
        self._acknowledged_bytes = 0
        self._callbacks: dict[object, Callable[[], None]] = {}
        self.is_lost = False
        """Whether the client has gone, or was sent away."""
        self.responding: RequestResponseCycle | None = None
        """The request that is being answered, or was last: of pipelined ones, not the last that came."""

    @property
    def written_bytes(self) -> int:
        """All bytes written so far, of all answers."""
        return self._transport.written_bytes

    def acknowledged_bytes(self) -> int:
        """Return how many of them the client's kernel has acknowledged; once it has gone, the last known."""
        queued_bytes = None if self.is_lost else self._queue.measure_bytes()
        if queued_bytes is not None:
            taken_bytes = self._transport.written_bytes - self._transport.get_write_buffer_size()
            self._acknowledged_bytes = max(self._acknowledged_bytes, taken_bytes - queued_bytes)
        return self._acknowledged_bytes

    @property
    def is_settled(self) -> bool:
        """Whether no more of what was written will be acknowledged: all is, or the connection is closed."""
        return (
            self.acknowledged_bytes() >= self._transport.written_bytes or self._queue.measure_bytes() is None
        )

    def on_lost(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Have `callback` called once when the client has gone; return what takes that back."""
        token = object()
        self._callbacks[token] = callback
        if self.is_lost:
            self._loop.call_soon(self._call, token)

        def forget() -> None:
            self._callbacks.pop(token, None)

        return forget

    async def write_pieces(self, pieces: Sequence[Piece]) -> None:
        """Write one chunk of the answer under way, without joining its pieces.

        They are written later if the client is slow: their bytes must not change. Nothing is written once the
        client has gone. Raises RuntimeError if no chunked answer is under way.
        """
        cycle = self.responding
        if self._flow.write_paused and not self.is_lost:
            await self._flow.drain()
        if self.is_lost or (cycle is not None and cycle.disconnected):
            return
        if cycle is None or not cycle.response_started:
            raise RuntimeError("The response has not started.")
        if cycle.response_complete:
            raise RuntimeError("The response is complete.")
        if cycle.scope["method"] == "HEAD":
            return
        if not cycle.chunked_encoding:
            raise RuntimeError("The response is not chunked.")
        size_bytes = sum(map(_size, pieces))
        if size_bytes:  # an empty chunk would be the last
            self._transport.writelines([b"%x\r\n" % size_bytes, *pieces, b"\r\n"])

    def lose(self) -> None:
        """Take the client as gone, after a last look at what it has acknowledged."""
        if not self.is_lost:
            self.acknowledged_bytes()
            self.is_lost = True
            for token in self._callbacks:
                self._loop.call_soon(self._call, token)

    def _call(self, token: object) -> None:
        callback = self._callbacks.pop(token, None)
        if callback is not None:
            callback()


def _size(piece: _Data) -> int:
    return piece.nbytes if isinstance(piece, memoryview) else len(piece)
