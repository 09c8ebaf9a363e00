"""The ledger of a running server, on each database: races, cancelled callers, and notes that nobody waits for."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import apsw
import psycopg
import pytest
from books import CLAIM, DIGEST, FINGERPRINT, RESERVED, broken, make_key, settled, unknown, until
from databases import FIRST, SECOND, connect, make_place
from msgspec.structs import replace

from limner.errors import InsufficientQuota, RateLimited
from limner.ledger.books import Books, LocalBooks
from limner.ledger.claims import attach
from limner.ledger.database import SqlValue
from limner.ledger.endings import resolve
from limner.ledger.errors import DatabaseError
from limner.ledger.generations import Ledger
from limner.ledger.lookups import Choice, Known
from limner.ledger.opening import open_books
from limner.ledger.records import Found, Fresh, NewGeneration, RepeatWindows, Retention, Scope
from limner.ledger.sqlite import FILE_NAME
from limner.ledger.sums import check_sums
from limner.ledger.upkeep import Upkeep
from places import Place

place = pytest.fixture(make_place)

ANNS = Scope(owner="ann", end_user=None)

WRITE_KEYS = """
import sys
from pathlib import Path
from limner.ledger.keys import KeyStore
from limner.ledger.opening import open_database
folder, url = sys.argv[1:]
with open_database(Path(folder), url or None) as database:
    keys = KeyStore(database, signing_secret=b"secret")
    print("ready", flush=True)
    for number in range(100):
        keys.create(f"key {number}")
        keys.revoke(f"key {number}")
"""


def run(
    place: Place, steps: Callable[[Ledger, Books], Awaitable[None]], books: Callable[[], Books] | None = None
) -> None:
    """Give the steps a ledger and its books, and check its sums when they are done."""

    async def main() -> None:
        opened = books() if books else open_books(place.data, place.database_url, replica_id=FIRST)
        try:
            ledger = Ledger(opened, now=time.time, windows=RepeatWindows())
            await asyncio.wait_for(steps(ledger, opened), 60)
        finally:
            opened.close()
        await asyncio.sleep(0)

    asyncio.run(main())
    with connect(place) as database:
        assert check_sums(database) == []


def claim(name: str, **changes: Any) -> Any:
    return replace(CLAIM, **{"generation_id": name} | changes)


def count_clients(place: Place, name: str) -> int:
    with connect(place) as database:
        return database.fetch_integer("SELECT clients FROM generations WHERE id = :id", {"id": name})


def read_states(place: Place) -> list[tuple[SqlValue, ...]]:
    """Return id, state and clients of each generation, by id."""
    with connect(place) as database:
        return database.fetch_all("SELECT id, state, clients FROM generations ORDER BY id")


def is_delivered(place: Place) -> bool:
    """Return whether the only generation has reached a client."""
    with connect(place) as database:
        return database.fetch_all("SELECT delivered_at_ms FROM generations") != [(None,)]


def test_the_life_of_a_call(place: Place) -> None:
    """Claimed, sent, receiving, ended and delivered: each step is there when its call returns."""

    async def steps(ledger: Ledger, _: Books) -> None:
        assert await ledger.claim(claim("g")) == Fresh()
        assert await ledger.mark_sent("g")
        ledger.note_receiving("g")
        await ledger.catch_up()
        found = await ledger.find("g", ANNS)
        assert found is not None
        assert found.state == "receiving"
        assert await ledger.end(settled("g"))
        assert not await ledger.end(settled("g"))
        assert not await ledger.mark_sent("g")
        ledger.leave("g", is_delivered=True)
        assert await ledger.claim(claim("h", is_retry=True)) == Found("g")
        found = await ledger.find("g", ANNS)
        assert found is not None
        assert (found.state, found.delivered_at_ms is not None) == ("settled", True)
        assert [picture.number for picture in await ledger.read_pictures("g")] == [0]
        assert await ledger.find("g", Scope(owner="bob", end_user=None)) is None
        assert [record.id for record in await ledger.list_generations(ANNS, Choice())] == ["g"]

    run(place, steps)


def test_two_hundred_race_for_thirty_seven(place: Place) -> None:
    """Of 200 claims at once a budget for 37 admits exactly 37, while another process writes keys."""
    key = make_key(budget_micro_usd=37 * RESERVED)

    async def steps(ledger: Ledger, _: Books) -> None:
        results = await asyncio.gather(
            *(ledger.claim(claim(f"g{number}", key=key)) for number in range(200)), return_exceptions=True
        )
        assert results.count(Fresh()) == 37
        assert sum(isinstance(result, InsufficientQuota) for result in results) == 163

    with subprocess.Popen(
        [sys.executable, "-c", WRITE_KEYS, str(place.data), place.database_url or ""],
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        run(place, steps)
        assert child.wait() == 0


def test_a_limit_per_minute_holds_in_a_race(place: Place) -> None:
    """Of 50 requests at once a key with 20 a minute gets exactly 20."""

    async def steps(ledger: Ledger, _: Books) -> None:
        key = make_key(requests_per_minute=20)
        results = await asyncio.gather(
            *(ledger.claim(claim(f"g{number}", key=key)) for number in range(50)), return_exceptions=True
        )
        assert results.count(Fresh()) == 20
        assert sum(isinstance(result, RateLimited) for result in results) == 30

    run(place, steps)


def test_fifty_with_one_key_are_one_call(place: Place) -> None:
    """Of 50 equal calls at once with one Idempotency-Key one is new, and the others find it."""

    async def steps(ledger: Ledger, _: Books) -> None:
        results = await asyncio.gather(
            *(ledger.claim(claim(f"g{number}", idempotency_digest=DIGEST)) for number in range(50))
        )
        first.append(f"g{results.index(Fresh())}")
        results.remove(Fresh())
        assert results == [Found(first[0])] * 49

    first: list[str] = []
    run(place, steps)
    assert count_clients(place, first[0]) == 50


def test_a_refused_claim_leaves_its_refusal(place: Place) -> None:
    """The error is raised, and what a later retry must know of it is on disk."""

    async def steps(ledger: Ledger, _: Books) -> None:
        with pytest.raises(InsufficientQuota):
            await ledger.claim(claim("g", key=make_key(budget_micro_usd=0)))

    run(place, steps)
    with connect(place) as database:
        assert database.fetch_all("SELECT fingerprint FROM refusals") == [(FINGERPRINT,)]


def test_a_cancelled_claim_is_given_back(place: Place) -> None:
    """A caller cancelled while it waits for its claim leaves no reservation and no client behind."""

    async def steps(ledger: Ledger, _: Books) -> None:
        assert await ledger.claim(claim("first", idempotency_digest=DIGEST)) == Fresh()
        tasks = [
            asyncio.create_task(ledger.claim(claim("new"))),
            asyncio.create_task(ledger.claim(claim("repeat", idempotency_digest=DIGEST))),
            asyncio.create_task(ledger.claim(claim("refused", key=make_key(budget_micro_usd=0)))),
        ]
        await asyncio.sleep(0)  # they are submitted
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(result) for result in results] == [asyncio.CancelledError] * 3
        await until(lambda: read_states(place) == [("first", "claimed", 1), ("new", "failed", 0)])

    run(place, steps)


@contextmanager
def taking_away(place: Place) -> Iterator[None]:
    """Have nothing written for the length of the block: SQLite's file is locked, PostgreSQL's tables are not found."""
    if place.database_url is None:
        with closing(apsw.Connection(str(place.data / FILE_NAME))) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("COMMIT")
        return
    with psycopg.connect(place.database_url, autocommit=True) as connection:
        connection.execute(
            "ALTER TABLE generations RENAME TO away; ALTER TABLE refusals RENAME TO refusals_away"
        )
        try:
            yield
        finally:
            connection.execute(
                "ALTER TABLE away RENAME TO generations; ALTER TABLE refusals_away RENAME TO refusals"
            )


def open_impatient_on(place: Place) -> Callable[[], Books]:
    """Return what opens books that do not wait long for SQLite's lock."""

    def open_impatient() -> Books:
        if place.database_url is None:
            return LocalBooks(place.data, busy_timeout_seconds=0.1)
        return open_books(place.data, place.database_url, replica_id=FIRST)

    return open_impatient


def test_notes_are_made_when_the_database_is_back(
    place: Place, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client's leaving that could not be written is written as soon as that is possible again."""
    monkeypatch.setattr("limner.ledger.generations._RETRY_SECONDS", 0.05)

    async def steps(ledger: Ledger, _: Books) -> None:
        await ledger.claim(claim("g"))
        with taking_away(place):
            ledger.leave("g", is_delivered=True)
            with pytest.raises(DatabaseError, match=r"locked|does not exist"):
                await ledger.mark_sent("g")
            await ledger.note_refusal(FINGERPRINT)
        await until(lambda: count_clients(place, "g") == 0)

    run(place, steps, open_impatient_on(place))
    assert "a note in the ledger is late: cannot use" in caplog.text
    assert "a refusal could not be noted: cannot use" in caplog.text


def test_late_notes_keep_their_order(
    place: Place, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that came while nothing could be written and left when it could again is not counted for ever."""
    monkeypatch.setattr("limner.ledger.generations._RETRY_SECONDS", 0.2)

    async def steps(ledger: Ledger, _: Books) -> None:
        await ledger.claim(claim("g"))
        ledger.leave("g", is_delivered=False)
        await ledger.catch_up()
        with taking_away(place):
            ledger.attach("g")
            await until(lambda: "a note in the ledger is late" in caplog.text)
        ledger.leave("g", is_delivered=True)
        await until(lambda: is_delivered(place))
        assert read_states(place) == [("g", "claimed", 0)]

    run(place, steps, open_impatient_on(place))


def test_a_claim_has_late_notes_written_first(
    place: Place, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first call after an outage is the repeat of one whose client left in it, though nobody could write that."""
    monkeypatch.setattr("limner.ledger.generations._RETRY_SECONDS", 3600)

    async def steps(ledger: Ledger, _: Books) -> None:
        await ledger.claim(claim("g"))
        with taking_away(place):
            ledger.leave("g", is_delivered=False)
            await until(lambda: "a note in the ledger is late" in caplog.text)
        assert await ledger.claim(claim("h")) == Found("g")

    run(place, steps, open_impatient_on(place))


def test_notes_after_the_end_are_let_go(place: Place) -> None:
    """Closing writes the notes that were made; once the books are closed a client's leaving is no error."""

    async def steps(ledger: Ledger, books: Books) -> None:
        await ledger.claim(claim("g"))
        ledger.attach("g")
        books.close()
        assert books.is_closed
        ledger.leave("g", is_delivered=False)
        with pytest.raises(DatabaseError, match="closed"):
            await ledger.mark_sent("g")

    run(place, steps)
    assert count_clients(place, "g") == 2


def test_an_end_given_up_as_unknown_is_written_truly_once(place: Place) -> None:
    """What others ended as unknown is settled when its picture comes after all, once, and not what was decided."""

    async def steps(ledger: Ledger, _: Books) -> None:
        for name in ("late", "voided"):
            await ledger.claim(claim(name, is_always_new=True))
            await ledger.mark_sent(name)
            await ledger.end(unknown(name))
        with connect(place) as database, database.transaction():
            resolve(database, "voided", 5_000, is_posted=False)
        assert not await ledger.end(unknown("late"))
        assert [await ledger.end(settled("late")) for _ in range(2)] == [True, False]
        assert not await ledger.end(settled("voided"))

    run(place, steps)
    with connect(place) as database:
        entries = database.fetch_all("SELECT generation_id, kind FROM ledger_entries ORDER BY 1, step")
    assert [row[:2] for row in read_states(place)] == [("late", "settled"), ("voided", "failed")]
    assert [kind for name, kind in entries if name == "late"] == ["reserve", "hold", "post"]
    assert [kind for name, kind in entries if name == "voided"] == ["reserve", "hold", "void"]


def test_a_call_that_was_not_sent_is_given_up(place: Place) -> None:
    """Its reservation goes back, once; what another gateway's client waits for is kept, and ends as it does."""

    async def steps(ledger: Ledger, _: Books) -> None:
        for name in ("alone", "wanted"):
            await ledger.claim(claim(name, is_always_new=True))
        with connect(place, SECOND) as other:
            attach(other, "wanted")
        given_up = broken("alone", 409, is_replayable=False)
        assert [await ledger.give_up(given_up) for _ in range(2)] == [True, False]
        is_shared = place.database_url is not None
        assert await ledger.give_up(replace(given_up, generation_id="wanted")) != is_shared
        assert await ledger.end(settled("wanted")) == is_shared

    run(place, steps)
    with connect(place) as database:
        entries = database.fetch_all("SELECT kind FROM ledger_entries WHERE step = 2 ORDER BY generation_id")
    assert entries == [("void",), ("void",) if place.database_url is None else ("post",)]


def test_a_start_puts_things_right(place: Place) -> None:
    """After a restart the running ones are listed without clients, ended, settled, adopted, and cleared away."""

    async def before(ledger: Ledger, _: Books) -> None:
        for name in ("running", "lost"):
            await ledger.claim(claim(name, is_always_new=True))
            await ledger.mark_sent(name)

    async def after(ledger: Ledger, books: Books) -> None:
        await ledger.reset_clients()
        assert [record.id for record in await ledger.list_orphans()] == ["running", "lost"]
        await ledger.end(settled("running"))
        await ledger.end(unknown("lost"))
        assert await ledger.end(settled("lost"))
        found = NewGeneration(
            generation_id="found", door="chat", owner="ann", end_user="", key_id="key_ann", fingerprint=FINGERPRINT,
            idempotency_digest=None, model="m", asked=b"{}", is_stream=False, store=None,
            reserved_micro_usd=RESERVED, claimed_at_ms=1_000,
        )  # fmt: skip
        assert await ledger.adopt(found, settled("found"))
        assert not await ledger.adopt(found, settled("found"))
        assert await ledger.find_any("found") is not None
        upkeep = Upkeep(books, now=time.time, windows=RepeatWindows())
        assert await upkeep.read_stored_bytes() == 3_000
        assert await upkeep.list_expired(Retention(), 10) == []
        assert await upkeep.list_evictable(10) == []
        await upkeep.forget_files([("found", "2026-11-27/found")])
        assert await ledger.list_known(["running", "found", "absent"]) == {
            "running": Known("2026-11-27/running", is_uploaded=False, is_let_go=False),
            "found": Known(None, is_uploaded=False, is_let_go=True),
        }
        assert await upkeep.resolve_old_unknowns("void", 2**50) == 0
        await upkeep.sweep_requests()

    run(place, before)
    run(place, after)
