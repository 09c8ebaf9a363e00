"""Two gateways on one database at once: what is decided on calls is what it would be one after another."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from random import Random
from typing import Any

import pytest
from books import CLAIM, DIGEST, RESERVED, broken, make_key, settled, unknown
from databases import FIRST, SECOND, connect, make_postgres_place
from msgspec.structs import replace

from limner.errors import IdempotencyKeyReused, InsufficientQuota, RateLimited
from limner.ledger.generations import Ledger
from limner.ledger.keys import ApiKey
from limner.ledger.records import Found, Fresh, RepeatWindows
from limner.ledger.shared_books import SharedBooks
from limner.ledger.sums import check_sums
from places import Place

place = pytest.fixture(make_postgres_place)

Gateways = tuple[Ledger, Ledger]


def run(place: Place, steps: Callable[[Gateways], Awaitable[None]]) -> None:
    """Give the steps the ledgers of two gateways, and check the sums when they are done."""

    async def main() -> None:
        url = place.database_url or ""
        with (
            closing(SharedBooks(url, replica_id=FIRST)) as one,
            closing(SharedBooks(url, replica_id=SECOND)) as two,
        ):
            first, second = (Ledger(books, now=time.time, windows=RepeatWindows()) for books in (one, two))
            await asyncio.wait_for(steps((first, second)), 100)
            for ledger in (first, second):
                await ledger.catch_up()

    asyncio.run(main())
    with connect(place) as database:
        assert check_sums(database) == []


def claim(number: int, **changes: Any) -> Any:
    values = {"generation_id": f"g{number}", "has_asked_around": True}
    return replace(CLAIM, **values | changes)


def spread(gateways: Gateways, calls: Iterator[Any]) -> Iterator[Awaitable[Any]]:
    """Send each call to one of the gateways."""
    return (gateways[number % 2].claim(call) for number, call in enumerate(calls))


def count(place: Place, query: str) -> int:
    with connect(place) as database:
        return database.fetch_integer(query)


@pytest.mark.parametrize("how", ["equal", "different", "keyed"])
def test_a_budget_admits_what_it_holds(place: Place, how: str) -> None:
    """Of 200 claims at once over two gateways a budget for 37 admits exactly 37, be they equal, different or keyed."""
    key = make_key(budget_micro_usd=37 * RESERVED)

    def make(number: int) -> Any:
        digest = number.to_bytes(32, "big")
        changes = {"equal": {}, "different": {"fingerprint": digest}, "keyed": {"idempotency_digest": digest}}
        return claim(number, key=key, **changes[how])

    async def steps(gateways: Gateways) -> None:
        results = await asyncio.gather(*spread(gateways, map(make, range(200))), return_exceptions=True)
        assert results.count(Fresh()) == 37
        assert sum(isinstance(result, InsufficientQuota) for result in results) == 163

    run(place, steps)
    with connect(place) as database:
        assert database.fetch_all("SELECT pending_micro_usd FROM accounts WHERE period = 'total'") == [
            (37 * RESERVED,)
        ]


@pytest.mark.parametrize(
    "key", [make_key(requests_per_minute=20), make_key(images_per_minute=20)], ids=["requests", "images"]
)
def test_a_limit_per_minute_admits_what_it_says(place: Place, key: ApiKey) -> None:
    """Of 60 claims at once over two gateways a key with 20 a minute gets exactly 20, of requests and of pictures."""

    async def steps(gateways: Gateways) -> None:
        calls = (claim(number, key=key, fingerprint=number.to_bytes(32, "big")) for number in range(60))
        results = await asyncio.gather(*spread(gateways, calls), return_exceptions=True)
        assert results.count(Fresh()) == 20
        assert sum(isinstance(result, RateLimited) for result in results) == 40

    run(place, steps)


def test_one_idempotency_key_is_one_call(place: Place) -> None:
    """Of 100 calls at once with one key over two gateways one is new, and all others find it and are its clients."""

    async def steps(gateways: Gateways) -> None:
        calls = (claim(number, idempotency_digest=DIGEST) for number in range(100))
        results = await asyncio.gather(*spread(gateways, calls))
        first = f"g{results.index(Fresh())}"
        results.remove(Fresh())
        assert results == [Found(first)] * 99

    run(place, steps)
    assert count(place, "SELECT clients FROM generations") == 100
    assert count(place, "SELECT count(*) FROM ledger_entries") == 1


def test_an_answer_that_waits_is_adopted_once(place: Place) -> None:
    """Of 30 equal calls at once over two gateways each of three answers that wait goes to one, and the others are new."""

    async def steps(gateways: Gateways) -> None:
        for number in (100, 101, 102):
            await gateways[0].claim(claim(number, is_always_new=True))
            await gateways[0].mark_sent(f"g{number}")
            await gateways[0].end(settled(f"g{number}"))
            gateways[0].leave(f"g{number}", is_delivered=False)
        await gateways[0].catch_up()
        results = await asyncio.gather(*spread(gateways, map(claim, range(30))))
        found = [result.generation_id for result in results if isinstance(result, Found)]
        assert sorted(found) == ["g100", "g101", "g102"]
        assert results.count(Fresh()) == 27

    run(place, steps)


def test_an_end_is_written_by_one(place: Place) -> None:
    """Of several ends of one generation at once, true ones and given-up ones, one has the money in the end."""

    async def steps(gateways: Gateways) -> None:
        for number in range(30):
            name = f"g{number}"
            await gateways[0].claim(claim(number, is_always_new=True))
            written = await asyncio.gather(
                gateways[0].end(settled(name)),
                gateways[1].end(unknown(name)),
                gateways[0].end(settled(name, cost_micro_usd=1)),
                gateways[1].end(broken(name, 503, is_replayable=False)),
            )
            assert 1 <= sum(written) <= 2

    run(place, steps)
    assert count(place, "SELECT count(*) FROM ledger_entries WHERE step = 2") == 30


def test_a_storm_leaves_right_books(place: Place) -> None:
    """Many clients of few keys and few calls claim, send, end and leave over two gateways, and no wait is for ever."""
    keys = [
        make_key(
            name, owner="ann", budget_micro_usd=20 * RESERVED, images_per_minute=30, requests_per_minute=60
        )
        for name in ("a", "b", "c")
    ]

    async def call(gateways: Gateways, number: int) -> None:
        random = Random(number)  # noqa: S311 - the same storm each time
        wanted = claim(
            number,
            key=random.choice(keys),
            fingerprint=bytes([random.randrange(4)]) * 32,
            idempotency_digest=random.choice([None, None, bytes([random.randrange(4)]) * 32]),
            is_retry=random.random() < 0.3,
        )
        ledger = gateways[number % 2]
        try:
            outcome = await ledger.claim(wanted)
        except (IdempotencyKeyReused, InsufficientQuota, RateLimited):
            return
        if isinstance(outcome, Found):
            ledger.leave(outcome.generation_id, is_delivered=random.random() < 0.5)
            return
        name = wanted.generation_id
        await ledger.mark_sent(name)
        ledger.note_receiving(name)
        ending = random.choice([settled(name), unknown(name), broken(name, 503, is_replayable=False)])
        await asyncio.gather(ledger.end(ending), gateways[(number + 1) % 2].end(unknown(name)))
        ledger.leave(name, is_delivered=random.random() < 0.5)

    async def steps(gateways: Gateways) -> None:
        await asyncio.gather(*(call(gateways, number) for number in range(250)))
        for ledger in gateways:
            await ledger.catch_up()

    run(place, steps)
    assert count(place, "SELECT count(*) FROM generations WHERE clients > 0") == 0
    assert count(place, "SELECT max(pending_micro_usd + posted_micro_usd) FROM accounts") <= 20 * RESERVED
    assert count(place, "SELECT count(*) FROM generations WHERE ended_at_ms IS NULL") == 0
