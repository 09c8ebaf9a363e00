"""A PostgreSQL database: one connection, and the SQL and errors of psycopg behind the ledger's seam.

This module must not know any table.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Literal, LiteralString, Self

import psycopg
from psycopg import conninfo, errors, pq

from limner.ledger.database import SqlValue, to_integer
from limner.ledger.errors import CommitInDoubt, DatabaseError, DuplicateError, TransientError
from limner.ledger.queries import Query, to_postgres

# A gateway that is stopped in the middle of a transaction holds its locks no longer than this, and nobody waits
# longer for a lock, or for an answer, than a caller has patience (limner.ledger.writer).
_SETTINGS: tuple[LiteralString, ...] = (
    "SET SESSION idle_in_transaction_session_timeout = '4s'",
    "SET SESSION lock_timeout = '4s'",
    "SET SESSION statement_timeout = '8s'",
    "SET SESSION TIME ZONE 'UTC'",
    # Some servers are set to answer before the disk has; a stronger setting than `on` stays.
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') IN ('off', 'local')",
)

CONNECT_ARGUMENTS: Mapping[str, object] = {
    "autocommit": True,
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
    "application_name": "limner",
}
"""How every connection is made: one whose server has vanished is given up after some 15 s (libpq, read 2026-11)."""

_TRANSIENT = (errors.SerializationFailure, errors.DeadlockDetected, errors.LockNotAvailable)


def describe(url: str) -> str:
    """Return what a database is called in messages: where it is, without user and password."""
    try:
        parts = conninfo.conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        return "the PostgreSQL database"
    place = f"{parts.get('host') or 'localhost'}:{parts.get('port') or 5432}"
    return f"postgresql://{place}/{parts.get('dbname') or ''}"


def configure(connection: psycopg.Connection, replica_id: str) -> None:
    """Set up a new connection; `replica_id` is who writes through it, '' for a command.

    Not by start-up options: poolers refuse those they do not know.
    """
    for statement in _SETTINGS:
        connection.execute(statement)
    connection.execute("SELECT set_config('limner.replica', %s, false)", [replica_id])


class PostgresDatabase:
    """One connection at the newest schema; see `limner.ledger.schema` for the way there."""

    def __init__(self, connection: psycopg.Connection, name: str) -> None:
        self._connection = connection
        self._name = name
        self._savepoints = 0

    @classmethod
    def connect(cls, url: str, *, replica_id: str = "") -> Self:
        """Open a connection. Raises DatabaseError."""
        try:
            connection = psycopg.connect(url, **CONNECT_ARGUMENTS)  # type: ignore[arg-type] # of several types
            configure(connection, replica_id)
        except psycopg.Error as error:
            raise map_error(error, describe(url)) from error
        return cls(connection, describe(url))

    @property
    def dialect(self) -> Literal["sqlite", "postgres"]:
        """Whose SQL it speaks."""
        return "postgres"

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return self._name

    @property
    def connection(self) -> psycopg.Connection:
        """The library's connection, for what needs more than queries."""
        return self._connection

    @property
    def is_in_transaction(self) -> bool:
        """Whether a transaction is open and can go on."""
        return self._connection.info.transaction_status == pq.TransactionStatus.INTRANS

    def fetch_all(
        self, query: Query | str, values: Mapping[str, SqlValue] | None = None
    ) -> list[tuple[SqlValue, ...]]:
        """Run one query and return all its rows, none if it gives none."""
        cursor = self._execute(query, values)
        return [] if cursor.description is None else cursor.fetchall()

    def change(self, query: Query | str, values: Mapping[str, SqlValue] | None = None) -> int:
        """Run one statement and return how many rows it changed."""
        return self._execute(query, values).rowcount

    def fetch_integer(self, query: Query | str, values: Mapping[str, SqlValue] | None = None) -> int:
        """Run a query whose answer is one integer."""
        ((value,),) = self.fetch_all(query, values)
        return to_integer(value)

    def lock(self, kind: str, name: bytes | str) -> None:
        """Keep everybody else who locks the same waiting until the transaction ends."""
        self.fetch_all("SELECT pg_advisory_xact_lock(:number)", {"number": _number(kind, name)})

    def try_lock(self, name: str) -> bool:
        """Take a lock until the transaction ends; False if somebody has it."""
        ((is_taken,),) = self.fetch_all(
            "SELECT pg_try_advisory_xact_lock(:number)", {"number": _number("try", name)}
        )
        return bool(is_taken)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make all writes of the block, on disk when it ends, or none of them if it raises.

        Raises:
            TransientError: it can be tried again. CommitInDoubt: it may have been written.
        """
        self._execute("BEGIN")
        try:
            yield
        except BaseException:
            self._roll_back()
            raise
        try:
            self._execute("COMMIT")
        except TransientError as error:
            if self._connection.broken:
                raise CommitInDoubt(str(error)) from error
            raise
        except BaseException:
            self._roll_back()
            raise

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let all reads of the block see the same state."""
        if self.is_in_transaction:
            yield
            return
        self._execute("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            yield
        finally:
            self._roll_back()

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo the writes of the block alone if it raises; within a transaction."""
        self._savepoints += 1
        name = f"step_{self._savepoints}"
        self._execute(f"SAVEPOINT {name}")
        try:
            yield
        except BaseException:
            with suppress(DatabaseError):
                self._execute(f"ROLLBACK TO {name}")
            raise
        finally:
            self._savepoints -= 1
        self._execute(f"RELEASE {name}")

    def read_seconds(self) -> float:
        """Return the server's time."""
        ((seconds,),) = self.fetch_all(
            "SELECT CAST(extract(epoch FROM clock_timestamp()) AS DOUBLE PRECISION)"
        )
        if not isinstance(seconds, float):
            raise TypeError(f"not a time: {type(seconds).__name__}")
        return seconds

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _execute(
        self, query: Query | str, values: Mapping[str, SqlValue] | None = None
    ) -> psycopg.Cursor[tuple[SqlValue, ...]]:
        sql = query.postgres if isinstance(query, Query) else to_postgres(query)
        try:
            # Ours, from files and constants; values are never part of it.
            return self._connection.execute(sql, values or {})
        except psycopg.Error as error:
            raise map_error(error, self._name, is_broken=self._connection.broken) from error

    def _roll_back(self) -> None:
        if self._connection.closed:
            return
        with suppress(psycopg.Error):
            self._connection.execute("ROLLBACK")


def _number(kind: str, name: bytes | str) -> int:
    """Return the number that a lock has in the server, of 64 bits."""
    text = name.encode() if isinstance(name, str) else name
    digest = hashlib.blake2b(kind.encode() + b":" + text, digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def map_error(error: psycopg.Error, name: str, *, is_broken: bool = False) -> DatabaseError:
    """Return the ledger's error for one of the library's; a server's text is one line and holds no value."""
    if isinstance(error, errors.UniqueViolation):
        return DuplicateError(f"{error.diag.constraint_name}")
    reason = error.diag.message_primary or str(error).strip().partition("\n")[0] or type(error).__name__
    message = f"cannot use {name} ({reason})"
    return TransientError(message) if is_broken or isinstance(error, _TRANSIENT) else DatabaseError(message)
