"""What was made and what it cost, for those who pay. This module must not write."""

from msgspec import convert

from limner.ledger.database import Database, SqlValue
from limner.ledger.queries import load_queries
from limner.ledger.records import UsageRow

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
