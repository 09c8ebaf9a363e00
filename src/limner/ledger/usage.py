"""What was made and what it cost, for those who pay. This module must not write."""

from msgspec import Struct, convert

from limner.ledger.database import Database, SqlValue
from limner.ledger.queries import load_queries
from limner.ledger.records import Scope, UsageRow

_QUERIES = load_queries("usage")


def read_usage(
    database: Database, *, key_name: str | None = None, end_user: str | None = None, since_ms: int = 0
) -> list[UsageRow]:
    """Return what was claimed since then, a row for each key, end user and model.

    Revoked keys count under their name, so do all keys that had the same one; fixed keys under their id.
    """
    values: dict[str, SqlValue] = {"key_name": key_name, "end_user": end_user, "since_ms": since_ms}
    names = UsageRow.__struct_fields__
    return [
        convert(dict(zip(names, row, strict=True)), UsageRow)
        for row in database.fetch_all(_QUERIES["read_usage"], values)
    ]


class DayRow(Struct, frozen=True, kw_only=True):
    """What one key made with one model on one day."""

    day: str
    """In UTC, such as `2026-11-28`."""
    model: str
    key_name: str
    generations: int
    pictures: int
    input_tokens: int
    output_tokens: int
    cost_micro_usd: int
    held_micro_usd: int


def read_days(
    database: Database, scope: Scope | None, *, key_name: str | None, since_ms: int, until_ms: int
) -> list[DayRow]:
    """Return what was claimed in a time, the end not included, by day, model and key.

    `scope` None stands for everybody's. Names are as in `read_usage`.
    """
    values: dict[str, SqlValue] = {"key_name": key_name, "since_ms": since_ms, "until_ms": until_ms}
    if scope is None:
        query = _QUERIES["read_days_of_all"]
    else:
        query = _QUERIES["read_days_of_owner"]
        values |= {"owner": scope.owner, "end_user": scope.end_user}
    names = DayRow.__struct_fields__
    return [convert(dict(zip(names, row, strict=True)), DayRow) for row in database.fetch_all(query, values)]
