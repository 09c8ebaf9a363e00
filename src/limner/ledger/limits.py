"""What a key may do in a minute. This module must not know money or repeats.

A minute is the sixty seconds before now, so a refusal can say exactly when there is room again.
"""

from limner.errors import RateLimited
from limner.ledger.database import Database, SqlValue
from limner.ledger.keys import ApiKey
from limner.ledger.queries import load_queries

_MINUTE_MS = 60_000
_NEVER_SECONDS = 3600.0
"""Longer than any client waits: trying again is of no use."""

_QUERIES = load_queries("limits")


def check_requests(database: Database, key: ApiKey, now_ms: int) -> RateLimited | None:
    """Return the refusal of a key that has made its requests of this minute."""
    limit = key.requests_per_minute
    if limit is None:
        return None
    values: dict[str, SqlValue] = {"key_id": key.id, "after": now_ms - _MINUTE_MS}
    used = database.fetch_integer(_QUERIES["count_requests"], values)
    if used < limit:
        return None
    first_ms = database.fetch_integer(_QUERIES["find_request"], values | {"offset": used - limit})
    return _refuse("requests", key, limit, first_ms, now_ms)


def count_request(database: Database, key: ApiKey, now_ms: int) -> None:
    """Count a request of a key that is limited in them."""
    if key.requests_per_minute is None:
        return
    database.fetch_all(_QUERIES["sweep_requests"], {"key_id": key.id, "before": now_ms - _MINUTE_MS})
    database.fetch_all(_QUERIES["add_request"], {"key_id": key.id, "now": now_ms})


def check_images(database: Database, key: ApiKey, wanted: int, now_ms: int) -> RateLimited | None:
    """Return the refusal of a key that may not begin so many more pictures in this minute; failed ones do not count."""
    limit = key.images_per_minute
    if limit is None or wanted == 0:
        return None
    values: dict[str, SqlValue] = {"owner": key.owner, "key_id": key.id, "after": now_ms - _MINUTE_MS}
    used = database.fetch_integer(_QUERIES["count_generations"], values)
    excess = used + wanted - limit
    if excess <= 0:
        return None
    if wanted > limit:
        return RateLimited(
            f"The key {key.name!r} may have {limit} pictures a minute, and the call asks for {wanted}.",
            retry_after_seconds=_NEVER_SECONDS,
        )
    first_ms = database.fetch_integer(_QUERIES["find_generation"], values | {"excess": excess})
    return _refuse("pictures", key, limit, first_ms, now_ms)


def sweep_requests(database: Database, now_ms: int) -> None:
    """Forget old requests, those of keys that never came again too."""
    database.fetch_all(_QUERIES["sweep_all_requests"], {"before": now_ms - _MINUTE_MS})


def _refuse(what: str, key: ApiKey, limit: int, first_ms: int, now_ms: int) -> RateLimited:
    # A clock that was set back must not make anyone wait for longer than the minute.
    wait_ms = min(first_ms + _MINUTE_MS - now_ms, _MINUTE_MS)
    return RateLimited(
        f"The key {key.name!r} may have {limit} {what} a minute; there is room in {wait_ms / 1000:.1f} s.",
        retry_after_seconds=wait_ms / 1000,
    )
