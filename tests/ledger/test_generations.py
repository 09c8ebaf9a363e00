"""The ledger of a running server: races, cancelled callers, and notes that nobody waits for."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import apsw
import pytest
from books import CLAIM, DIGEST, FINGERPRINT, RESERVED, make_key, settled, unknown
from msgspec.structs import replace

from limner.errors import InsufficientQuota, RateLimited
from limner.ledger.errors import DatabaseError
from limner.ledger.generations import Ledger
from limner.ledger.lookups import Choice
from limner.ledger.records import Found, Fresh, NewGeneration, RepeatWindows, Retention, Scope
from limner.ledger.sqlite import FILE_NAME, SqliteDatabase
from limner.ledger.sums import check_sums
from limner.ledger.writer import Writer

ANNS = Scope(owner="ann", end_user=None)

WRITE_KEYS = """
import sys
from pathlib import Path
from limner.ledger.keys import KeyStore
from limner.ledger.sqlite import SqliteDatabase
with SqliteDatabase(Path(sys.argv[1])) as database:
    keys = KeyStore(database, signing_secret=b"secret")
    print("ready", flush=True)
    for number in range(100):
        keys.create(f"key {number}")
        keys.revoke(f"key {number}")
"""


def run(folder: Path, steps: Callable[[Ledger], Awaitable[None]], busy_timeout_seconds: float = 5) -> None:
    """Give the steps a ledger, and check its sums when they are done."""

    async def main() -> None:
        writer = Writer(folder, busy_timeout_seconds=busy_timeout_seconds)
        with SqliteDatabase(folder) as reader:
            try:
                ledger = Ledger(writer, reader, now=time.time, windows=RepeatWindows())
                await asyncio.wait_for(steps(ledger), 60)
            finally:
                writer.close()
            await asyncio.sleep(0)
            assert check_sums(reader) == []

    asyncio.run(main())


def claim(name: str, **changes: Any) -> Any:
    return replace(CLAIM, **{"generation_id": name} | changes)


def count_clients(folder: Path, name: str) -> int:
    with SqliteDatabase(folder) as database:
        return database.fetch_integer("SELECT clients FROM generations WHERE id = :id", {"id": name})


def test_the_life_of_a_call(tmp_path: Path) -> None:
    """Claimed, sent, receiving, ended and delivered: each step is there when its call returns."""

    async def steps(ledger: Ledger) -> None:
        assert await ledger.claim(claim("g")) == Fresh()
        assert await ledger.mark_sent("g")
        ledger.note_receiving("g")
        await ledger.note_refusal(b"other")
        found = ledger.find("g", ANNS)
        assert found is not None
        assert found.state == "receiving"
        assert await ledger.end(settled("g"))
        assert not await ledger.end(settled("g"))
        assert not await ledger.mark_sent("g")
        ledger.leave("g", is_delivered=True)
        assert await ledger.claim(claim("h", is_retry=True)) == Found("g")
        found = ledger.find("g", ANNS)
        assert found is not None
        assert (found.state, found.delivered_at_ms is not None) == ("settled", True)
        assert [picture.number for picture in ledger.read_pictures("g")] == [0]
        assert ledger.find("g", Scope(owner="bob", end_user=None)) is None
        assert [record.id for record in ledger.list_generations(ANNS, Choice())] == ["g"]

    run(tmp_path, steps)


def test_two_hundred_race_for_thirty_seven(tmp_path: Path) -> None:
    """Of 200 claims at once a budget for 37 admits exactly 37, while another process writes keys."""
    key = make_key(budget_micro_usd=37 * RESERVED)

    async def steps(ledger: Ledger) -> None:
        results = await asyncio.gather(
            *(ledger.claim(claim(f"g{number}", key=key)) for number in range(200)), return_exceptions=True
        )
        assert results.count(Fresh()) == 37
        assert sum(isinstance(result, InsufficientQuota) for result in results) == 163

    with subprocess.Popen(
        [sys.executable, "-c", WRITE_KEYS, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        run(tmp_path, steps)
        assert child.wait() == 0


def test_a_limit_per_minute_holds_in_a_race(tmp_path: Path) -> None:
    """Of 50 requests at once a key with 20 a minute gets exactly 20."""

    async def steps(ledger: Ledger) -> None:
        key = make_key(requests_per_minute=20)
        results = await asyncio.gather(
            *(ledger.claim(claim(f"g{number}", key=key)) for number in range(50)), return_exceptions=True
        )
        assert results.count(Fresh()) == 20
        assert sum(isinstance(result, RateLimited) for result in results) == 30

    run(tmp_path, steps)


def test_fifty_with_one_key_are_one_call(tmp_path: Path) -> None:
    """Of 50 equal calls at once with one Idempotency-Key one is new, and the others find it."""

    async def steps(ledger: Ledger) -> None:
        results = await asyncio.gather(
            *(ledger.claim(claim(f"g{number}", idempotency_digest=DIGEST)) for number in range(50))
        )
        assert results == [Fresh()] + [Found("g0")] * 49

    run(tmp_path, steps)
    assert count_clients(tmp_path, "g0") == 50


def test_a_refused_claim_leaves_its_refusal(tmp_path: Path) -> None:
    """The error is raised, and what a later retry must know of it is on disk."""

    async def steps(ledger: Ledger) -> None:
        with pytest.raises(InsufficientQuota):
            await ledger.claim(claim("g", key=make_key(budget_micro_usd=0)))

    run(tmp_path, steps)
    with SqliteDatabase(tmp_path) as database:
        assert database.fetch_all("SELECT fingerprint FROM refusals") == [(FINGERPRINT,)]


def test_a_cancelled_claim_is_given_back(tmp_path: Path) -> None:
    """A caller cancelled while it waits for its claim leaves no reservation and no client behind."""

    async def steps(ledger: Ledger) -> None:
        tasks = [
            asyncio.create_task(ledger.claim(claim("new"))),
            asyncio.create_task(ledger.claim(claim("first", idempotency_digest=DIGEST))),
            asyncio.create_task(ledger.claim(claim("repeat", idempotency_digest=DIGEST))),
            asyncio.create_task(ledger.claim(claim("refused", key=make_key(budget_micro_usd=0)))),
        ]
        await asyncio.sleep(0)
        for task in (tasks[0], tasks[2], tasks[3]):
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(result) for result in results] == [
            asyncio.CancelledError,
            Fresh,
            asyncio.CancelledError,
            asyncio.CancelledError,
        ]
        await ledger.mark_sent("first")
        found = ledger.find("new", ANNS)
        assert found is not None
        assert (found.state, found.is_over) == ("failed", True)

    run(tmp_path, steps)
    assert count_clients(tmp_path, "new") == 0
    assert count_clients(tmp_path, "first") == 1


def test_notes_are_made_when_the_database_is_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client's leaving that could not be written is written as soon as that is possible again."""
    monkeypatch.setattr("limner.ledger.generations._RETRY_SECONDS", 0.05)

    async def steps(ledger: Ledger) -> None:
        await ledger.claim(claim("g"))
        other = apsw.Connection(str(tmp_path / FILE_NAME))
        other.execute("BEGIN IMMEDIATE")
        ledger.leave("g", is_delivered=True)
        with pytest.raises(DatabaseError, match="locked"):
            await ledger.mark_sent("g")
        await ledger.note_refusal(FINGERPRINT)
        other.execute("COMMIT")
        other.close()
        await asyncio.sleep(0.5)

    run(tmp_path, steps, busy_timeout_seconds=0.1)
    assert count_clients(tmp_path, "g") == 0
    assert "a note in the ledger is late: cannot use" in caplog.text
    assert "a refusal could not be noted: cannot use" in caplog.text


def test_notes_after_the_end_are_let_go(tmp_path: Path) -> None:
    """Once the writer is closed a client's leaving is no error."""

    async def steps(ledger: Ledger) -> None:
        await ledger.claim(claim("g"))
        ledger.attach("g")
        ledger._writer.close()  # noqa: SLF001 # as the program does when it ends
        ledger.leave("g", is_delivered=False)

    run(tmp_path, steps)
    assert count_clients(tmp_path, "g") == 2


def test_a_start_puts_things_right(tmp_path: Path) -> None:
    """After a restart the running ones are listed without clients, ended, settled, adopted, and cleared away."""

    async def before(ledger: Ledger) -> None:
        for name in ("running", "lost"):
            await ledger.claim(claim(name, is_always_new=True))
            await ledger.mark_sent(name)

    async def after(ledger: Ledger) -> None:
        await ledger.reset_clients()
        assert [record.id for record in ledger.list_running()] == ["running", "lost"]
        await ledger.end(settled("running"))
        await ledger.end(unknown("lost"))
        assert await ledger.settle_unknown(settled("lost"))
        found = NewGeneration(
            generation_id="found", door="chat", owner="ann", end_user="", key_id="key_ann", fingerprint=FINGERPRINT,
            idempotency_digest=None, model="m", asked=b"{}", is_stream=False, store=None,
            reserved_micro_usd=RESERVED, claimed_at_ms=1_000,
        )  # fmt: skip
        assert await ledger.adopt(found, settled("found"))
        assert ledger.find_any("found") is not None
        assert len(ledger.list_folders()) == 3
        assert ledger.read_stored_bytes() == 3_000
        assert ledger.list_expired(Retention(), 10) == []
        assert ledger.list_evictable(10) == []
        await ledger.forget_files(["found"])
        assert ledger.list_folders() == {"2026-11-27/running", "2026-11-27/lost"}
        assert await ledger.resolve_old_unknowns("void", 2**50) == 0

    run(tmp_path, before)
    run(tmp_path, after)
