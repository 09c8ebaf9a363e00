"""Client keys as rows: the values that a query takes, and the key that a row is. This module must not know any query."""

import json

from limner.ledger.database import SqlValue, to_integer, to_optional_integer
from limner.ledger.key_rules import ApiKey


def to_row(key: ApiKey) -> dict[str, SqlValue]:
    """Return what can be changed of a key, and its id, as the values of a query."""
    return {
        "id": key.id,
        "name": key.name,
        "owner": key.owner,
        "is_admin": int(key.is_admin),
        "models": None if key.models is None else json.dumps(sorted(key.models)),
        "image_output": key.image_output,
        "expires_at": key.expires_at,
        "budget_micro_usd": key.budget_micro_usd,
        "budget_period": key.budget_period,
        "images_per_minute": key.images_per_minute,
        "requests_per_minute": key.requests_per_minute,
    }


def to_key(row: tuple[SqlValue, ...]) -> ApiKey:
    """Return the key of a row of the columns that all queries of keys select."""
    key_id, name, owner, is_admin, models, image_output, expires_at, created_at, *limits = row
    budget_micro_usd, budget_period, images_per_minute, requests_per_minute, revoked_at = limits
    return ApiKey(
        id=str(key_id),
        name=str(name),
        owner=str(owner),
        is_admin=bool(is_admin),
        models=None if models is None else frozenset(json.loads(str(models))),
        image_output=None if image_output is None else str(image_output),
        expires_at=to_optional_integer(expires_at),
        created_at=to_integer(created_at),
        budget_micro_usd=to_optional_integer(budget_micro_usd),
        budget_period=str(budget_period),
        images_per_minute=to_optional_integer(images_per_minute),
        requests_per_minute=to_optional_integer(requests_per_minute),
        revoked_at=to_optional_integer(revoked_at),
    )
