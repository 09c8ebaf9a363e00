"""Which earlier generation a call repeats. This module must not know money, nor write a generation.

The rules are the contract's, tried in its order; `sql/sqlite/repeats.sql` says which rows each means.
"""

from limner.errors import IdempotencyKeyReused
from limner.ledger.database import Database, SqlValue
from limner.ledger.queries import load_queries
from limner.ledger.records import Claim, Found, Occupied, RepeatWindows

UNKEYED_WINDOW_MS = 300_000
"""How long an outcome that is no answer is told again, and how long a delivered picture may still be needed."""

_RETRY_WINDOW_MS = 120_000

# A call younger than this has a client that is certainly still there.
_SETTLED_IN_MS = 1_000

# Longer than any generation runs and may be repeated afterwards.
_REFUSAL_MEMORY_MS = 3_600_000

_QUERIES = load_queries("repeats")


def find_repeat(
    database: Database, claim: Claim, windows: RepeatWindows, now_ms: int
) -> Found | Occupied | None:
    """Return what the call repeats; None if it is new.

    Raises:
        IdempotencyKeyReused: its Idempotency-Key stands for another call.
    """
    if claim.is_always_new:
        return None
    if claim.idempotency_digest is not None:
        return _find_keyed(database, claim, windows, now_ms)
    return _find_equal(database, claim, windows, now_ms)


def list_occupiers(database: Database, claim: Claim, windows: RepeatWindows, now_ms: int) -> tuple[str, ...]:
    """Return the other replicas that answer clients from equal calls whose answer nobody has got yet."""
    values: dict[str, SqlValue] = {
        "fingerprint": claim.fingerprint,
        "claimed_after": now_ms - windows.undelivered_ms,
    }
    return tuple(str(replica_id) for (replica_id,) in database.fetch_all(_QUERIES["list_occupiers"], values))


def note_refusal(database: Database, fingerprint: bytes, now_ms: int) -> None:
    """Remember that a call was refused for want of money, rate or capacity, and forget old refusals."""
    database.fetch_all(_QUERIES["note_refusal"], {"fingerprint": fingerprint, "now": now_ms})
    database.fetch_all(_QUERIES["sweep_refusals"], {"before": now_ms - _REFUSAL_MEMORY_MS})


def _find_keyed(database: Database, claim: Claim, windows: RepeatWindows, now_ms: int) -> Found | None:
    rows = database.fetch_all(
        _QUERIES["find_keyed"],
        {
            "digest": claim.idempotency_digest,
            "end_user": claim.end_user,
            "ended_after": now_ms - windows.idempotency_ms,
        },
    )
    if not rows:
        return None
    ((generation_id, fingerprint),) = rows
    if fingerprint != claim.fingerprint:
        raise IdempotencyKeyReused(
            "This Idempotency-Key was used for another request; send the request it was used for, "
            "or another key."
        )
    return Found(str(generation_id))


def _find_equal(
    database: Database, claim: Claim, windows: RepeatWindows, now_ms: int
) -> Found | Occupied | None:
    ((waiting_id, wrong_id, is_occupied),) = database.fetch_all(
        _QUERIES["find_equals"],
        {
            "fingerprint": claim.fingerprint,
            "claimed_after": now_ms - windows.undelivered_ms,
            "wrong_after": now_ms - UNKEYED_WINDOW_MS,
            "running_since": now_ms - _SETTLED_IN_MS,
        },
    )
    found = waiting_id or wrong_id
    if found is None and claim.is_retry:
        found = _find_newest(database, claim.fingerprint, now_ms)
    if found is not None:
        return Found(str(found))
    return Occupied() if is_occupied and not claim.has_waited else None


def _find_newest(database: Database, fingerprint: bytes, now_ms: int) -> SqlValue:
    rows = database.fetch_all(
        _QUERIES["find_newest_equal"], {"fingerprint": fingerprint, "ended_after": now_ms - _RETRY_WINDOW_MS}
    )
    if not rows:
        return None
    ((generation_id, claimed_at_ms),) = rows
    values: dict[str, SqlValue] = {"fingerprint": fingerprint, "since": claimed_at_ms}
    # Then it is the refused call that comes again, not the one that was let in.
    return None if database.fetch_integer(_QUERIES["was_refused"], values) else generation_id
