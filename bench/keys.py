"""What thousands of keys cost: 10,000 imported, 1,000 of them active at once, beside a single key in the same run.

On SQLite and on PostgreSQL, which is started as the tests do. First the books alone: finding the key by its secret and
claiming a call, by one caller and by 1,000 at once. Then the whole gateway: 1,000 calls under way at once, each with a key
of its own, in front of a server that takes two seconds to draw; what they took beyond those is told, and the gateway's
memory. Run it with `.venv/bin/python bench/keys.py`; Linux only; it takes two to six minutes and ends by itself.
"""

import asyncio
import contextlib
import hashlib
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))

import aiohttp

from answers import MODEL
from gateways import MortalGateway
from limner.ledger.books import Books
from limner.ledger.clock import SteadyClock
from limner.ledger.database import Database
from limner.ledger.generations import Ledger
from limner.ledger.key_import import ImportRules, import_keys
from limner.ledger.key_reading import read_key_file
from limner.ledger.keys import KeyStore
from limner.ledger.opening import open_books
from limner.ledger.records import Claim, Ending, RepeatWindows
from limner.wire.limner_keys import KeyImport
from machine import describe_machine
from places import SIGNING_SECRET, Place
from postgres import run_postgres
from processes import choose_processors
from programs import Gateway
from serving import start_upstream

KEYS = 10_000
ACTIVE = 1_000
ROUNDS = 3
ALONE_CALLS = 1_000
DRAWING_SECONDS = 2.0
WAVES = 2
_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Times:
    """How long something took, in milliseconds."""

    p50: float
    p95: float
    p99: float

    def over(self, base: "Times") -> str:
        """Return the ratios to another."""
        pairs = ((self.p50, base.p50), (self.p95, base.p95), (self.p99, base.p99))
        return " / ".join(f"{own / other:.2f}" for own, other in pairs)

    def __str__(self) -> str:
        return " / ".join(
            f"{value:.2f}" if value < 10 else f"{value:.0f}" for value in (self.p50, self.p95, self.p99)
        )


def to_times(seconds: Sequence[float]) -> Times:
    """Return what is told of some times."""
    cuts = quantiles(seconds, n=100)
    return Times(cuts[49] * 1000, cuts[94] * 1000, cuts[98] * 1000)


def to_secret(number: int) -> str:
    """Return the secret of one key."""
    return f"sk-bench-{hashlib.sha256(b'%d' % number).hexdigest()}"


def write_file(count: int) -> bytes:
    """Return a file of keys, each with a budget that holds everything."""
    head = "name,key,budget_usd,budget_period"
    rows = (f"user {number},{to_secret(number)},100000,month" for number in range(count))
    return "\n".join((head, *rows)).encode()


async def fill(books: Books, store: KeyStore, count: int) -> float:
    """Import keys; return how many seconds that took."""
    began = time.perf_counter()
    now = int(time.time())
    file = read_key_file(write_file(count), store.digests, owner_from=None, now=now)

    def take(database: Database) -> KeyImport:
        return import_keys(database, file, store.digests, ImportRules(), now)

    await books.submit(take)
    return time.perf_counter() - began


class Caller:
    """Makes calls with some keys in turn, as the gateway does: finds the key, claims, ends."""

    def __init__(self, books: Books, store: KeyStore, numbers: Sequence[int]) -> None:
        self._books = books
        self._store = store
        self._numbers = numbers
        self._ledger = Ledger(books, now=SteadyClock(), windows=RepeatWindows())

    async def call(self, number: int) -> float:
        """Make a call with the key of this number; return how long it took until it was claimed, in seconds."""
        secret = to_secret(self._numbers[number % len(self._numbers)])
        generation_id = f"gen_{secrets.token_hex(16)}"
        began = time.perf_counter()
        key = await self._books.ask(lambda database: self._store.on(database).find(secret))
        if key is None:
            raise SystemExit("a key that was imported is not found")
        await self._ledger.claim(
            Claim(
                generation_id=generation_id,
                door="chat",
                key=key,
                end_user="",
                fingerprint=secrets.token_bytes(32),
                idempotency_digest=None,
                model=MODEL,
                asked=b"{}",
                is_stream=False,
                store=None,
                reserved_micro_usd=50_000,
                is_retry=False,
                is_always_new=False,
            )
        )
        took = time.perf_counter() - began
        await self._ledger.mark_sent(generation_id)
        ending = Ending(
            generation_id=generation_id,
            state="settled",
            cost_micro_usd=1_000,
            answer=b"{}",
            is_replayable=True,
        )
        await self._ledger.end(ending)
        self._ledger.leave(generation_id, is_delivered=True)
        return took

    async def call_alone(self) -> Times:
        """Make calls one after another."""
        await self.call(0)
        return to_times([await self.call(number) for number in range(ALONE_CALLS)])

    async def call_together(self) -> Times:
        """Have as many callers as there are active keys, each making calls one after another."""

        async def stay(number: int) -> list[float]:
            return [await self.call(number) for _ in range(ROUNDS)]

        took = await asyncio.gather(*(stay(number) for number in range(ACTIVE)))
        await self._ledger.catch_up()
        return to_times([seconds for one in took for seconds in one])


async def measure_books(place: Place, count: int, active: int) -> tuple[float, Times, Times]:
    """Return how long the import took, and the claims of one caller and of many."""
    books = open_books(place.data, place.database_url, replica_id="bench")
    with contextlib.closing(books):
        async with asyncio.timeout(600):
            store = await books.submit(
                lambda database: KeyStore(database, signing_secret=SIGNING_SECRET.encode())
            )
            seconds = await fill(books, store, count)
            caller = Caller(books, store, range(0, count, count // active))
            return seconds, await caller.call_alone(), await caller.call_together()


async def call_gateway(gateway: Gateway, numbers: Sequence[int]) -> Times:
    """Have all keys draw at once, some times; return what each call took beyond the drawing."""
    body = {"model": MODEL, "messages": [{"role": "user", "content": "bench-tiny"}]}
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(gateway.url, connector=connector) as session:

        async def draw(number: int) -> float:
            headers = {
                "Authorization": f"Bearer {to_secret(numbers[number % len(numbers)])}",
                "X-Limner-Repeat": "never",
            }
            began = time.perf_counter()
            async with session.post("/v1/chat/completions", json=body, headers=headers) as response:
                said = await response.read()
                if response.status != 200:
                    raise SystemExit(f"{response.status}: {said[:300]!r}")
            return time.perf_counter() - began - DRAWING_SECONDS

        took: list[float] = []
        for _ in range(WAVES):
            took += await asyncio.gather(*(draw(number) for number in range(ACTIVE)))
        return to_times(took)


def read_memory_mib(gateway: Gateway, name: str) -> float:
    """Return what the kernel says of the gateway's memory now (`VmRSS`), or at the most so far (`VmHWM`)."""
    text = Path(f"/proc/{gateway.process.pid}/status").read_text()
    return int(text.partition(f"{name}:")[2].split()[0]) * 1024 / _MIB


def measure_gateway(place: Place, upstream_url: str, count: int, active: int) -> tuple[Times, list[float]]:
    """Return what calls took, and the gateway's memory: idle, after the import, at the most and at the end."""
    variables = {"LIMNER_MAX_CONCURRENT": str(ACTIVE)}
    gateway = MortalGateway(place, upstream_url, variables=variables)
    try:
        memory = [read_memory_mib(gateway, "VmRSS")]
        file = place.folder / "keys.csv"
        file.write_bytes(write_file(count))
        admin = gateway.create_key("boss", "--admin")
        asyncio.run(take_file(gateway, admin, file.read_bytes()))
        memory.append(read_memory_mib(gateway, "VmRSS"))
        times = asyncio.run(call_gateway(gateway, range(0, count, count // active)))
        return times, [*memory, read_memory_mib(gateway, "VmHWM"), read_memory_mib(gateway, "VmRSS")]
    finally:
        gateway.stop()


async def take_file(gateway: Gateway, admin: str, data: bytes) -> None:
    """Import keys over HTTP."""
    headers = {"Authorization": f"Bearer {admin}", "Content-Type": "text/csv"}
    async with (
        aiohttp.ClientSession(gateway.url) as session,
        session.post("/v1/limner/keys/import", data=data, headers=headers) as response,
    ):
        if response.status != 200:
            raise SystemExit(await response.text())


@contextlib.contextmanager
def opening_places() -> Iterator[dict[str, list[Place]]]:
    """Make four places for each database: one key and many, for the books alone and for the gateway."""
    with tempfile.TemporaryDirectory() as folder, run_postgres() as server:
        names = ("one", "many", "one-gateway", "many-gateway")
        yield {
            "SQLite": [Place(Path(folder, "sqlite", name)) for name in names],
            "PostgreSQL": [Place(Path(folder, "postgres", name), server.create_database()) for name in names],
        }


def tell_books(places: dict[str, list[Place]]) -> None:
    """Measure the books, and print."""
    print("| database | keys | import s | claim alone, ms | x 1 key | claim of 1,000 callers, ms | x 1 key |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name, (one, many, *_) in places.items():
        _, base_alone, base_together = asyncio.run(measure_books(one, 1, 1))
        seconds, alone, together = asyncio.run(measure_books(many, KEYS, ACTIVE))
        print(f"| {name} | 1 | - | {base_alone} | - | {base_together} | - |")
        print(
            f"| {name} | {KEYS:,}, {ACTIVE:,} active | {seconds:.1f} | {alone} | {alone.over(base_alone)} | "
            f"{together} | {together.over(base_together)} |"
        )


def tell_gateway(places: dict[str, list[Place]], upstream_url: str) -> None:
    """Measure the gateway, and print."""
    print(
        "| database | keys | call beyond drawing, ms | x 1 key | idle MiB | after the import | at most | at the end |"
    )
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name, (*_, one, many) in places.items():
        base, base_memory = measure_gateway(one, upstream_url, 1, 1)
        times, memory = measure_gateway(many, upstream_url, KEYS, ACTIVE)
        print(f"| {name} | 1 | {base} | - | {' | '.join(f'{mib:.0f}' for mib in base_memory)} |")
        cells = " | ".join(f"{mib:.0f}" for mib in memory)
        print(f"| {name} | {KEYS:,}, {ACTIVE:,} active | {times} | {times.over(base)} | {cells} |")


def main() -> None:
    """Measure and print."""
    with opening_places() as places, contextlib.ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        for place in (one for some in places.values() for one in some):
            place.data.mkdir(parents=True)
        print(
            " · ".join(
                f"{name.replace('_', ' ')} {value}" for name, value in describe_machine(Path(folder)).items()
            )
        )
        print("Times are p50 / p95 / p99.\n")
        tell_books(places)
        print()
        _, processor = choose_processors()
        port = start_upstream(stack, Path(folder), processor=processor, delay_ms=DRAWING_SECONDS * 1000)
        tell_gateway(places, f"http://127.0.0.1:{port}")


if __name__ == "__main__":
    main()
