"""`limner database`: the move to PostgreSQL as an operator makes it, and what `check` says."""

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from bookkeeping import DAY_MS, create_key, record
from commands import run

from limner.ledger.opening import open_database
from limner.ledger.queries import load_migrations
from limner.ledger.sqlite import FILE_NAME, SqliteDatabase
from postgres import PostgresServer

SECRET = "another-signing-secret-of-the-tests"
TABLES = ("api_keys", "generations", "ledger_entries", "accounts", "pictures")

posix = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on this machine")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder, `data`, with two keys and calls of every kind."""
    data = tmp_path / "data"
    for name in ("shop", "studio"):
        key = create_key(data, name)
        for number, state in enumerate(("settled", "failed", "unknown", "sent", "settled", "settled")):
            record(data, key, state, age_ms=number * DAY_MS, end_user="ann" if number % 2 else "")
    return data


def migrate(folder: Path, url: str, *options: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run the move of a data folder."""
    done = run(
        folder.parent, "database", "migrate", "--to", url, *options, LIMNER_DATA_DIR=str(folder), **variables
    )
    assert (urlsplit(url).password or url) not in done.stdout + done.stderr
    return done


def count(folder: Path, url: str | None) -> list[int]:
    """Return how many rows the tables have."""
    with open_database(folder, url) as database:
        return [database.fetch_integer(f"SELECT count(*) FROM {table}") for table in TABLES]  # noqa: S608


def on_postgres(folder: Path, url: str) -> dict[str, str]:
    """Return the settings that `migrate` says to make."""
    return {
        "LIMNER_DATA_DIR": str(folder),
        "LIMNER_DATABASE_URL": url,
        "LIMNER_SIGNING_SECRET_FILE": str(folder / "signing-secret"),
    }


def test_the_books_are_moved(folder: Path, postgres_url: str) -> None:
    """Afterwards every command says the same, the figures are printed, and so is what to do next."""
    here = {"LIMNER_DATA_DIR": str(folder)}
    asked = (("usage", "--json"), ("keys", "list", "--json"), ("generations", "list", "--json"))
    before = [run(folder.parent, *arguments, **here).stdout for arguments in asked]
    done = migrate(folder, postgres_url)
    assert (done.returncode, done.stderr) == (0, "")
    first, second, third, last = done.stdout.splitlines()
    assert first.startswith(f"Moved to postgresql://127.0.0.1:{urlsplit(postgres_url).port}/")
    assert "2 client keys, 12 generations, 6 pictures, 22 ledger entries" in first
    assert second.endswith("every sum is the same; $0.2016 spent, $0.20 reserved.")
    assert "LIMNER_DATABASE_URL" in third
    assert f"LIMNER_SIGNING_SECRET_FILE={folder / 'signing-secret'}" in third
    assert "marked as moved" in last
    assert (folder / "signing-secret").read_text().strip() not in done.stdout
    there = on_postgres(folder, postgres_url)
    after = [run(folder.parent, *arguments, **there) for arguments in asked]
    assert [answer.stdout for answer in after] == before
    assert [answer.stderr for answer in after] == [""] * 3


def test_the_old_file_is_not_gone_on_with(folder: Path, postgres_url: str) -> None:
    """Without LIMNER_DATABASE_URL nothing opens the moved file, or begins another; the file itself is kept."""
    migrate(folder, postgres_url)
    before = sorted(path.name for path in folder.iterdir())
    for arguments in (("serve", "--emulator", "--port", "0"), ("keys", "list"), ("keys", "create", "late")):
        done = run(folder.parent, *arguments, LIMNER_DATA_DIR=str(folder))
        assert (done.returncode, done.stdout) == (1, "")
        (line,) = done.stderr.splitlines()
        assert str(folder / FILE_NAME) in line
    assert sorted({*before, "server.lock"}) == sorted(path.name for path in folder.iterdir())
    again = migrate(folder, postgres_url)
    assert again.returncode == 1
    assert again.stderr.startswith(f"limner: the books of {folder} were moved to postgresql://127.0.0.1:")
    checked = run(folder.parent, "database", "check", LIMNER_DATA_DIR=str(folder))
    assert (checked.returncode, checked.stdout) == (1, "")
    assert "were moved to postgresql://127.0.0.1:" in checked.stderr


def test_figures_can_be_read_by_programs(folder: Path, postgres_url: str) -> None:
    """--json gives rows, dollars and time; the address may stand in a file of secrets."""
    file = folder.parent / "url"
    file.write_text(postgres_url + "\n")
    done = run(
        folder.parent,
        *("database", "migrate", "--json"),
        LIMNER_DATA_DIR=str(folder),
        LIMNER_DATABASE_URL_FILE=str(file),
        LIMNER_SIGNING_SECRET_FILE=str(folder / "signing-secret"),
    )
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["rows"]["generations"] == 12
    assert (document["posted_usd"], document["reserved_usd"]) == (0.2016, 0.2)
    assert (document["was_there"], document["problems"]) == (False, [])
    assert document["seconds"] > 0


def test_the_password_may_come_from_elsewhere(folder: Path, postgres_url: str) -> None:
    """An address without a password is completed by PGPASSWORD, so that none stands in a list of processes."""
    password = str(urlsplit(postgres_url).password)
    done = migrate(folder, postgres_url.replace(f":{password}@", "@"), PGPASSWORD=password)
    assert done.returncode == 0, done.stderr
    assert password not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        (None, "--to says where"),
        ("mysql://ann:hidden@host/limner", "it is not a postgresql:// address"),
        ("postgresql://ann:hidden@host:port/limner?hidden", "it is malformed"),
        ("postgresql://ann:hidden@host", "it names no database"),
    ],
)
def test_a_wrong_address_is_wrong_usage(folder: Path, to: str | None, reason: str) -> None:
    """No address, or one that is none, ends with code 2 and is not shown."""
    arguments = () if to is None else ("--to", to)
    done = run(folder.parent, "database", "migrate", *arguments, LIMNER_DATA_DIR=str(folder))
    assert (done.returncode, done.stdout) == (2, "")
    assert reason in done.stderr
    assert "hidden" not in done.stderr


def test_a_server_that_is_not_there_is_named(folder: Path, postgres_server: PostgresServer) -> None:
    """Nobody listening, an unknown database and a wrong password are a line each, and nothing has changed."""
    url = postgres_server.create_database()
    other_password = url.replace(str(urlsplit(url).password), "not-the-password")
    for wrong in (url.replace(f":{urlsplit(url).port}/", ":1/"), f"{url}_none", other_password):
        done = migrate(folder, wrong)
        assert (done.returncode, done.stdout) == (1, "")
        (line,) = done.stderr.splitlines()
        assert line.startswith("limner: cannot use postgresql://127.0.0.1:")
    assert count(folder, None) == [2, 12, 22, count(folder, None)[3], 6]
    postgres_server.drop_database(url)


def test_there_must_be_something_to_move(tmp_path: Path, postgres_url: str) -> None:
    """Where there is no SQLite file nothing is made, here or there."""
    done = migrate(tmp_path / "data", postgres_url)
    assert done.returncode == 1
    assert f"there is no {tmp_path / 'data' / FILE_NAME}" in done.stderr
    assert not (tmp_path / "data").exists()


def test_a_database_in_use_is_not_moved_to(folder: Path, postgres_url: str) -> None:
    """A database with other books is left as it is."""
    there = on_postgres(folder, postgres_url)
    assert run(folder.parent, "keys", "create", "other", **there).returncode == 0
    done = migrate(folder, postgres_url)
    assert done.returncode == 1
    assert "holds other books already (0 generations, 1 client keys); nothing was moved" in done.stderr
    assert count(folder, postgres_url)[:2] == [1, 0]
    assert count(folder, None)[:2] == [2, 12]


def test_the_signing_secret_must_be_the_old_one(folder: Path, postgres_url: str) -> None:
    """Under a secret that no key was made with nothing is moved; where it fits some, the others are counted."""
    done = migrate(folder, postgres_url, LIMNER_SIGNING_SECRET=SECRET)
    assert done.returncode == 1
    assert f"set LIMNER_SIGNING_SECRET_FILE={folder / 'signing-secret'}" in done.stderr
    assert SECRET not in done.stdout + done.stderr
    created = run(
        folder.parent, "keys", "create", "new", LIMNER_DATA_DIR=str(folder), LIMNER_SIGNING_SECRET=SECRET
    )
    assert created.returncode == 0
    done = migrate(folder, postgres_url, LIMNER_SIGNING_SECRET=SECRET)
    assert done.returncode == 0
    assert done.stderr == ("Warning: 2 client keys were made with another signing secret: not accepted\n")
    assert "LIMNER_SIGNING_SECRET as it is" in done.stdout


def test_a_doubtful_secret_is_warned_of(folder: Path, postgres_url: str) -> None:
    """Where no stored key tells, a secret other than the folder's is mentioned."""
    for name in ("shop", "studio"):
        run(folder.parent, "keys", "revoke", name, LIMNER_DATA_DIR=str(folder))
    done = migrate(folder, postgres_url, LIMNER_SIGNING_SECRET=SECRET)
    assert done.returncode == 0
    assert done.stderr.startswith("Warning: LIMNER_SIGNING_SECRET is not the secret in ")


KILLED = {
    "marked": "Moved to ",
    "half-copied": "Moved to ",
    "copied": "Moved to ",
    "compared": "Moved to ",
    "final-there": "An earlier move to ",
    "final-here": "",
}


@posix
@pytest.mark.parametrize("point", KILLED)
def test_a_killed_move_has_moved_all_or_nothing(folder: Path, postgres_url: str, point: str) -> None:
    """Kill -9 at any step leaves the books whole on one side; run again, the command says which and ends it."""
    before = count(folder, None)
    killed = subprocess.run(
        [sys.executable, "-m", "doomed_move", point, "database", "migrate", "--to", postgres_url],
        env={"PYTHONPATH": os.pathsep.join(sys.path), "LIMNER_DATA_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    is_there = point.startswith("final")
    assert count(folder, postgres_url) == (before if is_there else [0] * len(TABLES))
    if point != "final-here":
        assert count(folder, None) == before
    again = migrate(folder, postgres_url)
    assert again.stdout.startswith(KILLED[point]), again.stderr
    assert (again.returncode, "were moved to" in again.stderr) == (
        (1, True) if not KILLED[point] else (0, False)
    )
    assert count(folder, postgres_url) == before
    checked = run(folder.parent, "database", "check", **on_postgres(folder, postgres_url))
    assert checked.returncode == 0, checked.stdout


@posix
def test_progress_is_shown_on_a_terminal(folder: Path, postgres_url: str) -> None:
    """On a terminal it is seen which table is on its way; the figures are on the other output."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "limner.cli", "database", "migrate", "--to", postgres_url],
        env={"LIMNER_DATA_DIR": str(folder), "TERM": "xterm", "COLUMNS": "80"},
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
    )
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 65536):
            shown += piece
    except OSError:  # Linux says so when the other side is closed
        pass
    os.close(ours)
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert said.startswith("Moved to ")
    assert b"comparing" in shown


def test_check_says_how_much_it_looked_at(folder: Path, postgres_url: str) -> None:
    """A whole database is a sentence and code 0, on SQLite and on PostgreSQL."""
    schema = load_migrations("sqlite")[-1].number
    here = run(folder.parent, "database", "check", LIMNER_DATA_DIR=str(folder))
    assert (here.returncode, here.stderr) == (0, "")
    assert here.stdout.startswith(f"{folder / FILE_NAME}, schema {schema}: 2 client keys, 12 generations, ")
    migrate(folder, postgres_url)
    there = run(folder.parent, "database", "check", "--json", **on_postgres(folder, postgres_url))
    assert there.returncode == 0
    document = json.loads(there.stdout)
    assert (document["rows"]["generations"], document["problems"]) == (12, [])
    assert document["database"].startswith("postgresql://127.0.0.1:")


def test_check_says_what_is_wrong(folder: Path) -> None:
    """Each problem is a line on stdout, their number one on stderr, and the code is 1."""
    with SqliteDatabase(folder) as database:
        database.change("UPDATE accounts SET posted_micro_usd = 7 WHERE period = 'total'")
    done = run(folder.parent, "database", "check", LIMNER_DATA_DIR=str(folder))
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 2
    assert all(
        " has 100000 pending and 7 posted, its entries say " in line for line in done.stdout.splitlines()
    )
    assert done.stderr == f"limner: {folder / FILE_NAME} has 2 problems\n"
    as_json = run(folder.parent, "database", "check", "--json", LIMNER_DATA_DIR=str(folder))
    assert json.loads(as_json.stdout)["problems"] == done.stdout.splitlines()
    assert as_json.returncode == 1


def test_check_makes_no_database(tmp_path: Path) -> None:
    """Where there is none, none is made to be found whole."""
    done = run(tmp_path, "database", "check")
    assert done.returncode == 1
    assert "there is no limner-data/limner.sqlite3" in done.stderr
    assert list(tmp_path.iterdir()) == []
