"""An HTTPS server that answers with exactly the bytes a test gives it."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40


def answer(body: bytes = PICTURE, status: str = "200 OK", **headers: str) -> bytes:
    """Return an answer; `_` in a header's name stands for `-`, and its length is told unless given."""
    told = {"Content-Length": str(len(body))} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in told.items() if value)]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def redirect(location: str, status: int = 302, body: bytes = b"") -> bytes:
    """Return an answer that leads elsewhere."""
    return answer(body, f"{status} Elsewhere", Location=location)


class PictureServer:
    """`requests` are the heads it got, `names` the names asked for in TLS, `connections` how often it was called."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.answers: dict[str, bytes] = {}
        self.requests: list[str] = []
        self.names: list[str | None] = []
        self.connections = 0
        self.is_silent = False
        self.tasks: list[asyncio.Task[None]] = []

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a connection."""
        self.connections += 1
        self.tasks.append(asyncio.create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request by its path, and then say nothing until the client goes if silent."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.requests.append(head)
            target = head.split(" ")[1]
            writer.write(self.answers.get(target.partition("?")[0], answer(b"no such path", "404 Not Found")))
            await writer.drain()
            if self.is_silent:
                await reader.read()
        writer.close()
        with suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()


@asynccontextmanager
async def running_picture_server(context: ssl.SSLContext | None) -> AsyncIterator[PictureServer]:
    """Run one on loopback, with TLS if there is a context."""
    pictures = PictureServer(0)
    if context is not None:
        context.sni_callback = lambda _socket, name, _context: pictures.names.append(name)
    server = await asyncio.start_server(pictures.accept, "127.0.0.1", 0, ssl=context)
    pictures.port = server.sockets[0].getsockname()[1]
    try:
        async with server:
            yield pictures
    finally:
        await asyncio.gather(*pictures.tasks)
