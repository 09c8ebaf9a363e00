"""Whether a database is whole, and its books agree with themselves. This module must not mend anything.

A server may work on it meanwhile.
"""

from msgspec import Struct

from limner.ledger.database import Database, to_integer
from limner.ledger.errors import DatabaseError
from limner.ledger.queries import load_queries
from limner.ledger.sums import check_sums

_QUERIES = load_queries("integrity")
_READ_VERSION = load_queries("schema")["read_schema_version"]


class Findings(Struct, frozen=True, kw_only=True):
    """What was looked at, and what was wrong with it."""

    schema: int
    rows: dict[str, int]
    """How many, by table."""
    problems: tuple[str, ...]
    """A line for each."""


def check(database: Database) -> Findings:
    """Look at everything, at the sums at one moment. Raises DatabaseError: it cannot be read."""
    if database.dialect == "postgres":
        # A whole ledger takes longer to read than a call may wait.
        database.change("SET SESSION statement_timeout = 0")
    schema = to_integer(database.fetch_all(_READ_VERSION)[0][0])
    faults = [str(line) for (line,) in database.fetch_all(_QUERIES["list_faults"])]
    try:
        with database.snapshot():
            rows, differences = count_rows(database), check_sums(database)
    except DatabaseError as error:
        if not faults:
            raise
        rows, differences = {}, [str(error)]  # damaged so far that it cannot be read
    return Findings(schema=schema, rows=rows, problems=(*faults, *differences))


def count_rows(database: Database) -> dict[str, int]:
    """Return how many rows each table of the books has."""
    return {str(table): to_integer(count) for table, count in database.fetch_all(_QUERIES["count_rows"])}
