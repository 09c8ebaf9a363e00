"""Builds what gateways and workers both stand on: books, stores, housekeeping and a place among others.

Knows settings; must not know doors, nor how a picture is drawn.
"""

from concurrent.futures import ThreadPoolExecutor

from limner.config import Settings
from limner.generation.housekeeping import Housekeeping, HousekeepingRules
from limner.generation.membership import Membership
from limner.generation.storage import StorageGauge
from limner.ledger.books import Books
from limner.ledger.clock import SteadyClock
from limner.ledger.data_dir import load_replica_id
from limner.ledger.errors import LedgerError
from limner.ledger.opening import open_books, open_database
from limner.ledger.records import RepeatWindows, Retention
from limner.ledger.recovery import reset_clients
from limner.ledger.replicas import Kind, Replica, register
from limner.ledger.signing import identify_secret
from limner.ledger.upkeep import Upkeep
from limner.pictures.shared import SharedStore, open_shared_store
from limner.pictures.store import PictureStore

_STORE_THREADS = 8
"""Each waits for the disk most of its time."""

_HOUR_MS = 3_600_000
_GIB = 1024**3


class Foundation:
    """Open books and stores of one process."""

    def __init__(self, settings: Settings, signing_secret: bytes, kind: Kind) -> None:
        """Open everything, and take a place among the others.

        Raises OSError or LedgerError: data folder, database or store cannot be used, or do not fit in with the others'.
        """
        # Names count where there are several.
        self.replica_id = "" if settings.database_url is None else load_replica_id(settings.data_dir)
        self.shared = _open_shared(settings)
        self.store = PictureStore(settings.data_dir)
        self.store.create()
        self.replica = Replica(
            id=self.replica_id,
            kind=kind,
            store="" if self.shared is None else self.shared.identity,
            secret_id=identify_secret(signing_secret),
        )
        self.clock, self.books, epoch = _open_books(settings, self.replica)
        self.windows = _to_windows(settings)
        self.upkeep = Upkeep(
            self.books, now=self.clock, windows=self.windows, is_shared=self.shared is not None
        )
        self.membership = None if epoch is None else Membership(self.upkeep, self.replica, epoch)
        self.threads = ThreadPoolExecutor(_STORE_THREADS, thread_name_prefix="limner-store")
        self.storage = StorageGauge(self.store.spool_folder, self.threads)
        self.rules = _to_rules(settings)
        self.housekeeping = Housekeeping(
            self.upkeep,
            self.store,
            self.storage,
            shared=self.shared,
            threads=self.threads,
            rules=self.rules,
            now=self.clock,
        )

    def close(self) -> None:
        """Let everything go."""
        self.threads.shutdown()
        self.books.close()


def _open_books(settings: Settings, replica: Replica) -> tuple[SteadyClock, Books, int | None]:
    """Return the time, the books and, where there may be others, the epoch that this process registered with."""
    url = read_database_url(settings)
    writes_as = replica.id if replica.kind == "gateway" else ""
    epoch = None
    with open_database(settings.data_dir, url, replica_id=writes_as) as database:
        clock = SteadyClock(database.read_seconds())
        if url is not None:
            # In one: who asks whether this replica lives must not take its clients of before for living ones.
            with database.transaction():
                epoch = register(database, replica)
                reset_clients(database, int(clock() * 1000))
    return clock, open_books(settings.data_dir, url, replica_id=writes_as), epoch


def read_database_url(settings: Settings) -> str | None:
    """Return where PostgreSQL is; None: the books are in the data folder."""
    return None if settings.database_url is None else settings.database_url.get_secret_value()


def _open_shared(settings: Settings) -> SharedStore | None:
    if settings.image_store_url is None:
        return None
    try:
        options = {name: value.get_secret_value() for name, value in settings.image_store_options.items()}
        return open_shared_store(settings.image_store_url, options)
    except ValueError as error:
        raise LedgerError(f"LIMNER_IMAGE_STORE_URL cannot be used: {error}") from error


def _to_windows(settings: Settings) -> RepeatWindows:
    return RepeatWindows(
        idempotency_ms=round(settings.idempotency_hours * _HOUR_MS),
        undelivered_ms=round(settings.undelivered_hours * _HOUR_MS),
    )


def _to_rules(settings: Settings) -> HousekeepingRules:
    return HousekeepingRules(
        retention=Retention(
            retention_ms=round(settings.image_retention_hours * _HOUR_MS),
            linked_retention_ms=round(settings.linked_retention_hours * _HOUR_MS),
        ),
        max_bytes=None if settings.store_max_gib is None else round(settings.store_max_gib * _GIB),
        unknown_policy=settings.unknown_policy,
        unknown_ms=round(settings.unknown_hours * _HOUR_MS),
    )
