"""Moves the books from the SQLite file of a data folder to PostgreSQL: all of them in one transaction, compared, or nothing.

The SQLite file is locked meanwhile and marked in a transaction of its own that ends after the other one: a process
that is killed has moved everything or nothing, and `move` called again says which. This module must not know settings,
keys or who watches.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import apsw
import psycopg
from apsw.ext import query_info
from msgspec import Struct
from psycopg import sql

from limner.ledger.database import Database, SqlValue, to_integer
from limner.ledger.errors import CommitInDoubt, DatabaseError, LedgerError
from limner.ledger.integrity import count_rows
from limner.ledger.postgres import PostgresDatabase, map_error
from limner.ledger.queries import load_queries
from limner.ledger.replicas import has_live
from limner.ledger.sqlite import FILE_NAME, MOVED_SCHEMA, SqliteDatabase
from limner.ledger.sums import check_sums

TABLES = (
    *("api_keys", "key_previous_secrets"),
    *("generations", "pictures", "ledger_entries", "accounts", "refusals", "transfers", "upstream_calls"),
)
"""In this order: rows come after those they refer to. `request_marks` count for a minute and stay behind, and so do
`upstream_parks`, which are found out anew."""

_QUERIES = load_queries("moving")
_COMPARED = [query for name, query in _QUERIES.items() if name.startswith("compare_")]

_ROWS_A_REPORT = 1_000
_MOST_LINES = 20

OnProgress = Callable[[str, int, int], None]
"""Called with a table, how many of its rows are there, and how many there are."""


class Moved(Struct, frozen=True, kw_only=True):
    """What is in PostgreSQL now."""

    rows: dict[str, int]
    """How many, by table."""
    pending_micro_usd: int
    posted_micro_usd: int
    was_there: bool
    """Whether an earlier move had been complete but for the mark on the SQLite file."""
    faults: tuple[str, ...]
    """In what the books did not agree with themselves before, and do not now."""


def find_move(data_dir: Path) -> str | None:
    """Return where the books of the folder were moved to; None: they are in its SQLite file.

    Raises:
        DatabaseError: there is no such file, or it cannot be read.
    """
    path = data_dir / FILE_NAME
    if not path.is_file():
        raise DatabaseError(f"there is no {path}; LIMNER_DATA_DIR is the folder it is looked for in")
    rows = list(_read(path, _QUERIES["find_move"].sqlite, {"moved": MOVED_SCHEMA}))
    return str(rows[1][0]) if len(rows) > 1 else None


def move(
    source: SqliteDatabase, target: PostgresDatabase, *, replica_id: str, on_progress: OnProgress
) -> Moved:
    """Copy everything, compare it, and mark the SQLite file as moved. `replica_id` is the server of its folder.

    Raises:
        LedgerError: nothing was moved, or it is not known whether it was; the message says which and what to do.
    """
    is_written = False
    try:
        with source.transaction():
            _mark(source, target.name)
            with target.transaction():
                moved = _fill(source, target, replica_id, on_progress)
            is_written = True
    except CommitInDoubt as error:
        raise LedgerError(
            f"{error}, just when the move was to be made final: run this again, and it says whether it was"
        ) from error
    except DatabaseError as error:
        if is_written:
            raise LedgerError(
                f"the books are in {target.name} now, but {source.path} could not be marked ({error}): run this "
                "again, and start no gateway on the file"
            ) from error
        raise
    return moved


def _mark(source: SqliteDatabase, place: str) -> None:
    source.change(_QUERIES["mark_moved"], {"moved": MOVED_SCHEMA, "place": place})
    for name in ("close_to_new_keys", "close_to_changed_keys", "close_to_entries"):
        source.change(_QUERIES[name])


def _fill(
    source: SqliteDatabase, target: PostgresDatabase, replica_id: str, on_progress: OnProgress
) -> Moved:
    for name in ("lift_idle_limit", "lift_statement_limit", "keep_others_out"):
        target.change(_QUERIES[name])
    if has_live(target, "gateway") or has_live(target, "worker"):
        raise LedgerError(f"a gateway or worker runs on {target.name}: stop it, then run this again")
    was_there = _is_there(source, target)
    rows = count_rows(source)
    if not was_there:
        target.change(_QUERIES["forget_refusals"])
        target.change(_QUERIES["stop_counting"])
        for table in TABLES:
            for done in _copy(source.path, target, table, replica_id):
                on_progress(table, done, rows[table])
        target.change(_QUERIES["count_again"])
        target.fetch_all(_QUERIES["continue_numbers"])
        target.change(_QUERIES["analyze"])
    differences, faults = _compare(source, target)
    if differences:
        raise LedgerError(_word_differences(source, target, differences, was_there=was_there))
    ((pending, posted),) = target.fetch_all(_QUERIES["sum_money"])
    return Moved(
        rows=rows,
        pending_micro_usd=to_integer(pending),
        posted_micro_usd=to_integer(posted),
        was_there=was_there,
        faults=faults,
    )


def _is_there(source: SqliteDatabase, target: PostgresDatabase) -> bool:
    """Return whether an earlier move was complete: what came in one transaction is there as a whole if any of it is.

    Raises:
        LedgerError: there are other books.
    """
    found = count_rows(target)
    if not found["generations"] and not found["api_keys"]:
        return False
    first = [
        row for name in ("generation", "key") for row in source.fetch_all(_QUERIES[f"find_first_{name}"])
    ]
    if any(target.fetch_integer(_QUERIES["has_row"], {"id": row_id}) for (row_id,) in first):
        return True
    raise LedgerError(
        f"{target.name} holds other books already ({found['generations']} generations, {found['api_keys']} client "
        "keys); nothing was moved: make an empty database for these"
    )


def _copy(path: Path, target: PostgresDatabase, table: str, replica_id: str) -> Iterator[int]:
    """Copy a table; yield from time to time, and at the end, how many rows are there."""
    query = _QUERIES[f"read_{table}"].sqlite
    rows = _read(path, query, {"replica_id": replica_id} if ":replica_id" in query else None)
    columns = sql.SQL(", ").join(sql.Identifier(str(name)) for name in next(rows))
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), columns)
    done = 0
    try:
        with target.connection.cursor().copy(statement) as copy:
            for row in rows:
                copy.write_row([_to_postgres(value) for value in row])
                done += 1
                if done % _ROWS_A_REPORT == 0:
                    yield done
    except psycopg.Error as error:
        raise map_error(error, target.name, is_broken=target.connection.broken) from error
    yield done


def _to_postgres(value: SqlValue) -> SqlValue:
    """Return a value as PostgreSQL can hold it: of text it takes all but NUL, which only an end user's name can have."""
    if isinstance(value, str) and "\0" in value:
        return value.replace("\0", "\N{REPLACEMENT CHARACTER}")
    return value


def _read(path: Path, query: str, values: dict[str, SqlValue] | None) -> Iterator[tuple[SqlValue, ...]]:
    """Yield the columns' names, and then row after row, none of which is kept. Raises DatabaseError."""
    try:
        with closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
            # Asked beside the rows: a cursor tells of no columns when there is no row.
            yield tuple(name for name, _ in query_info(connection, query).description)
            yield from connection.execute(query, values)
    except apsw.Error as error:
        raise DatabaseError(f"cannot read {path} ({error})") from error


def _compare(source: Database, target: Database) -> tuple[list[str], tuple[str, ...]]:
    """Return in what the two differ, and in what neither agrees with itself."""
    differences = []
    for query in _COMPARED:
        before, after = (set(database.fetch_all(query)) for database in (source, target))
        differences += [f"only in SQLite: {row}" for row in before - after]
        differences += [f"only in PostgreSQL: {row}" for row in after - before]
    before_lines, after_lines = (set(check_sums(database)) for database in (source, target))
    differences += [f"only in one of the two {line}" for line in before_lines ^ after_lines]
    return differences, tuple(sorted(before_lines & after_lines))


def _word_differences(
    source: SqliteDatabase, target: PostgresDatabase, differences: list[str], *, was_there: bool
) -> str:
    if was_there:
        return (
            f"the books of {source.path} were moved to {target.name} before, and calls were made since, there or "
            "here; nothing was changed. To go on there, set LIMNER_DATABASE_URL, and start no gateway on the file"
        )
    lines = [f"what came to {target.name} is not what was in {source.path}; nothing was moved:", *differences]
    return "\n".join(lines[:_MOST_LINES])
