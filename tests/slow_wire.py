"""A wire to a server that a test can cut, clog and slow down: TCP in, TCP out, nothing understood."""

import asyncio
import socket
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

_PIECE_BYTES = 64 * 1024
_PATIENCE_SECONDS = 10
_STEPS_TO_TAKE = 10

_Result = TypeVar("_Result")


class SlowWire:
    """Listens on a port of its own, which stays the same, and passes what comes to `target`.

    `passed_bytes` is what clients sent through it. Every method may be called from any thread, and has taken
    effect when it returns.
    """

    def __init__(self, target: tuple[str, int]) -> None:
        self.passed_bytes = 0
        self._target = target
        self._delay_seconds = 0.0
        self._left_bytes: int | None = None
        self._forged = (b"", b"")
        self._flows = asyncio.Event()
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.port = 0
        self.restore()

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"http://127.0.0.1:{self.port}"

    def refuse(self) -> None:
        """Close all connections and the port: clients are refused."""
        self._run(self._close())

    def stall(self) -> None:
        """Take connections and bytes, and pass nothing on, until `restore`."""
        self._run(self._set_flow(flows=False))

    def delay(self, seconds: float) -> None:
        """Keep each piece, of 64 KiB at most, back for so long, in both directions, until `restore`."""
        self._delay_seconds = seconds

    def cut_after(self, size_bytes: int) -> None:
        """Refuse as soon as clients have sent so many bytes more."""
        self._left_bytes = size_bytes

    def forge(self, said: bytes, heard: bytes) -> None:
        """Pass `heard`, of equal length, where a client's piece says `said`."""
        assert len(said) == len(heard)
        self._forged = (said, heard)

    def restore(self) -> None:
        """Pass everything on at once and as it is; what was stalled goes on."""
        self._delay_seconds, self._left_bytes, self._forged = 0.0, None, (b"", b"")
        self._run(self._open())

    def close(self) -> None:
        """End it."""
        self.refuse()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE_SECONDS)
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE_SECONDS)

    async def _open(self) -> None:
        await self._set_flow(flows=True)
        if self._server is None:
            self._server = await asyncio.start_server(self._relay, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def _set_flow(self, *, flows: bool) -> None:
        if flows:
            self._flows.set()
        else:
            self._flows.clear()

    async def _close(self) -> None:
        if self._server is not None:
            # A connection that is just being taken is taken whole first: asyncio leaks it if its server closes under it.
            for listener in self._server.sockets:
                self._loop.remove_reader(listener.fileno())
            for _ in range(_STEPS_TO_TAKE):
                await asyncio.sleep(0)
        await asyncio.gather(*self._cut(), return_exceptions=True)

    def _cut(self) -> set[asyncio.Task[None]]:
        if self._server is not None:
            self._server.close()
            self._server = None
        for connection in self._connections:
            connection.cancel()
        return set(self._connections)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.current_task()
        assert connection is not None
        self._connections.add(connection)
        opening = asyncio.ensure_future(asyncio.open_connection(*self._target))
        try:
            there, back = await asyncio.shield(opening)
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(self._pump(reader, back, is_from_client=True))
                pumps.create_task(self._pump(there, writer, is_from_client=False))
        except (ExceptionGroup, OSError, asyncio.CancelledError):
            pass  # either end has gone, or the wire was cut
        finally:
            self._connections.discard(connection)
            writer.transport.abort()
            opening.add_done_callback(_abort)  # also if it opens only now

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_from_client: bool
    ) -> None:
        while piece := await reader.read(_PIECE_BYTES):
            if self._delay_seconds:
                await asyncio.sleep(self._delay_seconds)
            await self._flows.wait()
            if is_from_client:
                self.passed_bytes += len(piece)
                self._count(len(piece))
                if self._forged[0]:
                    piece = piece.replace(*self._forged)
            writer.write(piece)
            await writer.drain()
        with suppress(OSError):
            writer.write_eof()

    def _count(self, size_bytes: int) -> None:
        if self._left_bytes is None:
            return
        self._left_bytes -= size_bytes
        if self._left_bytes < 0:
            self._cut()  # which cancels the caller too, as soon as it waits
            raise ConnectionAbortedError


def _abort(opening: "asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]]") -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result()[1].transport.abort()


@contextmanager
def wiring(target: tuple[str, int]) -> Iterator[SlowWire]:
    """Lay a wire to `target` for the length of the block."""
    wire = SlowWire(target)
    try:
        yield wire
    finally:
        wire.close()


@contextmanager
def deaf_port() -> Iterator[int]:
    """Return a port that is bound and refuses: nobody listens, and nobody else can."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]
