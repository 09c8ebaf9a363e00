"""`limner generations list`: what became of each call, and of unknown outcomes what Gemini said. Works while `serve` runs.

This module must not know how the books are kept.
"""

import sys
import time
from collections.abc import Iterator

import msgspec
import typer

from limner.catalogue import find_by_any_name
from limner.cli_keys import open_books_database
from limner.cli_listing import (
    format_exact_usd,
    format_time,
    print_json,
    print_table,
    to_iso,
    to_usd,
)
from limner.cli_values import parse_moment_ms
from limner.config import Settings, load_settings
from limner.generation.evidence import Evidence, Terms, weigh
from limner.ledger.cases import Case, CaseChoice, list_cases
from limner.ledger.records import GenerationRecord, UpstreamCall
from limner.pictures.inspection import measure_arrived
from limner.pictures.store import PictureStore

STATES = ("claimed", "sent", "receiving", "stored", "settled", "refused", "failed", "unknown")

_HEAD = ("ID", "CLAIMED", "STATE", "KEY", "USER", "MODEL", "COST", "RESERVED", "ERROR")
_NUMERIC = (6, 7)
_UNKNOWN_HEAD = (
    *("ID", "ENDED", "KEY", "MODEL", "HELD", "DECIDED", "LEANS"),
    *("CHOICE", "UPSTREAM", "KIND", "ATTEMPTS", "STATUS", "RESPONSE", "SAID"),
)
_UNKNOWN_NUMERIC = (4, 7, 10, 11)
_SAID_CHARACTERS = 80
_HOUR_MS = 3_600_000


class StoredError(msgspec.Struct):
    """What is read of an error."""

    code: str
    message: str = ""


def parse_choice(
    *,
    state: str | None,
    key_name: str | None,
    model: str | None,
    since: str | None,
    before: str | None,
    limit: int,
) -> CaseChoice:
    """Return which generations the options name.

    Raises:
        typer.BadParameter: there is no such state, or a moment is none.
    """
    if state is not None and state not in STATES:
        raise typer.BadParameter(f"--state is {state!r}; accepted: {', '.join(STATES)}")
    now_ms = int(time.time() * 1000)
    choice = CaseChoice(state=state, key_name=key_name, model=model, limit=limit)
    if since is not None:
        choice = msgspec.structs.replace(choice, since_ms=parse_moment_ms("--since", since, now_ms))
    if before is not None:
        choice = msgspec.structs.replace(choice, before_ms=parse_moment_ms("--before", before, now_ms))
    return choice


def show_all(choice: CaseChoice, *, as_json: bool) -> None:
    """Print the newest generations of a choice."""
    settings = load_settings()
    # Aliases and models of limner.toml are known only once the settings are.
    found_model = find_by_any_name(choice.model) if choice.model else None
    asked = msgspec.structs.replace(
        choice, model=choice.model if found_model is None else found_model.id, limit=choice.limit + 1
    )
    with open_books_database(settings) as database:
        found = list_cases(database, asked)
    shown = found[: choice.limit]
    if as_json:
        print_json([to_json(case, settings) for case in shown])
    elif shown and choice.state == "unknown":
        rows = [row for case in shown for row in _to_unknown_rows(case, settings)]
        print_table([_UNKNOWN_HEAD, *rows], numeric=_UNKNOWN_NUMERIC)
    elif shown:
        print_table([_HEAD, *map(_to_row, shown)], numeric=_NUMERIC)
    else:
        print(
            f"There are no generations{f' in state {choice.state}' if choice.state else ''}.", file=sys.stderr
        )
    if len(found) > choice.limit:
        print(f"These are the newest {choice.limit}; --limit shows more.", file=sys.stderr)


def weigh_case(case: Case, settings: Settings) -> Evidence:
    """Return what speaks for which decision on an unknown outcome."""
    try:
        arrived_bytes = measure_arrived(PictureStore(settings.data_dir), case.record.id)
    except OSError:
        arrived_bytes = None  # whose files they are may be another account's
    return weigh(case.record, case.calls, arrived_bytes=arrived_bytes)


def find_end_ms(record: GenerationRecord, settings: Settings) -> int | None:
    """Return when the policy decides on an unknown outcome; None: never."""
    terms = Terms(policy=settings.unknown_policy, unknown_ms=round(settings.unknown_hours * _HOUR_MS))
    return terms.find_end_ms(record)


def get_reserved_micro_usd(record: GenerationRecord) -> int:
    """Return what is set aside for it now: it ends with the outcome, unless that is unknown."""
    return record.reserved_micro_usd if not record.is_over or record.state == "unknown" else 0


def read_error(record: GenerationRecord) -> StoredError | None:
    """Return what a generation ended with, if that was an error."""
    return None if record.error is None else msgspec.json.decode(record.error, type=StoredError)


def to_json(case: Case, settings: Settings) -> dict[str, object]:
    """Return a generation as lists show it."""
    record, error = case.record, read_error(case.record)
    shown: dict[str, object] = {
        "id": record.id,
        "state": record.state,
        "claimed_at": to_iso(record.claimed_at_ms),
        "ended_at": None if record.ended_at_ms is None else to_iso(record.ended_at_ms),
        "key": case.key_name,
        "user": record.end_user,
        "model": record.model,
        "cost_usd": None if record.cost_micro_usd is None else to_usd(record.cost_micro_usd),
        "reserved_usd": to_usd(get_reserved_micro_usd(record)),
        "error_code": None if error is None else error.code,
        "upstream_calls": [msgspec.to_builtins(call) for call in case.calls],
        "unknown": None,
    }
    if record.state == "unknown":
        evidence, end_ms = weigh_case(case, settings), find_end_ms(record, settings)
        shown["unknown"] = {
            "policy": settings.unknown_policy,
            "decided_at": None if end_ms is None else to_iso(end_ms),
            "leaning": evidence.leaning,
            "reasons": list(evidence.reasons),
        }
    return shown


def _to_row(case: Case) -> tuple[str, ...]:
    record, error = case.record, read_error(case.record)
    reserved = get_reserved_micro_usd(record)
    return (
        record.id,
        format_time(record.claimed_at_ms / 1000),
        record.state,
        case.key_name,
        record.end_user or "-",
        record.model,
        "-" if record.cost_micro_usd is None else format_exact_usd(record.cost_micro_usd),
        format_exact_usd(reserved) if reserved else "-",
        "-" if error is None else error.code,
    )


def _to_unknown_rows(case: Case, settings: Settings) -> Iterator[tuple[str, ...]]:
    """Yield a row for each choice, the first with what is known of all."""
    record = case.record
    end_ms = find_end_ms(record, settings)
    decided = "by you" if end_ms is None else f"{settings.unknown_policy} {_count_hours(end_ms)}"
    first: tuple[str, ...] = (
        record.id,
        format_time((record.ended_at_ms or record.claimed_at_ms) / 1000),
        case.key_name,
        record.model,
        format_exact_usd(record.reserved_micro_usd),
        decided,
        weigh_case(case, settings).leaning,
    )
    for call in case.calls or (None,):
        yield (*first, *_to_cells(call))
        first = ("",) * len(first)


def _to_cells(call: UpstreamCall | None) -> tuple[str, ...]:
    if call is None:
        return ("-",) * 7
    said = call.said or "-"
    return (
        str(call.choice),
        call.upstream,
        call.kind,
        str(call.attempts),
        "-" if call.status is None else str(call.status),
        call.response_id or "-",
        said if len(said) <= _SAID_CHARACTERS else f"{said[: _SAID_CHARACTERS - 1]}…",
    )


def _count_hours(end_ms: int) -> str:
    left_hours = (end_ms - time.time() * 1000) / _HOUR_MS
    return "now" if left_hours <= 0 else f"in {left_hours:.0f} h"
