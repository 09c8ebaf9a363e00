"""The books in PostgreSQL: a pool of connections, each job a transaction of its own.

Jobs of one transaction would hold each other's locks, and those of other gateways with them; the server lets many
transactions share one wait for the disk by itself. What nobody waits for is different: it touches single rows,
and goes through one `Writer`, in its order. This module must not know what a job writes.
"""

import random
import time
from asyncio import Future, TimerHandle, get_running_loop
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from limner.ledger.database import Database
from limner.ledger.errors import CommitInDoubt, DatabaseError, TransientError
from limner.ledger.postgres import CONNECT_ARGUMENTS, PostgresDatabase, configure, describe
from limner.ledger.writer import Entry, Writer, report

T = TypeVar("T")

THREADS = 12
"""As many transactions at once; each waits for the server most of its time."""

_CONNECTION_PATIENCE_SECONDS = 4.0
# As long as nobody has got one, who comes next need not wait as long: there are few threads to wait in.
_OUTAGE_PATIENCE_SECONDS = 0.5
_NOTES_PATIENCE_SECONDS = 4.0
# A deadlock, a restarted server: rarely more than one in a row. Who has waited for a lock as long as a lock is
# waited for (limner.ledger.postgres) need not wait for it again.
_MOST_TRIES = 5
_RETRY_SECONDS = 3.0
_LONGEST_STEP_SECONDS = 0.01


class SharedBooks:
    """Connections of one replica."""

    def __init__(self, url: str, *, replica_id: str) -> None:
        """Open the pool. Raises DatabaseError."""
        self._name = describe(url)
        self._pool = ConnectionPool(
            url,
            kwargs=dict(CONNECT_ARGUMENTS),
            min_size=2,
            max_size=THREADS + 2,
            open=False,
            configure=partial(configure, replica_id=replica_id),
            timeout=_CONNECTION_PATIENCE_SECONDS,
            # Then it is whoever comes who has it tried at once, and not after a pause that has grown.
            reconnect_timeout=_CONNECTION_PATIENCE_SECONDS,
            name=f"limner-{replica_id}",
        )
        try:
            self._pool.open(wait=True, timeout=_CONNECTION_PATIENCE_SECONDS)
        except PoolTimeout as error:
            self._pool.close()
            raise DatabaseError(f"cannot use {self._name} (no connection in time)") from error
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="limner-ledger")
        self._notes = Writer(self._borrow)
        self._is_closed = False
        self._is_reachable = True

    @property
    def is_closed(self) -> bool:
        """Whether no more jobs are taken."""
        return self._is_closed

    def submit(
        self,
        job: Callable[[Database], T],
        *,
        is_urgent: bool = True,
        is_ordered: bool = False,
        on_abandoned: Callable[[T], None] | None = None,
    ) -> "Future[T]":
        """Run a job in a transaction of its own; see limner.ledger.books.Books."""
        if self._is_closed:
            raise DatabaseError("the ledger is closed")
        if not is_urgent:
            return self._notes.submit(job, is_urgent=False, on_abandoned=on_abandoned)
        future: Future[T] = get_running_loop().create_future()
        entry = Entry(job, future, on_abandoned)
        if is_ordered and self._notes.is_busy:
            flushed = self._notes.submit(_do_nothing)
            patience = get_running_loop().call_later(_NOTES_PATIENCE_SECONDS, flushed.cancel)
            flushed.add_done_callback(partial(self._start_after, entry, patience))
        else:
            self._threads.submit(self._run, entry)
        return future

    async def ask(self, question: Callable[[Database], T]) -> T:
        """Return what a question finds. Raises DatabaseError."""
        if self._is_closed:
            raise DatabaseError("the ledger is closed")
        return await get_running_loop().run_in_executor(
            self._threads, self._insist, partial(self._ask_once, question)
        )

    def close(self) -> None:
        """Do what was submitted, then close the connections."""
        if self._is_closed:
            return
        self._is_closed = True
        self._notes.close()
        self._threads.shutdown()
        self._pool.close()

    def _start_after(self, entry: Entry, patience: TimerHandle, flushed: "Future[None]") -> None:
        """Run a job when the notes before it are done, as far as they can be."""
        patience.cancel()
        if self._is_closed:
            entry.error = DatabaseError("the ledger is closed")
        elif flushed.cancelled():
            entry.error = DatabaseError(f"cannot use {self._name} (earlier notes are not written in time)")
        else:
            entry.error = flushed.exception()
        if entry.error is not None:
            entry.resolve()
        else:
            self._threads.submit(self._run, entry)

    def _run(self, entry: Entry) -> None:
        try:
            self._insist(partial(self._run_once, entry))
        except CommitInDoubt as error:
            entry.error = error
            entry.is_in_doubt = True
        except Exception as error:  # noqa: BLE001 - whatever it is belongs to the one who waits
            entry.error = error
        report([entry])

    def _run_once(self, entry: Entry) -> None:
        with self._borrow() as database, database.transaction():
            entry.run(database)
        entry.error = None

    def _ask_once(self, question: Callable[[Database], T]) -> T:
        with self._borrow() as database:
            return question(database)

    def _insist(self, attempt: Callable[[], T]) -> T:
        """Return what an attempt returns, made again where others were in its way. Raises what the last one raises."""
        ends_at = time.monotonic() + _RETRY_SECONDS
        for tries in range(1, _MOST_TRIES):
            try:
                return attempt()
            except TransientError:
                if time.monotonic() >= ends_at:
                    raise
            # Two that were in each other's way would be so again if both came back at once.
            time.sleep(random.uniform(0, _LONGEST_STEP_SECONDS * tries))  # noqa: S311 - it spreads attempts, it hides nothing
        return attempt()

    @contextmanager
    def _borrow(self) -> Iterator[Database]:
        patience_seconds = _CONNECTION_PATIENCE_SECONDS if self._is_reachable else _OUTAGE_PATIENCE_SECONDS
        try:
            connection = self._pool.getconn(patience_seconds)
            self._is_reachable = True
        except (PoolTimeout, psycopg.Error) as error:
            self._is_reachable = False
            raise DatabaseError(f"cannot use {self._name} (no connection in time)") from error
        try:
            yield PostgresDatabase(connection, self._name)
        finally:
            is_lost = connection.broken
            self._pool.putconn(connection)
            if is_lost:
                self._pool.check()  # if the server was away, all its connections are gone


def _do_nothing(_: Database) -> None:
    """Be a job that is done when those before it are."""
