"""What a key has spent and may still spend, beside what it is. This module must not write."""

from collections.abc import Sequence

from msgspec import json

from limner.ledger.budgets import find_period
from limner.ledger.database import Database, SqlValue, to_integer
from limner.ledger.key_rules import BUDGET_PERIODS, ApiKey
from limner.ledger.queries import load_queries
from limner.ledger.records import MICRO_USD_PER_USD
from limner.wire.limner_keys import KeyEntry

_QUERIES = load_queries("keys")


def describe_key(database: Database, key: ApiKey, now_ms: int) -> KeyEntry:
    """Return a key as it is shown, with the sums of the current period of its budget."""
    (entry,) = describe_keys(database, [key], now_ms)
    return entry


def describe_keys(database: Database, keys: Sequence[ApiKey], now_ms: int) -> list[KeyEntry]:
    """Return keys as they are shown, in their order. A few queries serve all: some hundreds are asked for at once."""
    ids = json.encode([key.id for key in keys]).decode()
    values: dict[str, SqlValue] = {"ids": ids, "now": now_ms // 1000}
    ends = {
        str(key_id): to_integer(end)
        for key_id, end in database.fetch_all(_QUERIES["read_previous_ends"], values)
    }
    accounts: dict[tuple[str, str], tuple[int, int]] = {}
    for kind in BUDGET_PERIODS:
        of_kind = [key.id for key in keys if key.budget_period == kind]
        if of_kind:
            accounts |= _read_accounts(database, of_kind, kind, now_ms)
    return [
        _describe(key, accounts.get((key.id, key.budget_period), (0, 0)), ends.get(key.id), now_ms)
        for key in keys
    ]


def _read_accounts(
    database: Database, key_ids: Sequence[str], kind: str, now_ms: int
) -> dict[tuple[str, str], tuple[int, int]]:
    period = find_period(kind, now_ms)
    values: dict[str, SqlValue] = {
        "ids": json.encode(key_ids).decode(),
        "first_day": "total" if period is None else period.first_day,
        "last_day": "total" if period is None else period.last_day,
    }
    return {
        (str(key_id), kind): (to_integer(pending), to_integer(posted))
        for key_id, pending, posted in database.fetch_all(_QUERIES["read_accounts"], values)
    }


def _describe(key: ApiKey, account: tuple[int, int], previous_ends_at: int | None, now_ms: int) -> KeyEntry:
    period = find_period(key.budget_period, now_ms)
    pending, posted = account
    budget = key.budget_micro_usd
    return KeyEntry(
        id=key.id,
        name=key.name,
        owner=key.owner,
        is_admin=key.is_admin,
        models=None if key.models is None else sorted(key.models),
        image_output=key.image_output,
        budget_usd=None if budget is None else _to_usd(budget),
        budget_period=key.budget_period,
        period_ends_at=None if period is None else period.end_ms // 1000,
        spent_usd=_to_usd(posted),
        reserved_usd=_to_usd(pending),
        left_usd=None if budget is None else _to_usd(max(budget - posted - pending, 0)),
        images_per_minute=key.images_per_minute,
        requests_per_minute=key.requests_per_minute,
        expires_at=key.expires_at,
        created_at=key.created_at,
        previous_secret_ends_at=previous_ends_at,
        revoked_at=key.revoked_at,
    )


def _to_usd(micro_usd: int) -> float:
    """Return dollars. The shortest decimal of the float has just the digits there are, as long as there are 15."""
    whole, rest = divmod(micro_usd, MICRO_USD_PER_USD)
    return micro_usd / MICRO_USD_PER_USD if rest else whole
