"""The one thread that writes: jobs of many calls share a transaction, and so one wait for the disk.

This module must not know what a job writes. It is handed work from one event loop and reports back to it.
"""

import logging
from asyncio import Future, TimerHandle, get_running_loop
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from limner.ledger.database import Database
from limner.ledger.errors import DatabaseError, TransientError

_logger = logging.getLogger(__name__)

T = TypeVar("T")

# Longer than any write of ours takes, shorter than a caller's patience with a locked database.
BUSY_TIMEOUT_SECONDS = 5.0

# How long a job that nobody waits for may wait for an urgent one to share its transaction.
_LINGER_SECONDS = 0.02

_MOST_JOBS = 256


class Entry:
    """One job, who waits for it, and what came of it."""

    __slots__ = ("error", "future", "is_in_doubt", "job", "on_abandoned", "result")

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
        self.error: BaseException | None = None
        self.is_in_doubt = False
        """Whether it may have been written although it failed."""

    def run(self, database: Database) -> None:
        """Do it, and keep what it returns or raises."""
        try:
            self.result = self.job(database)
        except Exception as error:
            self.error = error
            raise

    def resolve(self) -> None:
        """Tell the one who waits."""
        is_lost = self.future.done() and self.error is None  # cancelled
        if (is_lost or self.is_in_doubt) and self.on_abandoned is not None:
            self.on_abandoned(self.result)
        if self.future.done():
            return
        if self.error is not None:
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

    def __init__(self, borrow: Callable[[], AbstractContextManager[Database]]) -> None:
        """Start the thread; `borrow` lends it a connection for each transaction."""
        self._borrow = borrow
        self._queue: SimpleQueue[list[Entry] | None] = SimpleQueue()
        self._lingering: list[Entry] = []
        self._unfinished = 0
        self._timer: TimerHandle | None = None
        self._is_closed = False
        # A daemon, so that a program which fails to close it can still end; a kill loses no finished job.
        self._thread = Thread(target=self._run, name="ledger-writer", daemon=True)
        self._thread.start()

    @property
    def is_closed(self) -> bool:
        """Whether it takes no more jobs."""
        return self._is_closed

    @property
    def is_busy(self) -> bool:
        """Whether a job that was submitted is not done yet."""
        return self._unfinished > 0

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
        self._lingering.append(Entry(job, future, on_abandoned))
        self._unfinished += 1
        if is_urgent:
            self._hand_over()
        elif self._timer is None:
            self._timer = loop.call_later(_LINGER_SECONDS, self._hand_over)
        return future

    def close(self) -> None:
        """Run what is queued, then end the thread."""
        if self._is_closed:
            return
        self._is_closed = True
        self._hand_over()
        self._queue.put(None)
        self._thread.join()

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
                report(batch, self._count_done)

    def _count_done(self, entries: int) -> None:
        self._unfinished -= entries

    def _take(self) -> tuple[list[Entry], bool]:
        """Wait for jobs and return those that are there, and whether none will follow."""
        entries: list[Entry] = []
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

    def _run_batch(self, batch: Sequence[Entry]) -> None:
        try:
            with self._borrow() as database, database.transaction():
                for entry in batch:
                    entry.run(database)
        except Exception as error:  # noqa: BLE001 # whatever it is belongs to those who wait, not to the thread
            if len(batch) > 1 and any(entry.error is not None for entry in batch):
                self._run_apart(batch)
            else:
                _fail(batch, error)

    def _run_apart(self, batch: Sequence[Entry]) -> None:
        """Run a batch again in which a job failed, with savepoints. They cost a sixth more, so only now."""
        try:
            with self._borrow() as database, database.transaction():
                for entry in batch:
                    entry.error = None
                    _run_in_savepoint(database, entry)
        except Exception as error:  # noqa: BLE001 # as above
            _fail(batch, error)


def _run_in_savepoint(database: Database, entry: Entry) -> None:
    try:
        with database.savepoint():
            entry.run(database)
    except Exception as error:
        # The other jobs are undone too; or they would have to wait as long for what this one waited for.
        if not database.is_in_transaction or isinstance(error, TransientError):
            raise
        entry.error = error


def _fail(batch: Sequence[Entry], error: Exception) -> None:
    for entry in batch:
        entry.error = error


def report(batch: Sequence[Entry], on_reported: Callable[[int], None] | None = None) -> None:
    """Hand a batch back to the event loop by one call, unless it is closed; from any thread.

    `on_reported` is told there, before anybody else, how many jobs that were.
    """
    with suppress(RuntimeError):
        batch[0].future.get_loop().call_soon_threadsafe(_resolve, batch, on_reported)


def _resolve(batch: Sequence[Entry], on_reported: Callable[[int], None] | None) -> None:
    if on_reported is not None:
        on_reported(len(batch))
    for entry in batch:
        entry.resolve()
