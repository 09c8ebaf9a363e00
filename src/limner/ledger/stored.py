"""What an owner changes of a stored completion. This module must not touch files, nor know what metadata says.

Functions here run inside a transaction that their caller opens, and ends before it believes them.
"""

from limner.ledger.database import Database, SqlValue
from limner.ledger.queries import load_queries

_QUERIES = load_queries("generations")


def write_metadata(database: Database, generation_id: str, metadata: bytes | None) -> bool:
    """Put other metadata, JSON, on a generation asked with `store: true`; False if there is none that is kept."""
    values: dict[str, SqlValue] = {
        "id": generation_id,
        "metadata": None if metadata is None else metadata.decode(),
    }
    return bool(database.fetch_all(_QUERIES["write_metadata"], values))
