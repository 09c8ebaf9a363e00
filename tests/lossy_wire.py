"""A wire to PostgreSQL that breaks when nobody can tell any more: the server has written, and its client hears of it no more."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from urllib.parse import urlsplit

_PIECE_BYTES = 64 * 1024
_WAIT_SECONDS = 20.0

_WRITTEN = b"COMMIT\0"
"""In the server's message that a transaction is written (CommandComplete, as PostgreSQL 15 sends it, seen 2026-11)."""


class LossyWire:
    """Passes on what both sides say. `url` is the database at `database_url`, reached through it."""

    def __init__(self, database_url: str) -> None:
        self._address = (urlsplit(database_url).hostname or "", urlsplit(database_url).port or 0)
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        self.url = database_url.replace(f":{self._address[1]}/", f":{port}/")
        self._words: bytes | None = None
        self._has_lost = threading.Event()
        self._sockets = ExitStack()
        threading.Thread(target=self._accept, daemon=True).start()

    def lose_commit_after(self, words: str) -> None:
        """Let the first transaction in which a client says `words` be written, and its client never know."""
        self._words = words.encode()

    def wait_until_lost(self) -> None:
        """Wait until that has happened."""
        assert self._has_lost.wait(_WAIT_SECONDS)

    def close(self) -> None:
        """Break everything."""
        self._listener.close()
        self._sockets.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._address)
                for end in (client, server):
                    self._sockets.callback(end.close)
                is_marked = threading.Event()
                for pump in (self._pass_on, self._pass_back):
                    threading.Thread(target=pump, args=(client, server, is_marked), daemon=True).start()

    def _pass_on(self, client: socket.socket, server: socket.socket, is_marked: threading.Event) -> None:
        with suppress(OSError):
            while said := client.recv(_PIECE_BYTES):
                if self._words is not None and self._words in said:
                    self._words = None
                    is_marked.set()
                server.sendall(said)
            server.shutdown(socket.SHUT_WR)

    def _pass_back(self, client: socket.socket, server: socket.socket, is_marked: threading.Event) -> None:
        with suppress(OSError):
            while said := server.recv(_PIECE_BYTES):
                if is_marked.is_set() and _WRITTEN in said:
                    self._has_lost.set()
                    server.shutdown(socket.SHUT_RDWR)
                    break
                client.sendall(said)
        with suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)


@contextmanager
def wiring(database_url: str) -> Iterator[LossyWire]:
    """Lay a wire for the length of the block."""
    with closing(LossyWire(database_url)) as wire:
        yield wire
