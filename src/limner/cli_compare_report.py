"""Prints what a comparison of an export with the books has found. Compares nothing."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from limner.cli_compare_match import Comparison, Group, Judgement
from limner.cli_listing import format_exact_usd, print_table, to_usd

_NUMERIC = range(3, 9)
_MOST_LINES = 20
_DECISIONS = {"bought": "--post", "not bought": "--void"}


def print_comparison(found: Comparison, *, has_tokens: bool) -> None:
    """Print the table of both sides, and what is on one side only."""
    head = ["TIME", "MODEL", "UPSTREAM", "CALLS", "EXPORT", "LEDGER", "DIFFERENCE", "UNKNOWN"]
    rows = [[*_to_cells(group)] for group in found.groups]
    if has_tokens:
        head.append("TOKENS DIFFER")
        for row, group in zip(rows, found.groups, strict=True):
            row.append(f"{group.export_tokens - group.ledger_tokens:+d}")
    result = ["equal" if group.is_equal else "DIFFERS" for group in found.groups]
    print_table(
        [[*head, "RESULT"], *([*row, said] for row, said in zip(rows, result, strict=True))],
        numeric=_NUMERIC,
    )
    for lines in (_word_groups(found.groups), _word_ids(found), map(_word_judgement, found.judgements)):
        listed = list(lines)
        for line in listed[:_MOST_LINES]:
            print(line)
        if len(listed) > _MOST_LINES:
            print(f"and {len(listed) - _MOST_LINES} more of these; --json has all")


def to_json(found: Comparison) -> dict[str, object]:
    """Return a comparison as JSON has it."""
    return {
        "is_equal": found.is_equal,
        "groups": [_group_to_json(group) for group in found.groups],
        "matched": found.matched,
        "different": [
            {
                "id": one.generation_id,
                "response_ids": list(one.response_ids),
                "export_usd": _to_signed_usd(one.export_micro_usd),
                "ledger_usd": to_usd(one.ledger_micro_usd),
            }
            for one in found.different
        ],
        **_sides_to_json(found),
        "unknown": [
            {
                "id": one.call.generation_id,
                "verdict": one.verdict,
                "reason": one.reason,
                "command": _word_command(one),
            }
            for one in found.judgements
        ],
    }


def _sides_to_json(found: Comparison) -> dict[str, object]:
    """Return what is on one side only."""
    return {
        "only_in_export": [
            {
                "line": row.line,
                "day": str(row.day),
                "model": row.model,
                "response_id": row.response_id,
                "cost_usd": row.cost_usd.normalize(),
            }
            for row in found.only_in_export
        ],
        "only_in_ledger": [
            {
                "id": call.generation_id,
                "response_ids": sorted(call.response_ids),
                "cost_usd": to_usd(call.cost_micro_usd),
            }
            for call in found.only_in_ledger
        ],
    }


def _to_cells(group: Group) -> Sequence[str]:
    time, model, credential = group.place
    return (
        time,
        model,
        credential or "-",
        str(group.calls),
        _sign(group.export_micro_usd),
        format_exact_usd(group.ledger_micro_usd),
        _sign(group.gap_micro_usd),
        str(len(group.unknown)) if group.unknown else "-",
    )


def _word_groups(groups: Sequence[Group]) -> Iterator[str]:
    for group in groups:
        name = f"{group.place[0]} {group.place[1]}"
        if not group.calls and not group.unknown:
            yield f"{name}: only in the export ({_count(group.export_rows, 'row')})"
        elif not group.export_rows:
            yield f"{name}: only in the ledger ({_count(group.calls, 'call')})"
        if group.assumed_free and not group.is_equal and group.gap_micro_usd > 0:
            calls = _count(group.assumed_free, "call")
            yield f"{name}: {calls} ended with Gemini's 500 and counted as free; Google may have billed them"


def _word_ids(found: Comparison) -> Iterator[str]:
    for one in found.different:
        said, posted = _sign(one.export_micro_usd), format_exact_usd(one.ledger_micro_usd)
        yield f"{one.generation_id}: {said} in the export, {posted} in the ledger"
    for row in found.only_in_export:
        name = row.response_id or "no id"
        yield f"line {row.line} ({row.day} {row.model}, {name}): only in the export"
    for call in found.only_in_ledger:
        yield f"{call.generation_id} ({', '.join(sorted(call.response_ids))}): only in the ledger"


def _word_judgement(one: Judgement) -> str:
    command = _word_command(one)
    told = f"{one.call.generation_id} is unknown: {one.verdict}, {one.reason}"
    return told if command is None else f"{told}; {command}"


def _word_command(one: Judgement) -> str | None:
    decision = _DECISIONS.get(one.verdict)
    return None if decision is None else f"limner generations resolve {one.call.generation_id} {decision}"


def _group_to_json(group: Group) -> dict[str, object]:
    time, model, credential = group.place
    return {
        "time": time,
        "model": model,
        "upstream": credential or None,
        "export_rows": group.export_rows,
        "calls": group.calls,
        "export_usd": _to_signed_usd(group.export_micro_usd),
        "ledger_usd": to_usd(group.ledger_micro_usd),
        "difference_usd": _to_signed_usd(group.gap_micro_usd),
        "export_tokens": group.export_tokens,
        "ledger_tokens": group.ledger_tokens,
        "unknown": len(group.unknown),
        "assumed_free": group.assumed_free,
        "is_equal": group.is_equal,
    }


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _sign(micro_usd: int) -> str:
    return f"{'-' if micro_usd < 0 else ''}{format_exact_usd(abs(micro_usd))}"


def _to_signed_usd(micro_usd: int) -> Decimal:
    return -to_usd(-micro_usd) if micro_usd < 0 else to_usd(micro_usd)
