"""An HTTP proxy that asks for a user and a password, and passes on to one server. It must not know who asks."""

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class TollProxy:
    """The running proxy; `passed` counts what it let through."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.passed = 0


@contextmanager
def running_proxy(user: str, password: str) -> Iterator[TollProxy]:
    """Run one for the length of the block."""
    wanted = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._pass_on("GET")

        def do_POST(self) -> None:
            self._pass_on("POST")

        def _pass_on(self, method: str) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            if self.headers.get("Proxy-Authorization") != wanted:
                self._answer(407, b"", "text/plain")
                return
            proxy.passed += 1
            parts = urlsplit(self.path)
            names = ("Content-Type", "x-goog-api-key")
            headers = {name: self.headers[name] for name in names if name in self.headers}
            there = HTTPConnection(parts.netloc, timeout=30)
            try:
                there.request(method, f"{parts.path}?{parts.query}", body or None, headers)
                answer = there.getresponse()
                found = answer.read()
                self._answer(answer.status, found, answer.headers["Content-Type"] or "text/plain")
            except OSError:
                self._answer(502, b"", "text/plain")
            finally:
                there.close()

        def _answer(self, status: int, body: bytes, content_type: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.daemon_threads = True
    proxy = TollProxy(f"127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
