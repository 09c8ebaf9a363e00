"""One run: one scenario against one running system, and what it cost.

Processor time is read while the system is quiet, before and after, so that what it does behind its answers
counts and its start does not. Knows nothing of rounds or tables.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from processes import PeakSampler, Usage, ending, settle, start
from scenarios import Scenario
from serving import Serving

LOAD_PROGRAM = Path(__file__).with_name("load.py")


@dataclass(frozen=True, slots=True)
class Run:
    """The figures of one run."""

    round_number: int
    system: str
    scenario: str
    answers: int
    failures: dict[str, int]
    first_failure: str
    cpu_ms: float | None  # user and system time per answer; None without answers, as all below
    system_ms: float | None
    minor_faults: float | None
    answers_per_second: float
    p50_ms: float | None
    p99_ms: float | None
    first_byte_p50_ms: float | None
    first_64_kib_p50_ms: float | None
    idle_bytes: int
    peak_bytes: int

    @property
    def above_idle_bytes(self) -> int:
        """Peak resident memory of the process tree above what it held before any load."""
        return self.peak_bytes - self.idle_bytes


def run_scenario(
    serving: Serving, scenario: Scenario, *, round_number: int, seconds: float, processor: int, folder: Path
) -> Run:
    """Put the scenario's load on the system for so many seconds and read what it used."""
    log = folder / "load.log"
    command = _load_command(serving, scenario, seconds)
    with ending(start(command, processor=processor, folder=folder, log=log, talk=True)) as load:
        if load.stdin is None or load.stdout is None:
            raise RuntimeError("the load was started without pipes")
        if load.stdout.readline() != "ready\n":
            raise RuntimeError(f"the load did not warm up: {log.read_text()[-2000:]}")
        before = settle(serving.process.pid)
        with PeakSampler(serving.process.pid) as sampler:
            load.stdin.write("go\n")
            load.stdin.flush()
            figures = json.loads(load.stdout.readline() or "{}")
            used = settle(serving.process.pid) - before
    if not figures:
        raise RuntimeError(f"the load ended early: {log.read_text()[-2000:]}")
    return _run(serving, scenario, round_number, figures, used, sampler.peak_bytes)


def _load_command(serving: Serving, scenario: Scenario, seconds: float) -> list[str]:
    call = serving.system.ask(scenario)
    command = [sys.executable, str(LOAD_PROGRAM), "--port", str(serving.port), "--path", call.path]
    command += ["--body", call.body, *(f"--header={header}" for header in call.headers)]
    command += ["--connections", str(scenario.connections), "--seconds", str(seconds)]
    command += ["--max-answers", str(scenario.max_answers)]
    command += ["--warm-up-answers", str(scenario.warm_up_answers)]
    return [*command, "--min-body-bytes", str(scenario.picture.base64_characters)]


def _run(
    serving: Serving,
    scenario: Scenario,
    round_number: int,
    figures: dict[str, object],
    used: Usage,
    peak_bytes: int,
) -> Run:
    answers = int(str(figures["answers"]))

    def per_answer(amount: float) -> float | None:
        return round(amount / answers, 4) if answers else None

    del figures["seconds"]
    return Run(
        round_number=round_number,
        system=serving.system.name,
        scenario=scenario.name,
        cpu_ms=per_answer(1000 * (used.user_seconds + used.system_seconds)),
        system_ms=per_answer(1000 * used.system_seconds),
        minor_faults=per_answer(used.minor_faults),
        idle_bytes=serving.idle_bytes,
        peak_bytes=peak_bytes,
        **figures,  # type: ignore[arg-type]  # load.py's own figures, named as the fields are
    )
