"""A closed-loop client: N connections, each asking again as soon as its answer is complete.

`python bench/load.py --port N --path /v1/… --body JSON` prints one line of JSON: complete answers, failures,
answers per second, and latencies in milliseconds. Bodies are counted and dropped, so that a 20 MB answer costs little here.
With `--warm-up-answers` it first asks that many times, prints `ready`, and waits for a line on stdin:
time for a caller to read a process's CPU before the part that counts.
"""

import argparse
import asyncio
import json
import secrets
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

import uvloop

from connection import Connection, Timing

# Replaced in every body by a number never used before, of the same length: equal calls in quick succession
# are what a gateway may recognise as repeats, and repeats are not what is measured.
SERIAL_MARK = "serial-number-00"

GRACE_SECONDS = 60  # for answers in flight when time is up


@dataclass(slots=True)
class Tally:
    """What one phase brought."""

    timings: list[Timing] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    first_failure: str = ""
    started: int = 0

    def fail(self, kind: str, excerpt: str = "") -> None:
        """Count a failure; the first one's words are kept."""
        self.failures[kind] += 1
        self.first_failure = self.first_failure or excerpt


class Load:
    """N connections to one address, all asking the same thing with different numbers."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._connections: list[Connection | None] = [None] * options.connections
        self._serials = iter(range(secrets.randbelow(10**15), 10**16))
        body = options.body.encode()
        headers = "".join(f"{header}\r\n" for header in options.header)
        head = (
            f"POST {options.path} HTTP/1.1\r\nHost: 127.0.0.1:{options.port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
        )
        self._call = head.encode() + body

    async def run(self, *, seconds: float, max_answers: int) -> Tally:
        """Ask on every connection until the time or the number is reached; finish what is in flight."""
        tally = Tally()
        deadline = time.perf_counter() + seconds
        tasks = [
            asyncio.create_task(self._ask_repeatedly(index, tally, deadline, max_answers))
            for index in range(len(self._connections))
        ]
        _, late = await asyncio.wait(tasks, timeout=seconds + GRACE_SECONDS)
        for task in late:
            task.cancel()
            tally.fail(f"no end within {seconds + GRACE_SECONDS:.0f} s")
        await asyncio.gather(*tasks, return_exceptions=True)
        return tally

    def close(self) -> None:
        """Hang up everywhere."""
        for connection in self._connections:
            if connection is not None:
                connection.transport.abort()

    async def _ask_repeatedly(self, index: int, tally: Tally, deadline: float, max_answers: int) -> None:
        while time.perf_counter() < deadline and tally.started < max_answers:
            tally.started += 1
            call = self._call.replace(SERIAL_MARK.encode(), b"%016d" % next(self._serials))
            try:
                connection = await self._connect(index)
                timing = await connection.ask(call)
            except (OSError, ValueError, IndexError) as failure:
                tally.fail(type(failure).__name__, str(failure))
                await asyncio.sleep(0.05)
                continue
            reader = connection.reader
            if reader.status == 200 and reader.body_bytes >= self._options.min_body_bytes:
                tally.timings.append(timing)
            else:
                tally.fail(f"status {reader.status} with {reader.body_bytes} bytes", connection.excerpt())
                await asyncio.sleep(0.05)

    async def _connect(self, index: int) -> Connection:
        connection = self._connections[index]
        if connection is None or not connection.open:
            loop = asyncio.get_running_loop()
            _, connection = await loop.create_connection(Connection, "127.0.0.1", self._options.port)
            self._connections[index] = connection
        return connection


def percentile_ms(values_seconds: list[float], share: float) -> float | None:
    """The value below which `share` of the values lie."""
    if not values_seconds:
        return None
    ordered = sorted(values_seconds)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000, 3)


def summarise(tally: Tally, seconds: float) -> dict[str, object]:
    """The figures of one phase, ready for JSON."""
    ends = [timing.end for timing in tally.timings]
    return {
        "answers": len(ends),
        "failures": dict(tally.failures),
        "first_failure": tally.first_failure,
        "seconds": round(seconds, 3),
        "answers_per_second": round(len(ends) / seconds, 2),
        "p50_ms": percentile_ms(ends, 0.5),
        "p99_ms": percentile_ms(ends, 0.99),
        "first_byte_p50_ms": percentile_ms([timing.first_byte for timing in tally.timings], 0.5),
        "first_64_kib_p50_ms": percentile_ms([timing.first_64_kib for timing in tally.timings], 0.5),
    }


async def measure(options: argparse.Namespace) -> dict[str, object]:
    """Warm up and wait if asked to, then run the part that counts."""
    load = Load(options)
    try:
        if options.warm_up_answers:
            await load.run(seconds=options.seconds, max_answers=options.warm_up_answers)
            print("ready", flush=True)
            await asyncio.to_thread(sys.stdin.readline)
        started = time.perf_counter()
        tally = await load.run(seconds=options.seconds, max_answers=options.max_answers)
        return summarise(tally, time.perf_counter() - started)
    finally:
        load.close()


def main() -> None:
    """Read the command line, ask, print."""
    parser = argparse.ArgumentParser(description="A closed-loop HTTP client on loopback.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--path", required=True)
    parser.add_argument("--body", required=True, help=f"each `{SERIAL_MARK}` in it becomes a new number")
    parser.add_argument("--header", action="append", default=[], help="`Name: value`, repeatable")
    parser.add_argument("--connections", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--max-answers", type=int, default=1_000_000)
    parser.add_argument("--min-body-bytes", type=int, default=0, help="a shorter answer is a failure")
    parser.add_argument("--warm-up-answers", type=int, default=0)
    print(json.dumps(uvloop.run(measure(parser.parse_args()))), flush=True)


if __name__ == "__main__":
    main()
