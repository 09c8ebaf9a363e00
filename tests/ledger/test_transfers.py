"""What the shared store has to be told: due when it is time, taken by one, repeated later and later until it is done."""

import asyncio
import time
from collections import Counter
from contextlib import closing

import pytest
from books import CLAIM, SECOND, START_MS, Books, open_books, settled
from databases import FIRST, connect, make_place, make_postgres_place
from databases import SECOND as OTHER
from msgspec.structs import replace

from limner.ledger import transfers
from limner.ledger.generations import Ledger
from limner.ledger.lookups import Known, list_known
from limner.ledger.opening import open_books as open_server_books
from limner.ledger.records import RepeatWindows
from limner.ledger.shared_books import SharedBooks
from limner.ledger.transfers import Kind
from limner.ledger.upkeep import Upkeep
from places import Place

books = pytest.fixture(open_books)
place = pytest.fixture(make_place)
postgres_place = pytest.fixture(make_postgres_place)

PAUSES = [5, 10, 20, 40, 40, 40]
"""Seconds until what was taken is due again."""


def add(books: Books, *generation_ids: str, due_at_ms: int = START_MS) -> None:
    with books.database.transaction():
        for generation_id in generation_ids:
            transfers.add_upload(books.database, generation_id, due_at_ms)


def count_transfers(books: Books, kind: Kind) -> int:
    return books.database.fetch_integer("SELECT count(*) FROM transfers WHERE kind = :kind", {"kind": kind})


def take(books: Books, kind: Kind = "upload", limit: int = 10) -> list[str]:
    """Return the ids of what is due at this replica."""
    replica_id = FIRST if books.database.dialect == "postgres" and kind == "upload" else ""
    with books.database.transaction():
        taken = transfers.take_due(books.database, kind, books.now_ms, replica_id=replica_id, limit=limit)
    assert all(folder == f"2026-11-27/{generation_id}" for generation_id, folder in taken)
    return sorted(generation_id for generation_id, _ in taken)


def test_an_upload_is_due_until_it_is_done(books: Books) -> None:
    """What was taken and not reported done is due again, each time later, and never before it is time."""
    name = books.draw()
    add(books, name, due_at_ms=START_MS + 1)
    assert take(books) == []
    books.now_ms += 1
    for seconds in PAUSES:
        assert take(books) == [name]
        books.now_ms += seconds * SECOND - 1
        assert take(books) == []
        books.now_ms += 1
    with books.database.transaction():
        assert transfers.note_upload(books.database, name, books.now_ms)
    books.now_ms += 1_000 * SECOND
    assert take(books) == []
    assert books.find(name).uploaded_at_ms is not None
    assert list_known(books.database, [name]) == {
        name: Known(f"2026-11-27/{name}", is_uploaded=True, is_let_go=False)
    }


def test_the_oldest_are_taken_first(books: Books) -> None:
    """No more are taken than asked for, those longest due first; the same one is noted once."""
    names = [books.draw(is_always_new=True) for _ in range(3)]
    for number, name in enumerate(names):
        add(books, name, due_at_ms=START_MS - 10 * number)
        add(books, name, due_at_ms=START_MS + SECOND)
    assert count_transfers(books, "upload") == 3
    assert [take(books, limit=1) for _ in range(4)] == [[names[2]], [names[1]], [names[0]], []]


def test_what_has_no_files_is_not_uploaded(books: Books) -> None:
    """A generation without files, and one that is not there, need nothing in the store."""
    add(books, books.claim(), "absent")
    assert count_transfers(books, "upload") == 0


def test_a_removal_replaces_the_upload(books: Books) -> None:
    """Files that go need not come any more; that they go is anybody's to do, once."""
    name = books.draw()
    add(books, name)
    with books.database.transaction():
        for _ in range(2):
            transfers.add_removal(books.database, name, f"2026-11-27/{name}", books.now_ms)
    assert take(books) == []
    assert take(books, "removal") == [name]
    books.now_ms += 5 * SECOND
    assert take(books, "removal") == [name]
    with books.database.transaction():
        transfers.remove(books.database, name, "removal")
    assert count_transfers(books, "removal") == count_transfers(books, "upload") == 0


def forget(place: Place, name: str) -> None:
    """Forget the files of a generation as housekeeping does where there is a shared store."""

    async def main() -> None:
        with closing(open_server_books(place.data, place.database_url, replica_id=FIRST)) as opened:
            upkeep = Upkeep(opened, now=time.time, windows=RepeatWindows(), is_shared=True)
            await upkeep.forget_files([(name, f"2026-11-27/{name}")])
            assert not await upkeep.note_upload(name)
            assert await upkeep.take_due("removal") == [(name, f"2026-11-27/{name}")]
            await upkeep.remove_transfer(name, "removal")
            assert await upkeep.take_due("removal") == []

    asyncio.run(main())


def test_an_upload_that_deletion_overtook_is_told(place: Place) -> None:
    """Who has uploaded files that were deleted meanwhile learns it, so that nothing stays in the store."""

    async def steps() -> str:
        with closing(open_server_books(place.data, place.database_url, replica_id=FIRST)) as opened:
            ledger = Ledger(opened, now=time.time, windows=RepeatWindows(), is_shared=True)
            await ledger.claim(replace(CLAIM, generation_id="g"))
            await ledger.end(settled("g"))
            upkeep = Upkeep(opened, now=time.time, windows=RepeatWindows(), is_shared=True)
            replica_id = FIRST if place.database_url else ""
            assert await upkeep.take_due("upload", replica_id=replica_id) == [("g", "2026-11-27/g")]
        return "g"

    forget(place, asyncio.run(steps()))
    with connect(place) as database:
        assert database.fetch_all("SELECT uploaded_at_ms, folder FROM generations") == [(None, None)]


def test_files_that_never_were_shared_are_found(books: Books) -> None:
    """A gateway that gets a shared store notes all its files that are not there and not about to be."""
    names = [books.draw(is_always_new=True) for _ in range(4)]
    add(books, names[0])
    with books.database.transaction():
        transfers.note_upload(books.database, names[1], books.now_ms)
        replica_id = FIRST if books.database.dialect == "postgres" else ""
        assert transfers.add_missing_uploads(books.database, OTHER, books.now_ms) == 0
        assert transfers.add_missing_uploads(books.database, replica_id, books.now_ms) == 2
        assert transfers.add_missing_uploads(books.database, replica_id, books.now_ms) == 0
    assert take(books) == [names[0], *names[2:]]


def test_no_two_take_the_same(postgres_place: Place) -> None:
    """Of many who take at once, from two processes, each transfer comes to one."""
    with connect(postgres_place) as database:
        books = Books(database)
        names = [books.draw(is_always_new=True) for _ in range(60)]
        add(books, *names)

    async def main() -> None:
        url = postgres_place.database_url or ""
        taken: Counter[str] = Counter()

        async def work(upkeep: Upkeep) -> None:
            misses = 0
            while misses < 20:
                found = await upkeep.take_due("upload", replica_id=FIRST, limit=3)
                taken.update(generation_id for generation_id, _ in found)
                misses = 0 if found else misses + 1

        with (
            closing(SharedBooks(url, replica_id=FIRST)) as one,
            closing(SharedBooks(url, replica_id=OTHER)) as two,
        ):
            upkeeps = [
                Upkeep(each, now=lambda: START_MS / 1000, windows=RepeatWindows()) for each in (one, two)
            ]
            await asyncio.gather(*(work(upkeeps[number % 2]) for number in range(8)))
        assert taken == Counter(names)

    asyncio.run(main())


def test_uploads_are_those_of_who_has_the_files(postgres_place: Place) -> None:
    """An upload is due at the gateway whose call it was, and at no other."""
    with connect(postgres_place, OTHER) as database:
        books = Books(database)
        add(books, books.draw())
        assert take(books) == []
        with database.transaction():
            taken = transfers.take_due(database, "upload", books.now_ms, replica_id=OTHER)
        assert taken == [("g1", "2026-11-27/g1")]
