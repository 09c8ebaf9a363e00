"""Who listens to a running generation: wakes listeners when there is more, and says when the last has gone.

A listener keeps its own place in the transcript and reads pictures from the spool, so nothing is queued for
it here. Knows nothing of what a generation is.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Audience:
    """The listeners of one generation. `on_empty` is called each time the last one leaves."""

    def __init__(self, on_empty: Callable[[], None]) -> None:
        self._on_empty = on_empty
        self._listeners = 0
        self._waiters: set[asyncio.Future[bool]] = set()

    @property
    def is_empty(self) -> bool:
        """Whether nobody listens."""
        return self._listeners == 0

    @contextmanager
    def join(self) -> Iterator[None]:
        """Count as a listener for the length of the block."""
        self._listeners += 1
        try:
            yield
        finally:
            self._listeners -= 1
            if self._listeners == 0:
                self._on_empty()

    def notify(self) -> None:
        """Wake all who wait."""
        waiters, self._waiters = self._waiters, set()
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(True)

    async def wait(self, timeout_seconds: float) -> bool:
        """Wait for the next `notify`; return False when `timeout_seconds` passed first."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[bool] = loop.create_future()
        self._waiters.add(waiter)
        timer = loop.call_later(timeout_seconds, _time_out, waiter)
        try:
            return await waiter
        finally:
            timer.cancel()
            self._waiters.discard(waiter)


def _time_out(waiter: asyncio.Future[bool]) -> None:
    if not waiter.done():
        waiter.set_result(False)
