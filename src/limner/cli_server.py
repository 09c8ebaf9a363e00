"""The server that `limner serve` runs: it says when it answers, and drains before it ends.

After SIGTERM or SIGINT it goes on listening, so that a new call is told in words that it has to go elsewhere,
while running generations finish. When their time is over, or at a second signal, what still runs is closed as
unknown and its clients are told. A third ends the process as it stands. Knows nothing of settings and commands.
"""

import asyncio
import signal
import sys
import time
from collections.abc import Callable
from socket import socket
from types import FrameType

import uvicorn

from limner.generation.generations import Generations

if sys.platform != "win32":
    import resource

_FILES = 65_536
"""Open files wanted: each connection is one, and so is each picture and signature that a call puts back."""

LAST_ANSWERS_SECONDS = 2
"""How long clients are told the end of what was cut off, when no time is left."""


class GatewayServer(uvicorn.Server):
    """uvicorn's server with an end that costs no picture."""

    def __init__(
        self,
        config: uvicorn.Config,
        generations: Generations,
        *,
        drain_seconds: float,
        announce: Callable[[], None],
        reload: Callable[[], None],
    ) -> None:
        """`reload` is called after SIGHUP, where there is such a signal."""
        super().__init__(config)
        self._reload = reload
        self._generations = generations
        self._drain_seconds = drain_seconds
        self._announce = announce
        self._drains_until: float | None = None

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Start, and say so."""
        _raise_file_limit()
        if sys.platform != "win32":
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._reload)
        await super().startup(sockets=sockets)
        self._announce()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end, or hurry if that has begun already."""
        if self._drains_until is None:
            self._drains_until = time.monotonic() + self._drain_seconds
            self._generations.begin_draining(self._drain_seconds)
            self._captured_signals.append(sig)
        elif self._drains_until > time.monotonic():
            self._drains_until = 0.0
            self._generations.begin_draining(0)
        else:
            super().handle_exit(sig, frame)
            self.force_exit = True

    async def on_tick(self, counter: int) -> bool:
        """Return whether it is time to end."""
        if await super().on_tick(counter):
            return True
        if self._drains_until is None:
            return False
        left_seconds = self._drains_until - time.monotonic()
        if left_seconds > 0 and not self._generations.is_idle:
            return False
        await self._generations.drain()
        # What is left of the time goes to clients that are still being answered.
        self.config.timeout_graceful_shutdown = max(LAST_ANSWERS_SECONDS, round(left_seconds))
        return True


def _raise_file_limit() -> None:
    """Have as many files open as the system lets this process, instead of the 1,024 that shells allow."""
    if sys.platform == "win32":
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
