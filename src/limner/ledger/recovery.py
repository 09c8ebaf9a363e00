"""What a start has to put right. This module must not know files; it is told what they hold.

Functions here run inside a transaction that their caller opens, and ends before it believes them.
"""

from limner.ledger.claims import insert
from limner.ledger.database import Database
from limner.ledger.endings import end
from limner.ledger.errors import DuplicateError
from limner.ledger.limits import sweep_requests
from limner.ledger.queries import load_queries
from limner.ledger.records import Ending, NewGeneration

_QUERIES = load_queries("recovery")


def reset_clients(database: Database, now_ms: int) -> None:
    """Write that nobody is being answered by this server, and forget what counts no more."""
    database.change(_QUERIES["reset_clients"])
    sweep_requests(database, now_ms)


def adopt(database: Database, found: NewGeneration, ending: Ending, now_ms: int) -> bool:
    """Write a generation that only its files know, with its money; False, and nothing, if its id is taken."""
    try:
        with database.savepoint():
            insert(database, found, clients=0)
    except DuplicateError:
        return False
    return end(database, ending, now_ms)
