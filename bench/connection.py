"""One kept-alive HTTP connection that measures its answers instead of keeping them.

`AnswerReader` is the protocol without I/O, `Connection` puts it on a socket. Knows nothing of phases or tallies.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

BUFFER_BYTES = 256 * 1024


class AnswerReader:
    """Finds the end of one HTTP answer and counts its body. Bytes in, numbers out: no I/O."""

    def __init__(self) -> None:
        self.status = 0
        self.body_bytes = 0  # exact once complete
        self.seen_bytes = 0  # of the body so far, framing included
        self.complete = False
        self._skip_bytes = 0
        self._line = b""
        self._chunked = False
        self._length: int | None = None
        self._read: Callable[[bytes], None] = self._read_status

    def feed(self, buffer: bytearray, count: int) -> None:
        """Take the first `count` bytes of `buffer`. ValueError where they are not HTTP."""
        at = 0
        while at < count and not self.complete:
            if self._skip_bytes:
                step = min(self._skip_bytes, count - at)
                at += step
                self._skip(step)
            else:
                at = self._take_line(buffer, at, count)

    def _skip(self, step: int) -> None:
        self.seen_bytes += step
        self._skip_bytes -= step
        if not self._skip_bytes and not self._chunked:
            self.complete = True

    def _take_line(self, buffer: bytearray, start: int, count: int) -> int:
        end = buffer.find(b"\n", start, count)
        if end < 0:
            self._line += buffer[start:count]
            return count
        line = (self._line + buffer[start:end]).rstrip(b"\r")
        self._line = b""
        self._read(line)
        return end + 1

    def _read_status(self, line: bytes) -> None:
        self.status = int(line.split(b" ", 2)[1])
        self._read = self._read_header

    def _read_header(self, line: bytes) -> None:
        if line:
            name, _, value = line.lower().partition(b":")
            if name == b"content-length":
                self._length = int(value)
            elif name == b"transfer-encoding":
                self._chunked = b"chunked" in value
        elif self._chunked:
            self._read = self._read_chunk_size
        elif self._length is None:
            raise ValueError("an answer without length or chunks")
        else:
            self.body_bytes = self._skip_bytes = self._length
            self.complete = not self._length

    def _read_chunk_size(self, line: bytes) -> None:
        size = int(line.partition(b";")[0], 16)
        if size:
            self.body_bytes += size
            self._skip_bytes = size + 2  # and the line end behind it
        else:
            self._read = self._read_trailer

    def _read_trailer(self, line: bytes) -> None:
        self.complete = not line


@dataclass(frozen=True, slots=True)
class Timing:
    """One complete answer, in seconds since its call was written."""

    first_byte: float
    first_64_kib: float
    end: float


class Connection(asyncio.BufferedProtocol):
    """One kept-alive connection; `ask` gives the timing of one answer."""

    def __init__(self) -> None:
        self._buffer = bytearray(BUFFER_BYTES)
        self.reader = AnswerReader()
        self._answered: asyncio.Future[Timing] | None = None
        self._asked_at = self._first_byte = self._first_64_kib = 0.0

    @property
    def open(self) -> bool:
        """Whether another call may be written."""
        return not self.transport.is_closing()

    def excerpt(self) -> str:
        """The beginning of what arrived last: what a refusal says."""
        return bytes(self._buffer[:600]).partition(b"\0")[0].decode("utf-8", "replace")

    async def ask(self, call: bytes) -> Timing:
        """Write one call and wait for the end of its answer."""
        self.reader = AnswerReader()
        self._first_byte = self._first_64_kib = 0.0
        self._answered = asyncio.get_running_loop().create_future()
        self._asked_at = time.perf_counter()
        self.transport.write(call)
        return await self._answered

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to ask."""
        self.transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the call that was waiting, if one was."""
        self._fail(exc or ConnectionError("closed by the server"))

    def get_buffer(self, sizehint: int) -> bytearray:  # noqa: ARG002 (the loop's signature)
        """The one buffer, used again for every read."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Count what arrived and note when."""
        reader = self.reader
        try:
            reader.feed(self._buffer, nbytes)
        except (ValueError, IndexError) as broken:
            self._fail(broken)
            self.transport.abort()
            return
        elapsed = time.perf_counter() - self._asked_at
        if not self._first_byte and reader.seen_bytes:
            self._first_byte = elapsed
        if not self._first_64_kib and (reader.seen_bytes >= 64 * 1024 or reader.complete):
            self._first_64_kib = elapsed
        if reader.complete and self._answered and not self._answered.done():
            self._answered.set_result(Timing(self._first_byte, self._first_64_kib, elapsed))

    def _fail(self, reason: Exception) -> None:
        if self._answered and not self._answered.done():
            self._answered.set_exception(reason)
