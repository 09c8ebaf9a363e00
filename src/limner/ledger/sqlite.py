"""The SQLite database: opening, migrating, and the one seam through which queries run.

This module must not know any table but its own `schema_version`.
"""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import apsw

from limner.ledger.errors import DatabaseError, DuplicateError
from limner.ledger.queries import load_migrations, load_queries
from limner.ledger.signing import create_data_dir

FILE_NAME = "limner.sqlite3"

SqlValue = str | bytes | int | float | None

# Longer than any write transaction of ours, shorter than a client's patience.
_BUSY_TIMEOUT_SECONDS = 10.0


class Database:
    """One open connection to `<data_dir>/limner.sqlite3`, at the newest schema.

    Library exceptions leave it as DatabaseError or DuplicateError. Connections are not for use by two
    threads at once.
    """

    def __init__(self, data_dir: Path) -> None:
        """Open the database, creating and migrating it where needed.

        Raises:
            DatabaseError: it cannot be opened, or belongs to a newer Limner.
        """
        self.path = data_dir / FILE_NAME
        try:
            create_data_dir(data_dir)
            # SQLite gives its journal the mode of the database file, so it is set here and before any content.
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
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

    def fetch_all(self, sql: str, values: Mapping[str, SqlValue] | None = None) -> list[tuple[SqlValue, ...]]:
        """Run one query and return all its rows."""
        with self._mapped_errors():
            return self._connection.execute(sql, values).fetchall()

    def fetch_integer(self, sql: str, values: Mapping[str, SqlValue] | None = None) -> int:
        """Run a query whose answer is one integer."""
        ((value,),) = self.fetch_all(sql, values)
        if not isinstance(value, int):
            raise TypeError(f"not an integer: {sql}")
        return value

    def read_data_version(self) -> int:
        """Return a number that changes when another connection, of any process, has committed a write."""
        return self.fetch_integer("PRAGMA data_version")

    def close(self) -> None:
        """Close the connection; the last one to close folds the journal into the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _configure(self) -> None:
        self._connection.set_busy_timeout(round(_BUSY_TIMEOUT_SECONDS * 1000))
        self._enter_wal_mode()
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("PRAGMA foreign_keys = ON")

    def _enter_wal_mode(self) -> None:
        # The change needs the file alone for a moment, and SQLite does not apply the busy timeout to it.
        give_up_at = time.monotonic() + _BUSY_TIMEOUT_SECONDS
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
        for number, name, sql in load_migrations():
            # Asked first without a lock: a key command must not wait for a writer when nothing is to be done.
            if self._read_schema_version() >= number:
                continue
            with self._transaction():
                self._connection.execute(queries["create_schema_version"])
                if self._read_schema_version() < number:  # another process may have been first
                    self._connection.execute(sql)
                    self._connection.execute(queries["add_schema_version"], {"version": number, "name": name})
        newest = load_migrations()[-1][0]
        found = self._read_schema_version()
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
        except apsw.ConstraintError as error:
            code = error.extendedresult  # type: ignore[attr-defined] # in apsw's documents, not in its stubs
            if code in {apsw.SQLITE_CONSTRAINT_UNIQUE, apsw.SQLITE_CONSTRAINT_PRIMARYKEY}:
                raise DuplicateError(str(error)) from error
            raise DatabaseError(f"cannot use {self.path} ({error})") from error
        except apsw.Error as error:
            raise DatabaseError(f"cannot use {self.path} ({error})") from error
