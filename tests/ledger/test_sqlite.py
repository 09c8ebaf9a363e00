"""SQLite's file: how it is made, opened, migrated, locked and refused."""

import os
import stat
from pathlib import Path

import apsw
import pytest

from limner.ledger.errors import DatabaseError
from limner.ledger.keys import KeyStore
from limner.ledger.queries import load_migrations, load_queries
from limner.ledger.sqlite import SqliteDatabase


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


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    """A database of a newer Limner is left alone, with a line that says what to do."""
    with SqliteDatabase(tmp_path) as database:
        database.fetch_all("INSERT INTO schema_version VALUES (99, 'future')")
    known = len(load_migrations("sqlite"))
    with pytest.raises(
        DatabaseError, match=f"has schema 99 and this Limner knows up to {known}; run the newer Limner"
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


def test_a_database_with_keys_is_brought_up(tmp_path: Path) -> None:
    """A database of the first schema keeps its keys, which then have no limits, and gets the new tables."""
    schema, (number, name, sql, _) = load_queries("schema"), load_migrations("sqlite")[0]
    connection = apsw.Connection(str(tmp_path / "limner.sqlite3"))
    connection.execute(schema["create_schema_version"].sqlite)
    connection.execute(sql)
    connection.execute(schema["add_schema_version"].sqlite, {"version": number, "name": name})
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
        assert database.fetch_integer("SELECT max(version) FROM schema_version") == len(
            load_migrations("sqlite")
        )


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
