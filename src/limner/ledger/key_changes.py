"""Changes to client keys that exist, and the keys one by one. This module must not know HTTP, settings or secrets.

Each function is for one transaction of whoever calls.
"""

from dataclasses import replace
from string import ascii_lowercase, ascii_uppercase
from typing import Any

from msgspec import Struct

from limner.ledger.database import Database, SqlValue
from limner.ledger.errors import DuplicateError, KeyRefused
from limner.ledger.key_rows import to_key, to_row
from limner.ledger.key_rules import ApiKey, check_key, name_taken
from limner.ledger.queries import load_queries

_QUERIES = load_queries("keys")

KEY_STATES = ("active", "expired", "revoked")


def find_key(database: Database, key_id: str) -> ApiKey | None:
    """Return the stored key of this id, unless it was revoked."""
    return _first(database.fetch_all(_QUERIES["get_key"], {"id": key_id}))


def find_named_key(database: Database, name: str) -> ApiKey:
    """Return the stored key of this name. Raises KeyRefused: there is none."""
    key = _first(database.fetch_all(_QUERIES["get_named_key"], {"name": name}))
    if key is None:
        raise KeyRefused(f"there is no key named {name!r}")
    return key


class KeyChoice(Struct, frozen=True, kw_only=True):
    """Which keys are asked for; what is None does not matter."""

    name: str | None = None
    owner: str | None = None
    search: str | None = None
    """What stands somewhere in the name; the case of A to Z does not matter."""
    state: str | None = None
    """One of KEY_STATES. None: all but the revoked."""


ALL_KEYS = KeyChoice()


def list_keys(
    database: Database, *, after: str | None, limit: int, choice: KeyChoice = ALL_KEYS, now: int = 0
) -> list[ApiKey]:
    """Return stored keys behind the one with the id `after`, oldest first; behind one that is not there is none.

    `now` decides which have expired, where that is asked for.
    """
    place: tuple[SqlValue, ...] = (-1, "")
    if after is not None:
        rows = database.fetch_all(_QUERIES["find_place"], {"id": after})
        if not rows:
            return []
        (place,) = rows
    values: dict[str, SqlValue] = {
        "after_at": place[0],
        "after_id": place[1],
        "limit": limit,
        "name": choice.name,
        "owner": choice.owner,
        "search": None if choice.search is None else _fold(choice.search),
        "state": choice.state or "live",
        "now": now,
    }
    return [to_key(row) for row in database.fetch_all(_QUERIES["list_page"], values)]


def change_key(database: Database, key: ApiKey, changes: dict[str, Any], now: int) -> ApiKey:
    """Write other values into a stored key and return it; `changes` go by the names in ApiKey.

    An `owner` of None makes the key its own owner. What it may do changes at once, what it has made stays whose it is.
    Raises KeyRefused.
    """
    if changes.get("owner", key.owner) is None:
        changes = {**changes, "owner": key.id}
    changed = replace(key, **changes)
    if changed.budget_period != key.budget_period and changed.budget_micro_usd is None:
        raise KeyRefused("a budget period is nothing without a budget", field="budget_micro_usd")
    # One that has expired may be renamed: only a new end has to lie ahead.
    check_key(changed if "expires_at" in changes else replace(changed, expires_at=None), now)
    try:
        count = database.change(_QUERIES["change_key"], to_row(changed))
    except DuplicateError:
        raise name_taken(changed.name) from None
    if count == 0:
        raise KeyRefused(f"there is no key named {key.name!r}")
    return changed


def check_admin_left(database: Database, key_id: str, secret_id: str, now: int) -> None:
    """Return if there is an admin key beside this one that can be used. Raises KeyRefused.

    Until the transaction ends nobody else finds out the same, so two keys cannot take each other away.
    """
    database.lock("keys", "admins")
    values: dict[str, SqlValue] = {"id": key_id, "digest_secret_id": secret_id, "now": now}
    if database.fetch_integer(_QUERIES["count_other_admins"], values) == 0:
        raise KeyRefused(
            "this is the last admin key that can be used; make another first, or do it on the gateway's machine",
            field="is_admin",
        )


def _fold(text: str) -> str:
    # Both databases fold these letters, and only they do so alike.
    return text.translate(str.maketrans(ascii_uppercase, ascii_lowercase))


def _first(rows: list[tuple[SqlValue, ...]]) -> ApiKey | None:
    return to_key(rows[0]) if rows else None
