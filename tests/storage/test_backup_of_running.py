"""Backups made by the command while a gateway works, and older ones put back over newer pictures."""

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from asking import ask
from audits import audit, digest_pictures, read_rows
from bills import BillBook
from gateways import MortalGateway, ask_beside, running
from orders import Order
from places import Place
from postgres import PostgresServer
from programs import scrub_environment

KEY = {"Idempotency-Key": "the-one"}


def run_command(place: Place, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run `limner database` for a place."""
    return subprocess.run(
        [sys.executable, "-m", "limner.cli", "database", *arguments],
        env={**scrub_environment(), **place.variables},
        cwd=place.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def succeed(place: Place, *arguments: str) -> str:
    """Run `limner database`, which must do what it is asked; return what it says."""
    done = run_command(place, *arguments)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    return done.stdout


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_an_older_database_adopts_newer_pictures(tmp_path: Path, book: BillBook, how: str) -> None:
    """What was drawn after the backup, or while it was made, is its owner's after a restore, and is not bought again."""
    place = Place(tmp_path)
    known, running_then, later = (
        Order(call=call, size_bytes=size, holds_at=hold)
        for call, size, hold in (("known", 20_000, None), ("running", 900_000, 0), ("later", 20_000, None))
    )
    gateway = MortalGateway(place, book.url)
    assert ask(gateway, known.to_body()).status == 200
    asked = ask_beside(gateway, running_then.to_body(), headers=KEY)
    book.wait_for_charges(2)
    succeed(place, "backup", "backup")
    book.release("running")
    ids = [asked.result(30).headers["x-limner-generation-id"]]
    drawn = ask(gateway, later.to_body(), headers={"Idempotency-Key": "another"})
    ids.append(drawn.headers["x-limner-generation-id"])
    assert run_command(place, "restore", "backup").returncode == 1  # the gateway still runs
    if how == "stopped":
        gateway.stop()
    else:
        gateway.kill()
    assert "1 generations" not in succeed(place, "restore", "backup")
    with running(MortalGateway(place, book.url)) as gateway:
        rows = {row.id: row.state for row in read_rows(place)}
        assert [rows[generation_id] for generation_id in ids] == ["settled", "settled"]
        repeats = [
            ask(gateway, running_then.to_body(), headers=KEY),
            ask(gateway, later.to_body(), headers={"Idempotency-Key": "another"}),
        ]
        for order, repeat, generation_id in zip((running_then, later), repeats, ids, strict=True):
            assert repeat.headers["idempotent-replayed"] == "true"
            assert repeat.headers["x-limner-generation-id"] == generation_id
            assert digest_pictures(repeat.json()) == list(book.find(order.call).pictures)
        audit(gateway, book)
        assert book.count_charges() == 3
        succeed(place, "check", "--deep")


def test_an_older_dump_adopts_newer_pictures(
    tmp_path: Path, postgres_server: PostgresServer, postgres_url: str, book: BillBook
) -> None:
    """On PostgreSQL the documented pg_dump and pg_restore do the same, into the database that is there."""
    place = Place(tmp_path, postgres_url)
    gateway = MortalGateway(place, book.url)
    assert ask(gateway, Order(call="known", size_bytes=20_000).to_body()).status == 200
    dump = postgres_server.dump(postgres_url)
    later = Order(call="later", size_bytes=20_000)
    drawn = ask(gateway, later.to_body(), headers=KEY)
    assert gateway.stop() == 0
    postgres_server.restore(postgres_url, dump)
    assert len(read_rows(place)) == 1
    with running(MortalGateway(place, book.url)) as gateway:
        repeat = ask(gateway, later.to_body(), headers=KEY)
        assert repeat.headers["x-limner-generation-id"] == drawn.headers["x-limner-generation-id"]
        assert digest_pictures(repeat.json()) == list(book.find("later").pictures)
        audit(gateway, book)
        assert book.count_charges() == 2
        succeed(place, "check", "--deep")


def test_backups_while_calls_run(tmp_path: Path, book: BillBook) -> None:
    """Each of several backups made under load is whole, and no call waits or fails for it."""
    place = Place(tmp_path)
    orders = [Order(call=f"c{number}", size_bytes=20_000) for number in range(40)]
    with running(MortalGateway(place, book.url)) as gateway, ThreadPoolExecutor(6) as threads:
        answers = [threads.submit(ask, gateway, order.to_body()) for order in orders]
        for number in range(3):
            succeed(place, "backup", f"backup-{number}")
        assert {answer.result(60).status for answer in answers} == {200}
        succeed(place, "backup", "backup-3")
        audit(gateway, book)
    counts = []
    for number in range(4):
        copy = Place(tmp_path / f"restored-{number}")
        shutil.copytree(tmp_path / f"backup-{number}", copy.data)
        assert "No difference, no damage" in succeed(copy, "check")
        counts.append(len(read_rows(copy)))
    assert counts == sorted(counts)
    assert counts[-1] == len(orders)


def test_a_backup_of_all_is_a_data_folder(tmp_path: Path, book: BillBook) -> None:
    """A backup with the pictures beside it is a data folder: a gateway starts on it and gives out what was drawn."""
    place, other = Place(tmp_path), Place(tmp_path / "elsewhere")
    order = Order(call="once", size_bytes=20_000)
    with running(MortalGateway(place, book.url)) as gateway:
        first = ask(gateway, order.to_body(), headers=KEY)
        succeed(place, "backup", str(other.data))
        shutil.copytree(place.data / "pictures", other.data / "pictures")
    with running(MortalGateway(other, book.url)) as gateway:
        again = ask(gateway, order.to_body(), headers=KEY)
        assert (again.body, book.count_charges()) == (first.body, 1)
        succeed(other, "check", "--deep")


def test_pictures_older_than_the_database(tmp_path: Path, book: BillBook) -> None:
    """Where the files are what is missing the gateway starts, answers 404 for them and no other error, and check names them."""
    place = Place(tmp_path)
    order = Order(call="lost", size_bytes=20_000)
    with running(MortalGateway(place, book.url)) as gateway:
        lost = ask(gateway, order.to_body(), headers=KEY).headers["x-limner-generation-id"]
    shutil.rmtree(place.data / "pictures")
    gateway = MortalGateway(place, book.url)
    try:
        found = ask(gateway, path=f"/v1/chat/completions/{lost}")
        assert (found.status, found.error["code"]) == (404, "not_found")
        assert ask(gateway, Order(call="next").to_body()).status == 200
        checked = run_command(place, "check", "--files")
        assert checked.returncode == 1
        assert checked.stdout.startswith(f"the files of {lost} are gone: copy pictures/")
    finally:
        assert gateway.stop() == 0


def test_a_copy_over_a_foreign_journal_is_refused(tmp_path: Path, book: BillBook) -> None:
    """A copy put in the place of a killed gateway's file, whose journal was left there, is not served from.

    The command then puts it back as it was, and the pictures drawn since are adopted.
    """
    place = Place(tmp_path)
    drawn = 0
    for count in (3, 30, 3):
        gateway = MortalGateway(place, book.url)
        for _ in range(count):
            assert ask(gateway, Order(call=f"c{drawn}", size_bytes=20_000).to_body()).status == 200
            drawn += 1
        if count == 3 and drawn == 3:
            succeed(place, "backup", "backup")
        gateway.stop() if drawn < 36 else gateway.kill()
    shutil.copy(tmp_path / "backup" / "limner.sqlite3", place.data / "limner.sqlite3")
    journal = (place.data / "limner.sqlite3-wal").read_bytes()
    refused = subprocess.run(
        [sys.executable, "-m", "limner.cli", "serve", "--emulator", "--port", "0"],
        env={**scrub_environment(), **place.variables},
        cwd=place.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert refused.returncode == 1
    (line,) = refused.stderr.splitlines()
    assert "use `limner database restore`" in line
    assert (place.data / "limner.sqlite3-wal").read_bytes() == journal
    succeed(place, "restore", "backup")
    with running(MortalGateway(place, book.url)) as gateway:
        assert [row.state for row in read_rows(place)] == ["settled"] * 36
        audit(gateway, book)
        assert book.count_charges() == 36
        succeed(place, "check", "--deep")
