"""What an operator decides on outcomes that nobody knows: the reservation is spent, or given back. Once for each.

Functions here run inside a transaction that their caller opens, and ends before it believes them. Who decides, and by
what evidence, is not known here.
"""

from typing import Literal

from msgspec import Struct

from limner.ledger.cases import read_entries
from limner.ledger.database import Database
from limner.ledger.endings import resolve
from limner.ledger.errors import DatabaseError, LedgerError
from limner.ledger.lookups import find_any
from limner.ledger.queries import load_queries
from limner.ledger.records import GenerationRecord

_LIST_OLD_UNKNOWNS = load_queries("endings")["list_old_unknowns"]

Outcome = Literal["post", "void"]

OUTCOMES: tuple[Outcome, ...] = ("post", "void")

_NOTES = ("operator", "policy")
"""Who decides where the answer itself did not."""


class NoGeneration(LedgerError):
    """There is no generation with this id."""


class OutcomeKnown(LedgerError):
    """The generation runs, or has an end that nobody has to decide on, or was decided on otherwise."""


class Decided(Struct, frozen=True, kw_only=True):
    """A decision as it stands in the books now."""

    generation_id: str
    outcome: Outcome
    micro_usd: int
    """The reservation that it was on."""
    was_decided: bool
    """Whether it stood there before."""


def decide(database: Database, generation_id: str, outcome: Outcome, now_ms: int) -> Decided:
    """Decide on one generation; the same decision made again changes nothing.

    Raises:
        NoGeneration: there is none.
        OutcomeKnown: its outcome is known, or was decided otherwise.
    """
    record = find_any(database, generation_id)
    if record is None:
        raise NoGeneration(f"there is no generation {generation_id!r}")
    is_new = record.state == "unknown" and _resolve(database, generation_id, outcome, now_ms)
    if not is_new and _find_decision(database, generation_id) != outcome:
        raise OutcomeKnown(
            f"generation {record.id} is {_read_state(database, record)}; only an unknown outcome can be resolved"
        )
    return Decided(
        generation_id=generation_id,
        outcome=outcome,
        micro_usd=record.reserved_micro_usd,
        was_decided=not is_new,
    )


def decide_all(database: Database, outcome: Outcome, *, before_ms: int, now_ms: int) -> list[Decided]:
    """Decide alike on all generations whose outcome is unknown and that ended before then, the oldest first."""
    rows = database.fetch_all(_LIST_OLD_UNKNOWNS, {"before": before_ms})
    return [decide(database, str(generation_id), outcome, now_ms) for (generation_id,) in rows]


def _resolve(database: Database, generation_id: str, outcome: Outcome, now_ms: int) -> bool:
    """Write a decision; False, and nothing, if somebody else has just made one, or the answer was found."""
    try:
        resolve(database, generation_id, now_ms, is_posted=outcome == "post")
    except DatabaseError:
        raise
    except LedgerError:
        return False
    return True


def _read_state(database: Database, record: GenerationRecord) -> str:
    """Return the state that a generation is in now."""
    found = find_any(database, record.id)
    return record.state if found is None else found.state


def _find_decision(database: Database, generation_id: str) -> Outcome | None:
    """Return what was decided on a generation whose outcome was unknown; None: nothing, its answer said it."""
    entries = {entry.kind: entry for entry in read_entries(database, generation_id)}
    for outcome in OUTCOMES:
        if "hold" in entries and outcome in entries and entries[outcome].note in _NOTES:
            return outcome
    return None
