"""Who works on a shared database: who lives, who has died, and what the dead have left. PostgreSQL only.

A replica is a gateway or a worker on one data folder. Time here is the database's: nobody is given up for dead
because a machine's clock is wrong. This module must not know files, nor how a generation ends. Functions here run
inside a transaction that their caller opens.
"""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct, json

from limner.ledger.database import Database, SqlValue, to_integer
from limner.ledger.errors import LedgerError
from limner.ledger.lookups import to_record
from limner.ledger.queries import load_queries
from limner.ledger.records import GenerationRecord

Kind = Literal["gateway", "worker"]

LEASE_SECONDS = 15.0
"""A replica that was not seen for so long is given up for dead."""

_QUERIES = load_queries("replicas")


class Replica(Struct, frozen=True, kw_only=True):
    """One process, and what it has to have in common with all others."""

    id: str
    kind: Kind
    store: str
    """What tells the shared store from others; '' for none."""
    secret_id: str
    """What tells the signing secret from others."""


def register(database: Database, replica: Replica) -> int:
    """Write that a process starts, and return its epoch: an earlier process on its folder is it no more.

    Raises:
        LedgerError: it does not fit in with those that live.
    """
    database.lock("replicas", "register")
    rows = database.fetch_all(_QUERIES["list_others"], {**_name(replica), "lease_seconds": LEASE_SECONDS})
    for store, secret_id in rows:
        _check_fit(replica, str(store), str(secret_id))
    values = {**_name(replica), "store": replica.store, "secret_id": replica.secret_id}
    ((epoch,),) = database.fetch_all(_QUERIES["register"], values)
    return to_integer(epoch)


def renew(database: Database, replica: Replica, epoch: int) -> bool:
    """Write that a process lives; False if it was given up for dead, or another has taken its place."""
    return database.change(_QUERIES["renew"], {**_name(replica), "epoch": epoch}) == 1


def is_replaced(database: Database, replica: Replica, epoch: int) -> bool:
    """Return whether another process has taken its place."""
    rows = database.fetch_all(_QUERIES["find_epoch"], _name(replica))
    return bool(rows) and to_integer(rows[0][0]) > epoch


def leave(database: Database, replica: Replica, epoch: int) -> None:
    """Write that a process ends."""
    database.change(_QUERIES["leave"], {**_name(replica), "epoch": epoch})


def has_live(database: Database, kind: Kind, replica_id: str | None = None) -> bool:
    """Return whether one of the kind lives, on a folder or on any."""
    values: dict[str, SqlValue] = {"kind": kind, "id": replica_id, "lease_seconds": LEASE_SECONDS}
    return database.fetch_integer(_QUERIES["count_live"], values) > 0


def ask_for_signs(database: Database, replica_ids: Sequence[str]) -> float:
    """Ask gateways to say that they live, once the transaction ends; return the time after which that counts."""
    for replica_id in replica_ids:
        database.fetch_all(_QUERIES["ask_for_sign"], {"id": replica_id})
    return database.read_seconds()


def list_silent(
    database: Database, replica_ids: Sequence[str], since_seconds: float
) -> tuple[list[str], list[str]]:
    """Return which gateways have not been seen since then, and which are not there at all."""
    values: dict[str, SqlValue] = {"ids": json.encode([*replica_ids]).decode()}
    seen = {
        str(replica_id): seen_at for replica_id, seen_at in database.fetch_all(_QUERIES["read_seen"], values)
    }
    silent = [one for one, at in seen.items() if isinstance(at, float) and at < since_seconds]
    return silent, [one for one in replica_ids if one not in seen]


def take_dead(database: Database) -> list[tuple[str, str]]:
    """Strike out those that have not been seen for too long; return their ids and kinds."""
    rows = database.fetch_all(_QUERIES["take_dead"], {"lease_seconds": LEASE_SECONDS})
    return [(str(replica_id), str(kind)) for replica_id, kind in rows]


def list_abandoned(database: Database) -> list[GenerationRecord]:
    """Return the generations without an end of gateways that are not there, oldest first."""
    return [to_record(row) for row in database.fetch_all(_QUERIES["list_abandoned"])]


def reset_clients_of_dead(database: Database) -> None:
    """Write that gateways that are not there answer nobody."""
    database.change(_QUERIES["reset_clients_of_dead"])


def _name(replica: Replica) -> dict[str, SqlValue]:
    return {"id": replica.id, "kind": replica.kind}


def _check_fit(replica: Replica, store: str, secret_id: str) -> None:
    if secret_id != replica.secret_id:
        raise LedgerError(
            "another limner on this database has another signing secret; LIMNER_SIGNING_SECRET must be the same "
            "for all"
        )
    if not replica.store:
        raise LedgerError(
            "another limner works on this database, and pictures in a data folder reach only one; set "
            "LIMNER_IMAGE_STORE_URL to the same store for all"
        )
    if store != replica.store:
        raise LedgerError(
            "another limner on this database keeps its pictures elsewhere; LIMNER_IMAGE_STORE_URL must be the "
            "same store for all"
        )
