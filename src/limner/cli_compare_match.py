"""Holds an export against the books: by time and model, and by Gemini's id of each answer where the export has it. Pure.

Which side is right is not decided here; of unknown outcomes it is said what the export proves.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from limner.cli_compare_file import ExportRow

MICRO = 1_000_000
FLOOR_MICRO_USD = 10_000
"""A cent: exports are rounded to it."""

Place = tuple[str, str, str]
"""Day or month, model and credential ('' where that is not told apart)."""

Period = Literal["day", "month"]

Verdict = Literal["bought", "not bought", "open"]


@dataclass(frozen=True, kw_only=True)
class Call:
    """A call of the books."""

    generation_id: str
    place: Place
    cost_micro_usd: int
    tokens: int
    is_unknown: bool
    is_assumed_free: bool
    estimate_micro_usd: int
    """What it would have cost, if its outcome is unknown."""
    response_ids: frozenset[str]


@dataclass(kw_only=True)
class Group:
    """One day or month, model and credential, on both sides."""

    place: Place
    export_usd: Decimal = Decimal(0)
    export_tokens: int = 0
    export_rows: int = 0
    ledger_micro_usd: int = 0
    ledger_tokens: int = 0
    calls: int = 0
    assumed_free: int = 0
    unknown: list[Call] = field(default_factory=list)
    is_equal: bool = False

    @property
    def export_micro_usd(self) -> int:
        """What the export says, to a micro-dollar."""
        return round(self.export_usd * MICRO)

    @property
    def gap_micro_usd(self) -> int:
        """How much more the export says than the books."""
        return self.export_micro_usd - self.ledger_micro_usd


@dataclass(frozen=True, kw_only=True)
class Difference:
    """An answer that both sides have, with another cost."""

    generation_id: str
    response_ids: tuple[str, ...]
    export_micro_usd: int
    ledger_micro_usd: int


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What the export says of a call with an unknown outcome."""

    call: Call
    verdict: Verdict
    reason: str


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Both sides."""

    groups: Sequence[Group]
    matched: int
    """Calls that are the same on both sides by their answers' ids."""
    different: Sequence[Difference]
    only_in_export: Sequence[ExportRow]
    only_in_ledger: Sequence[Call]
    judgements: Sequence[Judgement]

    @property
    def is_equal(self) -> bool:
        """Whether nothing differs by more than the tolerance."""
        return all(group.is_equal for group in self.groups) and not (
            self.different or self.only_in_export or self.only_in_ledger
        )


@dataclass(frozen=True, kw_only=True)
class Tolerance:
    """What is taken to be equal."""

    percent: Decimal
    has_cost: bool
    has_tokens: bool

    def is_near(self, one_micro_usd: int, other_micro_usd: int, *, floor_micro_usd: int) -> bool:
        """Return whether two costs are equal."""
        gap_micro_usd = abs(one_micro_usd - other_micro_usd)
        return gap_micro_usd <= floor_micro_usd or gap_micro_usd <= self.measure(
            one_micro_usd, other_micro_usd
        )

    def measure(self, one: int, other: int) -> Decimal:
        """Return by how much two figures may differ."""
        return max(abs(one), abs(other)) * self.percent / 100

    def is_equal(self, group: Group) -> bool:
        """Return whether both sides of a group say the same."""
        is_near = not self.has_cost or self.is_near(
            group.export_micro_usd, group.ledger_micro_usd, floor_micro_usd=FLOOR_MICRO_USD
        )
        gap_tokens = abs(group.export_tokens - group.ledger_tokens)
        return is_near and (
            not self.has_tokens or gap_tokens <= self.measure(group.export_tokens, group.ledger_tokens)
        )


def name_period(day: date, period: Period) -> str:
    """Return what the day or month of a day is called."""
    return day.isoformat() if period == "day" else f"{day:%Y-%m}"


def compare(
    rows: Sequence[ExportRow], calls: Sequence[Call], tolerance: Tolerance, *, period: Period, has_ids: bool
) -> Comparison:
    """Return what both sides say. `has_ids`: the export names answers."""
    groups = _group(rows, calls, period)
    for group in groups:
        group.is_equal = tolerance.is_equal(group)
    known = {response_id: call for call in calls for response_id in call.response_ids}
    named: defaultdict[str, list[ExportRow]] = defaultdict(list)
    strangers = []
    for row in rows if has_ids else ():
        call = known.get(row.response_id or "")
        if call is None:
            strangers.append(row)
        else:
            named[call.generation_id].append(row)
    settled = [call for call in calls if not call.is_unknown and call.cost_micro_usd and call.response_ids]
    different = list(_list_different(settled, named, tolerance)) if tolerance.has_cost else []
    absent = [call for call in settled if call.generation_id not in named] if has_ids else []
    return Comparison(
        groups=groups,
        matched=len(named.keys() & {call.generation_id for call in settled}) - len(different),
        different=different,
        only_in_export=strangers,
        only_in_ledger=absent,
        judgements=[
            _judge(call, group, named, tolerance, has_ids=has_ids)
            for group in groups
            for call in group.unknown
        ],
    )


def _group(rows: Iterable[ExportRow], calls: Iterable[Call], period: Period) -> list[Group]:
    groups: dict[Place, Group] = {}
    for row in rows:
        place = (name_period(row.day, period), row.model, row.credential or "")
        group = groups.setdefault(place, Group(place=place))
        group.export_usd += row.cost_usd
        group.export_tokens += row.tokens
        group.export_rows += 1
    for call in calls:
        group = groups.setdefault(call.place, Group(place=call.place))
        group.ledger_micro_usd += call.cost_micro_usd
        group.ledger_tokens += call.tokens
        group.calls += not call.is_unknown
        group.assumed_free += call.is_assumed_free
        if call.is_unknown:
            group.unknown.append(call)
    return [groups[place] for place in sorted(groups)]


def _list_different(
    settled: Iterable[Call], named: dict[str, list[ExportRow]], tolerance: Tolerance
) -> Iterable[Difference]:
    for call in settled:
        found = named.get(call.generation_id, ())
        billed = round(sum((row.cost_usd for row in found), Decimal(0)) * MICRO)
        if found and not tolerance.is_near(billed, call.cost_micro_usd, floor_micro_usd=1):
            yield Difference(
                generation_id=call.generation_id,
                response_ids=tuple(sorted(call.response_ids)),
                export_micro_usd=billed,
                ledger_micro_usd=call.cost_micro_usd,
            )


def _judge(
    call: Call, group: Group, named: dict[str, list[ExportRow]], tolerance: Tolerance, *, has_ids: bool
) -> Judgement:
    if has_ids and call.generation_id in named:
        lines = ", ".join(str(row.line) for row in named[call.generation_id])
        return Judgement(call=call, verdict="bought", reason=f"its answer is in line {lines}")
    if has_ids and call.response_ids:
        return Judgement(call=call, verdict="not bought", reason="its answer is in no line")
    verdict, reason = _judge_group(group, tolerance)
    return Judgement(call=call, verdict=verdict, reason=reason)


def _judge_group(group: Group, tolerance: Tolerance) -> tuple[Verdict, str]:
    """Return what the sums of a day say of its unknown outcomes: all were bought, none, or it cannot be told."""
    estimates = [call.estimate_micro_usd for call in group.unknown]
    least, total = min(estimates), sum(estimates)
    if not tolerance.has_cost or not group.export_rows:
        return "open", "the export has no cost of that time and model"
    if tolerance.measure(group.export_micro_usd, group.ledger_micro_usd) * 2 > least:
        return "open", "the tolerance is more than half of what it would have cost"
    if abs(group.gap_micro_usd) * 2 < least:
        return "not bought", "without it the sums of that time agree"
    if abs(group.gap_micro_usd - total) * 2 < least:
        return "bought", "with it the sums of that time agree"
    return "open", f"the sums of that time agree neither with all of its {len(estimates)} nor with none"
