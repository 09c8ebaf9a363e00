"""Ten times as many calls as a gateway takes: it buys no more than it has slots for, stays there, and recovers.

Counts only: how long things take is measured by `bench/overload.py`.
"""

import os
import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from crowding import FewSlots

from asking import ask, asking, chat
from audits import check_books, read_rows
from bills import BillBook
from gateways import MortalGateway, ask_beside, running
from painting import Painter, painting, wait_until
from places import Place
from programs import Program
from upstreams import Answer, Call, Upstream

SLOTS = 4
CLIENTS = 10 * SLOTS
STORM_SECONDS = float(os.environ.get("STORM_SECONDS", "13"))
"""Long enough for clients to be refused after their 10 s; STORM_SECONDS=60 is a minute of it."""
DRAWING_SECONDS = 1.5


@dataclass
class CountingPainter(Painter):
    """One that counts how many calls it answers at once."""

    at_once: int = 0
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def respond(self, call: Call) -> Answer:
        with self.lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        answer = super().respond(call)
        with self.lock:
            self.at_once -= 1
        return answer


@dataclass
class Tally:
    """How the calls of a storm ended."""

    ends: Counter[str] = field(default_factory=Counter)
    health: Counter[int] = field(default_factory=Counter)


def storm(gateway: MortalGateway, number: int, ends_at: float, tally: Tally) -> None:
    """Be one client: it asks again and again, streamed or not, with and without keys, and some leave."""
    while time.monotonic() < ends_at:
        body = chat(f"a lighthouse {secrets.token_hex(8)}", stream=number % 2 == 1)
        if number % 5 == 4:
            with asking(gateway, body):
                time.sleep(2)
            tally.ends["left"] += 1
            continue
        headers = {"Idempotency-Key": secrets.token_hex(8)} if number % 3 == 0 else {}
        reply = ask(gateway, body, headers=headers)
        tally.ends["served" if reply.status == 200 else reply.error["code"]] += 1
        if reply.status != 200:
            time.sleep(int(reply.headers["retry-after-ms"]) / 8000)


def watch_health(gateway: MortalGateway, ends_at: float, tally: Tally) -> None:
    """Ask whether it is there, all the time."""
    while time.monotonic() < ends_at:
        for path in ("/healthz", "/readyz"):
            tally.health[ask(gateway, path=path, key=None).status] += 1
        time.sleep(0.05)


@pytest.mark.real_time
@pytest.mark.usefixtures("_no_proxy")
def test_ten_times_too_many(place: Place, upstream: Upstream) -> None:
    """Never more calls upstream than slots, each paid once and answered or left; health all along, all served afterwards."""
    tally = Tally()
    painter = CountingPainter(delay_seconds=DRAWING_SECONDS)
    variables = {"LIMNER_MAX_CONCURRENT": str(SLOTS)}
    with (
        painting(upstream, painter),
        running(MortalGateway(place, upstream.url, variables=variables)) as gateway,
        ThreadPoolExecutor(CLIENTS + 1) as threads,
    ):
        ends_at = time.monotonic() + STORM_SECONDS
        watching = threads.submit(watch_health, gateway, ends_at, tally)
        storms = [threads.submit(storm, gateway, number, ends_at, tally) for number in range(CLIENTS)]
        for done in (*storms, watching):
            done.result(STORM_SECONDS + 60)
        assert painter.most_at_once == SLOTS
        assert set(tally.ends) == {"served", "gateway_overloaded", "left"}
        assert set(tally.health) == {200}
        painter.delay_seconds = 0
        afterwards = list(threads.map(lambda _: ask(gateway, chat(secrets.token_hex(8))), range(CLIENTS)))
        assert [reply.status for reply in afterwards] == [200] * CLIENTS
        rows = read_rows(place)
        check_books(place)
        given_up = [row for row in rows if row.state == "failed"]
        assert {row.state for row in rows} <= {"settled", "failed"}
        assert len(rows) - len(given_up) == len(painter.calls)
        assert tally.ends["served"] + CLIENTS <= len(painter.calls)
        assert len(painter.calls) <= tally.ends["served"] + tally.ends["left"] + CLIENTS


class MortalEmulator(Program):
    """An emulator that a test may kill, and start again where it was."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        arguments = ("--port", str(port), "--exit-with-parent")
        super().__init__("limner.emulator", *arguments, folder=folder, variables={})

    def wait_for_calls(self, number: int) -> None:
        """Return once so many calls have come."""
        wait_until(lambda: len(ask(self, path="/emulator/journal", key=None).json()) >= number)

    def kill(self) -> None:
        self.process.kill()
        self.stop()


@pytest.fixture
def emulators(tmp_path: Path, _no_proxy: None) -> Iterator[list[MortalEmulator]]:
    """The emulators of a test, of which the first runs; all are ended."""
    found = [MortalEmulator(tmp_path)]
    yield found
    for emulator in found:
        emulator.stop()


def test_slots_come_back_when_the_upstream_dies(
    place: Place, emulators: list[MortalEmulator], book: BillBook
) -> None:
    """When all of Gemini breaks off while calls wait, every call is told, and all slots are there for those that follow."""
    with running(MortalGateway(place, emulators[0].url, variables={"LIMNER_MAX_CONCURRENT": "2"})) as gateway:
        crowd = FewSlots(gateway, book, 2)
        calls = [ask_beside(gateway, chat(f"[[delay=60s]] boat {number}")) for number in range(6)]
        crowd.wait_until_waiting(4)
        emulators[0].wait_for_calls(2)
        emulators[0].kill()
        codes = Counter(call.result(60).error["code"] for call in calls)
        assert codes["upstream_unknown_outcome"] == 2
        assert codes["upstream_unavailable"] + codes["gateway_overloaded"] == 4
        crowd.check_nothing_is_held()
        emulators.append(MortalEmulator(place.folder, emulators[0].address[1]))
        following = [ask_beside(gateway, chat(f"[[delay=1s]] ship {number}")) for number in range(4)]
        crowd.wait_until_waiting(2)
        assert crowd.measure("limner_calls_running") == 2
        assert [call.result(60).status for call in following] == [200] * 4
        crowd.check_nothing_is_held()
