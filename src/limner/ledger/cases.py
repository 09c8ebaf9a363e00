"""Generations as those see them who mend: with the name of the key, what Gemini said, and each step of the money.

This module must not write, nor know what is to be decided.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import cast

from msgspec import Struct, json

from limner.ledger.database import Database, SqlValue, to_integer
from limner.ledger.lookups import to_record, to_upstream_call
from limner.ledger.queries import load_queries
from limner.ledger.records import GenerationRecord, UpstreamCall

_QUERIES = load_queries("cases")

_AFTER_ALL_MS = 2**62


class CaseChoice(Struct, frozen=True, kw_only=True):
    """Which generations are shown; None stands for any."""

    state: str | None = None
    key_name: str | None = None
    """As usage names keys: a fixed one by the beginning of its id."""
    model: str | None = None
    """Gemini's id."""
    since_ms: int = 0
    """When they were claimed, at the earliest."""
    before_ms: int = _AFTER_ALL_MS
    limit: int = 50


class Case(Struct, frozen=True):
    """A generation, whose it is, and what became of its calls to Gemini, by choice."""

    record: GenerationRecord
    key_name: str
    calls: tuple[UpstreamCall, ...]


class Entry(Struct, frozen=True):
    """One step of a generation's money; micro-dollars, epoch milliseconds."""

    kind: str
    at_ms: int
    pending_micro_usd: int
    posted_micro_usd: int
    note: str | None


def list_cases(database: Database, choice: CaseChoice) -> list[Case]:
    """Return everybody's generations that the choice names, the last claimed first."""
    values: dict[str, SqlValue] = {name: getattr(choice, name) for name in choice.__struct_fields__}
    rows = database.fetch_all(_QUERIES["list_cases"], values)
    calls = list_upstream_calls(database, [str(row[1]) for row in rows])
    return [_to_case(row, calls) for row in rows]


def find_case(database: Database, generation_id: str) -> Case | None:
    """Return one generation, whosever it is; None: there is none with this id."""
    rows = database.fetch_all(_QUERIES["find_case"], {"id": generation_id})
    return _to_case(rows[0], list_upstream_calls(database, [generation_id])) if rows else None


def read_entries(database: Database, generation_id: str) -> list[Entry]:
    """Return what became of a generation's money, step by step."""
    return [
        Entry(str(kind), to_integer(at_ms), to_integer(pending), to_integer(posted), cast("str | None", note))
        for kind, at_ms, pending, posted, note in database.fetch_all(
            _QUERIES["read_entries"], {"id": generation_id}
        )
    ]


def list_upstream_calls(
    database: Database, generation_ids: Iterable[str]
) -> dict[str, tuple[UpstreamCall, ...]]:
    """Return what became of the calls to Gemini of generations, by id; those without any are left out."""
    found: defaultdict[str, list[UpstreamCall]] = defaultdict(list)
    values: dict[str, SqlValue] = {"ids": json.encode([*generation_ids]).decode()}
    for generation_id, *columns in database.fetch_all(_QUERIES["list_upstream_calls"], values):
        found[str(generation_id)].append(to_upstream_call(tuple(columns)))
    return {generation_id: tuple(calls) for generation_id, calls in found.items()}


def _to_case(row: tuple[SqlValue, ...], calls: dict[str, tuple[UpstreamCall, ...]]) -> Case:
    record = to_record(row[1:])
    return Case(record, str(row[0]), calls.get(record.id, ()))
