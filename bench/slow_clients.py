"""What 500 slow clients cost everybody else: latency of ordinary calls beside them, and when each of them ended.

A third says nothing, a third drips its headers, a third drips its body. `limner serve --emulator` runs with its
real deadlines (10 s for headers, 20 s of a body below 32 KiB/s), so this takes about 40 s and ends by itself.
Run it with `.venv/bin/python bench/slow_clients.py`.
"""

import asyncio
import contextlib
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import quantiles

from processes import ending, free_port

CLIENTS = 500
SECONDS_MOST = 45.0
KEY = "sk-bench-0123456789abcdef0123"
HEAD = f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {KEY}\r\n".encode()
CALL = f"GET /v1/models HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {KEY}\r\n\r\n".encode()


async def be_slow(port: int, kind: int) -> tuple[int, float]:
    """Be one slow client until the gateway ends it; return its kind and after how many seconds."""
    began = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    if kind:
        writer.write(HEAD + (b"Content-Length: 100000\r\n\r\n" if kind == 2 else b""))
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(SECONDS_MOST):
            while not reader.at_eof():
                if kind:
                    writer.write(b" " if kind == 2 else b"x: y\r\n")
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(1):
                        await reader.read(4096)
    writer.close()
    return kind, time.perf_counter() - began


async def time_calls(port: int, seconds: float) -> list[float]:
    """Ask for the models 50 times a second on a connection of its own; return milliseconds."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    found = []
    ends_at = time.perf_counter() + seconds
    while time.perf_counter() < ends_at:
        began = time.perf_counter()
        writer.write(CALL)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
        found.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(0.02)
    writer.close()
    return found


async def measure(port: int) -> None:
    """Measure alone and beside the crowd, and print both."""
    await time_calls(port, 1)
    alone = await time_calls(port, 8)
    crowd = [asyncio.create_task(be_slow(port, number % 3)) for number in range(CLIENTS)]
    beside = await time_calls(port, 8)
    for name, found in (("alone", alone), (f"beside {CLIENTS} slow clients", beside)):
        cuts = quantiles(found, n=100)
        print(f"{name}: p50 {cuts[49]:.2f} ms, p99 {cuts[98]:.2f} ms, {len(found)} calls")
    ends = await asyncio.gather(*crowd)
    for kind, name in enumerate(("silent", "header drip", "body drip")):
        seconds = [end for one, end in ends if one == kind]
        print(f"{name}: ended after {min(seconds):.1f} to {max(seconds):.1f} s")


def main() -> None:
    """Start a gateway, measure, end it."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        port = free_port()
        command = [sys.executable, "-m", "limner.cli", "serve", "--emulator", "--port", str(port)]
        log = (Path(folder) / "log").open("w")
        process = subprocess.Popen(
            command, cwd=folder, env={"LIMNER_API_KEYS": KEY, "LIMNER_LOG_LEVEL": "warning"},
            stdout=log, stderr=log, text=True, start_new_session=True,
        )  # fmt: skip
        with log, ending(process):
            time.sleep(4)
            asyncio.run(measure(port))


if __name__ == "__main__":
    main()
