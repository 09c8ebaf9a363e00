"""What need not be kept any more. This module must not touch files; it says which, and forgets them afterwards.

The row of a generation stays for the books: who, when, which model, how many tokens, how much.
"""

from collections.abc import Iterable

from limner.ledger.database import Database, SqlValue
from limner.ledger.endings import resolve_all
from limner.ledger.queries import load_queries
from limner.ledger.records import RepeatWindows, Retention
from limner.ledger.repeats import UNKEYED_WINDOW_MS

_QUERIES = load_queries("retention")


def list_expired(
    database: Database, retention: Retention, windows: RepeatWindows, now_ms: int, limit: int
) -> list[tuple[str, str]]:
    """Return ids and folders of some generations whose time is over."""
    is_kept = retention.retention_ms > 0
    values: dict[str, SqlValue] = {
        "now": now_ms,
        "limit": limit,
        "unkeyed_ms": UNKEYED_WINDOW_MS,
        "idempotency_ms": windows.idempotency_ms,
        "undelivered_ms": windows.undelivered_ms,
        "retention_ms": retention.retention_ms,
        "linked_retention_ms": retention.linked_retention_ms if is_kept else 0,
    }
    rows = database.fetch_all(_QUERIES["list_expired"], values)
    return [(str(generation_id), str(folder)) for generation_id, folder in rows]


def read_stored_bytes(database: Database) -> int:
    """Return how much all files take."""
    return database.fetch_integer(_QUERIES["read_stored_bytes"])


def list_evictable(
    database: Database, windows: RepeatWindows, now_ms: int, limit: int
) -> list[tuple[str, str]]:
    """Return ids and folders of the oldest generations that a client has got and nobody asked to keep.

    Those that a repeat may still be answered from come only when there are no others.
    """
    values: dict[str, SqlValue] = {
        "now": now_ms,
        "limit": limit,
        "unkeyed_ms": UNKEYED_WINDOW_MS,
        "idempotency_ms": windows.idempotency_ms,
    }
    sql = _QUERIES["list_evictable"]
    rows = database.fetch_all(sql, values | {"is_pressed": 0}) or database.fetch_all(
        sql, values | {"is_pressed": 1}
    )
    return [(str(generation_id), str(folder)) for generation_id, folder in rows]


def forget_files(database: Database, generation_ids: Iterable[str]) -> None:
    """Write that the files have gone, and drop the text of the answers; no repeat finds them any more."""
    for generation_id in generation_ids:
        if database.fetch_all(_QUERIES["forget_files"], {"id": generation_id}):
            database.fetch_all(_QUERIES["forget_pictures"], {"id": generation_id})


def forget_prompts(
    database: Database, retention: Retention, windows: RepeatWindows, now_ms: int, limit: int
) -> int:
    """Let go some prompts that no files go with any more, or ever did; return how many."""
    values: dict[str, SqlValue] = {
        "now": now_ms,
        "limit": limit,
        "unkeyed_ms": UNKEYED_WINDOW_MS,
        "idempotency_ms": windows.idempotency_ms,
        "retention_ms": retention.retention_ms,
    }
    return database.change(_QUERIES["forget_prompts"], values)


def resolve_old_unknowns(database: Database, policy: str, before_ms: int, now_ms: int) -> int:
    """Decide by policy (hold, post or void) on outcomes unknown since before then; return how many."""
    if policy == "hold":
        return 0
    return resolve_all(database, before_ms, now_ms, is_posted=policy == "post", note="policy")
