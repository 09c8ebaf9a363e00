"""Finds the generations that turns of a conversation came from. This module must not know what a turn is to a model."""

from collections.abc import Iterable

from msgspec import json

from limner.ledger.database import Database, SqlValue
from limner.ledger.queries import load_queries

_QUERIES = load_queries("turns")

_MOST_FOUND = 8
"""Of each."""


def find_by_picture(
    database: Database, sha256s: Iterable[str], *, owner: str, end_user: str
) -> dict[str, list[str]]:
    """Return the ids of the caller's kept generations that drew a picture, newest first, by its digest."""
    values: dict[str, SqlValue] = {
        "digests": json.encode([*sha256s]).decode(),
        "owner": owner,
        "end_user": end_user,
        "limit": _MOST_FOUND,
    }
    return _gather(database.fetch_all(_QUERIES["find_by_picture"], values))


def find_by_conversation(database: Database, conversations: Iterable[str]) -> dict[str, list[str]]:
    """Return the ids of kept and delivered generations, newest first, by what they were asked after.

    A digest holds whose call it is, so nobody finds another's.
    """
    values: dict[str, SqlValue] = {"digests": json.encode([*conversations]).decode(), "limit": _MOST_FOUND}
    return _gather(database.fetch_all(_QUERIES["find_by_conversation"], values))


def _gather(rows: Iterable[tuple[object, ...]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for digest, generation_id in rows:
        found.setdefault(str(digest), []).append(str(generation_id))
    return found
