"""The gateway beside nginx in one run: CPU per answer, pace and memory, as a Markdown table.

`python bench/run.py` (or `make bench`) starts a fake Gemini, nginx and the gateway, asks them in turn for
pictures of three sizes, ends what it started, and prints medians over the rounds. `docs/benchmarks.md` says
how to read them. Linux only; it takes about three minutes and, at most, 12 GB of temporary disk.
"""

import argparse
import contextlib
import dataclasses
import json
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from machine import describe_machine, nginx_version
from measure import Run, run_scenario
from probe import NotServingError
from processes import choose_processors
from report import render_report
from scenarios import Scenario, choose_scenarios, disk_bytes_per_round
from serving import start_system, start_upstream
from systems import System, find_nginx, limner, litellm, nginx


class Bench:
    """The rounds: fresh systems in each, every scenario asked of each system in turn."""

    def __init__(self, options: argparse.Namespace, systems: Sequence[System], folder: Path) -> None:
        self._options = options
        self._systems = systems
        self._folder = folder
        self._system_processor, self._load_processor = choose_processors()

    def run(self, scenarios: Sequence[Scenario]) -> Iterator[Run]:
        """All runs, each as soon as it is done."""
        for round_number in range(1, self._options.rounds + 1):
            # A new folder and new processes: no round inherits memory, files or ledger rows.
            folder = Path(tempfile.mkdtemp(prefix=f"round-{round_number}-", dir=self._folder))
            try:
                yield from self._run_round(round_number, scenarios, folder)
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    def _run_round(self, round_number: int, scenarios: Sequence[Scenario], folder: Path) -> Iterator[Run]:
        with contextlib.ExitStack() as stack:
            upstream_port = start_upstream(
                stack, folder, processor=self._load_processor, delay_ms=self._options.delay_ms
            )
            serving = [
                start_system(
                    stack, system, folder, upstream_port=upstream_port, processor=self._system_processor
                )
                for system in self._systems
            ]
            for scenario in scenarios:
                # The scenario's runs stand side by side in time, and none always goes first.
                for one in serving if round_number % 2 else reversed(serving):
                    yield run_scenario(
                        one,
                        scenario,
                        round_number=round_number,
                        seconds=self._options.seconds,
                        processor=self._load_processor,
                        folder=folder,
                    )


def choose_systems(options: argparse.Namespace) -> list[System]:
    """The floor where nginx is installed, the gateway as asked for, and a peer if one was named."""
    systems = []
    if program := find_nginx():
        systems.append(nginx(program))
    else:
        say("nginx is not installed (Debian: nginx-light): no ratios, times only")
    systems.append(limner())
    if options.litellm:
        systems.append(litellm(options.litellm))
    return systems


def check_disk(systems: Sequence[System], scenarios: Sequence[Scenario], folder: Path) -> None:
    """Refuse to start what could fill the disk. Raises NotServingError."""
    keeping = sum(system.name == "limner" for system in systems)
    needed_bytes = keeping * disk_bytes_per_round(scenarios)
    free_bytes = shutil.disk_usage(folder).free
    if free_bytes < needed_bytes * 1.2:
        raise NotServingError(
            f"{folder} has {free_bytes / 1e9:.1f} GB free and a round may take {needed_bytes / 1e9:.1f} GB: "
            "choose another with --folder, or fewer scenarios with --only"
        )


def measure_all(options: argparse.Namespace, scenarios: Sequence[Scenario]) -> str:
    """Measure, tell each run on stderr and in the file asked for, and return the report."""
    systems, runs = choose_systems(options), []
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-", dir=options.folder)))
        check_disk(systems, scenarios, folder)
        facts = describe_machine(folder)
        if program := find_nginx():
            facts["nginx"] = nginx_version(program)
        out = stack.enter_context(options.out.open("a")) if options.out else None
        if out:
            out.write(
                json.dumps({"machine": facts, "rounds": options.rounds, "seconds": options.seconds}) + "\n"
            )
        for run in Bench(options, systems, folder).run(scenarios):
            runs.append(run)
            say(
                f"round {run.round_number}  {run.scenario:18} {run.system:13} {run.answers:6} answers, "
                f"{run.cpu_ms or 0:8.3f} ms CPU each, peak {run.peak_bytes / 2**20:6.1f} MiB"
                + (f", FAILED {run.failures}" if run.failures else "")
            )
            if out:
                out.write(json.dumps(dataclasses.asdict(run)) + "\n")
                out.flush()
    return render_report(runs, systems, scenarios, facts)


def say(line: str) -> None:
    """Progress goes to stderr; stdout is the report's."""
    print(line, file=sys.stderr, flush=True)


def read_options() -> tuple[argparse.Namespace, Sequence[Scenario]]:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measures the gateway beside nginx.")
    parser.add_argument("--rounds", type=int, default=3, choices=range(1, 101), metavar="1..100")
    parser.add_argument("--seconds", type=float, default=2, help="of each run (default 2)")
    parser.add_argument(
        "--only", default="", metavar="NAMES", help="e.g. `tiny,20mb-x8`: names or their beginnings"
    )
    parser.add_argument("--litellm", metavar="PATH", help="measure this litellm command too")
    parser.add_argument("--delay-ms", type=float, default=0, help="how long the fake Gemini thinks")
    parser.add_argument("--folder", type=Path, help="where temporary folders go: the disk that is measured")
    parser.add_argument("--out", type=Path, metavar="FILE", help="append every run to it as a line of JSON")
    options = parser.parse_args()
    if not 0 < options.seconds <= 60:
        parser.error("--seconds is more than 0 and at most 60")
    try:
        return options, choose_scenarios(options.only)
    except ValueError as unknown:
        parser.error(str(unknown))


def main() -> None:
    """Run the bench; exit 1 where a system could not be measured."""
    options, scenarios = read_options()
    # So that every block is left in order, and what was started is ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        print(measure_all(options, scenarios))
    except NotServingError as failure:
        say(str(failure))
        sys.exit(1)


if __name__ == "__main__":
    main()
