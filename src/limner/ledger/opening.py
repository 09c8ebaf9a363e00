"""Opens the books where the settings say they are: the only module of this room that knows both databases."""

from pathlib import Path

from limner.ledger.books import Books, LocalBooks
from limner.ledger.database import Database
from limner.ledger.postgres import PostgresDatabase
from limner.ledger.schema import bring_up_to_date
from limner.ledger.shared_books import SharedBooks
from limner.ledger.sqlite import SqliteDatabase


def open_database(data_dir: Path, url: str | None = None, *, replica_id: str = "") -> Database:
    """Return one connection, at the newest schema: to PostgreSQL if there is a URL, else to the folder's SQLite file.

    `replica_id` is who writes through it; a command is nobody.

    Raises:
        DatabaseError: it cannot be opened, or needs a newer Limner.
    """
    if url is None:
        return SqliteDatabase(data_dir)
    database = PostgresDatabase.connect(url, replica_id=replica_id)
    try:
        bring_up_to_date(database)
    except BaseException:
        database.close()
        raise
    return database


def open_books(data_dir: Path, url: str | None = None, *, replica_id: str = "") -> Books:
    """Return the books as a running server uses them. Raises DatabaseError."""
    if url is None:
        return LocalBooks(data_dir)
    with open_database(data_dir, url):
        return SharedBooks(url, replica_id=replica_id)
