"""Ten times as many clients as the gateway has slots: what health answers meanwhile, and how soon calls are served after.

`python bench/overload.py` starts the fake Gemini, nginx and the gateway, and puts the same crowd on one after the
other: 160 clients that ask again as soon as they were answered, or when they are told to. `/healthz` is asked by a
process of its own 50 times a second, first alone and then beside the crowd; nginx answers it itself while it passes the
crowd's calls on, and is the floor. Then the crowd leaves all at once, and as many calls as there are slots are made.
Linux only; takes about three minutes, and ends by itself.
"""

import argparse
import asyncio
import contextlib
import dataclasses
import json
import os
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

from load import SERIAL_MARK
from machine import describe_machine
from processes import choose_processors
from scenarios import Scenario
from serving import Serving, start_system, start_upstream
from systems import Call, System, find_nginx, limner, nginx

SLOTS = 16
CROWD = 10 * SLOTS
DRAWING_SECONDS = 1.0
PROBE_PAUSE_SECONDS = 0.02
SCENARIO = Scenario("tiny", CROWD, streamed=False)
_RETRY_AFTER_MS = re.compile(rb"\r\nretry-after-ms:\s*(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Health:
    """How long answers to `/healthz` took, in milliseconds."""

    p50: float
    p99: float
    most: float


@dataclass(frozen=True, slots=True)
class Result:
    """What one system did."""

    name: str
    alone: Health
    beside: Health
    ends: Mapping[int, int]
    """Calls by status."""
    recovery_seconds: float
    """From when the crowd left until a call for each slot was served, without the drawing."""


def limit(system: System) -> System:
    """Return the gateway with as many slots as are measured here."""
    return dataclasses.replace(
        system,
        environment=lambda folder, port: {
            **system.environment(folder, port),
            "LIMNER_MAX_CONCURRENT": str(SLOTS),
        },
    )


def probe(port: int, seconds: float) -> None:
    """Ask for health on one connection, and print how many milliseconds each answer took."""
    print(json.dumps(asyncio.run(_time_health(port, seconds))))


async def _time_health(port: int, seconds: float) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    found, ends_at = [], time.perf_counter() + seconds
    while time.perf_counter() < ends_at:
        began = time.perf_counter()
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200 "):
            raise RuntimeError(f"health answered {head[:40]!r}")
        await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]))
        found.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(PROBE_PAUSE_SECONDS)
    writer.close()
    return found


async def watch_health(port: int, seconds: float) -> Health:
    """Let a process of its own ask: a crowd in the same one would be in its way."""
    command = (__file__, "--probe", str(port), "--seconds", str(seconds))
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, stdout=asyncio.subprocess.PIPE, limit=2**24
    )
    said, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError("health was not answered throughout")
    found = json.loads(said)
    cuts = quantiles(found, n=100)
    return Health(cuts[49], cuts[98], max(found))


class Crowd:
    """Clients of one system, each with a connection per call."""

    def __init__(self, port: int, call: Call) -> None:
        self._port = port
        self._call = call
        self._serial = 0
        self.ends: Counter[int] = Counter()

    async def stay(self) -> None:
        """Be one client: ask again and again, after the wait that a refusal names."""
        while True:
            status, head = await self.ask()
            self.ends[status] += 1
            if status != 200:
                wait = _RETRY_AFTER_MS.search(head)
                await asyncio.sleep(int(wait[1]) / 1000 if wait else 1)

    async def ask(self) -> tuple[int, bytes]:
        """Make one call; return the answer's status and head."""
        self._serial += 1
        body = self._call.body.replace(SERIAL_MARK, f"{self._serial:016d}").encode()
        lines = (
            f"POST {self._call.path} HTTP/1.1",
            "Host: localhost",
            "Connection: close",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            *self._call.headers,
        )
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            writer.write("\r\n".join([*lines, "\r\n"]).encode() + body)
            answer = await reader.read(-1)
            return int(answer[9:12]), answer.partition(b"\r\n\r\n")[0]
        finally:
            writer.close()

    async def recover(self) -> float:
        """Ask once for each slot, again where it is refused; return how long it took beyond drawing."""
        began = time.perf_counter()

        async def be_served() -> None:
            while (await self.ask())[0] != 200:  # noqa: ASYNC110 - a client asks again
                await asyncio.sleep(0.05)

        await asyncio.gather(*(be_served() for _ in range(SLOTS)))
        return time.perf_counter() - began - DRAWING_SECONDS


async def measure(serving: Serving, seconds: float) -> Result:
    """Measure one system that serves."""
    system, port = serving.system, serving.port
    alone = await watch_health(port, min(seconds, 10))
    crowd = Crowd(port, system.ask(SCENARIO))
    clients = [asyncio.create_task(crowd.stay()) for _ in range(CROWD)]
    beside = await watch_health(port, seconds)
    ends = dict(crowd.ends)
    for client in clients:
        client.cancel()
    failed = [
        end for end in await asyncio.gather(*clients, return_exceptions=True) if isinstance(end, Exception)
    ]
    if failed:
        raise RuntimeError(f"{system.name} cut {len(failed)} clients off, the first with {failed[0]!r}")
    return Result(system.name, alone, beside, ends, await crowd.recover())


def measure_all(seconds: float, folder: Path) -> Iterator[Result]:
    """Measure each system in turn, on a processor of its own where there are two."""
    system_processor, load_processor = choose_processors()
    os.sched_setaffinity(0, {load_processor})
    program = find_nginx()
    with contextlib.ExitStack() as stack:
        upstream_port = start_upstream(
            stack, folder, processor=load_processor, delay_ms=DRAWING_SECONDS * 1000
        )
        for system in (*([nginx(program)] if program else []), limit(limner())):
            with contextlib.ExitStack() as turn:
                serving = start_system(
                    turn, system, folder, upstream_port=upstream_port, processor=system_processor
                )
                yield asyncio.run(measure(serving, seconds))


def render(results: list[Result]) -> str:
    """Return the table."""
    rows = [
        "| | health alone, p50 / p99 / max ms | beside the crowd, p50 / p99 / max ms | served | refused | served again after |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for one in results:
        refused = sum(count for status, count in one.ends.items() if status != 200)
        rows.append(
            f"| {one.name} | {_show(one.alone)} | {_show(one.beside)} | {one.ends.get(200, 0)} | {refused} "
            f"| {one.recovery_seconds:.2f} s |"
        )
    return "\n".join(rows)


def _show(health: Health) -> str:
    return f"{health.p50:.2f} / {health.p99:.2f} / {health.most:.1f}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60, help="how long the crowd stays (default: 60)")
    parser.add_argument("--probe", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.probe:
        probe(options.probe, options.seconds)
        return
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        print(", ".join(f"{name} {value}" for name, value in describe_machine(Path(folder)).items()))
        print(
            f"\n{SLOTS} slots, {CROWD} clients, {DRAWING_SECONDS:.0f} s of drawing, {options.seconds:.0f} s\n"
        )
        print(render(list(measure_all(options.seconds, Path(folder)))))


if __name__ == "__main__":
    main()
