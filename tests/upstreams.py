"""A small server in Gemini's place whose answers a test writes itself, byte by byte.

It stands where the emulator cannot: recorded answers, pictures of any size, answers no Gemini gives.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar, NamedTuple


class Call(NamedTuple):
    """What came: the path, and the body as it was."""

    path: str
    body: bytes

    @property
    def is_stream(self) -> bool:
        return "streamGenerateContent" in self.path


class Answer(NamedTuple):
    """What goes back: `pieces` are the body as it is sent, chunked."""

    pieces: Iterable[bytes]
    content_type: str = "application/json; charset=UTF-8"
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


Respond = Callable[[Call], Answer]


class Upstream:
    """The running server. Set `respond` before it is asked; `calls` is what came."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.url = f"http://127.0.0.1:{server.server_port}"
        self.calls: list[Call] = []
        self.respond: Respond = lambda _call: Answer([b"{}"])

    def answer(self, call: Call) -> Answer:
        self.calls.append(call)
        return self.respond(call)


@contextmanager
def run_upstream() -> Iterator[Upstream]:
    """Run a server for the length of the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        upstream: ClassVar[Upstream]

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = self.upstream.answer(Call(self.path, body))
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Transfer-Encoding", "chunked")
            for name, value in answer.headers:
                self.send_header(name, value)
            self.end_headers()
            for piece in answer.pieces:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Handler.upstream = Upstream(server)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield Handler.upstream
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
