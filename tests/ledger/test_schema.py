"""The schema: the same on both databases, brought up to date by whoever comes first, while older servers work on."""

import subprocess
import sys
import threading
from pathlib import Path

import psycopg
import pytest
from books import RESERVED, Books, settled
from databases import FIRST, connect, make_postgres_place

from limner.ledger import schema
from limner.ledger.errors import DatabaseError
from limner.ledger.keys import KeyStore
from limner.ledger.opening import open_database
from limner.ledger.queries import Migration, load_migrations
from limner.ledger.sqlite import SqliteDatabase
from places import Place

postgres_place = pytest.fixture(make_postgres_place)

OPEN_AT_A_SIGN = """
import sys
from pathlib import Path
from limner.ledger.opening import open_database
folder, url = sys.argv[1:]
print("ready", flush=True)
sys.stdin.readline()
with open_database(Path(folder), url or None) as database:
    print(database.fetch_integer("SELECT count(*) FROM schema_version"))
"""

TYPES = {"text": "TEXT", "bytea": "BLOB", "integer": "INTEGER", "bigint": "INTEGER"}

OWN_TABLES = {"replicas"}
"""PostgreSQL's: there alone are several servers. Procrastinate's tables are not the ledger's."""

OWN_COLUMNS = {
    # SQLite has it without being told; clients are counted there, and here named by who answers them.
    ("generations", "rowid"),
    ("generations", "client_replicas"),
    # A newer SQLite file is refused, a newer database only if it has to be.
    ("schema_version", "needs"),
}

Columns = set[tuple[str, str, str, bool]]


def read_sqlite_columns(folder: Path) -> Columns:
    """Return table, name, type and whether it must have a value, of each column."""
    with SqliteDatabase(folder) as database:
        rows = database.fetch_all(
            'SELECT tables.name, columns.name, columns.type, columns."notnull" OR columns.pk > 0 '
            "FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns WHERE tables.type = 'table'"
        )
    return {(str(table), str(name), str(kind), bool(needed)) for table, name, kind, needed in rows}


def read_postgres_columns(place: Place) -> Columns:
    """Return the same of PostgreSQL, in SQLite's words, without what is its own."""
    with connect(place) as database:
        rows = database.fetch_all(
            "SELECT table_name, column_name, data_type, is_nullable = 'NO' FROM information_schema.columns "
            "WHERE table_schema = 'public' AND table_name NOT LIKE 'procrastinate%'"
        )
    return {
        (str(table), str(name), TYPES[str(kind)], bool(needed))
        for table, name, kind, needed in rows
        if table not in OWN_TABLES and (table, name) not in OWN_COLUMNS
    }


def test_both_databases_have_the_same_tables(tmp_path: Path, postgres_place: Place) -> None:
    """Tables, columns, their types and whether they may be empty are the same, but for what is PostgreSQL's own."""
    assert read_postgres_columns(postgres_place) == read_sqlite_columns(tmp_path)


def test_both_databases_have_the_same_indexes(tmp_path: Path, postgres_place: Place) -> None:
    """What one finds by an index the other does."""
    with SqliteDatabase(tmp_path) as database:
        ours = database.fetch_all("SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL")
    with connect(postgres_place) as database:
        theirs = database.fetch_all(
            "SELECT indexname FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT LIKE 'procrastinate%' "
            "AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = indexname)"
        )
    assert sorted(theirs) == sorted(ours)


def test_opening_again_applies_nothing_twice(place: Place) -> None:
    """Each migration is noted once however often the database is opened."""
    dialect = "sqlite" if place.database_url is None else "postgres"
    connect(place).close()
    with connect(place) as database:
        versions = database.fetch_all("SELECT version, name FROM schema_version ORDER BY version")
    assert versions == [(step.number, step.name) for step in load_migrations(dialect)]


def test_processes_may_start_at_once(place: Place) -> None:
    """Four processes that create and migrate the same database at the same moment all succeed."""
    children = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN_AT_A_SIGN, str(place.data), place.database_url or ""],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("\n")
        child.stdin.flush()
    expected = f"{len(load_migrations('sqlite' if place.database_url is None else 'postgres'))}\n"
    assert [child.communicate(timeout=60) for child in children] == [(expected, "")] * 4


KNOWN = load_migrations("postgres")
NEXT = len(KNOWN) + 1
ADDITION = "ALTER TABLE generations ADD COLUMN mood TEXT NOT NULL DEFAULT 'calm'"


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> list[Migration]:
    """The migrations that this Limner knows; a test may add some."""
    found = list(KNOWN)
    monkeypatch.setattr(schema, "load_migrations", lambda _: tuple(found))
    return found


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for locks a shorter while, and as often."""
    monkeypatch.setattr(schema, "_LOCK_TIMEOUT", "SET LOCAL lock_timeout = '100ms'")
    monkeypatch.setattr(schema, "_PAUSE_SECONDS", 0.02)


@pytest.fixture
def url(postgres_url: str) -> str:
    """A database of the test's own at the newest schema."""
    open_database(Path("unused"), postgres_url).close()
    return postgres_url


def test_an_older_limner_works_on_after_an_addition(url: str, known: list[Migration]) -> None:
    """A gateway that is open, and one that is started, use a schema that allows it, though they do not know it."""
    with open_database(Path("unused"), url, replica_id=FIRST) as opened:
        known.append(Migration(NEXT, "addition", ADDITION, needs=1))
        with open_database(Path("unused"), url) as newer:
            assert newer.fetch_integer("SELECT max(version) FROM schema_version") == NEXT
        known.pop()
        books = Books(opened)
        books.draw()
        with open_database(Path("unused"), url, replica_id=FIRST) as older:
            books.database = older
            books.end(settled(books.claim()))
            books.check()
            KeyStore(older, signing_secret=b"secret").create("studio")


def test_an_older_limner_is_refused_where_it_has_to_be(url: str, known: list[Migration]) -> None:
    """After a change that it would get wrong an older Limner is told which schema it has to know, and changes nothing."""
    known.append(Migration(NEXT, "change", ADDITION, needs=NEXT))
    open_database(Path("unused"), url).close()
    known.append(Migration(NEXT + 1, "addition", "CREATE TABLE added (a INTEGER)", needs=1))
    open_database(Path("unused"), url).close()
    del known[NEXT - 1 :]
    with pytest.raises(
        DatabaseError,
        match=f"has schema {NEXT + 1}, which needs a Limner that knows {NEXT}; this one knows up to {NEXT - 1}",
    ):
        open_database(Path("unused"), url)
    known.append(Migration(NEXT, "change", ADDITION, needs=NEXT))
    open_database(Path("unused"), url).close()


def test_a_failed_migration_leaves_nothing(url: str, known: list[Migration]) -> None:
    """A migration that fails half-way is undone whole and can run again later."""
    known.append(Migration(NEXT, "faulty", "CREATE TABLE added (a INTEGER); SELECT * FROM absent", needs=1))
    with pytest.raises(DatabaseError, match='"absent" does not exist'):
        open_database(Path("unused"), url)
    known[-1] = Migration(NEXT, "mended", "CREATE TABLE added (a INTEGER)", needs=1)
    with open_database(Path("unused"), url) as database:
        assert database.fetch_integer("SELECT count(*) FROM added") == 0
        assert database.fetch_all(
            "SELECT name FROM schema_version WHERE version = :number", {"number": NEXT}
        ) == [("mended",)]


@pytest.mark.usefixtures("hurried")
def test_a_migration_waits_for_those_who_work(url: str, known: list[Migration]) -> None:
    """A migration that needs a table alone lets calls go on while another holds it, and is applied afterwards."""
    with open_database(Path("unused"), url, replica_id=FIRST) as held, psycopg.connect(url) as holder:
        books = Books(held)
        books.draw()
        holder.execute("UPDATE generations SET input_tokens = input_tokens")
        known.append(Migration(NEXT, "addition", ADDITION, needs=1))
        opened: list[int] = []

        def migrate() -> None:
            with open_database(Path("unused"), url) as database:
                opened.append(database.fetch_integer("SELECT max(version) FROM schema_version"))

        migrating = threading.Thread(target=migrate)
        migrating.start()
        for _ in range(20):
            books.draw(is_always_new=True)
        assert migrating.is_alive()
        assert opened == []
        holder.rollback()
        migrating.join(30)
        assert opened == [NEXT]
        books.claim(is_always_new=True)
        assert books.read_money()[0] == RESERVED


@pytest.mark.usefixtures("hurried")
def test_a_migration_gives_up(url: str, known: list[Migration], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a table is never free the start ends with what it wanted, and the database is as it was."""
    monkeypatch.setattr(schema, "_PATIENCE_SECONDS", 0.3)
    known.append(Migration(NEXT, "addition", ADDITION, needs=1))
    with psycopg.connect(url) as holder:
        holder.execute("LOCK TABLE generations IN ACCESS SHARE MODE")
        with pytest.raises(DatabaseError, match=f"is too busy to be brought to schema {NEXT}"):
            open_database(Path("unused"), url)
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT max(version) FROM schema_version").fetchone() == (NEXT - 1,)
