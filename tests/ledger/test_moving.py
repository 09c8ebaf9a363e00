"""The move from SQLite to PostgreSQL: all of the books, as they were, or nothing."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest
from books import DAY, START_MS, Books, make_key, settled
from histories import make_history

from limner.ledger import recovery, transfers
from limner.ledger.database import Database
from limner.ledger.errors import DatabaseError, LedgerError
from limner.ledger.integrity import check
from limner.ledger.keys import KeyStore
from limner.ledger.moving import TABLES, Moved, OnProgress, find_move, move
from limner.ledger.opening import open_database
from limner.ledger.postgres import PostgresDatabase
from limner.ledger.queries import load_queries
from limner.ledger.replicas import Replica, register
from limner.ledger.sqlite import FILE_NAME, SqliteDatabase
from limner.ledger.sums import check_sums
from limner.ledger.usage import read_usage
from postgres import run_postgres

REPLICA = "a" * 16
SECRET = b"s" * 16

Table = dict[tuple[Any, ...], dict[str, Any]]


@pytest.fixture
def target(postgres_url: str) -> Iterator[PostgresDatabase]:
    """An empty PostgreSQL database, with the books' tables."""
    with open_database(Path(), postgres_url, replica_id=REPLICA) as database:
        assert isinstance(database, PostgresDatabase)
        yield database


def move_folder(folder: Path, target: PostgresDatabase, on_progress: OnProgress = lambda *_: None) -> Moved:
    """Move what is in a folder."""
    with SqliteDatabase(folder) as source:
        return move(source, target, replica_id=REPLICA, on_progress=on_progress)


def read_table(folder: Path, table: str) -> list[dict[str, Any]]:
    """Return the rows of a table of the SQLite file, whether it is marked or not."""
    row_id = "rowid, " if table == "generations" else ""
    with closing(apsw.Connection(str(folder / FILE_NAME), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
        cursor = connection.execute(f"SELECT {row_id}* FROM {table}")  # noqa: S608 - constants
        return [dict(zip((c[0] for c in cursor.get_description()), row, strict=True)) for row in cursor]


def fetch_table(database: PostgresDatabase, table: str) -> list[dict[str, Any]]:
    """Return the rows of a table in PostgreSQL."""
    cursor = database.connection.execute(f"SELECT * FROM {table}")  # noqa: S608 - a constant
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def to_moved(table: str, row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of SQLite as it has to be in PostgreSQL."""
    row = {
        name: value.replace("\0", "\ufffd") if isinstance(value, str) else value
        for name, value in row.items()
    }
    if table == "generations":
        return row | {"replica_id": REPLICA, "clients": 0, "client_replicas": []}
    if table == "transfers" and row["kind"] == "upload":
        return row | {"replica_id": REPLICA}
    return row


def sort(rows: list[dict[str, Any]]) -> list[list[tuple[str, Any]]]:
    return sorted((sorted(row.items()) for row in rows), key=repr)


@pytest.mark.parametrize("seed", range(6))
def test_every_row_comes_as_it_was(tmp_path: Path, target: PostgresDatabase, seed: int) -> None:
    """Whatever happened before, each row is there with each value; the calls are this folder's and nobody waits."""
    make_history(tmp_path, seed=seed, steps=400)
    moved = move_folder(tmp_path, target)
    for table in TABLES:
        expected = sort([to_moved(table, row) for row in read_table(tmp_path, table)])
        assert expected == sort(fetch_table(target, table)), table
        assert moved.rows[table] == len(expected)
        assert expected, f"no {table} in the history: nothing was shown"
    assert (moved.was_there, moved.faults) == (False, ())
    assert check(target).problems == ()
    ((pending, posted),) = target.fetch_all(load_queries("moving")["sum_money"])
    assert (moved.pending_micro_usd, moved.posted_micro_usd) == (pending, posted)


def test_every_column_is_moved(tmp_path: Path) -> None:
    """What a migration adds to a table of SQLite is read for the move, or this fails."""
    with SqliteDatabase(tmp_path) as database:
        for table in TABLES:
            columns = {
                str(name)
                for (name,) in database.fetch_all(
                    "SELECT name FROM pragma_table_info(:table)", {"table": table}
                )
            }
            text = load_queries("moving")[f"read_{table}"].sqlite.replace(",", " ").split()
            assert columns - set(text) - {"clients"} == set(), table
        tables = {
            str(name) for (name,) in database.fetch_all("SELECT name FROM sqlite_schema WHERE type = 'table'")
        }
    assert tables - set(TABLES) == {"schema_version", "request_marks", "upstream_parks"}


def test_the_books_go_on(tmp_path: Path, target: PostgresDatabase) -> None:
    """After the move calls are numbered, counted, repeated, resolved and limited as if nothing had been."""
    key = make_key(budget_micro_usd=250_000, budget_period="day")
    with SqliteDatabase(tmp_path) as source:
        before = Books(source)
        drawn = before.draw(key=key, is_delivered=False)
        unknown_id = before.break_off(key=key, is_always_new=True)
        running = before.claim(key=key, fingerprint=b"r" * 32, reserved_micro_usd=50_000)
        usage = read_usage(source)
    move_folder(tmp_path, target)
    after = Books(target, id_prefix="h")
    assert read_usage(target) == usage
    assert after.find_repeat(key=key) == drawn
    assert after.refuse(key=key, fingerprint=b"n" * 32).code == "insufficient_quota"
    with target.transaction():
        recovery.reset_clients(target, START_MS)
    assert after.count_clients(running) == 0
    after.resolve(unknown_id, is_posted=False)
    assert after.end(settled(running))
    new = after.draw(key=key, fingerprint=b"m" * 32, reserved_micro_usd=50_000)
    numbers = target.fetch_all("SELECT id FROM generations ORDER BY rowid")
    assert numbers == [(drawn,), (unknown_id,), (running,), (new,)]
    after.check()
    with target.transaction():
        assert transfers.add_missing_uploads(target, REPLICA, 0) == 3


def test_keys_are_known_under_the_same_secret(tmp_path: Path, target: PostgresDatabase) -> None:
    """A client's key is found after the move, a revoked one is not."""
    with SqliteDatabase(tmp_path) as source:
        keys = KeyStore(source, signing_secret=SECRET)
        key, secret = keys.create("ann", budget_micro_usd=7)
        _, gone = keys.create("gone")
        keys.revoke("gone")
    move_folder(tmp_path, target)
    keys = KeyStore(target, signing_secret=SECRET)
    assert (keys.find(secret), keys.find(gone)) == (key, None)


def test_nothing_can_be_written_to_what_was_moved(tmp_path: Path, target: PostgresDatabase) -> None:
    """The SQLite file says where the books are, is not opened again, and takes nothing from who had it open."""
    make_history(tmp_path, seed=1, steps=50)
    assert find_move(tmp_path) is None
    with SqliteDatabase(tmp_path) as command, SqliteDatabase(tmp_path) as source:
        move(source, target, replica_id=REPLICA, on_progress=lambda *_: None)
        keys = KeyStore(command, signing_secret=SECRET)
        with pytest.raises(DatabaseError, match="moved to PostgreSQL"):
            keys.create("late")
        with pytest.raises(DatabaseError, match="moved to PostgreSQL"):
            keys.revoke("plain")
        with pytest.raises(DatabaseError, match="moved to PostgreSQL"):
            Books(command, id_prefix="late").claim()
        assert check_sums(command) == []
    assert find_move(tmp_path) == target.name
    with pytest.raises(DatabaseError):
        SqliteDatabase(tmp_path)


def test_an_empty_file_is_moved(tmp_path: Path, target: PostgresDatabase) -> None:
    """A folder in which nothing was ever drawn can be moved, and the first call there is the first."""
    SqliteDatabase(tmp_path).close()
    assert move_folder(tmp_path, target).rows == dict.fromkeys(TABLES, 0)
    Books(target).draw()
    assert target.fetch_all("SELECT rowid FROM generations") == [(1,)]


def tamper_accounts(target: Database) -> None:
    target.change("UPDATE accounts SET posted_micro_usd = posted_micro_usd + 1 WHERE period = 'total'")


def tamper_entries(target: Database) -> None:
    target.change("ALTER TABLE ledger_entries DISABLE TRIGGER USER")
    target.change(
        "DELETE FROM ledger_entries WHERE generation_id = (SELECT max(generation_id) FROM ledger_entries)"
    )
    target.change("ALTER TABLE ledger_entries ENABLE TRIGGER USER")


def tamper_states(target: Database) -> None:
    target.change("UPDATE generations SET state = 'refused' WHERE state = 'settled'")


def tamper_answers(target: Database) -> None:
    target.change("UPDATE generations SET answer = '{}' WHERE answer IS NOT NULL")


def tamper_keys(target: Database) -> None:
    target.change("UPDATE api_keys SET budget_micro_usd = 1")


def tamper_order(target: Database) -> None:
    target.change("UPDATE generations SET rowid = rowid + 1000000")


def tamper_pictures(target: Database) -> None:
    target.change("DELETE FROM pictures WHERE id = (SELECT max(id) FROM pictures)")


@pytest.mark.parametrize(
    "tamper",
    [
        tamper_accounts,
        tamper_entries,
        tamper_states,
        tamper_answers,
        tamper_keys,
        tamper_order,
        tamper_pictures,
    ],
)
def test_what_is_not_the_same_is_not_moved(
    tmp_path: Path, target: PostgresDatabase, tamper: Callable[[Database], None]
) -> None:
    """If anything that came differs from what was, it is said, and both sides are as before."""
    make_history(tmp_path, seed=2, steps=200)

    def report(table: str, done: int, total: int) -> None:
        if (table, done) == (TABLES[-1], total):
            tamper(target)

    with pytest.raises(LedgerError, match=r"(?s)nothing was moved:.*only in"):
        move_folder(tmp_path, target, report)
    assert check(target).rows == dict.fromkeys(TABLES, 0)
    assert find_move(tmp_path) is None
    assert not move_folder(tmp_path, target).was_there


def test_old_faults_are_moved_and_named(tmp_path: Path, target: PostgresDatabase) -> None:
    """Books that did not agree with themselves are the same afterwards, and each line is handed on."""
    make_history(tmp_path, seed=3, steps=100)
    with SqliteDatabase(tmp_path) as source:
        source.change(
            "UPDATE accounts SET posted_micro_usd = 1 WHERE period = 'total' AND key_id = 'key_fixed'"
        )
        (fault,) = check_sums(source)
    assert move_folder(tmp_path, target).faults == (fault,)
    assert check_sums(target) == [fault]


def unmark(folder: Path) -> None:
    """Make the SQLite file as it is when the process was killed before the mark was on disk."""
    with closing(apsw.Connection(str(folder / FILE_NAME))) as connection:
        connection.execute("DELETE FROM schema_version WHERE version > 1000")
        for trigger in ("api_keys_moved_new", "api_keys_moved_changed", "ledger_entries_moved"):
            connection.execute(f"DROP TRIGGER {trigger}")


def test_a_move_is_finished_later(tmp_path: Path, target: PostgresDatabase) -> None:
    """If all had come and the mark had not, a second move says so and marks, and doubles nothing."""
    make_history(tmp_path, seed=4, steps=100)
    first = move_folder(tmp_path, target)
    unmark(tmp_path)
    second = move_folder(tmp_path, target)
    assert (first.was_there, second.was_there) == (False, True)
    assert first.rows == second.rows == check(target).rows
    assert find_move(tmp_path) == target.name


@pytest.mark.parametrize("side", ["there", "here"])
def test_a_move_that_was_used_since_is_not_finished(
    tmp_path: Path, target: PostgresDatabase, side: str
) -> None:
    """If calls were made since, on either side, it is said that the move was complete, and nothing is changed."""
    make_history(tmp_path, seed=4, steps=100)
    move_folder(tmp_path, target)
    unmark(tmp_path)
    with SqliteDatabase(tmp_path) as source:
        Books(target if side == "there" else source, id_prefix="since").draw(fingerprint=b"2" * 32)
    rows = check(target).rows
    with pytest.raises(LedgerError, match=r"were moved to .* before, and calls were made since"):
        move_folder(tmp_path, target)
    assert (check(target).rows, find_move(tmp_path)) == (rows, None)


def test_other_books_are_not_added_to(tmp_path: Path, target: PostgresDatabase) -> None:
    """A database with a call or a key in it is refused, with what is in it and what to do."""
    make_history(tmp_path, seed=5, steps=50)
    KeyStore(target, signing_secret=SECRET).create("somebody's")
    with pytest.raises(LedgerError, match=r"0 generations, 1 client keys.*make an empty database"):
        move_folder(tmp_path, target)
    assert find_move(tmp_path) is None


def test_nobody_may_work_on_the_target(tmp_path: Path, target: PostgresDatabase) -> None:
    """While a gateway or a worker runs on the database nothing is moved there."""
    make_history(tmp_path, seed=5, steps=50)
    with target.transaction():
        register(target, Replica(id="b" * 16, kind="worker", store="", secret_id=""))
    with pytest.raises(LedgerError, match=r"a gateway or worker runs on .* stop it"):
        move_folder(tmp_path, target)
    assert check(target).rows == dict.fromkeys(TABLES, 0)


def test_old_refusals_of_the_target_are_forgotten(tmp_path: Path, target: PostgresDatabase) -> None:
    """What a gateway refused on a database that is else empty is no reason not to move there."""
    make_history(tmp_path, seed=1, steps=50)
    Books(target).note_refusal()
    assert move_folder(tmp_path, target).rows["refusals"] == check(target).rows["refusals"]


def test_a_server_that_ends_in_the_middle_has_got_nothing(tmp_path: Path) -> None:
    """If PostgreSQL goes away under way, it says so, and the books are moved when it is back."""
    make_history(tmp_path, seed=5, steps=100)
    with run_postgres() as server:
        url = server.create_database()

        def stop(table: str, *_: int) -> None:
            if table == "pictures":
                server.stop()

        target = open_database(Path(), url)
        assert isinstance(target, PostgresDatabase)
        with target, pytest.raises(DatabaseError, match=r"cannot use postgresql://"):
            move_folder(tmp_path, target, stop)
        assert find_move(tmp_path) is None
        server.start()
        again = open_database(Path(), url)
        assert isinstance(again, PostgresDatabase)
        with again:
            assert check(again).rows == dict.fromkeys(TABLES, 0)
            assert not move_folder(tmp_path, again).was_there


def test_others_wait_for_the_mark(tmp_path: Path, target: PostgresDatabase) -> None:
    """A command beside the move cannot write what would not come along."""
    make_history(tmp_path, seed=1, steps=50)
    refused: list[bool] = []

    def report(*_: object) -> None:
        with SqliteDatabase(tmp_path, busy_timeout_seconds=0.05) as command, pytest.raises(DatabaseError):
            KeyStore(command, signing_secret=SECRET).create(f"late {len(refused)}")
        refused.append(True)

    move_folder(tmp_path, target, report)
    assert len(refused) == len(TABLES)


def test_a_file_of_an_older_schema_is_moved(tmp_path: Path, target: PostgresDatabase) -> None:
    """Books of an older Limner are brought up to date on the way."""
    source = Books(SqliteDatabase(tmp_path))
    source.now_ms -= 400 * DAY
    source.draw()
    source.database.change("ALTER TABLE generations DROP COLUMN uploaded_at_ms")
    for index in ("listed", "conversation", "linked", "unlinked", "shown", "prompts", "claimed"):
        source.database.change(f"DROP INDEX generations_{index}")
    for column in (
        "metadata",
        "replica_id",
        "conversation",
        "is_linked",
        "pictures_asked",
        "prompt",
        "prompt_folded",
    ):
        source.database.change(f"ALTER TABLE generations DROP COLUMN {column}")
    for index in ("order", "owner"):
        source.database.change(f"DROP INDEX api_keys_{index}")
    for table in ("transfers", "upstream_calls", "upstream_parks", "key_previous_secrets"):
        source.database.change(f"DROP TABLE {table}")
    source.database.change("DELETE FROM schema_version WHERE version >= 3")
    source.database.close()
    assert move_folder(tmp_path, target).rows["generations"] == 1


def test_a_missing_file_is_no_empty_one(tmp_path: Path) -> None:
    """Where there is no database, none is made by asking where it was moved to."""
    with pytest.raises(DatabaseError, match=r"there is no .*limner\.sqlite3"):
        find_move(tmp_path)
    assert list(tmp_path.iterdir()) == []
