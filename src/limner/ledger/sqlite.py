"""The SQLite database: opening, migrating, and the one seam through which queries run.

This module must not know any table but its own `schema_version`.
"""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal, Self

import apsw

from limner.ledger.data_dir import create_data_dir
from limner.ledger.database import SqlValue, to_integer
from limner.ledger.errors import DatabaseError, DuplicateError
from limner.ledger.queries import Query, load_migrations, load_queries

FILE_NAME = "limner.sqlite3"

MOVED_SCHEMA = 1_000_000
"""No Limner's: the books are elsewhere, and the name of this schema says where."""

# Longer than any write transaction of ours, shorter than a client's patience.
_BUSY_TIMEOUT_SECONDS = 10.0

# Room for the pages that a busy server writes again and again, and long enough a journal that each of them is
# folded into the file once in a while and not after every few calls.
_CACHE_KIB = 16 * 1024
_CHECKPOINT_PAGES = 4000

_SAVEPOINT = "SAVEPOINT step"
_RELEASE = "RELEASE step"
_ROLLBACK_TO = "ROLLBACK TO step"


class SqliteDatabase:
    """One open connection to `<data_dir>/limner.sqlite3`, at the newest schema.

    Library exceptions leave it as DatabaseError or DuplicateError. Connections are not for use by two
    threads at once.
    """

    def __init__(self, data_dir: Path, *, busy_timeout_seconds: float = _BUSY_TIMEOUT_SECONDS) -> None:
        """Open the database, creating and migrating it where needed.

        `busy_timeout_seconds` is how long a write waits for the write of another connection.

        Raises:
            DatabaseError: it cannot be opened, or belongs to a newer Limner.
        """
        self.path = data_dir / FILE_NAME
        self._busy_timeout_seconds = busy_timeout_seconds
        try:
            create_data_dir(data_dir)
            _create_file(self.path)
        except OSError as error:
            raise DatabaseError(f"cannot use {self.path} ({error.strerror})") from error
        with self._mapped_errors():
            self._connection = apsw.Connection(str(self.path))
        try:
            with self._mapped_errors():
                self._configure()
                self._migrate()
        except BaseException:
            self.close()
            raise

    @property
    def dialect(self) -> Literal["sqlite", "postgres"]:
        """Whose SQL it speaks."""
        return "sqlite"

    def fetch_all(
        self, query: Query | str, values: Mapping[str, SqlValue] | None = None
    ) -> list[tuple[SqlValue, ...]]:
        """Run one query and return all its rows."""
        sql = query.sqlite if isinstance(query, Query) else query
        try:
            return self._connection.execute(sql, values).fetchall()
        except apsw.Error as error:
            raise self._map(error) from error

    def change(self, query: Query | str, values: Mapping[str, SqlValue] | None = None) -> int:
        """Run one statement and return how many rows it changed; for that it is cheaper than RETURNING."""
        sql = query.sqlite if isinstance(query, Query) else query
        try:
            self._connection.execute(sql, values)
        except apsw.Error as error:
            raise self._map(error) from error
        return self._connection.changes()

    def fetch_integer(self, query: Query | str, values: Mapping[str, SqlValue] | None = None) -> int:
        """Run a query whose answer is one integer."""
        ((value,),) = self.fetch_all(query, values)
        return to_integer(value)

    def lock(self, kind: str, name: bytes | str) -> None:
        """Do nothing: a transaction that writes has the whole database for itself."""

    def try_lock(self, name: str) -> bool:  # noqa: ARG002 - as above
        """Take it: see lock."""
        return True

    def read_seconds(self) -> float:
        """Return this machine's time: there is no other."""
        return time.time()

    @property
    def is_in_transaction(self) -> bool:
        """Whether a transaction is open; a full disk or a failed write may have ended one."""
        return self._connection.in_transaction

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make all writes of the block, on disk when it ends, or none of them if it raises.

        Raises:
            DatabaseError: another process holds the database for too long, or it cannot be written.
        """
        try:
            with self._transaction():
                yield
        except apsw.Error as error:
            raise self._map(error) from error

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let all reads of the block see the same state; also within a transaction."""
        self.fetch_all(_SAVEPOINT)
        try:
            yield
        finally:
            self.fetch_all(_RELEASE)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo the writes of the block alone if it raises; within a transaction."""
        self.fetch_all(_SAVEPOINT)
        try:
            yield
        except BaseException:
            if self.is_in_transaction:
                self.fetch_all(_ROLLBACK_TO)
                self.fetch_all(_RELEASE)
            raise
        self.fetch_all(_RELEASE)

    def close(self) -> None:
        """Close the connection; the last one to close folds the journal into the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _configure(self) -> None:
        # Without it a statement is planned anew for every value it is given: nine times the cost of some.
        self._connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
        self._connection.set_busy_timeout(round(self._busy_timeout_seconds * 1000))
        self._enter_wal_mode()
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("PRAGMA foreign_keys = ON")
        self._connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        self._connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")

    def _enter_wal_mode(self) -> None:
        # The change needs the file alone for a moment, and SQLite does not apply the busy timeout to it.
        give_up_at = time.monotonic() + self._busy_timeout_seconds
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
            except apsw.BusyError:
                if time.monotonic() > give_up_at:
                    raise
                time.sleep(0.01)
            else:
                return

    def _migrate(self) -> None:
        queries = load_queries("schema")
        for step in load_migrations("sqlite"):
            # Asked first without a lock: a key command must not wait for a writer when nothing is to be done.
            if self._read_schema_version() >= step.number:
                continue
            with self._transaction():
                self._connection.execute(queries["create_schema_version"].sqlite)
                if self._read_schema_version() < step.number:  # another process may have been first
                    self._connection.execute(step.sql)
                    self._connection.execute(
                        queries["add_schema_version"].sqlite, {"version": step.number, "name": step.name}
                    )
        newest = load_migrations("sqlite")[-1].number
        found = self._read_schema_version()
        if found == MOVED_SCHEMA:
            ((name,),) = self.fetch_all(queries["read_schema_name"], {"version": found})
            place = str(name)
            raise DatabaseError(
                f"the books of {self.path} were moved to {place}; set LIMNER_DATABASE_URL to it"
            )
        if found > newest:
            raise DatabaseError(
                f"{self.path} has schema {found} and this Limner knows up to {newest}; "
                "run the newer Limner, or set LIMNER_DATA_DIR to another folder"
            )

    def _read_schema_version(self) -> int:
        queries = load_queries("schema")
        if not self.fetch_integer(queries["has_schema_version"]):
            return 0
        return self.fetch_integer(queries["read_schema_version"])

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:  # a full disk has rolled it back already
                self._connection.execute("ROLLBACK")
            raise

    @contextmanager
    def _mapped_errors(self) -> Iterator[None]:
        try:
            yield
        except apsw.Error as error:
            raise self._map(error) from error

    def _map(self, error: apsw.Error) -> DatabaseError:
        if isinstance(error, apsw.ConstraintError):
            code = error.extendedresult  # type: ignore[attr-defined] # in apsw's documents, not in its stubs
            if code in {apsw.SQLITE_CONSTRAINT_UNIQUE, apsw.SQLITE_CONSTRAINT_PRIMARYKEY}:
                return DuplicateError(str(error))
        return DatabaseError(f"cannot use {self.path} ({error})")


def _create_file(path: Path) -> None:
    """Make an empty file for its owner alone; SQLite gives its journal the same mode.

    One that is there is never opened here: closing it again would drop the locks that other connections of
    this process hold on it (sqlite.org/howtocorrupt.html, 2.2, read 2026-11), and another process could then
    take the journal away under them.
    """
    if path.exists():
        return
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
