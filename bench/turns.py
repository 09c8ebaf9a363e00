"""What a turn costs the gateway by how many earlier answers it puts back, each a picture with a signature of 3 MB.

A client that drops every answer, as Open WebUI does with blank ones, talks to a gateway in front of a server that
answers at once with a 1 MB picture and a 3 MB signature. Prints processor time of the gateway per turn, how much it
sent, and its memory at the most. Run it with `.venv/bin/python bench/turns.py`; Linux only; it takes about half a
minute and ends by itself.
"""

import base64
import json
import os
import secrets
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))

from asking import ask
from gateways import MortalGateway
from upstreams import Answer, Call, Upstream, run_upstream

TURNS = 9
CONVERSATIONS = 5
PICTURE_BYTES = 1_000_000
SIGNATURE_BYTES = 2_250_000
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def answer(_: Call) -> Answer:
    """Return a picture that nobody has drawn before, with its signature."""
    picture = b"\xff\xd8\xff\xe0" + secrets.token_bytes(PICTURE_BYTES)
    part = {
        "inlineData": {"mimeType": "image/jpeg", "data": base64.b64encode(picture).decode()},
        "thoughtSignature": base64.b64encode(secrets.token_bytes(SIGNATURE_BYTES)).decode(),
    }
    body = {
        "candidates": [{"content": {"parts": [part], "role": "model"}, "finishReason": "STOP", "index": 0}],
        "usageMetadata": {"promptTokenCount": 17, "candidatesTokenCount": 1216, "totalTokenCount": 1233},
    }
    return Answer([json.dumps(body).encode()])


def read_processor_seconds(gateway: MortalGateway) -> float:
    """Return the processor time that the gateway has used."""
    fields = Path(f"/proc/{gateway.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND


def read_most_bytes(gateway: MortalGateway) -> int:
    """Return the most memory that the gateway held since the last time, and begin anew."""
    process = Path(f"/proc/{gateway.process.pid}")
    (line,) = [row for row in (process / "status").read_text().splitlines() if row.startswith("VmHWM")]
    (process / "clear_refs").write_text("5")
    return int(line.split()[1]) * 1024


def talk(gateway: MortalGateway, upstream: Upstream, name: str) -> list[tuple[float, int, int]]:
    """Return of each turn its processor seconds, the bytes sent and the most memory."""
    figures = []
    messages: list[dict[str, Any]] = []
    for number in range(TURNS):
        messages.append({"role": "user", "content": f"{name}: change {number}"})
        body = {"model": "gemini-3-pro-image", "messages": messages, "modalities": ["image"]}
        read_most_bytes(gateway)
        before = read_processor_seconds(gateway)
        reply = ask(gateway, body)
        if reply.status != 200:
            raise SystemExit(reply.body.decode())
        time.sleep(0.3)
        seconds = read_processor_seconds(gateway) - before
        figures.append((seconds, len(upstream.calls[-1].body), read_most_bytes(gateway)))
        upstream.calls.clear()
    return figures


def main() -> None:
    """Measure and print a table."""
    with tempfile.TemporaryDirectory() as folder, run_upstream() as upstream:
        upstream.respond = answer
        gateway = MortalGateway(Path(folder), upstream.url)
        try:
            talk(gateway, upstream, "warm-up")
            runs = [talk(gateway, upstream, f"talk {number}") for number in range(CONVERSATIONS)]
        finally:
            gateway.stop()
    print("| earlier answers | CPU of a turn | sent to Gemini | memory at most |")
    print("| --- | --- | --- | --- |")
    for number in range(TURNS):
        seconds = sorted(run[number][0] for run in runs)[len(runs) // 2]
        sent, most = (max(run[number][place] for run in runs) for place in (1, 2))
        print(f"| {number} | {seconds * 1000:.0f} ms | {sent / 1e6:.1f} MB | {most / 2**20:.0f} MiB |")


if __name__ == "__main__":
    main()
