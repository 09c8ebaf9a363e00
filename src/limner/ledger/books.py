"""The books as a running server has them: jobs that write, questions that read, from one event loop.

This module must not know what a job writes or a question asks, nor PostgreSQL.
"""

from asyncio import Future
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Protocol, TypeVar

from limner.ledger.database import Database
from limner.ledger.sqlite import SqliteDatabase
from limner.ledger.writer import BUSY_TIMEOUT_SECONDS, Writer

T = TypeVar("T")


class Books(Protocol):
    """Where jobs and questions go. All of it is for the event loop's thread."""

    @property
    def is_closed(self) -> bool:
        """Whether no more jobs are taken."""

    def submit(
        self,
        job: Callable[[Database], T],
        *,
        is_urgent: bool = True,
        is_ordered: bool = False,
        on_abandoned: Callable[[T], None] | None = None,
    ) -> "Future[T]":
        """Run a job in a transaction; the future gets what it returns or raises, once that is on disk.

        A job may be run again before it is on disk, so it must change nothing but the database. Those that are
        not urgent are done in their order, a little later. One that is `is_ordered` sees what all earlier ones
        wrote; the others need not. A job whose future is cancelled runs all the same; `on_abandoned` is then
        given what it returned. So it is where the end of a transaction was lost and nobody knows its outcome.

        Raises:
            DatabaseError: the books are closed.
        """

    async def ask(self, question: Callable[[Database], T]) -> T:
        """Return what a question finds. Raises DatabaseError."""

    def close(self) -> None:
        """Do what was submitted, then let the database go."""


class LocalBooks:
    """A SQLite file: one thread writes, and what is asked is answered at once, in microseconds."""

    def __init__(self, data_dir: Path, *, busy_timeout_seconds: float = BUSY_TIMEOUT_SECONDS) -> None:
        """Open the database. Raises DatabaseError."""
        self._written = SqliteDatabase(data_dir, busy_timeout_seconds=busy_timeout_seconds)
        self._read = SqliteDatabase(data_dir)
        self._writer = Writer(lambda: nullcontext(self._written))

    @property
    def is_closed(self) -> bool:
        """Whether no more jobs are taken."""
        return self._writer.is_closed

    def submit(
        self,
        job: Callable[[Database], T],
        *,
        is_urgent: bool = True,
        is_ordered: bool = False,  # noqa: ARG002 - one thread does all in their order
        on_abandoned: Callable[[T], None] | None = None,
    ) -> "Future[T]":
        """Run a job in a transaction that it shares with those that are waiting; see Books."""
        return self._writer.submit(job, is_urgent=is_urgent, on_abandoned=on_abandoned)

    async def ask(self, question: Callable[[Database], T]) -> T:
        """Return what a question finds. Raises DatabaseError."""
        return question(self._read)

    def close(self) -> None:
        """Do what was submitted, then close the file."""
        self._writer.close()
        self._written.close()
        self._read.close()
