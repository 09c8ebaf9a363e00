"""A gateway that is killed again and again at random times under load, and audited after every start.

What is random comes from one seed; what threads and kernels do is not repeated by it. A storm is cut into rounds,
each at a place of its own, which is audited whole and deleted, so that a long storm fits on a small disk.
"""

import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from threading import Event, Lock

from callers import Intent, Made, make_call

from audits import (
    Row,
    check_books,
    check_charges,
    check_doors,
    check_ends,
    check_store,
    list_by_picture,
    list_spool,
    read_key_ids,
    read_rows,
)
from bills import BillBook, run_bill_book
from gateways import STRANGER_KEY, MortalGateway
from orders import Order
from places import Place, making_place
from postgres import PostgresServer
from programs import CLIENT_KEY, check_log, scrub_environment

CALLERS = 20
KILLS_PER_ROUND = 50
_EQUAL_SHARE = 0.1
_QUIET_SECONDS = 60.0
_KEYS = {"rich": None, "poor": 1.5, "daily": 5.0}
"""Budgets in dollars; a picture reserves about five cents."""


@dataclass(kw_only=True)
class Storm:
    """One round: what was intended, what was made, and where."""

    place: Place
    seed: str
    book: BillBook
    kills: int
    port: int
    secrets: dict[str, str] = field(default_factory=dict)
    """By the id of the key."""
    made: list[Made] = field(default_factory=list)
    allowed: Counter[str] = field(default_factory=Counter)
    stop: Event = field(default_factory=Event)
    lock: Lock = field(default_factory=Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def run_storm(folder: Path, server: PostgresServer | None, *, kills: int, seed: str, ends_at: float) -> None:
    """Kill so often, in rounds; fail if that takes until `ends_at` on the monotonic clock."""
    done = 0
    while done < kills:
        count = min(KILLS_PER_ROUND, kills - done)
        round_folder = folder / f"round-{done}"
        round_folder.mkdir()
        with making_place(round_folder, server) as place, run_bill_book(round_folder) as book:
            storm = Storm(place=place, seed=f"{seed}/{done}", book=book, kills=count, port=find_free_port())
            run_round(storm, ends_at)
            done += count
            states = Counter(row.code or row.state for row in read_rows(place))
            sys.stderr.write(
                f"{done} kills: {len(storm.made)} calls, {dict(states)}, {book.count_charges()} charges\n"
            )
        shutil.rmtree(round_folder)


def run_round(storm: Storm, ends_at: float) -> None:
    """Kill and start again under load, then wait for quiet and audit everything."""
    random = Random(f"{storm.seed}/kills")  # noqa: S311 - a storm that can be repeated, not a secret
    gateway = start(storm)
    for name, budget in _KEYS.items():
        options = () if budget is None else ("--budget-usd", str(budget))
        period = ("--budget-period", "day") if name == "daily" else ()
        secret = gateway.create_key(name, *options, *period)
        storm.secrets[read_key_ids(storm.place)[name]] = secret
    seen: set[str] = set()
    with ThreadPoolExecutor(CALLERS) as threads:
        try:
            callers = [threads.submit(call_on, storm, number) for number in range(CALLERS)]
            for _ in range(storm.kills):
                assert time.monotonic() < ends_at, "the storm takes too long"
                gateway = kill_and_start(storm, gateway, random)
                check_running(storm, seen)
        finally:
            storm.stop.set()
    for caller in callers:
        caller.result()
    audit_round(storm, gateway)


def start(storm: Storm) -> MortalGateway:
    """Start a gateway where the last one was."""
    return MortalGateway(storm.place, storm.book.url, port=storm.port)


def kill_and_start(storm: Storm, gateway: MortalGateway, random: Random) -> MortalGateway:
    """Let a gateway live for a random while, kill it, sometimes again while it starts, and start it."""
    time.sleep(random.choice((random.uniform(0, 0.1), random.uniform(0, 0.9))))
    gateway.kill()
    check_log(gateway)
    if random.random() < 0.2:
        early = subprocess.Popen(
            [sys.executable, "-m", "limner.cli", "serve", "--port", str(storm.port)],
            cwd=storm.place.folder,
            env={**scrub_environment(), **gateway.variables},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(random.uniform(0.25, 0.6))
        early.kill()
        early.wait()
    return start(storm)


def call_on(storm: Storm, number: int) -> None:
    """Make calls until the storm is over."""
    random = Random(f"{storm.seed}/{number}")  # noqa: S311 - as above
    secrets = [CLIENT_KEY, *storm.secrets.values()]
    count = 0
    while not storm.stop.is_set():
        count += 1
        intent = intend(random, random.choice(secrets), f"{number}-{count}")
        with storm.lock:
            storm.allowed[intent.order.call] += 1
        made = make_call(storm.url, intent, random, storm.stop)
        with storm.lock:
            storm.made.append(made)


def intend(random: Random, secret: str, name: str) -> Intent:
    """Return some call. One in ten is equal to others of its kind by the same key."""
    is_keyed = random.random() < 0.3
    kind = random.random()
    sizes = (
        random.randint(2_000, 60_000),
        random.randint(60_000, 500_000),
        random.randint(500_000, 1_500_000),
    )
    order = Order(
        call=name,
        size_bytes=random.choices(sizes, (8, 3, 1))[0],
        pictures=2 if kind > 0.95 else 1,
        delay_seconds=random.choice((0, 0, random.uniform(0, 0.5))),
        pauses_seconds=random.choice((0, 0, random.uniform(0, 0.3))),
        cut_at=random.uniform(0, 1) if kind < 0.05 else None,
        status=random.choice((429, 500, 503)) if 0.05 < kind < 0.1 else 200,
        has_usage=kind < 0.9,
    )
    if random.random() < _EQUAL_SHARE:
        is_keyed = False
        order = Order(call=f"equal-{secret[-4:]}", delay_seconds=0.1)
    return Intent(
        order=order,
        secret=secret,
        is_stream=random.random() < 0.5,
        idempotency_key=f"key-{name}" if is_keyed else None,
        timeout_seconds=random.choice((60, 60, 0.3)),
    )


def check_running(storm: Storm, seen: set[str]) -> None:
    """Check what must be true at any moment."""
    with storm.lock:
        allowed = Counter(storm.allowed)
    check_charges(storm.book, allowed)
    check_books(storm.place)
    check_store(storm.place, storm.book, seen)


def audit_round(storm: Storm, gateway: MortalGateway) -> None:
    """Check everything once nothing runs any more."""
    rows = wait_until_quiet(storm.place)
    check_running(storm, set())
    check_ends(rows, storm.book)
    check_made(storm, rows)
    secrets = {
        **storm.secrets,
        **dict.fromkeys({row.key_id for row in rows} - storm.secrets.keys(), CLIENT_KEY),
    }
    check_doors(gateway, rows, secrets, STRANGER_KEY)
    unknown = {row.id for row in rows if row.state == "unknown"}
    assert {path.partition("/")[0] for path in list_spool(storm.place)} <= unknown
    assert gateway.stop() == 0
    check_log(gateway)


def check_made(storm: Storm, rows: list[Row]) -> None:
    """Check that what clients got is what was charged for their calls, and is kept."""
    charges = list_by_picture(storm.book)
    kept = {sha256 for row in rows for _, sha256 in row.pictures}
    for made in storm.made:
        for sha256 in made.pictures:
            assert charges[sha256].call == made.order.call
            assert sha256 in kept


def wait_until_quiet(place: Place) -> list[Row]:
    """Return the generations when all have ended."""
    ends_at = time.monotonic() + _QUIET_SECONDS
    while True:
        rows = read_rows(place)
        running = [row for row in rows if not row.is_over]
        if not running:
            return rows
        assert time.monotonic() < ends_at, running
        time.sleep(0.1)


def find_free_port() -> int:
    """Return a port that a gateway and its successors can listen on."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port: int = listener.getsockname()[1]
        return port
