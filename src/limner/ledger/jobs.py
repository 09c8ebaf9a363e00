"""What the job queue leaves behind. PostgreSQL only: the tables are Procrastinate's, and all else in them is its own.

This module must not know which jobs there are. Functions here run inside a transaction that their caller opens.
"""

from limner.ledger.database import Database
from limner.ledger.queries import load_queries

_QUERIES = load_queries("jobs")


def forget_old(database: Database) -> None:
    """Delete jobs that nobody took for an hour, as those for the folder of a worker that is gone, and old schedules."""
    database.change(_QUERIES["forget_jobs"])
    database.change(_QUERIES["forget_schedules"])
