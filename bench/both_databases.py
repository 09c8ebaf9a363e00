"""What the books cost a call, on SQLite and on PostgreSQL: claim, mark as sent, end, leave, as a server does them.

Starts a PostgreSQL of its own, as the tests do. Prints calls a second and how long a claim takes, by how many calls
are in flight. Run it with `.venv/bin/python bench/both_databases.py`; it takes about half a minute and ends by itself.
"""

import asyncio
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))

from limner.ledger.clock import SteadyClock
from limner.ledger.generations import Ledger
from limner.ledger.keys import ApiKey
from limner.ledger.opening import open_books
from limner.ledger.records import Claim, Ending, RepeatWindows
from postgres import run_postgres

SECONDS = 3.0
IN_FLIGHT = (1, 16, 64)
KEYS = 8


def make_key(number: int) -> ApiKey:
    """Return one of some keys with a budget that holds everything."""
    return ApiKey(
        id=f"key_{number}",
        name=f"key {number}",
        owner=f"key_{number}",
        is_admin=False,
        models=None,
        image_output=None,
        expires_at=None,
        created_at=0,
        budget_micro_usd=10**12,
    )


async def make_calls(ledger: Ledger, ends_at: float, number: int) -> list[float]:
    """Make calls one after another; return how long each claim took, in seconds."""
    took = []
    while time.perf_counter() < ends_at:
        generation_id = f"gen_{secrets.token_hex(16)}"
        began = time.perf_counter()
        await ledger.claim(
            Claim(
                generation_id=generation_id,
                door="chat",
                key=make_key(number % KEYS),
                end_user="",
                fingerprint=secrets.token_bytes(32),
                idempotency_digest=None,
                model="gemini-2.5-flash-image",
                asked=b"{}",
                is_stream=False,
                store=None,
                reserved_micro_usd=50_000,
                is_retry=False,
                is_always_new=False,
            )
        )
        took.append(time.perf_counter() - began)
        await ledger.mark_sent(generation_id)
        await ledger.end(
            Ending(
                generation_id=generation_id,
                state="settled",
                cost_micro_usd=39_000,
                answer=b"{}",
                is_replayable=True,
            )
        )
        ledger.leave(generation_id, is_delivered=True)
    return took


async def measure(folder: Path, url: str | None, in_flight: int) -> tuple[float, float, float]:
    """Return calls a second, and the claim's median and 99th percentile in milliseconds."""
    books = open_books(folder, url, replica_id="bench")
    ledger = Ledger(books, now=SteadyClock(), windows=RepeatWindows())
    ends_at = time.perf_counter() + SECONDS
    callers = [make_calls(ledger, ends_at, number) for number in range(in_flight)]
    took = [seconds for caller in await asyncio.gather(*callers) for seconds in caller]
    await ledger.catch_up()
    books.close()
    cuts = quantiles(took, n=100)
    return len(took) / SECONDS, cuts[49] * 1000, cuts[98] * 1000


@contextmanager
def opening_places() -> Iterator[dict[str, tuple[Path, str | None]]]:
    """Make a place for each database."""
    with tempfile.TemporaryDirectory() as folder, run_postgres() as server:
        yield {
            "SQLite": (Path(folder) / "sqlite", None),
            "PostgreSQL": (Path(folder) / "postgres", server.create_database()),
        }


def main() -> None:
    """Measure and print."""
    print(
        "| database | calls in flight | calls/s | claim p50 ms | claim p99 ms |\n| --- | --- | --- | --- | --- |"
    )
    with opening_places() as places:
        for name, (folder, url) in places.items():
            for in_flight in IN_FLIGHT:
                calls, median, tail = asyncio.run(measure(folder, url, in_flight))
                print(f"| {name} | {in_flight} | {calls:.0f} | {median:.1f} | {tail:.1f} |")


if __name__ == "__main__":
    main()
