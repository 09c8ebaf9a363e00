"""What gateways tell each other: that something has become of a generation, and that a sign of life is wanted."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from typing import Any

import pytest
from books import CLAIM, settled, until
from databases import FIRST, SECOND, connect, make_postgres_place
from msgspec.structs import replace

from limner.ledger import changes
from limner.ledger.changes import Changes
from limner.ledger.generations import Ledger
from limner.ledger.records import RepeatWindows
from limner.ledger.shared_books import SharedBooks
from limner.ledger.upkeep import Upkeep
from places import Place

place = pytest.fixture(make_postgres_place)

LONG_SECONDS = 60.0
"""Whoever waits as long was told nothing."""

Steps = Callable[[Changes, Ledger, Upkeep, list[str]], Awaitable[None]]


def run(place: Place, steps: Steps) -> None:
    """Give the steps one gateway's listener, the books of another, and the signs that the first was asked for."""

    async def main() -> None:
        url = place.database_url or ""
        asked: list[str] = []
        told = Changes(url, FIRST, on_asked_for_sign=lambda: asked.append(FIRST))
        with closing(SharedBooks(url, replica_id=SECOND)) as books:
            ledger = Ledger(books, now=time.time, windows=RepeatWindows(), is_shared=True)
            upkeep = Upkeep(books, now=time.time, windows=RepeatWindows(), is_shared=True)
            told.start()
            try:
                await asyncio.wait_for(told.wait("anything", LONG_SECONDS), 20)  # it listens now
                await asyncio.wait_for(steps(told, ledger, upkeep, asked), 40)
            finally:
                await told.stop()

    asyncio.run(main())


def claim(name: str) -> Any:
    return replace(CLAIM, generation_id=name, is_always_new=True)


async def listen(told: Changes, name: str) -> "asyncio.Task[None]":
    """Begin to wait."""
    waiting = asyncio.create_task(told.wait(name, LONG_SECONDS))
    await asyncio.sleep(0)
    return waiting


async def check_told(waiting: "asyncio.Task[None]") -> None:
    await asyncio.wait_for(waiting, 20)


def test_what_becomes_of_a_call_is_told(place: Place) -> None:
    """Who waits hears of the end, of the files in the shared store, and that the last client of a running call has gone."""

    async def steps(told: Changes, ledger: Ledger, upkeep: Upkeep, _: list[str]) -> None:
        await ledger.claim(claim("g"))
        waiting = await listen(told, "g")
        ledger.leave("g", is_delivered=False)
        await check_told(waiting)
        waiting = await listen(told, "g")
        await ledger.end(settled("g"))
        await check_told(waiting)
        waiting = await listen(told, "g")
        assert await upkeep.note_upload("g")
        await check_told(waiting)

    run(place, steps)


def test_only_those_concerned_are_woken(place: Place) -> None:
    """What happens to another generation, or changes nothing for those who wait, wakes nobody; all waiters are woken."""

    async def steps(told: Changes, ledger: Ledger, upkeep: Upkeep, asked: list[str]) -> None:
        for name in ("g", "h"):
            await ledger.claim(claim(name))
        waiting, again, other = [await listen(told, name) for name in ("g", "g", "h")]
        await ledger.mark_sent("h")
        ledger.note_receiving("h")
        ledger.attach("h")
        ledger.leave("h", is_delivered=True)
        await ledger.catch_up()
        await ledger.end(settled("g"))
        await check_told(waiting)
        await check_told(again)
        assert not other.done()
        assert asked == []
        await upkeep.ask_for_signs([SECOND])
        await upkeep.ask_for_signs([FIRST])
        await ledger.end(settled("h"))
        await check_told(other)  # and so everything before it has been heard
        assert asked == [FIRST]

    run(place, steps)


def test_a_wait_ends_with_its_time(place: Place) -> None:
    """Who waits longer than it wants to looks for itself, and is forgotten."""

    async def steps(told: Changes, ledger: Ledger, _: Upkeep, __: list[str]) -> None:
        await ledger.claim(claim("g"))
        await told.wait("g", 0.01)
        assert told._waiters == {}  # noqa: SLF001 - nothing is left behind
        waiting = await listen(told, "g")
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert told._waiters == {}  # noqa: SLF001 - nor by who has gone
        await ledger.end(settled("g"))

    run(place, steps)


def end_listener(place: Place) -> int:
    """End the server's side of the listener's connection; return how many there were."""
    with connect(place) as database:
        return database.fetch_integer(
            "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND query LIKE 'LISTEN%'"
        )


def test_a_lost_connection_wakes_everybody(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a connection was lost whoever waits looks again, as something may have been missed; and is told from then on."""
    monkeypatch.setattr(changes, "_FIRST_PAUSE_SECONDS", 0.05)

    async def steps(told: Changes, ledger: Ledger, _: Upkeep, __: list[str]) -> None:
        for name in ("g", "h"):
            await ledger.claim(claim(name))
        waiting = [await listen(told, name) for name in ("g", "h")]
        assert end_listener(place) == 1
        for waiter in waiting:
            await check_told(waiter)
        later = await listen(told, "h")
        await ledger.end(settled("g"))
        assert not later.done()
        await ledger.end(settled("h"))
        await check_told(later)

    run(place, steps)


def test_stopping_lets_go_of_the_server(place: Place) -> None:
    """Once it is stopped nobody listens any more, also while it was not connected."""

    async def steps(told: Changes, _: Ledger, __: Upkeep, ___: list[str]) -> None:
        await told.stop()
        await until(lambda: end_listener(place) == 0)

    run(place, steps)

    async def nowhere() -> None:
        told = Changes("postgresql://ann:secret@127.0.0.1:1/limner", FIRST, on_asked_for_sign=lambda: None)
        told.start()
        await told.wait("g", 0.05)
        await told.stop()

    asyncio.run(nowhere())
