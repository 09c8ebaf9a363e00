"""Calls of all kinds and ends as their owner looks at them, and whoever looks after the gateway. This module must not write.

Who looks after it sees states, money and errors, and not what others asked or got.
"""

from collections import defaultdict
from collections.abc import Iterable

from msgspec import Struct, json

from limner.ledger.database import Database, SqlValue, to_integer
from limner.ledger.lookups import to_record
from limner.ledger.queries import load_queries
from limner.ledger.records import GenerationRecord, Scope

_QUERIES = load_queries("calls")

CALLS_AT_ONCE = 1_000
"""How many calls a list goes through before others may ask."""

Place = tuple[int, str]
"""When a call was claimed, and its id."""

NEWEST: Place = (2**62, "")
"""Before all of them."""


class ShownCall(Struct, frozen=True):
    """A generation; what was asked in words, for its owner; its key's name, for who looks after the gateway."""

    record: GenerationRecord
    prompt: str | None
    key_name: str | None


def find_call(database: Database, generation_id: str, scope: Scope | None) -> ShownCall | None:
    """Return the generation if it is within the scope; None stands for everybody's."""
    values: dict[str, SqlValue] = {"id": generation_id}
    if scope is None:
        rows = database.fetch_all(_QUERIES["find_any_call"], values)
    else:
        values |= {"owner": scope.owner, "end_user": scope.end_user}
        rows = database.fetch_all(_QUERIES["find_call"], values)
    return _to_shown(rows[0]) if rows else None


def list_some(
    database: Database, scope: Scope | None, state: str | None, after: Place, limit: int
) -> tuple[list[ShownCall], Place | None]:
    """Return generations behind a place, the newest first, and where to go on; None: there are no more.

    `scope` None stands for everybody's, `state` None for any.
    """
    values: dict[str, SqlValue] = {"after_ms": after[0], "after_id": after[1]}
    if scope is not None:
        values["owner"] = scope.owner
    of_whom = "_of_all" if scope is None else ""
    edge = database.fetch_all(_QUERIES[f"find_edge{of_whom}"], {**values, "offset": CALLS_AT_ONCE - 1})
    edge_ms, edge_id = edge[0] if edge else (-1, "")
    values |= {"edge_ms": edge_ms, "edge_id": edge_id, "state": state, "limit": limit}
    if scope is not None:
        values["end_user"] = scope.end_user
    found = [_to_shown(row) for row in database.fetch_all(_QUERIES[f"list_calls{of_whom}"], values)]
    if len(found) == limit:
        return found, to_place(found[-1])
    return found, (to_integer(edge_ms), str(edge_id)) if edge else None


def to_place(shown: ShownCall) -> Place:
    """Return where a generation stands."""
    return shown.record.claimed_at_ms, shown.record.id


def list_picture_ids(database: Database, generation_ids: Iterable[str]) -> dict[str, list[str]]:
    """Return the ids of the generations' kept pictures, thoughts left out."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    values: dict[str, SqlValue] = {"ids": json.encode([*generation_ids]).decode()}
    for generation_id, picture_id in database.fetch_all(_QUERIES["list_picture_ids"], values):
        found[str(generation_id)].append(str(picture_id))
    return found


def _to_shown(row: tuple[SqlValue, ...]) -> ShownCall:
    prompt, key_name, *columns = row
    return ShownCall(
        to_record(tuple(columns)),
        None if prompt is None else str(prompt),
        None if key_name is None else str(key_name),
    )
