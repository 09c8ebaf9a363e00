"""The database file: how it is opened, migrated and refused."""

import os
import re
import stat
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import apsw
import pytest

from limner.ledger.errors import DatabaseError, DuplicateError
from limner.ledger.keys import KeyStore
from limner.ledger.queries import load_migrations, load_queries
from limner.ledger.database import to_integer, to_optional_integer
from limner.ledger.sqlite import SqliteDatabase

OPEN_AT_A_SIGN = """
import sys
from pathlib import Path
from limner.ledger.sqlite import SqliteDatabase
print("ready", flush=True)
sys.stdin.readline()
with SqliteDatabase(Path(sys.argv[1])) as database:
    print(database.fetch_integer("SELECT count(*) FROM schema_version"))
"""


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    """The folder is created 0700 and the database with its journal 0600, whatever the umask."""
    before = os.umask(0)
    try:
        with SqliteDatabase(tmp_path / "data"):
            files = list((tmp_path / "data").iterdir())
            assert mode_of(tmp_path / "data") == 0o700
            assert {file.name for file in files} == {
                "limner.sqlite3",
                "limner.sqlite3-wal",
                "limner.sqlite3-shm",
            }
            assert {mode_of(file) for file in files} == {0o600}
    finally:
        os.umask(before)


def test_commits_are_on_disk(tmp_path: Path) -> None:
    """The connection journals by WAL, waits for the disk at each commit, and checks foreign keys."""
    with SqliteDatabase(tmp_path) as database:
        assert database.fetch_all("PRAGMA journal_mode") == [("wal",)]
        assert database.fetch_integer("PRAGMA synchronous") == 2
        assert database.fetch_integer("PRAGMA foreign_keys") == 1
        assert database.fetch_integer("PRAGMA busy_timeout") > 0


def test_opening_again_applies_nothing_twice(tmp_path: Path) -> None:
    """Each migration is noted once however often the database is opened."""
    SqliteDatabase(tmp_path).close()
    with SqliteDatabase(tmp_path) as database:
        versions = database.fetch_all("SELECT version, name FROM schema_version ORDER BY version")
    assert versions == [(number, name) for number, name, _ in load_migrations()]


def test_migrations_are_numbered_without_gaps() -> None:
    """Migrations count from 1."""
    assert [number for number, _, _ in load_migrations()] == list(range(1, len(load_migrations()) + 1))


@pytest.mark.parametrize("attempt", range(3))
def test_processes_may_start_at_once(tmp_path: Path, attempt: int) -> None:
    """Four processes that create and migrate the same database at the same moment all succeed."""
    folder = tmp_path / str(attempt)
    children = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN_AT_A_SIGN, str(folder)],
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
    expected = f"{len(load_migrations())}\n"
    assert [child.communicate() for child in children] == [(expected, "")] * 4


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    """A database of a newer Limner is left alone, with a line that says what to do."""
    with SqliteDatabase(tmp_path) as database:
        database.fetch_all("INSERT INTO schema_version VALUES (99, 'future')")
    with pytest.raises(
        DatabaseError, match="has schema 99 and this Limner knows up to 2; run the newer Limner"
    ):
        SqliteDatabase(tmp_path)


def test_a_failed_migration_leaves_nothing(tmp_path: Path) -> None:
    """A migration that fails half-way is undone whole and can run again later."""
    connection = apsw.Connection(str(tmp_path / "limner.sqlite3"))
    connection.execute("CREATE TABLE api_keys_live_name (a)")  # in the way of the migration's index
    connection.close()
    with pytest.raises(DatabaseError, match=r"limner\.sqlite3"):
        SqliteDatabase(tmp_path)
    connection = apsw.Connection(str(tmp_path / "limner.sqlite3"))
    assert connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall() == [
        ("api_keys_live_name",)
    ]
    connection.execute("DROP TABLE api_keys_live_name")
    connection.close()
    SqliteDatabase(tmp_path).close()


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    """A file that is no database, and a folder that cannot be made, are named in a clear error."""
    (tmp_path / "limner.sqlite3").write_bytes(b"not a database, but long enough to be looked at" * 50)
    with pytest.raises(DatabaseError, match=r"limner\.sqlite3 .*not a database"):
        SqliteDatabase(tmp_path)
    with pytest.raises(DatabaseError, match="File exists"):
        SqliteDatabase(tmp_path / "limner.sqlite3")


def test_library_errors_do_not_leave_the_seam(tmp_path: Path) -> None:
    """A duplicate is told from other failures; neither shows the library's classes."""
    with SqliteDatabase(tmp_path) as database:
        with pytest.raises(DuplicateError, match=r"schema_version\.version"):
            database.fetch_all("INSERT INTO schema_version VALUES (1, 'again')")
        with pytest.raises(DatabaseError, match="no such table"):
            database.fetch_all("SELECT * FROM absent")
        with pytest.raises(DatabaseError, match="NOT NULL"):
            database.fetch_all("INSERT INTO schema_version VALUES (5, NULL)")


def test_every_query_is_named_and_valid(tmp_path: Path) -> None:
    """Each named query of the SQL files can be prepared against the newest schema."""
    with SqliteDatabase(tmp_path) as database:
        for file in files("limner.ledger").joinpath("sql", "sqlite").iterdir():
            if not file.is_file():
                continue
            for sql in load_queries(file.name.removesuffix(".sql")).values():
                database.fetch_all("EXPLAIN " + sql, dict.fromkeys(re.findall(r"(?<!\w):(\w+)", sql)) or None)


READ_WHOLE = {
    # These are short, or read along an index up to a limit, or asked by an operator or at start.
    "list_evictable", "list_folders", "read_stored_bytes", "list_running", "reset_clients", "sweep_all_requests",
    "list_by_state", "read_usage", "list_keys", "count_usable_keys", "count_unrecognisable_keys",
}  # fmt: skip


def test_what_every_call_asks_is_found_by_index(tmp_path: Path) -> None:
    """No query but a few reads a whole table or a whole index."""
    with SqliteDatabase(tmp_path) as database:
        for file in files("limner.ledger").joinpath("sql", "sqlite").iterdir():
            if not file.is_file() or file.name in {"schema.sql", "sums.sql"}:
                continue
            for name, sql in load_queries(file.name.removesuffix(".sql")).items():
                values = dict.fromkeys(re.findall(r"(?<!\w):(\w+)", sql)) or None
                plan = [str(row[3]) for row in database.fetch_all("EXPLAIN QUERY PLAN " + sql, values)]
                read_whole = [step for step in plan if re.match(r"SCAN [a-z]", step)]
                assert name in READ_WHOLE or not read_whole, (name, plan)


def test_a_database_with_keys_is_brought_up(tmp_path: Path) -> None:
    """A database of the first schema keeps its keys, which then have no limits, and gets the new tables."""
    schema, (number, name, sql) = load_queries("schema"), load_migrations()[0]
    connection = apsw.Connection(str(tmp_path / "limner.sqlite3"))
    connection.execute(schema["create_schema_version"])
    connection.execute(sql)
    connection.execute(schema["add_schema_version"], {"version": number, "name": name})
    connection.execute(
        "INSERT INTO api_keys VALUES ('key_1', 'studio', x'00', 'secret', 'ann', 1, '[\"m\"]', 'images', NULL, 5, NULL)"
    )
    connection.close()
    with SqliteDatabase(tmp_path) as database:
        (key,) = KeyStore(database, signing_secret=b"secret").list()
        assert (key.id, key.name, key.owner, key.models) == ("key_1", "studio", "ann", frozenset({"m"}))
        assert (key.budget_micro_usd, key.budget_period) == (None, "total")
        assert (key.images_per_minute, key.requests_per_minute) == (None, None)
        assert database.fetch_integer("SELECT count(*) FROM generations") == 0
        assert database.fetch_integer("SELECT max(version) FROM schema_version") == len(load_migrations())


def test_a_transaction_is_all_or_nothing(tmp_path: Path) -> None:
    """What a block wrote is there for others when it ends, and gone when it raises."""
    with SqliteDatabase(tmp_path) as database, SqliteDatabase(tmp_path) as other:
        count = "SELECT count(*) FROM refusals"
        with database.transaction():
            assert database.change("INSERT INTO refusals VALUES (x'01', 1)") == 1
            assert other.fetch_integer(count) == 0
        assert other.fetch_integer(count) == 1
        with pytest.raises(DuplicateError), database.transaction():
            database.fetch_all(
                "INSERT INTO refusals VALUES (x'02', 1); INSERT INTO refusals VALUES (x'01', 1)"
            )
        assert not database.is_in_transaction
        assert other.fetch_integer(count) == 1


def test_a_savepoint_undoes_itself_alone(tmp_path: Path) -> None:
    """A block that raises within a transaction leaves what was written before and after it."""
    with SqliteDatabase(tmp_path) as database:
        with database.transaction():
            database.change("INSERT INTO refusals VALUES (x'01', 1)")
            with pytest.raises(DuplicateError), database.savepoint():
                database.fetch_all(
                    "INSERT INTO refusals VALUES (x'02', 1); INSERT INTO refusals VALUES (x'01', 1)"
                )
            with database.savepoint():
                database.change("INSERT INTO refusals VALUES (x'03', 1)")
        assert database.fetch_all("SELECT fingerprint FROM refusals") == [(b"\x01",), (b"\x03",)]


def test_a_locked_database_is_waited_for(tmp_path: Path) -> None:
    """A transaction beside another one's gives up after the busy timeout, and names the file."""
    with SqliteDatabase(tmp_path) as database, SqliteDatabase(tmp_path, busy_timeout_seconds=0.1) as other:
        with (
            database.transaction(),
            pytest.raises(DatabaseError, match=r"limner\.sqlite3 .*locked"),
            other.transaction(),
        ):
            pass
        with other.transaction():
            pass


def test_values_are_of_the_type_asked_for() -> None:
    """A value that is no integer is an error of ours, and never shown."""
    assert (to_integer(7), to_optional_integer(None), to_optional_integer(7)) == (7, None, 7)
    with pytest.raises(TypeError, match="not an integer: str"):
        to_integer("secret")
