"""Whether a database is whole: every kind of damage is a line, and none is found where none is."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from books import Books
from databases import connect, make_place
from histories import make_history

from limner.ledger.database import Database
from limner.ledger.integrity import check, count_rows
from limner.ledger.opening import open_database
from limner.ledger.queries import load_migrations
from limner.ledger.sqlite import FILE_NAME, SqliteDatabase
from postgres import PostgresServer


@pytest.fixture
def database(tmp_path: Path, database_server: PostgresServer | None) -> Iterator[Database]:
    """An empty database, of each kind."""
    with connect(make_place(tmp_path, database_server)) as database:
        yield database


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[Database]:
    """A database that may be damaged."""
    with open_database(Path(), postgres_url) as database:
        yield database


def test_what_is_whole_has_no_problem(database: Database) -> None:
    """Of a database in use it is said which schema it has and how much was looked at."""
    books = Books(database)
    books.draw()
    books.break_off(is_always_new=True)
    found = check(database)
    assert found.problems == ()
    assert found.schema == load_migrations(database.dialect)[-1].number
    assert (found.rows["generations"], found.rows["ledger_entries"], found.rows["pictures"]) == (2, 4, 1)


def test_wrong_sums_are_problems(database: Database) -> None:
    """What the books say against themselves is among the problems."""
    Books(database).draw()
    database.change("UPDATE accounts SET posted_micro_usd = 1 WHERE period = 'total'")
    (problem,) = check(database).problems
    assert problem.startswith("the account of key_ann for total has 0 pending and 1 posted")
    database.change("UPDATE accounts SET posted_micro_usd = 60000 WHERE period = 'total'")


def test_a_check_sees_one_moment(tmp_path: Path, database_server: PostgresServer | None) -> None:
    """What is written while a check reads is not taken for a difference, and the writer does not wait for it."""
    place = make_place(tmp_path, database_server)
    with connect(place) as reader, connect(place) as writer:
        books = Books(writer)
        books.draw()
        with reader.snapshot():
            assert count_rows(reader)["generations"] == 1
            books.draw(is_always_new=True)
            found = check(reader)
        assert (found.rows["generations"], found.problems) == (1, ())
        assert check(reader).rows["generations"] == 2


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        ("DROP TRIGGER ledger_entries_count", "the trigger ledger_entries_count is missing"),
        ("DROP TRIGGER ledger_entries_stay", "the trigger ledger_entries_stay is missing"),
        (
            "PRAGMA foreign_keys = OFF; INSERT INTO transfers VALUES ('none', 'upload', 'f', '', 0, 0)",
            "a row of transfers belongs to none of generations",
        ),
    ],
)
def test_what_is_missing_in_sqlite_is_named(tmp_path: Path, damage: str, line: str) -> None:
    """A trigger that keeps the books, or a row that others refer to, is missed."""
    with SqliteDatabase(tmp_path) as database:
        Books(database).draw()
        database.fetch_all(damage)
        assert line in check(database).problems


def test_damage_of_the_sqlite_file_is_named(tmp_path: Path) -> None:
    """A page of an index that holds something else is found by SQLite, whose words are handed on."""
    make_history(tmp_path, seed=0, steps=300)
    with SqliteDatabase(tmp_path) as database:
        ((page,),) = database.fetch_all("SELECT rootpage FROM sqlite_schema WHERE name = 'generations_owner'")
        page_bytes = database.fetch_integer("PRAGMA page_size")
    assert isinstance(page, int)
    with (tmp_path / FILE_NAME).open("r+b") as file:
        file.seek((page - 1) * page_bytes + page_bytes - 400)
        file.write(b"\0" * 400)
    with SqliteDatabase(tmp_path) as database:
        assert any("generations_owner" in line for line in check(database).problems)


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        (
            "ALTER TABLE ledger_entries DISABLE TRIGGER ledger_entries_count",
            "the trigger ledger_entries_count is missing or disabled",
        ),
        (
            "DROP TRIGGER generations_tell ON generations",
            "the trigger generations_tell is missing or disabled",
        ),
        (
            "ALTER TABLE accounts ADD CONSTRAINT late CHECK (posted_micro_usd >= 0) NOT VALID",
            "the constraint late was never validated",
        ),
        (
            "SELECT setval('generations_rowid_seq', 1), setval('generations_rowid_seq', 1)",
            "the next generation would get a number that is taken: generations_rowid_seq is behind",
        ),
    ],
)
def test_what_is_missing_in_postgres_is_named(postgres: Database, damage: str, line: str) -> None:
    """A trigger that is off, a constraint that never held, numbers that come again: each is a line."""
    books = Books(postgres)
    books.draw()
    books.draw(is_always_new=True)
    assert check(postgres).problems == ()
    postgres.fetch_all(damage)
    assert check(postgres).problems == (line,)
