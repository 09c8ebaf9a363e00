"""`limner keys list` and `show`: the keys, what they may do and what they have spent in their budgets' periods.

This module must not know how keys are stored.
"""

import sys
import time
from collections.abc import Iterator, Mapping, Sequence

import msgspec
import typer

from limner.cli_keys import open_keys
from limner.cli_listing import format_time, format_usd, print_json, print_table
from limner.ledger.database import Database
from limner.ledger.key_accounts import describe_key, describe_keys
from limner.ledger.key_changes import KEY_STATES, KeyChoice, find_named_key, list_keys
from limner.ledger.records import MICRO_USD_PER_USD
from limner.wire.limner_keys import KeyEntry

_PERIOD_WORDS = {"day": "a day", "month": "a month", "total": "in all"}

_HEAD = (
    *("NAME", "OWNER", "ADMIN", "MODELS", "OUTPUT", "BUDGET", "SPENT", "RESERVED"),
    *("PICTURES/MIN", "REQUESTS/MIN", "EXPIRES", "CREATED"),
)
_KEYS_AT_ONCE = 500


def check_state(state: str | None) -> None:
    """Refuse a state that there is not.

    Raises:
        typer.BadParameter: it is none of them.
    """
    if state is not None and state not in KEY_STATES:
        raise typer.BadParameter(f"--state is {state!r}; accepted: {', '.join(KEY_STATES)}")


def show_all(
    chosen: Mapping[str, str | None], *, after: str | None, limit: int | None, as_json: bool
) -> None:
    """Print keys, with what they have spent in the current period of their budget.

    `chosen` goes by the names of KeyChoice.
    """
    choice = KeyChoice(**chosen)
    with open_keys() as (database, keys):
        found = list(_read(database, choice, after, limit))
        unrecognisable = keys.count_unrecognisable_keys()
    if as_json:
        print_json([msgspec.to_builtins(entry) for entry in found])
    elif found:
        print_table([_HEAD, *(_to_row(entry) for entry in found)], numeric=range(5, 10))
    elif choice == KeyChoice():
        print("There are no keys; `limner keys create NAME` makes one.", file=sys.stderr)
    else:
        print("There are no such keys.", file=sys.stderr)
    if unrecognisable:
        print(
            f"{unrecognisable} of these were made with another signing secret and are not accepted.",
            file=sys.stderr,
        )


def show(name: str, *, as_json: bool) -> None:
    """Print one key, a line for each thing that can be said of it. Raises KeyRefused."""
    with open_keys() as (database, _):
        entry = describe_key(database, find_named_key(database, name), int(time.time() * 1000))
    if as_json:
        print_json(msgspec.to_builtins(entry))
        return
    lines = [("ID", entry.id), *zip(_HEAD, _to_row(entry), strict=True)]
    if entry.left_usd is not None:
        lines.append(("LEFT", _format_usd(entry.left_usd)))
    if entry.period_ends_at is not None:
        lines.append(("PERIOD ENDS", format_time(entry.period_ends_at)))
    if entry.previous_secret_ends_at is not None:
        lines.append(("OLD SECRET ENDS", format_time(entry.previous_secret_ends_at)))
    print_table(lines)


def _read(database: Database, choice: KeyChoice, after: str | None, limit: int | None) -> Iterator[KeyEntry]:
    """Yield the keys; each some hundred have a moment of their own."""
    left = sys.maxsize if limit is None else limit
    while left > 0:
        now_ms = int(time.time() * 1000)
        at_once = min(left, _KEYS_AT_ONCE)
        found = list_keys(database, after=after, limit=at_once, choice=choice, now=now_ms // 1000)
        yield from describe_keys(database, found, now_ms)
        if len(found) < at_once:
            return
        left -= at_once
        after = found[-1].id


def _to_row(entry: KeyEntry) -> Sequence[str]:
    budget = "-"
    if entry.budget_usd is not None:
        budget = f"{_format_usd(entry.budget_usd)} {_PERIOD_WORDS[entry.budget_period]}"
    return (
        entry.name,
        entry.owner,
        "yes" if entry.is_admin else "no",
        "all" if entry.models is None else ",".join(entry.models),
        entry.image_output or "-",
        budget,
        _format_usd(entry.spent_usd),
        _format_usd(entry.reserved_usd),
        "-" if entry.images_per_minute is None else str(entry.images_per_minute),
        "-" if entry.requests_per_minute is None else str(entry.requests_per_minute),
        _format_end(entry.expires_at),
        format_time(entry.created_at),
    )


def _format_end(expires_at: int | None) -> str:
    if expires_at is None:
        return "never"
    return format_time(expires_at) + (" (over)" if expires_at <= time.time() else "")


def _format_usd(dollars: float) -> str:
    # The entry's floats have at most 15 digits, and so are exact to the micro-dollar.
    return format_usd(round(dollars * MICRO_USD_PER_USD))
