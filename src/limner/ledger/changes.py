"""Tells what other replicas have to say: that something has become of a generation, that a sign of life is wanted.

PostgreSQL only.

What is told may be lost with a connection, so whoever waits looks again from time to time. This module must not
know what has changed.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress

import psycopg

from limner.ledger.postgres import CONNECT_ARGUMENTS, describe

_LOG = logging.getLogger(__name__)

_CHANNEL = "limner_generations"
_SIGNS = "limner_signs"
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 15.0
# A connection that looks alive and is not is found out by asking something.
_QUIET_SECONDS = 30.0


class Changes:
    """Listens on a connection of its own, of the event loop that it was started in."""

    def __init__(self, url: str, replica_id: str, *, on_asked_for_sign: Callable[[], None]) -> None:
        """`on_asked_for_sign` is called when somebody wants to know whether the replica of this id lives."""
        self._url = url
        self._replica_id = replica_id
        self._on_asked_for_sign = on_asked_for_sign
        self._waiters: defaultdict[str, set[asyncio.Future[None]]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to listen."""
        self._task = asyncio.get_running_loop().create_task(self._listen_on())

    async def stop(self) -> None:
        """End; who waits, waits on."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def wait(self, generation_id: str, timeout_seconds: float) -> None:
        """Return when something may have become of the generation, or when the time has passed."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters[generation_id].add(waiter)
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(waiter, timeout_seconds)
        finally:
            self._waiters[generation_id].discard(waiter)
            if not self._waiters[generation_id]:
                del self._waiters[generation_id]

    async def _listen_on(self) -> None:
        pause_seconds = _FIRST_PAUSE_SECONDS
        while True:
            try:
                connection = await psycopg.AsyncConnection.connect(self._url, **CONNECT_ARGUMENTS)  # type: ignore[arg-type] # of several types
                async with connection:
                    await connection.execute(f"LISTEN {_CHANNEL}")
                    await connection.execute(f"LISTEN {_SIGNS}")
                    pause_seconds = _FIRST_PAUSE_SECONDS
                    self._wake_all()  # who came before may have missed something
                    await self._pass_on(connection)
            except psycopg.Error as error:
                _LOG.info(
                    "changes on %s are looked for, not told (%s)", describe(self._url), type(error).__name__
                )
            await asyncio.sleep(pause_seconds)
            pause_seconds = min(pause_seconds * 2, _LONGEST_PAUSE_SECONDS)

    async def _pass_on(self, connection: psycopg.AsyncConnection) -> None:
        while True:
            async for notice in connection.notifies(timeout=_QUIET_SECONDS):
                if notice.channel == _CHANNEL:
                    self._wake(notice.payload)
                elif notice.payload == self._replica_id:
                    self._on_asked_for_sign()
            await connection.execute("SELECT 1")

    def _wake_all(self) -> None:
        for generation_id in tuple(self._waiters):
            self._wake(generation_id)

    def _wake(self, generation_id: str) -> None:
        for waiter in self._waiters.get(generation_id, ()):
            if not waiter.done():
                waiter.set_result(None)
