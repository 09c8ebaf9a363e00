"""What a key has spent and may still spend, beside what it is. This module must not write."""

from limner.ledger.budgets import find_period, read_account
from limner.ledger.database import Database
from limner.ledger.keys import ApiKey
from limner.ledger.records import MICRO_USD_PER_USD
from limner.wire.limner_keys import KeyEntry


def describe_key(database: Database, key: ApiKey, now_ms: int) -> KeyEntry:
    """Return a key as it is shown, with the sums of the current period of its budget."""
    period = find_period(key.budget_period, now_ms)
    pending, posted = read_account(database, key.id, period)
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
    )


def _to_usd(micro_usd: int) -> float:
    """Return dollars. The shortest decimal of the float has just the digits there are, as long as there are 15."""
    whole, rest = divmod(micro_usd, MICRO_USD_PER_USD)
    return micro_usd / MICRO_USD_PER_USD if rest else whole
