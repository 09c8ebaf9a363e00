"""Which credentials are let rest, and until when, as all gateways of one database know it. Knows digests, no credential."""

from collections.abc import Iterable

from msgspec import Struct

from limner.ledger.database import Database, to_integer
from limner.ledger.queries import load_queries

_QUERIES = load_queries("parks")


class ParkRow(Struct, frozen=True, kw_only=True):
    """One that rests, for a model or ('') for all. Times are epoch milliseconds."""

    credential_id: str
    model: str
    reason: str
    failures: int
    since_ms: int
    until_ms: int


def write_park(database: Database, row: ParkRow) -> None:
    """Note that a credential rests; a rest that ends later stays."""
    database.change(
        _QUERIES["write_park"],
        {
            "credential_id": row.credential_id,
            "model": row.model,
            "reason": row.reason,
            "failures": row.failures,
            "since": row.since_ms,
            "until": row.until_ms,
        },
    )


def remove_park(database: Database, credential_id: str, model: str) -> None:
    """Note that a credential rests no more."""
    database.change(_QUERIES["remove_park"], {"credential_id": credential_id, "model": model})


def remove_all_parks(database: Database, credential_ids: Iterable[str]) -> None:
    """Note that none of these credentials rests any more."""
    for credential_id in credential_ids:
        database.change(_QUERIES["remove_parks_of"], {"credential_id": credential_id})


def read_parks(database: Database, now_ms: int) -> list[ParkRow]:
    """Return those whose rest is not over."""
    return [
        ParkRow(
            credential_id=str(credential_id),
            model=str(model),
            reason=str(reason),
            failures=to_integer(failures),
            since_ms=to_integer(since_ms),
            until_ms=to_integer(until_ms),
        )
        for credential_id, model, reason, failures, since_ms, until_ms in database.fetch_all(
            _QUERIES["read_parks"], {"now": now_ms}
        )
    ]
