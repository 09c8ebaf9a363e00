"""What single calls cost, to be held against somebody else's account of it. This module must not write."""

from collections.abc import Iterator

from msgspec import Struct

from limner.ledger.cases import list_upstream_calls
from limner.ledger.database import Database, to_integer
from limner.ledger.queries import load_queries
from limner.ledger.records import UpstreamCall

_QUERIES = load_queries("comparing")

_DAY_MS = 86_400_000


class Spending(Struct, frozen=True, kw_only=True):
    """A call that cost something, or may have."""

    generation_id: str
    model: str
    """Gemini's id."""
    is_unknown: bool
    at_ms: int
    """When it was sent."""
    cost_micro_usd: int
    """What is posted."""
    reserved_micro_usd: int
    tokens: int
    is_assumed_free: bool
    asked: bytes
    calls: tuple[UpstreamCall, ...]


def list_spending(database: Database, *, since_ms: int, before_ms: int) -> Iterator[Spending]:
    """Yield what calls cost that were sent in a time, the oldest first, reading a day at once."""
    for start_ms in range(since_ms, before_ms, _DAY_MS):
        end_ms = min(start_ms + _DAY_MS, before_ms)
        rows = database.fetch_all(_QUERIES["list_spending"], {"since_ms": start_ms, "before_ms": end_ms})
        calls = list_upstream_calls(database, [str(row[0]) for row in rows])
        for generation_id, model, state, at_ms, cost, reserved, tokens, is_assumed_free, asked in rows:
            yield Spending(
                generation_id=str(generation_id),
                model=str(model),
                is_unknown=state == "unknown",
                at_ms=to_integer(at_ms),
                cost_micro_usd=to_integer(cost),
                reserved_micro_usd=to_integer(reserved),
                tokens=to_integer(tokens),
                is_assumed_free=bool(is_assumed_free),
                asked=str(asked).encode(),
                calls=calls.get(str(generation_id), ()),
            )
