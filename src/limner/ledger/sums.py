"""Whether the books agree with themselves. This module must not mend anything; it says what is wrong."""

from limner.ledger.database import Database
from limner.ledger.queries import load_queries

_QUERIES = load_queries("sums")


def check_sums(database: Database) -> list[str]:
    """Return one line for each difference between entries, accounts and generations; none if all is well.

    Reads everything, in one transaction, so that a running server does not change it under way.
    """
    with database.snapshot():
        return [str(line) for sql in _QUERIES.values() for (line,) in database.fetch_all(sql)]
