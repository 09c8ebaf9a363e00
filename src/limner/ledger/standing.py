"""How the books stand at this moment, for those who watch: what runs, what nobody knows, what reached nobody.

Also whether they can be written at all. This module must not leave anything written, nor know who asks.
"""

from contextlib import suppress

from msgspec import Struct

from limner.ledger.database import Database, to_integer
from limner.ledger.queries import load_queries

_QUERIES = load_queries("standing")
_READ_VERSION = load_queries("schema")["read_schema_version"]


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


class _TakenBack(Exception):
    """The writing was only to see."""


def read_schema(database: Database) -> int:
    """Return the number of the newest migration. Raises DatabaseError."""
    return to_integer(database.fetch_all(_READ_VERSION)[0][0])


def try_writing(database: Database) -> None:
    """Return if the database takes a write, which is then taken back. Raises DatabaseError."""
    with suppress(_TakenBack), database.transaction():
        database.change(_QUERIES["add_probe"], {"key_id": "probe", "now": 0})
        raise _TakenBack
