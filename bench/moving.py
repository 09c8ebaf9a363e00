"""The move of 100,000 generations from SQLite to PostgreSQL: how long it takes, in how much memory, and that the sums hold.

The SQLite file is filled by the gateway's own decisions (claim, sent, end, leave), 60 days of 50 keys. Then
`limner database migrate` moves it, as an operator runs it, into an empty database of a PostgreSQL that is started
for this and keeps every commit, and `limner database check` reads both. Run it with `.venv/bin/python bench/moving.py`.
"""

import argparse
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from msgspec import Struct

from limner.ledger import claims, endings
from limner.ledger.keys import ApiKey, KeyStore
from limner.ledger.records import Claim, Ending, Fresh, RepeatWindows, StoredPicture
from limner.ledger.signing import load_signing_secret
from limner.ledger.sqlite import FILE_NAME, SqliteDatabase
from machine import describe_machine

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))

from postgres import run_postgres

KEYS = 50
DAYS = 60
DAY_MS = 86_400_000
AT_ONCE = 1_000
MIB = 1024 * 1024

ASKED = json.dumps(
    {"model": "nano-banana-2.1", "upstream_model": "gemini-nano-banana-2.1", "created": 1, "output": "auto"}
).encode()
ANSWER = json.dumps(
    {"finish": "STOP", "text": "Here is your lighthouse at sunset.", "notices": [], "tokens": {"image": 1680}}
).encode()
ERROR = json.dumps({"code": "upstream_error", "message": "Gemini failed (500)."}).encode()


class Run(Struct):
    """What a command said and took."""

    document: dict[str, object]
    seconds: float
    peak_bytes: int


def fill(folder: Path, generations: int) -> None:
    """Make a data folder whose books have so many generations."""
    random = Random(1)  # noqa: S311 - nothing is secret
    with SqliteDatabase(folder) as database:
        store = KeyStore(database, signing_secret=load_signing_secret(folder, None))
        keys = [
            store.create(f"key-{number}", budget_micro_usd=10**10, budget_period="month")[0]
            for number in range(KEYS)
        ]
        begins_at_ms = int(time.time() * 1000) - DAYS * DAY_MS
        for first in range(0, generations, AT_ONCE):
            with database.transaction():
                for number in range(first, min(first + AT_ONCE, generations)):
                    call_at_ms = begins_at_ms + number * DAYS * DAY_MS // generations
                    draw(database, random, random.choice(keys), call_at_ms)


def draw(database: SqliteDatabase, random: Random, key: ApiKey, at_ms: int) -> None:
    """Write one call from its claim to what became of it."""
    call = Claim(
        generation_id=f"gen_{secrets.token_hex(16)}",
        door="chat",
        key=key,
        end_user=random.choice(("", "ann", "bob", "user-4711")),
        fingerprint=random.randbytes(32),
        idempotency_digest=random.randbytes(32) if random.random() < 0.3 else None,
        model="gemini-nano-banana-2.1",
        asked=ASKED,
        is_stream=random.random() < 0.5,
        store=None,
        reserved_micro_usd=151_000,
        is_retry=False,
        is_always_new=False,
    )
    if not isinstance(claims.claim(database, call, RepeatWindows(), at_ms), Fresh):
        raise SystemExit("a call was refused, or found a repeat")
    claims.mark_sent(database, call.generation_id, at_ms + 50)
    state = random.choices(("settled", "failed", "unknown", "sent"), (94, 4, 1.5, 0.5))[0]
    if state != "sent":
        endings.end(database, to_ending(call.generation_id, state), at_ms + 20_000)
        claims.leave(database, call.generation_id, at_ms + 20_100, is_delivered=random.random() < 0.97)


def to_ending(generation_id: str, state: str) -> Ending:
    """Return how a call ended."""
    if state != "settled":
        cost = None if state == "unknown" else 0
        return Ending(
            generation_id=generation_id, state=state, cost_micro_usd=cost, error=ERROR, error_status=502,
            is_replayable=True,
        )  # fmt: skip
    picture = StoredPicture(
        id=f"img_{secrets.token_hex(16)}", number=0, is_thought=False, file_name="picture-1.jpg",
        sha256=secrets.token_hex(32), mime_type="image/jpeg", width=2752, height=1536, size_bytes=2_000_000,
    )  # fmt: skip
    return Ending(
        generation_id=generation_id, state=state, cost_micro_usd=101_123, answer=ANSWER, is_replayable=True,
        input_tokens=12, output_tokens=1680, pictures=(picture,), folder=f"2026-11-01/{generation_id}",
        stored_bytes=2_001_000,
    )  # fmt: skip


def run(folder: Path, *arguments: str, **variables: str) -> Run:
    """Run `limner database …` as an operator does, and return its document, its time and its peak of memory."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "limner.cli", "database", *arguments, "--json"],
        env={**os.environ, "LIMNER_DATA_DIR": str(folder), **variables},
        stdout=subprocess.PIPE,
        text=True,
    )
    if process.stdout is None:
        raise RuntimeError("no pipe")
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"limner database {arguments[0]} ended with {process.returncode}: {said}")
    return Run(json.loads(said), time.perf_counter() - began, usage.ru_maxrss * 1024)


def report(name: str, done: Run) -> None:
    """Print a row of the table."""
    print(f"| {name} | {done.seconds:.1f} | {done.peak_bytes / MIB:.0f} |", flush=True)


def main() -> None:
    """Fill, move, check, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--generations", type=int, default=100_000)
    generations = parser.parse_args().generations
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as name,
        run_postgres(shared_buffers="128MB", max_wal_size="1GB") as server,
    ):
        folder = Path(name)
        print(" · ".join(f"{what} {value}" for what, value in describe_machine(folder).items()))
        began = time.perf_counter()
        fill(folder, generations)
        size_bytes = (folder / FILE_NAME).stat().st_size
        print(
            f"filled in {time.perf_counter() - began:.0f} s: {size_bytes / MIB:.0f} MiB of SQLite\n",
            flush=True,
        )
        print("| | seconds | peak memory, MiB |\n| --- | ---: | ---: |")
        report("`limner database check` on SQLite", run(folder, "check"))
        url = server.create_database()
        moved = run(folder, "migrate", "--to", url)
        report("`limner database migrate`", moved)
        secret = str(folder / "signing-secret")
        settings = {"LIMNER_DATABASE_URL": url, "LIMNER_SIGNING_SECRET_FILE": secret}
        report("`limner database check` on PostgreSQL", run(folder, "check", **settings))
        ((database_bytes,),) = server.fetch_all(url, "SELECT pg_database_size(current_database())")
    rows: dict[str, int] = moved.document["rows"]  # type: ignore[assignment] # from JSON
    total = sum(rows.values())
    print(f"\n{total / moved.seconds:,.0f} rows a second; {database_bytes / MIB:.0f} MiB of PostgreSQL")
    print(json.dumps(moved.document, indent=2))


if __name__ == "__main__":
    main()
