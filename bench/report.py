"""Runs in, Markdown out: medians over the rounds, and ratios taken within each round.

Two systems measured one after the other share what the machine did just then; so a round's ratio holds
better than its times, and the median of the rounds' ratios is what the targets are held against.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median

from measure import Run
from scenarios import TARGET_ABOVE_IDLE_MIB, TARGET_OF_LITELLM, TARGET_OF_NGINX, Scenario
from systems import System

BASE = "nginx"
PEER = "litellm"
_MIB = 1024 * 1024


class Results:
    """All runs of one bench, found by system and scenario."""

    def __init__(self, runs: Iterable[Run]) -> None:
        self._runs: dict[tuple[str, str], list[Run]] = {}
        for run in runs:
            self._runs.setdefault((run.system, run.scenario), []).append(run)

    def of(self, system: System | str, scenario: Scenario) -> Sequence[Run]:
        """One run per round, in order."""
        name = system if isinstance(system, str) else system.name
        return self._runs.get((name, scenario.name), ())

    def median(
        self, system: System, scenario: Scenario, value: Callable[[Run], float | None]
    ) -> float | None:
        """The middle of a figure over the rounds that have it."""
        values = [v for run in self.of(system, scenario) if (v := value(run)) is not None]
        return median(values) if values else None

    def ratios(self, system: System, scenario: Scenario, *, base: str = BASE) -> list[float]:
        """The system's CPU per answer over that of `base`, round by round."""
        floors = {run.round_number: run.cpu_ms for run in self.of(base, scenario)}
        pairs = ((run.cpu_ms, floors.get(run.round_number)) for run in self.of(system, scenario))
        return [own / floor for own, floor in pairs if own is not None and floor]

    def failures(self, system: System, scenario: Scenario) -> int:
        """Answers that did not come whole, over all rounds."""
        return sum(sum(run.failures.values()) for run in self.of(system, scenario))


def render_report(
    runs: Sequence[Run], systems: Sequence[System], scenarios: Sequence[Scenario], facts: Mapping[str, str]
) -> str:
    """The whole report."""
    results = Results(runs)
    parts = [
        " · ".join(f"{name.replace('_', ' ')} {value}" for name, value in facts.items()),
        _cpu_table(results, systems, scenarios),
        _pace_table(results, systems, scenarios),
        _memory_table(results, systems, scenarios),
        _failure_list(results, systems, scenarios),
    ]
    return "\n\n".join(part for part in parts if part)


def _cpu_table(results: Results, systems: Sequence[System], scenarios: Sequence[Scenario]) -> str:
    rows = []
    for scenario in scenarios:
        row = [scenario.title]
        for system in systems:
            row.append(_number(results.median(system, scenario, lambda run: run.cpu_ms)))
            if system.name != BASE:
                row.append(_ratio_cell(results.ratios(system, scenario)))
                row += _target_cells(results, systems, system, scenario)
        rows.append(row)
    head = ["CPU per answer, ms"]
    for system in systems:
        head.append(system.name)
        if system.name != BASE:
            head.append(f"x {BASE} (lowest to highest round)")
            if _has_target(system):
                head.append("target")
                head += [f"of {PEER}'s (target)"] if _has_peer(systems) else []
    return _table(head, rows)


def _pace_table(results: Results, systems: Sequence[System], scenarios: Sequence[Scenario]) -> str:
    head = [
        "answers per second; latency p50 / p99; first 64 KiB p50, ms",
        *(system.name for system in systems),
    ]
    rows = [
        [scenario.title, *(_pace_cell(results, system, scenario) for system in systems)]
        for scenario in scenarios
    ]
    return _table(head, rows)


def _memory_table(results: Results, systems: Sequence[System], scenarios: Sequence[Scenario]) -> str:
    rows = [
        ["idle", *(_number(_idle_mib(results, system, scenarios)) for system in systems)],
    ]
    for scenario in scenarios:
        row = [f"peak above idle, {scenario.title}"]
        for system in systems:
            above = results.median(system, scenario, lambda run: run.above_idle_bytes / _MIB)
            judged = scenario.word == "20mb" and scenario.connections == 8 and _has_target(system)
            row.append(_number(above) + (_verdict(above, TARGET_ABOVE_IDLE_MIB) if judged else ""))
        rows.append(row)
    return _table(["resident memory, MiB", *(system.name for system in systems)], rows)


def _failure_list(results: Results, systems: Sequence[System], scenarios: Sequence[Scenario]) -> str:
    lines = []
    for system in systems:
        for scenario in scenarios:
            if count := results.failures(system, scenario):
                runs = results.of(system, scenario)
                words = next((run.first_failure for run in runs if run.first_failure), "")
                kinds = sorted({kind for run in runs for kind in run.failures})
                said = f"; first: `{' '.join(words.split())[:200]}`" if words else ""
                lines.append(f"- {system.name}, {scenario.title}: {count} x {', '.join(kinds[:4])}{said}")
    return "**Failed answers**, not counted above:\n\n" + "\n".join(lines) if lines else ""


def _idle_mib(results: Results, system: System, scenarios: Sequence[Scenario]) -> float | None:
    idles = {run.round_number: run.idle_bytes / _MIB for s in scenarios for run in results.of(system, s)}
    return median(idles.values()) if idles else None


def _pace_cell(results: Results, system: System, scenario: Scenario) -> str:
    rate = results.median(system, scenario, lambda run: run.answers_per_second)
    p50 = results.median(system, scenario, lambda run: run.p50_ms)
    p99 = results.median(system, scenario, lambda run: run.p99_ms)
    first = results.median(system, scenario, lambda run: run.first_64_kib_p50_ms)
    return f"{_number(rate)}; {_number(p50)} / {_number(p99)}; {_number(first)}"


def _ratio_cell(ratios: Sequence[float]) -> str:
    if not ratios:
        return "-"
    return f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def _has_target(system: System) -> bool:
    return system.name.startswith("limner")


def _has_peer(systems: Sequence[System]) -> bool:
    return any(system.name == PEER for system in systems)


def _target_cells(
    results: Results, systems: Sequence[System], system: System, scenario: Scenario
) -> list[str]:
    if not _has_target(system):
        return []
    cells = [_judge(results.ratios(system, scenario), TARGET_OF_NGINX.get(scenario.word))]
    if _has_peer(systems):
        ratios = results.ratios(system, scenario, base=PEER)
        judged = _judge(ratios, TARGET_OF_LITELLM.get(scenario.word))
        cells.append(f"{median(ratios):.2f} ({judged})" if ratios else "-")
    return cells


def _judge(ratios: Sequence[float], target: float | None) -> str:
    if target is None or not ratios:
        return "-"
    return f"≤ {target:g}: {'met' if median(ratios) <= target else 'missed'}"


def _verdict(value: float | None, target: float) -> str:
    return "" if value is None else f" (≤ {target:g}: {'met' if value <= target else 'missed'})"


def _number(value: float | None) -> str:
    """Three figures at most: more would pretend."""
    if value is None:
        return "-"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)
