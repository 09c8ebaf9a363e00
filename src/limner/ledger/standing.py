"""How the books stand at this moment, for those who watch: what runs, what nobody knows, what reached nobody.

This module must not write, nor know who asks.
"""

from msgspec import Struct

from limner.ledger.database import Database, to_integer
from limner.ledger.queries import load_queries

_QUERIES = load_queries("standing")


class OpenSum(Struct, frozen=True):
    """Generations of one model that are not decided."""

    generations: int
    reserved_micro_usd: int


class Standing(Struct, frozen=True, kw_only=True):
    """The books at one moment, everybody's."""

    running: dict[str, OpenSum]
    """Claimed and not ended, by model."""
    unknown: dict[str, OpenSum]
    """Ended, and nobody knows how, by model."""
    undelivered: int
    """Answers of late that have reached nobody."""


def read_standing(database: Database, since_ms: int) -> Standing:
    """Return how the books stand; answers count from those that ended at `since_ms`."""
    sums: dict[str, dict[str, OpenSum]] = {"running": {}, "unknown": {}}
    for model, kind, count, reserved in database.fetch_all(_QUERIES["sum_open"]):
        sums[str(kind)][str(model)] = OpenSum(to_integer(count), to_integer(reserved))
    undelivered = database.fetch_integer(_QUERIES["count_undelivered"], {"since": since_ms})
    return Standing(running=sums["running"], unknown=sums["unknown"], undelivered=undelivered)
