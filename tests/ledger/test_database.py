"""The seam to the database, on each: transactions, savepoints, snapshots, locks, and errors of the ledger's own."""

import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from databases import FIRST, connect, make_place, make_postgres_place

from limner.ledger.database import Database, to_integer, to_optional_integer
from limner.ledger.errors import DatabaseError, DuplicateError, TransientError
from limner.ledger.opening import open_database
from limner.ledger.postgres import describe
from places import Place

place = pytest.fixture(make_place)
postgres_place = pytest.fixture(make_postgres_place)

COUNT = "SELECT count(*) FROM refusals"
ADD = "INSERT INTO refusals (fingerprint, at_ms) VALUES (:fingerprint, 1)"


@pytest.fixture
def database(place: Place) -> Iterator[Database]:
    with connect(place) as database:
        yield database


@pytest.fixture
def other(place: Place) -> Iterator[Database]:
    with connect(place) as database:
        yield database


def add(database: Database, *fingerprints: bytes) -> None:
    for fingerprint in fingerprints:
        assert database.change(ADD, {"fingerprint": fingerprint}) == 1


def list_added(database: Database) -> list[object]:
    return [row[0] for row in database.fetch_all("SELECT fingerprint FROM refusals ORDER BY fingerprint")]


def test_a_transaction_is_all_or_nothing(database: Database, other: Database) -> None:
    """What a block wrote is there for others when it ends, and gone when it raises."""
    with database.transaction():
        add(database, b"1")
        assert other.fetch_integer(COUNT) == 0
    assert other.fetch_integer(COUNT) == 1
    with pytest.raises(DuplicateError), database.transaction():
        add(database, b"2", b"1")
    assert not database.is_in_transaction
    assert other.fetch_integer(COUNT) == 1


def test_a_savepoint_undoes_itself_alone(database: Database) -> None:
    """A block that raises within a transaction leaves what was written before and after it."""
    with database.transaction():
        add(database, b"1")
        with pytest.raises(DuplicateError), database.savepoint():
            add(database, b"2", b"1")
        with database.savepoint():
            add(database, b"3")
            with pytest.raises(DuplicateError), database.savepoint():
                add(database, b"4", b"1")
            add(database, b"5")
    assert list_added(database) == [b"1", b"3", b"5"]


def test_a_transaction_that_failed_cannot_go_on(database: Database) -> None:
    """After an error that nobody undid nothing is written, whatever follows it."""
    with pytest.raises(DatabaseError), database.transaction():
        add(database, b"1", b"1")
    assert database.fetch_integer(COUNT) == 0


def test_a_snapshot_sees_one_state(database: Database, other: Database) -> None:
    """What others write in the meantime is not seen until the block ends; also within a transaction."""
    with database.snapshot():
        assert database.fetch_integer(COUNT) == 0
        add(other, b"1")
        assert database.fetch_integer(COUNT) == 0
    assert database.fetch_integer(COUNT) == 1
    with database.transaction(), database.snapshot():
        assert database.fetch_integer(COUNT) == 1
    assert not database.is_in_transaction


def test_library_errors_do_not_leave_the_seam(database: Database) -> None:
    """A duplicate is told from other failures; neither shows the library's classes nor a value."""
    with pytest.raises(DuplicateError, match="schema_version"):
        database.change("INSERT INTO schema_version SELECT * FROM schema_version")
    with pytest.raises(DatabaseError, match=r"no such table: absent|\"absent\" does not exist"):
        database.fetch_all("SELECT * FROM absent")
    with pytest.raises(DatabaseError, match=r"NOT NULL|not-null") as caught:
        database.change(
            "INSERT INTO accounts (key_id, period, pending_micro_usd, posted_micro_usd) "
            "VALUES ('the secret', NULL, 1, 1)"
        )
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_books_time_is_now(database: Database) -> None:
    """The time that all who use the database go by passes."""
    first = database.read_seconds()
    assert first > 1_700_000_000
    assert database.read_seconds() >= first


def test_values_are_of_the_type_asked_for() -> None:
    """A value that is no integer is an error of ours, and never shown."""
    assert (to_integer(7), to_optional_integer(None), to_optional_integer(7)) == (7, None, 7)
    with pytest.raises(TypeError, match="not an integer: str"):
        to_integer("secret")


def test_a_lock_keeps_others_waiting(postgres_place: Place) -> None:
    """Whoever locks the same waits for the end of the transaction; another name, or kind, is free."""
    with connect(postgres_place) as one, connect(postgres_place) as two:
        order: list[str] = []

        def wait() -> None:
            with two.transaction():
                two.lock("call", b"a")
                order.append("second")

        with one.transaction():
            one.lock("call", b"a")
            with two.transaction():
                two.lock("call", b"b")
                two.lock("key", b"a")
            waiting = threading.Thread(target=wait)
            waiting.start()
            while not one.fetch_integer(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            ):
                assert waiting.is_alive()
            order.append("first")
        waiting.join(20)
        assert order == ["first", "second"]


def test_a_lock_can_be_tried(postgres_place: Place) -> None:
    """Who only tries is told at once that somebody has it, and gets it when that one is done."""
    with connect(postgres_place) as one, connect(postgres_place) as two, two.transaction():
        with one.transaction():
            assert one.try_lock("reconcile")
            assert not two.try_lock("reconcile")
        assert two.try_lock("reconcile")


def test_a_deadlock_can_be_tried_again(postgres_place: Place) -> None:
    """Of two that wait for each other one is told that it may try again, and wrote nothing."""
    with connect(postgres_place) as one, connect(postgres_place) as two:
        failed: list[TransientError] = []
        met = threading.Barrier(2, timeout=20)

        def lock(database: Database, names: tuple[bytes, bytes]) -> None:
            try:
                with database.transaction():
                    database.lock("call", names[0])
                    add(database, names[0])
                    met.wait()
                    database.lock("call", names[1])
            except TransientError as error:
                failed.append(error)

        threads = [
            threading.Thread(target=lock, args=(database, names))
            for database, names in ((one, (b"a", b"b")), (two, (b"b", b"a")))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert len(failed) == 1
        assert one.fetch_integer(COUNT) == 1


def test_sessions_are_set_up(postgres_place: Place) -> None:
    """A session waits for the disk even where the server's default is not to, for nobody for ever, and goes by UTC."""
    with psycopg.connect(postgres_place.database_url or "") as plain:
        assert plain.execute("SHOW synchronous_commit").fetchone() == ("off",)
    with connect(postgres_place, FIRST) as database:
        shown = {
            name: database.fetch_all(f"SHOW {name}")[0][0]
            for name in ("synchronous_commit", "timezone", "lock_timeout", "limner.replica")
        }
        assert shown == {
            "synchronous_commit": "on",
            "timezone": "UTC",
            "lock_timeout": "4s",
            "limner.replica": FIRST,
        }
        assert database.fetch_all("SHOW statement_timeout") != [("0",)]
        assert database.fetch_all("SHOW idle_in_transaction_session_timeout") != [("0",)]


def test_a_database_that_is_not_there_is_named(postgres_place: Place) -> None:
    """Where PostgreSQL cannot be reached or refuses, the error names the place and neither user nor password."""
    url = postgres_place.database_url or ""
    parts = urlsplit(url)
    password = parts.password or ""
    for wrong in (
        url.replace(password, "the-wrong-password"),
        url.replace(parts.path, "/absent"),
        url.replace(f":{parts.port}", ":1"),
    ):
        with pytest.raises(DatabaseError, match=r"^cannot use postgresql://127\.0\.0\.1:") as caught:
            open_database(Path("unused"), wrong)
        assert password not in str(caught.value)
        assert "the-wrong-password" not in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("postgresql://ann:secret@db.example:5433/limner", "postgresql://db.example:5433/limner"),
        ("postgresql:///limner", "postgresql://localhost:5432/limner"),
        ("host=db password=secret dbname=limner", "postgresql://db:5432/limner"),
        ("postgresql://ann:secret@[half", "the PostgreSQL database"),
    ],
)
def test_names_hold_no_secret(url: str, name: str) -> None:
    """A database is called by its place."""
    assert describe(url) == name
