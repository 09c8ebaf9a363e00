"""The databases of the ledger's tests: a SQLite file of the test's own, or the session's PostgreSQL database, emptied.

A database is made and brought to the newest schema once; to empty it takes a tenth of the time that a new one
does. It must not know what a test does with it.
"""

from functools import cache
from pathlib import Path

import psycopg

from limner.ledger.database import Database
from limner.ledger.opening import open_database
from places import Place
from postgres import PostgresServer

FIRST = "1" * 16
SECOND = "2" * 16
"""Replicas."""

# Whoever was left by an earlier test could hold a lock.
_DISCONNECT = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename = current_user
"""

# As the owner of the tables only may: nobody else gets past the triggers of the entries.
_EMPTY = """
ALTER TABLE ledger_entries DISABLE TRIGGER USER;
DELETE FROM ledger_entries;
ALTER TABLE ledger_entries ENABLE TRIGGER USER;
DELETE FROM upstream_calls; DELETE FROM upstream_parks; DELETE FROM accounts; DELETE FROM pictures; DELETE FROM transfers; DELETE FROM generations;
DELETE FROM key_previous_secrets; DELETE FROM api_keys;
DELETE FROM request_marks; DELETE FROM refusals; DELETE FROM replicas;
"""


def make_place(tmp_path: Path, database_server: PostgresServer | None) -> Place:
    """Return a place with an empty database, once with each. A fixture where it is used."""
    if database_server is None:
        return Place(tmp_path)
    return make_postgres_place(tmp_path, database_server)


def make_postgres_place(tmp_path: Path, postgres_server: PostgresServer) -> Place:
    """Return a place with an empty database of the server's. A fixture where it is used."""
    url = _make_database(postgres_server)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_DISCONNECT)
    with psycopg.connect(url) as connection:
        connection.execute(_EMPTY)
    return Place(tmp_path, url)


def connect(place: Place, replica_id: str = FIRST) -> Database:
    """Return a connection of a replica's."""
    return open_database(place.data, place.database_url, replica_id=replica_id)


@cache
def _make_database(server: PostgresServer) -> str:
    url: str = server.create_database()
    open_database(Path(), url).close()
    return url
