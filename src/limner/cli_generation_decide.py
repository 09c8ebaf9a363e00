"""`limner generations resolve`: the decision on outcomes that nobody knows. Works while `serve` runs.

This module must not know how the books are kept.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import typer

from limner.cli_keys import open_books_database
from limner.cli_listing import format_usd
from limner.cli_values import parse_moment_ms
from limner.config import load_settings
from limner.ledger.database import Database
from limner.ledger.decisions import Decided, Outcome, decide_all
from limner.ledger.decisions import decide as decide_one
from limner.web.ownership import to_generation_id


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What is decided on unknown outcomes, and on which: one by its id, or all that ended before a moment."""

    generation_id: str | None
    before_ms: int | None
    outcome: Outcome


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
    return Decision(generation_id=generation_id, before_ms=before_ms, outcome="post" if is_posted else "void")


def decide(decision: Decision) -> None:
    """Spend or give back the money of unknown outcomes, and say so.

    Raises:
        LedgerError: the generation is not there, or its outcome is known.
    """
    settings = load_settings()
    with open_books_database(settings) as database, database.transaction():
        decided = _decide(database, decision, int(time.time() * 1000))
    dollars = format_usd(sum(one.micro_usd for one in decided))
    subject = decision.generation_id or _count(len(decided))
    did = "posted as spent" if decision.outcome == "post" else "given back"
    if any(one.was_decided for one in decided):
        print(f"{subject}: {dollars} {did} before; nothing was changed.")
    else:
        print(f"{subject}: {dollars} {did}.")


def _decide(database: Database, decision: Decision, now_ms: int) -> Sequence[Decided]:
    if decision.generation_id is None:
        return decide_all(database, decision.outcome, before_ms=decision.before_ms or 0, now_ms=now_ms)
    generation_id = to_generation_id(decision.generation_id) or decision.generation_id
    return [decide_one(database, generation_id, decision.outcome, now_ms)]


def _count(generations: int) -> str:
    return "1 generation" if generations == 1 else f"{generations} generations"
