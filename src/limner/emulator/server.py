"""Serve the emulator with uvicorn: the socket, the one line on standard output, the ways to end.

It must not know what the application answers.
"""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from types import FrameType

import uvicorn

from limner.emulator.app import create_app

# What uvicorn prints when the application breaks an answer off on purpose, or when the end of the program does.
_EXPECTED_MESSAGES = ("ASGI callable returned without completing response.", "Cancel %s running task(s)")


class _ExpectedEnds(logging.Filter):
    """Keeps quiet about answers broken off by a directive or by the end of the program."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        expected = isinstance(error, asyncio.CancelledError) or str(record.msg).startswith(_EXPECTED_MESSAGES)
        return not expected


class _Server(uvicorn.Server):
    """Announces itself once it listens, and takes SIGTERM and SIGINT as an ordinary end with exit code 0."""

    def __init__(self, config: uvicorn.Config, announcement: str) -> None:
        super().__init__(config)
        self._announcement = announcement

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        sys.stdout.write(self._announcement + "\n")
        sys.stdout.flush()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Unlike uvicorn's own, raise no signal again after the end."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, self._end)
        yield

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self.should_exit = True


def serve(
    *,
    host: str,
    port: int,
    accept_dummy_signature: bool = False,
    signature_bytes: int = 65_536,
    exit_with_parent: bool = False,
) -> None:
    """Serve the emulator until SIGTERM or SIGINT (or the end of standard input, with `exit_with_parent`).

    Prints one line with the address once it listens; port 0 takes a free port. Raises `OSError` when the address
    cannot be bound.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=2048)
    bound_port = listener.getsockname()[1]
    shown_host = f"[{host}]" if family == socket.AF_INET6 else host
    config = uvicorn.Config(
        create_app(accept_dummy_signature=accept_dummy_signature, signature_bytes=signature_bytes),
        loop="auto" if sys.platform == "win32" else "uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    logging.getLogger("uvicorn.error").addFilter(_ExpectedEnds())
    announcement = f"Limner's Gemini emulator listens on http://{shown_host}:{bound_port}"
    server = _Server(config, announcement)
    if exit_with_parent:
        threading.Thread(target=_wait_for_parent, args=(server,), daemon=True).start()
    server.run(sockets=[listener])


def _wait_for_parent(server: uvicorn.Server) -> None:
    """End the server when standard input ends, which it does when the process holding its other end is gone."""
    # Not through sys.stdin: a thread inside its buffer when the interpreter ends aborts the process.
    while os.read(0, 4096):
        pass
    server.should_exit = True
