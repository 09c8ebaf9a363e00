"""Recovery: what a start puts right, and that a kill loses nothing that was told to a caller."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from books import ANN, COST, RESERVED, Books, open_books, settled
from databases import connect, make_place

from limner.ledger import recovery
from limner.ledger.records import Ending, NewGeneration
from limner.ledger.sums import check_sums
from places import Place

books = pytest.fixture(open_books)
place = pytest.fixture(make_place)

TEST_FOLDERS = [Path(__file__).parent, Path(__file__).parents[1]]

WORK_UNTIL_KILLED = """
import asyncio, itertools, sys, time
from pathlib import Path
from msgspec.structs import replace
from books import CLAIM, make_key, settled
from limner.ledger.generations import Ledger
from limner.ledger.opening import open_books
from limner.ledger.records import RepeatWindows

async def draw(ledger, number, key):
    for turn in itertools.count():
        name = f"{number}-{turn}"
        await ledger.claim(replace(CLAIM, generation_id=name, key=key, is_always_new=True))
        print("claimed", name, flush=True)
        await ledger.mark_sent(name)
        print("sent", name, flush=True)
        ledger.note_receiving(name)
        await ledger.end(settled(name))
        print("ended", name, flush=True)
        ledger.leave(name, is_delivered=True)

async def main():
    folder, url = sys.argv[1:]
    books = open_books(Path(folder), url or None, replica_id="1" * 16)
    ledger = Ledger(books, now=time.time, windows=RepeatWindows())
    key = make_key(budget_micro_usd=10**12)
    await asyncio.gather(*(draw(ledger, number, key) for number in range(16)))

asyncio.run(main())
"""

FOUND = NewGeneration(
    generation_id="found",
    door="chat",
    owner="ann",
    end_user="",
    key_id=ANN.id,
    fingerprint=b"f" * 32,
    idempotency_digest=None,
    model="m",
    asked=b"{}",
    is_stream=False,
    store=None,
    reserved_micro_usd=RESERVED,
    claimed_at_ms=1_000,
)


def test_a_start_finds_nobody_there(books: Books) -> None:
    """Resetting makes every generation one without clients, and sweeps requests of long ago."""
    running, over = books.claim(), books.claim()
    books.end(settled(over))
    books.database.fetch_all("INSERT INTO request_marks VALUES ('key_gone', 1)")
    with books.database.transaction():
        recovery.reset_clients(books.database, books.now_ms)
    assert [books.count_clients(name) for name in (running, over)] == [0, 0]
    assert books.database.fetch_integer("SELECT count(*) FROM request_marks") == 0
    assert books.find_repeat() == running


def adopt(books: Books, found: NewGeneration, ending: Ending) -> bool:
    with books.database.transaction():
        return recovery.adopt(books.database, found, ending, books.now_ms)


def test_files_without_a_row_are_adopted(books: Books) -> None:
    """A generation known by its files only is entered with its money, in the period of its claim, once."""
    assert adopt(books, FOUND, settled("found"))
    assert not adopt(books, FOUND, settled("found"))
    found = books.find("found")
    assert (found.state, found.claimed_at_ms, found.ended_at_ms) == ("settled", 1_000, books.now_ms)
    assert books.count_clients("found") == 0
    assert books.read_money() == (0, COST)
    assert books.read_money(period="1970-01-01") == (0, COST)


@pytest.mark.parametrize("lines", [1, 40, 400])
def test_a_kill_loses_nothing_that_was_told(place: Place, lines: int) -> None:
    """After a kill in mid-load every step that returned is on disk, and the sums agree."""
    with subprocess.Popen(
        [sys.executable, "-c", WORK_UNTIL_KILLED, str(place.data), place.database_url or ""],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, TEST_FOLDERS))},
    ) as child:
        assert child.stdout is not None
        told = [child.stdout.readline() for _ in range(lines)]
        child.send_signal(signal.SIGKILL)
        told += child.stdout.readlines()
    assert child.returncode == -signal.SIGKILL
    assert told[lines - 1].endswith("\n")
    with connect(place) as database:
        rows = database.fetch_all("SELECT id, sent_at_ms, ended_at_ms FROM generations")
        assert check_sums(database) == []
    found = {name: (sent is not None, ended is not None) for name, sent, ended in rows}
    for line in told:
        if line.endswith("\n"):
            step, name = line.split()
            sent, ended = found[name]
            assert sent or step == "claimed"
            assert ended or step != "ended"
