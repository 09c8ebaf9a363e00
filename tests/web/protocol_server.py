"""A real server with the gateway's protocol and a small app, in a thread, and what raw clients of it need.

The app answers by path; what it saw of a request is a `Visit`. It must not know what a test asks.

    /bytes/N         reads the body and answers N bytes with a content-length
    /chunks/N/SIZE   answers N chunks of SIZE bytes, each written in pieces
    /gone            waits until it is told that the client has gone
    /late/SIZE       reads the body, waits until the test lets it go on, and answers SIZE bytes
    /unread          waits likewise before it reads the body, then answers how many bytes it had
    /early/N         answers with the first of N bytes before the body has come, waits likewise, ends
    /half            starts a chunked answer, waits likewise, ends it
"""

import asyncio
import json
import queue
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPResponse
from typing import Any, TypeVar

import uvicorn

from limner.web.connection import Connection
from limner.web.deadlines import Deadlines
from limner.web.protocol import GatewayProtocol, make_protocol

PATIENCE_SECONDS = 20
_Seen = TypeVar("_Seen")
_Scope = Any


class Visit:
    """One request as the app saw it."""

    def __init__(self, path: str, connection: Connection) -> None:
        self.path = path
        self.connection = connection
        self.body_bytes = 0
        self.is_disconnected = False
        self.is_over = False
        self.lost_with: list[int] = []
        """The acknowledged bytes at each call that told of the loss."""
        self.let_go = asyncio.Event()


class Server:
    """The running server."""

    def __init__(self, listener: socket.socket, deadlines: Deadlines | None, keep_alive_seconds: int) -> None:
        self.address: tuple[str, int] = listener.getsockname()
        self.visits: queue.Queue[Visit] = queue.Queue()
        config = uvicorn.Config(
            self.app,
            interface="asgi3",
            proxy_headers=False,
            http=make_protocol(lambda prefix: f"{prefix}_test", deadlines),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_keep_alive=keep_alive_seconds,
            timeout_graceful_shutdown=5,
        )
        self._program = _Program(config)
        self._thread = threading.Thread(target=self._program.run, args=([listener],))
        self._thread.start()
        assert self._program.is_ready.wait(PATIENCE_SECONDS)

    def stop(self) -> None:
        """End it."""
        self._program.should_exit = True
        self._thread.join()

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._program.server_state.connections)

    def count_buffered_bytes(self) -> int:
        """Return what the server holds for all clients because their kernels do not take it."""
        return sum(protocol.transport.get_write_buffer_size() for protocol in self._list_protocols())

    def count_timers(self) -> int:
        """Return how many connections wait for a deadline."""
        return sum(vars(protocol).get("_look_timer") is not None for protocol in self._list_protocols())

    def _list_protocols(self) -> list[GatewayProtocol]:
        return [
            protocol
            for protocol in self._program.server_state.connections
            if isinstance(protocol, GatewayProtocol)
        ]

    def connect(self, receive_buffer_bytes: int | None = None) -> socket.socket:
        """Return a raw connection, to be closed by the caller."""
        client = socket.socket()
        if receive_buffer_bytes is not None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
        client.settimeout(PATIENCE_SECONDS)
        client.connect(self.address)
        return client

    def next_visit(self) -> Visit:
        """Return the next request that reached the app."""
        return self.visits.get(timeout=PATIENCE_SECONDS)

    def forget_visits(self) -> None:
        """Begin anew."""
        while not self.visits.empty():
            self.visits.get()

    def read(self, look: Callable[[], _Seen]) -> _Seen:
        """Return what `look` sees in the server's thread."""

        async def run() -> _Seen:
            return look()

        return self.run(run())

    def run(self, work: Coroutine[Any, Any, _Seen]) -> _Seen:
        """Run `work` there and return its result."""
        assert self._program.loop is not None
        return asyncio.run_coroutine_threadsafe(work, self._program.loop).result(PATIENCE_SECONDS)

    def wait_until(self, look: Callable[[], bool]) -> None:
        """Wait until `look` sees it."""
        ends_at = time.monotonic() + PATIENCE_SECONDS
        while not self.read(look):
            assert time.monotonic() < ends_at
            time.sleep(0.005)

    def let_go(self, visit: Visit) -> None:
        """Let the app go on with a request."""
        self.read(visit.let_go.set)

    def ask(self, path: str) -> int:
        """Ask on a connection of its own and return the status."""
        with closing(HTTPConnection(*self.address, timeout=PATIENCE_SECONDS)) as connection:
            connection.request("GET", path)
            response = connection.getresponse()
            response.read()
            return response.status

    async def app(self, scope: _Scope, receive: Any, send: Any) -> None:
        """Answer one request."""
        visit = Visit(scope["path"], scope["limner.connection"])
        visit.connection.on_lost(lambda: visit.lost_with.append(visit.connection.acknowledged_bytes()))
        self.visits.put(visit)
        _, kind, *numbers = visit.path.split("/")
        if kind == "unread":
            await visit.let_go.wait()
        scope["limner.request_id"] = "req_of_the_app"
        if kind != "early":
            await _read_body(visit, receive)
        if kind == "late":
            await visit.let_go.wait()
        if kind == "gone":
            visit.is_disconnected = (await receive())["type"] == "http.disconnect"
            return
        if kind == "chunks":
            await _answer_chunks(visit.connection, send, *map(int, numbers))
        elif kind == "half":
            await _start(send, [])
            await visit.connection.write_pieces([b"first"])
            await visit.let_go.wait()
            await _end(send, b"")
        elif kind == "early":
            await _start(send, [(b"content-length", numbers[0].encode())])
            await send({"type": "http.response.body", "body": b"a", "more_body": True})
            await visit.let_go.wait()
            await _end(send, b"a" * (int(numbers[0]) - 1))
        else:
            body = str(visit.body_bytes).encode() if kind == "unread" else b"a" * int(numbers[0])
            await _start(send, [(b"content-length", str(len(body)).encode())])
            await _end(send, body)
        visit.is_over = True


async def _read_body(visit: Visit, receive: Any) -> None:
    more_body = True
    while more_body:
        message = await receive()
        visit.is_disconnected = message["type"] == "http.disconnect"
        visit.body_bytes += len(message.get("body", b""))
        more_body = message.get("more_body", False)


async def _answer_chunks(connection: Connection, send: Any, count: int, size: int) -> None:
    await _start(send, [])
    for number in range(count):
        chunk = memoryview(make_chunk(number, size))
        await connection.write_pieces([chunk[: size // 3], bytes(chunk[size // 3 :])])
    await _end(send, b"")


async def _start(send: Any, headers: list[tuple[bytes, bytes]]) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": headers})


async def _end(send: Any, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": False})


def make_chunk(number: int, size: int) -> bytes:
    """Return the chunk with this number."""
    return bytes([number % 256]) * size


class _Program(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.loop: asyncio.AbstractEventLoop | None = None
        self.is_ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.loop = asyncio.get_running_loop()
        self.is_ready.set()


@contextmanager
def run_server(deadlines: Deadlines | None = None, keep_alive_seconds: int = 60) -> Iterator[Server]:
    """Run a server for the length of the block."""
    with closing(socket.create_server(("127.0.0.1", 0), backlog=1024)) as listener:
        server = Server(listener, deadlines, keep_alive_seconds)
        try:
            yield server
        finally:
            server.stop()


def get(path: str, *headers: str) -> bytes:
    """Return the bytes of a GET request."""
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: here", *headers, "", ""]).encode()


def post(path: str, length: int) -> bytes:
    """Return the bytes of a POST request's head."""
    return get(path, f"Content-Length: {length}").replace(b"GET", b"POST", 1)


def read_answer(client: socket.socket) -> tuple[int, Any, bytes]:
    """Read one answer; return status, headers and body."""
    response = HTTPResponse(client)
    response.begin()
    return response.status, response.headers, response.read()


def read_to_end(client: socket.socket) -> bytes:
    """Read until the server closes."""
    pieces = []
    while piece := client.recv(1 << 16):
        pieces.append(piece)
    return b"".join(pieces)


def read_refusal(client: socket.socket) -> tuple[int, dict[str, Any]]:
    """Read an error that must be the last of its connection; return status and the inside of its body."""
    head, _, body = read_to_end(client).partition(b"\r\n\r\n")
    status_line, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    assert headers["content-type"] == "application/json"
    assert headers["connection"] == "close"
    assert headers["x-should-retry"] == "false"
    assert headers["x-request-id"] in {"req_test", "req_of_the_app"}
    assert int(headers["content-length"]) == len(body)
    error: dict[str, Any] = json.loads(body)["error"]
    assert set(error) == {"message", "type", "param", "code"}
    return int(status_line.split()[1]), error


def reset(client: socket.socket) -> None:
    """Close a connection with a reset."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.close()
