"""Does jobs again and again, as long as the gateway lives. Knows when, not what."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from limner.errors import locate
from limner.ledger.errors import DatabaseError

_LOG = logging.getLogger("limner.generation")

Job = Callable[[], Awaitable[None]]


class Rounds:
    """A task that comes round every `pause_seconds`, or when it is woken."""

    def __init__(self, name: str, pause_seconds: float, *jobs: Job) -> None:
        """`name` is what the jobs are called in the log; one that fails does not keep back the others."""
        self._name = name
        self._pause_seconds = pause_seconds
        self._jobs = jobs
        self._woken = asyncio.Event()
        self._is_ending = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.get_running_loop().create_task(self._come_round())

    def wake(self) -> None:
        """Come round soon."""
        self._woken.set()

    async def finish(self, patience_seconds: float) -> None:
        """Come round once more, and end; in the middle of a job if that takes too long."""
        self._is_ending = True
        self._woken.set()
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=patience_seconds)
        await self.stop()

    async def stop(self) -> None:
        """End, in the middle of a job if one is being done."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _come_round(self) -> None:
        while True:
            is_last = self._is_ending
            self._woken.clear()
            for job in self._jobs:
                await self._do(job)
            if is_last:
                return
            try:
                await asyncio.wait_for(self._woken.wait(), self._pause_seconds)
            except TimeoutError:
                continue

    async def _do(self, job: Job) -> None:
        try:
            await job()
        except (DatabaseError, OSError) as error:
            _LOG.warning("%s is put off: %s", self._name, error)
        except Exception as error:  # noqa: BLE001 - a task of its own: what is not caught here is never seen
            _LOG.error("%s failed: %s", self._name, locate(error))
