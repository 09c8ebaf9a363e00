"""`limner generations`: what became of each call, and the decision on outcomes that nobody knows.

Works while `serve` runs. This module must not know how the books are kept.
"""

import sys
import time
from dataclasses import dataclass

import msgspec
import typer

from limner.cli_failure import CommandFailed
from limner.cli_keys import open_books_database, open_key_store
from limner.cli_listing import (
    format_exact_usd,
    format_time,
    format_usd,
    print_json,
    print_table,
    to_iso,
    to_usd,
)
from limner.cli_values import parse_moment_ms
from limner.config import load_settings
from limner.ledger.database import Database
from limner.ledger.endings import resolve
from limner.ledger.keys import shorten_key_id
from limner.ledger.lookups import find_any, list_by_state
from limner.ledger.records import GenerationRecord

STATES = ("claimed", "sent", "receiving", "stored", "settled", "refused", "failed", "unknown")

_HEAD = ("ID", "CLAIMED", "STATE", "KEY", "USER", "MODEL", "COST", "RESERVED", "ERROR")
_NUMERIC = (6, 7)
_NO_LIMIT = 2**62


class _Error(msgspec.Struct):
    """What is read of an error."""

    code: str


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What is decided on unknown outcomes, and on which: one by its id, or all that ended before a moment."""

    generation_id: str | None
    before_ms: int | None
    is_posted: bool


def check_state(state: str | None) -> None:
    """Refuse a state that there is not.

    Raises:
        typer.BadParameter: it is none of them.
    """
    if state is not None and state not in STATES:
        raise typer.BadParameter(f"--state is {state!r}; accepted: {', '.join(STATES)}")


def parse_decision(
    generation_id: str | None, *, is_all: bool, before: str | None, is_posted: bool, is_voided: bool
) -> Decision:
    """Return the options of `resolve`.

    Raises:
        typer.BadParameter: it is not exactly one decision, on one generation or on all before a moment.
    """
    if is_posted == is_voided:
        raise typer.BadParameter("say one of --post (the money is spent) and --void (it is given back)")
    if (generation_id is not None) == is_all:
        raise typer.BadParameter("name one generation by its ID, or --all with --before DATE")
    if is_all != (before is not None):
        raise typer.BadParameter("--all and --before DATE go together")
    before_ms = None if before is None else parse_moment_ms("--before", before, int(time.time() * 1000))
    return Decision(generation_id=generation_id, before_ms=before_ms, is_posted=is_posted)


def show_all(*, state: str | None, limit: int, as_json: bool) -> None:
    """Print the newest generations, of one state or of all."""
    settings = load_settings()
    with open_books_database(settings) as database:
        found = list_by_state(database, state, limit + 1)
        names = {key.id: key.name for key in open_key_store(database, settings).list()}
    shown = found[:limit]
    if as_json:
        print_json(
            [_to_json(record, names.get(record.key_id, shorten_key_id(record.key_id))) for record in shown]
        )
    elif shown:
        body = [_to_row(record, names.get(record.key_id, shorten_key_id(record.key_id))) for record in shown]
        print_table([_HEAD, *body], numeric=_NUMERIC)
    else:
        print(f"There are no generations{f' in state {state}' if state else ''}.", file=sys.stderr)
    if len(found) > limit:
        print(f"These are the newest {limit}; --limit shows more.", file=sys.stderr)


def decide(decision: Decision) -> None:
    """Spend or give back the money of unknown outcomes, and say so.

    Raises:
        CommandFailed: the generation is not there, or its outcome is known.
    """
    settings = load_settings()
    now_ms = int(time.time() * 1000)
    with open_books_database(settings) as database, database.transaction():
        chosen = _choose(database, decision)
        for record in chosen:
            resolve(database, record.id, now_ms, is_posted=decision.is_posted)
    dollars = format_usd(sum(record.reserved_micro_usd for record in chosen))
    subject = decision.generation_id or _count(len(chosen))
    print(f"{subject}: {dollars} {'posted as spent' if decision.is_posted else 'given back'}.")


def _choose(database: Database, decision: Decision) -> list[GenerationRecord]:
    if decision.generation_id is None:
        before_ms = decision.before_ms or 0
        unknown = list_by_state(database, "unknown", _NO_LIMIT)
        return [
            record for record in unknown if record.ended_at_ms is not None and record.ended_at_ms < before_ms
        ]
    record = find_any(database, decision.generation_id)
    if record is None:
        raise CommandFailed(f"there is no generation {decision.generation_id!r}")
    if record.state != "unknown":
        raise CommandFailed(
            f"generation {record.id} is {record.state}; only an unknown outcome can be resolved"
        )
    return [record]


def _count(generations: int) -> str:
    return "1 generation" if generations == 1 else f"{generations} generations"


def _get_reserved_micro_usd(record: GenerationRecord) -> int:
    """Return what is set aside for it now: it ends with the outcome, unless that is unknown."""
    return record.reserved_micro_usd if not record.is_over or record.state == "unknown" else 0


def _read_error_code(record: GenerationRecord) -> str | None:
    return None if record.error is None else msgspec.json.decode(record.error, type=_Error).code


def _to_json(record: GenerationRecord, key_name: str) -> dict[str, object]:
    return {
        "id": record.id,
        "state": record.state,
        "claimed_at": to_iso(record.claimed_at_ms),
        "ended_at": None if record.ended_at_ms is None else to_iso(record.ended_at_ms),
        "key": key_name,
        "user": record.end_user,
        "model": record.model,
        "cost_usd": None if record.cost_micro_usd is None else to_usd(record.cost_micro_usd),
        "reserved_usd": to_usd(_get_reserved_micro_usd(record)),
        "error_code": _read_error_code(record),
    }


def _to_row(record: GenerationRecord, key_name: str) -> tuple[str, ...]:
    reserved = _get_reserved_micro_usd(record)
    return (
        record.id,
        format_time(record.claimed_at_ms / 1000),
        record.state,
        key_name,
        record.end_user or "-",
        record.model,
        "-" if record.cost_micro_usd is None else format_exact_usd(record.cost_micro_usd),
        format_exact_usd(reserved) if reserved else "-",
        _read_error_code(record) or "-",
    )
