"""What the ledger asks of a database, whichever it is: the one seam through which queries run.

Everything that is decided on calls, money and repeats is written once against this, and runs on SQLite and on
PostgreSQL. This module must not know either, nor any table.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Literal, Protocol, Self

from limner.ledger.queries import Query

SqlValue = str | bytes | int | float | None


class Database(Protocol):
    """One connection. Library exceptions leave it as DatabaseError; it is not for two threads at once.

    A query is one of the `.sql` files', or a text with `:named` parameters that both databases understand.
    """

    @property
    def dialect(self) -> Literal["sqlite", "postgres"]:
        """Whose SQL it speaks."""

    @property
    def is_in_transaction(self) -> bool:
        """Whether a transaction is open; a failed write may have ended one."""

    def fetch_all(
        self, query: Query | str, values: Mapping[str, SqlValue] | None = None
    ) -> list[tuple[SqlValue, ...]]:
        """Run one query and return all its rows."""

    def change(self, query: Query | str, values: Mapping[str, SqlValue] | None = None) -> int:
        """Run one statement and return how many rows it changed."""

    def fetch_integer(self, query: Query | str, values: Mapping[str, SqlValue] | None = None) -> int:
        """Run a query whose answer is one integer."""

    def lock(self, kind: str, name: bytes | str) -> None:
        """Keep everybody else who locks the same waiting until the transaction ends; within one.

        A transaction that locks twice must do it in the order that all others do.
        """

    def try_lock(self, name: str) -> bool:
        """Take a lock until the transaction ends; False, without waiting, if somebody has it."""

    def transaction(self) -> AbstractContextManager[None]:
        """Make all writes of the block, on disk when it ends, or none of them if it raises."""

    def snapshot(self) -> AbstractContextManager[None]:
        """Let all reads of the block see the same state."""

    def savepoint(self) -> AbstractContextManager[None]:
        """Undo the writes of the block alone if it raises; within a transaction."""

    def read_seconds(self) -> float:
        """Return the time since the epoch, by the clock that all who use this database go by."""

    def close(self) -> None:
        """Close the connection."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exception: object) -> None: ...


def to_integer(value: SqlValue) -> int:
    """Return a value of a column that holds integers only."""
    if not isinstance(value, int):
        raise TypeError(f"not an integer: {type(value).__name__}")
    return value


def to_optional_integer(value: SqlValue) -> int | None:
    """Return a value of a column that holds integers or nothing."""
    return None if value is None else to_integer(value)
