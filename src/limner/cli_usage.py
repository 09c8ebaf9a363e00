"""`limner usage`: what was drawn and what it cost, while `serve` runs or not.

This module must not know how the books are kept, nor write in them.
"""

import sys
import time
from collections.abc import Iterable

from limner.cli_keys import open_books_database
from limner.cli_listing import format_exact_usd, print_json, print_table, to_iso, to_usd
from limner.cli_values import parse_moment_ms
from limner.config import load_settings
from limner.ledger.records import UsageRow
from limner.ledger.usage import read_usage

_HEAD = ("KEY", "USER", "MODEL", "CALLS", "PICTURES", "TOKENS IN", "TOKENS OUT", "COST", "HELD")
_NUMERIC = range(3, len(_HEAD))


def parse_since_ms(text: str | None) -> int | None:
    """Return the moment from which on usage is wanted; None: from the beginning.

    Raises:
        typer.BadParameter: it is neither an age nor a date.
    """
    return None if text is None else parse_moment_ms("--since", text, int(time.time() * 1000))


def show(*, key_name: str | None, end_user: str | None, since_ms: int | None, as_json: bool) -> None:
    """Print the usage by key, user and model, and its sum."""
    settings = load_settings()
    with open_books_database(settings) as database:
        rows = read_usage(database, key_name=key_name, end_user=end_user, since_ms=since_ms or 0)
    total = _sum(rows)
    if as_json:
        print_json(
            {
                "since": None if since_ms is None else to_iso(since_ms),
                "rows": [
                    {"key": row.key_name, "user": row.end_user, "model": row.model} | _to_json(row)
                    for row in rows
                ],
                "total": _to_json(total),
            }
        )
    elif rows:
        body = [(row.key_name, row.end_user or "-", row.model, *_to_cells(row)) for row in rows]
        print_table([_HEAD, *body, ("TOTAL", "", "", *_to_cells(total))], numeric=_NUMERIC)
    else:
        print("Nothing was drawn.", file=sys.stderr)


def _sum(rows: Iterable[UsageRow]) -> UsageRow:
    found = list(rows)
    return UsageRow(
        key_name="",
        end_user="",
        model="",
        generations=sum(row.generations for row in found),
        pictures=sum(row.pictures for row in found),
        input_tokens=sum(row.input_tokens for row in found),
        output_tokens=sum(row.output_tokens for row in found),
        cost_micro_usd=sum(row.cost_micro_usd for row in found),
        held_micro_usd=sum(row.held_micro_usd for row in found),
    )


def _to_json(row: UsageRow) -> dict[str, object]:
    return {
        "generations": row.generations,
        "pictures": row.pictures,
        "input_tokens": row.input_tokens,
        "output_tokens": row.output_tokens,
        "cost_usd": to_usd(row.cost_micro_usd),
        "held_usd": to_usd(row.held_micro_usd),
    }


def _to_cells(row: UsageRow) -> tuple[str, ...]:
    return (
        str(row.generations),
        str(row.pictures),
        str(row.input_tokens),
        str(row.output_tokens),
        format_exact_usd(row.cost_micro_usd),
        format_exact_usd(row.held_micro_usd),
    )
