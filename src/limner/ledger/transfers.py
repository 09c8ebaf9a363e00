"""What the shared store has to be told: uploads and removals, each written in the transaction that makes it necessary.

This module must not know the store, nor files. Functions here run inside a transaction that their caller opens.
"""

from typing import Literal

from limner.ledger.database import Database, SqlValue
from limner.ledger.queries import load_queries

Kind = Literal["upload", "removal"]

_QUERIES = load_queries("transfers")

# What is taken and not reported done is due again after that, and each time later, up to eight times.
_FIRST_PAUSE_MS = 5_000


def add_upload(database: Database, generation_id: str, due_at_ms: int) -> None:
    """Note that a generation's files are to be in the shared store."""
    database.change(_QUERIES["add_upload"], {"id": generation_id, "due_at_ms": due_at_ms})


def add_missing_uploads(database: Database, replica_id: str, due_at_ms: int) -> int:
    """Note it for all files of a replica that never were there; return how many."""
    values: dict[str, SqlValue] = {"replica_id": replica_id, "due_at_ms": due_at_ms}
    return database.change(_QUERIES["add_missing_uploads"], values)


def add_removal(database: Database, generation_id: str, folder: str, due_at_ms: int) -> None:
    """Note that a generation's files are to go from the shared store, and need not come there any more."""
    remove(database, generation_id, "upload")
    values: dict[str, SqlValue] = {"id": generation_id, "folder": folder, "due_at_ms": due_at_ms}
    database.change(_QUERIES["add_removal"], values)


def take_due(
    database: Database, kind: Kind, now_ms: int, *, replica_id: str = "", limit: int = 1
) -> list[tuple[str, str]]:
    """Return ids and folders of some that are due; they are due again later unless `remove` is called for them.

    `replica_id` is who has the files of an upload; removals are anybody's.
    """
    values: dict[str, SqlValue] = {
        "kind": kind,
        "now": now_ms,
        "replica_id": replica_id,
        "limit": limit,
        "first_pause_ms": _FIRST_PAUSE_MS,
    }
    rows = database.fetch_all(_QUERIES["take_due"], values)
    return [(str(generation_id), str(folder)) for generation_id, folder in rows]


def note_upload(database: Database, generation_id: str, now_ms: int) -> bool:
    """Write that the files are in the shared store; False if they were deleted while they were put there."""
    remove(database, generation_id, "upload")
    return bool(database.fetch_all(_QUERIES["note_upload"], {"id": generation_id, "now": now_ms}))


def remove(database: Database, generation_id: str, kind: Kind) -> None:
    """Write that it is done, or needed no more."""
    database.change(_QUERIES["remove_transfer"], {"id": generation_id, "kind": kind})
