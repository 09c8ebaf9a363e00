"""The one thread that writes: jobs of many calls share a transaction, and so one wait for the disk.

This module must not know what a job writes. It is handed work from one event loop and reports back to it.
"""

import logging
from asyncio import Future, TimerHandle, get_running_loop
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from limner.ledger.errors import DatabaseError
from limner.ledger.sqlite import Database

_logger = logging.getLogger(__name__)

T = TypeVar("T")

# Longer than any write of ours takes, shorter than a caller's patience with a locked database.
_BUSY_TIMEOUT_SECONDS = 5.0

# How long a job that nobody waits for may wait for an urgent one to share its transaction.
_LINGER_SECONDS = 0.02

_MOST_JOBS = 256


class _Entry:
    """One job, who waits for it, and what came of it."""

    __slots__ = ("error", "future", "job", "on_abandoned", "result")

    def __init__(
        self,
        job: Callable[[Database], Any],
        future: "Future[Any]",
        on_abandoned: Callable[[Any], None] | None,
    ) -> None:
        self.job = job
        self.future = future
        self.on_abandoned = on_abandoned
        self.result: Any = None
        self.error: Exception | None = None

    def run(self, database: Database) -> None:
        """Do it, and keep what it returns or raises."""
        try:
            self.result = self.job(database)
        except Exception as error:
            self.error = error
            raise

    def resolve(self) -> None:
        """Tell the one who waits."""
        if self.future.done():  # cancelled
            if self.error is None and self.on_abandoned is not None:
                self.on_abandoned(self.result)
        elif self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class Writer:
    """Runs jobs one after another, in the order they were submitted, each all or nothing.

    A job is on disk when its future has a result. Jobs that are waiting when the thread is free go into one
    transaction. A job that raises undoes only itself; the others of its transaction are then run again, so a
    job must change nothing but the database. If the transaction cannot begin or end, all its jobs fail with
    DatabaseError and the writer goes on with the next.
    """

    def __init__(self, data_dir: Path, *, busy_timeout_seconds: float = _BUSY_TIMEOUT_SECONDS) -> None:
        """Open the database and start the thread.

        Raises:
            DatabaseError: the database cannot be opened.
        """
        self._database = Database(data_dir, busy_timeout_seconds=busy_timeout_seconds)
        self._queue: SimpleQueue[list[_Entry] | None] = SimpleQueue()
        self._lingering: list[_Entry] = []
        self._timer: TimerHandle | None = None
        self._is_closed = False
        # A daemon, so that a program which fails to close it can still end; a kill loses no finished job.
        self._thread = Thread(target=self._run, name="ledger-writer", daemon=True)
        self._thread.start()

    @property
    def is_closed(self) -> bool:
        """Whether it takes no more jobs."""
        return self._is_closed

    def submit(
        self,
        job: Callable[[Database], T],
        *,
        is_urgent: bool = True,
        on_abandoned: Callable[[T], None] | None = None,
    ) -> "Future[T]":
        """Queue a job, from the event loop's thread; the future gets what it returns or raises.

        A job that is not urgent may wait a little for one that is. A job whose future is cancelled runs all the
        same; `on_abandoned` is then given what it returned.

        Raises:
            DatabaseError: the writer is closed.
        """
        if self._is_closed:
            raise DatabaseError("the ledger is closed")
        loop = get_running_loop()
        future: Future[T] = loop.create_future()
        self._lingering.append(_Entry(job, future, on_abandoned))
        if is_urgent:
            self._hand_over()
        elif self._timer is None:
            self._timer = loop.call_later(_LINGER_SECONDS, self._hand_over)
        return future

    def close(self) -> None:
        """Run what is queued, then end the thread and close the database."""
        if self._is_closed:
            return
        self._is_closed = True
        self._hand_over()
        self._queue.put(None)
        self._thread.join()
        self._database.close()

    def _hand_over(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._lingering:
            self._queue.put(self._lingering)
            self._lingering = []

    def _run(self) -> None:
        try:
            self._work()
        except BaseException:
            # Nobody is left to write. Better all calls are refused than all wait.
            self._is_closed = True
            _logger.critical("the ledger's writer has failed; nothing can be claimed until a restart")
            raise

    def _work(self) -> None:
        is_last = False
        while not is_last:
            entries, is_last = self._take()
            for start in range(0, len(entries), _MOST_JOBS):
                batch = entries[start : start + _MOST_JOBS]
                self._run_batch(batch)
                _report(batch)

    def _take(self) -> tuple[list[_Entry], bool]:
        """Wait for jobs and return those that are there, and whether none will follow."""
        entries: list[_Entry] = []
        taken = self._queue.get()
        while taken is not None:
            entries += taken
            if len(entries) >= _MOST_JOBS:
                return entries, False
            try:
                taken = self._queue.get_nowait()
            except Empty:
                return entries, False
        return entries, True

    def _run_batch(self, batch: Sequence[_Entry]) -> None:
        try:
            with self._database.transaction():
                for entry in batch:
                    entry.run(self._database)
        except Exception as error:  # noqa: BLE001 # whatever it is belongs to those who wait, not to the thread
            if len(batch) > 1 and any(entry.error is not None for entry in batch):
                self._run_apart(batch)
            else:
                _fail(batch, error)

    def _run_apart(self, batch: Sequence[_Entry]) -> None:
        """Run a batch again in which a job failed, with savepoints. They cost a sixth more, so only now."""
        try:
            with self._database.transaction():
                for entry in batch:
                    entry.error = None
                    self._run_in_savepoint(entry)
        except Exception as error:  # noqa: BLE001 # as above
            _fail(batch, error)

    def _run_in_savepoint(self, entry: _Entry) -> None:
        try:
            with self._database.savepoint():
                entry.run(self._database)
        except Exception as error:
            if not self._database.is_in_transaction:  # SQLite has undone the other jobs too
                raise
            entry.error = error


def _fail(batch: Sequence[_Entry], error: Exception) -> None:
    for entry in batch:
        entry.error = error


def _report(batch: Sequence[_Entry]) -> None:
    """Hand a batch back to the event loop by one call, unless it is closed."""
    with suppress(RuntimeError):
        batch[0].future.get_loop().call_soon_threadsafe(_resolve, batch)


def _resolve(batch: Sequence[_Entry]) -> None:
    for entry in batch:
        entry.resolve()
