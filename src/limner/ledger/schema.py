"""Brings a PostgreSQL database to the newest schema while others work on it. This module must not know any table but its own.

A migration only adds: what an older Limner reads and writes stays valid after it, and so gateways can be
exchanged one by one. Where that cannot be, the migration's first line, `-- needs: N`, says which schema a Limner
must know to work on.
"""

import time

import psycopg

from limner.ledger.database import SqlValue, to_integer
from limner.ledger.errors import DatabaseError, TransientError
from limner.ledger.postgres import PostgresDatabase, map_error
from limner.ledger.queries import Migration, load_migrations, load_queries

_QUERIES = load_queries("schema")

# What a change of a table waits for the calls that are using it, while new ones wait behind it.
_LOCK_TIMEOUT = "SET LOCAL lock_timeout = '2s'"
# An index over a large table takes longer than any query of a call may.
_STATEMENT_TIMEOUT = "SET LOCAL statement_timeout = 0"
_PATIENCE_SECONDS = 60.0
_PAUSE_SECONDS = 0.5


def bring_up_to_date(database: PostgresDatabase) -> None:
    """Apply the migrations that the database has not seen; one process at a time, others wait here.

    Raises:
        DatabaseError: it cannot be changed, or needs a newer Limner.
    """
    for step in load_migrations("postgres"):
        gives_up_at = time.monotonic() + _PATIENCE_SECONDS
        while not _apply_unless_there(database, step):
            if time.monotonic() > gives_up_at:
                raise DatabaseError(f"{database.name} is too busy to be brought to schema {step.number}")
            time.sleep(_PAUSE_SECONDS)
    newest = load_migrations("postgres")[-1].number
    found, needed = _read_version(database)
    if needed > newest:
        raise DatabaseError(
            f"{database.name} has schema {found}, which needs a Limner that knows {needed}; this one knows up "
            f"to {newest}"
        )


def _apply_unless_there(database: PostgresDatabase, step: Migration) -> bool:
    """Return whether the step is in the database now; False if others were in the way."""
    if _read_version(database)[0] >= step.number:
        return True
    try:
        with database.transaction():
            database.lock("schema", "migrate")
            if _read_version(database)[0] < step.number:
                _apply(database, step)
    except TransientError:
        return False
    return True


def _apply(database: PostgresDatabase, step: Migration) -> None:
    database.change(_LOCK_TIMEOUT)
    database.change(_STATEMENT_TIMEOUT)
    database.change(_QUERIES["create_schema_version"])
    try:
        # Without parameters, so that several statements are taken at once.
        database.connection.execute(step.sql)
    except psycopg.Error as error:
        raise map_error(error, database.name, is_broken=database.connection.broken) from error
    values: dict[str, SqlValue] = {"version": step.number, "name": step.name, "needs": step.needs}
    database.change(_QUERIES["add_schema_version"], values)


def _read_version(database: PostgresDatabase) -> tuple[int, int]:
    """Return the newest schema that was applied, and the newest that a Limner has to know."""
    if not database.fetch_integer(_QUERIES["has_schema_version"]):
        return 0, 0
    ((found, needed),) = database.fetch_all(_QUERIES["read_schema_version"])
    return to_integer(found), to_integer(needed)
