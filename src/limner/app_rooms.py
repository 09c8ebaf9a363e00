"""Builds what stands behind the gateway's doors, and opens and closes it in order. Knows settings; no door."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial

from limner.app_foundation import Foundation, read_database_url
from limner.app_upstreams import build_upstreams, exchange_credentials
from limner.config import Settings
from limner.fetching.fetcher import Fetcher, FetchRules
from limner.generation.admission import Admission
from limner.generation.archive import Archive
from limner.generation.clearance import Clearance
from limner.generation.generations import Generations
from limner.generation.kept_pictures import KeptPictures
from limner.generation.local_files import LocalFiles
from limner.generation.memory import Memory
from limner.generation.parks import Parks
from limner.generation.receiving import Receiver
from limner.generation.recovery import recover
from limner.generation.rounds import Rounds
from limner.generation.running import Runner
from limner.generation.settling import Settlement
from limner.generation.sources import Sources
from limner.generation.stored_answers import StoredAnswers
from limner.generation.thumbnails import Thumbnails
from limner.generation.upstreams import Upstreams
from limner.ledger.changes import Changes
from limner.ledger.generations import Ledger
from limner.ledger.signing import derive
from limner.pictures.links import PictureLinks
from limner.pictures.spool import FileSpool, SpoolFolder
from limner.pictures.thumbnail_cache import ThumbnailCache
from limner.upstream.inquiries import Inquiries
from limner.upstream.model_list import ModelList
from limner.web.delivery import Deliveries

_HOUSEKEEPING_SECONDS = 60.0
_TRANSFER_SECONDS = 5.0
_PARK_SECONDS = 2.0
"""How soon one gateway knows of a credential what another has found out."""
_LAST_ROUND_SECONDS = 8.0
"""For the files of the last calls, which others may be waiting for; what is not shared by then is at the next start."""

_FOLLOW_MARGIN_SECONDS = 60.0
"""Beyond the longest call: its files have to come as well."""


class Rooms:
    """What stands behind the doors."""

    def __init__(self, settings: Settings, signing_secret: bytes) -> None:
        """Open everything. Raises OSError or LedgerError: the data folder, database or store cannot be used."""
        self.foundation = foundation = Foundation(settings, signing_secret, "gateway")
        self.books = foundation.books
        self.spool_files = SpoolFolder(foundation.store.spool_folder)
        self.upstreams, self.parks = self._build_upstreams(settings, signing_secret)
        self.inquiries = Inquiries(self.upstreams.pool, self.upstreams.client)
        self.models = ModelList(self.inquiries.list_models)
        self.ledger = Ledger(
            foundation.books,
            now=foundation.clock,
            windows=foundation.windows,
            is_shared=foundation.shared is not None,
        )
        self.fingerprint_key = derive(signing_secret, "call fingerprint")
        self.deliveries = Deliveries()
        self.links = PictureLinks(derive(signing_secret, "picture links"))
        self.changes = self._build_changes(settings)
        self.settlement = Settlement(
            self.ledger, foundation.store, foundation.storage, threads=foundation.threads
        )
        self.archive = self._build_archive(settings)
        self.admission = Admission(
            max_running=settings.max_concurrent, max_relay_bytes=settings.max_relay_bytes
        )
        self.generations = self._build_generations()
        self.answers = StoredAnswers(
            self.generations, self.ledger, foundation.upkeep, foundation.store, threads=foundation.threads
        )
        self.kept = KeptPictures(self.archive, threads=foundation.threads)
        self.thumbnails = self._build_thumbnails(settings)
        self.fetcher = Fetcher(_to_fetch_rules(settings))
        self.sources, self.memory = self._build_reading(derive(signing_secret, "conversations"))
        self._drain_seconds = settings.drain_seconds
        self._files = self._build_files()
        self._housekeeping, self._transfers = self._build_rounds()
        self._park_rounds = Rounds("sharing rests", _PARK_SECONDS, self._share_parks)

    def new_spool(self) -> FileSpool:
        """Return where an input picture is received."""
        return FileSpool(self.spool_files)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Recover, run, and in the end let what runs finish. Raises DatabaseError or OSError."""
        try:
            await recover(self.ledger, self.foundation.store)
            await self._files.add_missing_uploads()
            await self.parks.share(self.upstreams.pool)
            await self.fetcher.open()
            self._start()
            yield
        finally:
            await self._close()

    def exchange_credentials(self, settings: Settings, signing_secret: bytes) -> None:
        """Have the credentials of other settings from now on, none of which rests. Raises NoCredentials."""
        credentials = exchange_credentials(self.upstreams, settings, signing_secret)
        self.parks.name(credentials)
        self.parks.forget(credentials)

    async def _share_parks(self) -> None:
        await self.parks.share(self.upstreams.pool)

    def _start(self) -> None:
        if self.foundation.membership is not None:
            self.foundation.membership.start(
                on_replaced=lambda: self.generations.begin_draining(self._drain_seconds)
            )
        if self.changes is not None:
            self.changes.start()
        self._housekeeping.start()
        if self.foundation.membership is not None:
            self._park_rounds.start()
        if self.foundation.shared is not None:
            self._transfers.start()

    async def _close(self) -> None:
        self.generations.begin_draining(self._drain_seconds)
        await self.generations.drain()
        await self._housekeeping.stop()
        self.thumbnails.close()
        await self._transfers.finish(_LAST_ROUND_SECONDS)
        if self.changes is not None:
            await self.changes.stop()
        if self.foundation.membership is not None:
            await self.foundation.membership.leave()
        await self._park_rounds.stop()
        await self.upstreams.client.close()
        await self.fetcher.close()
        self.foundation.close()
        self.spool_files.close()

    def _build_changes(self, settings: Settings) -> Changes | None:
        url, membership = read_database_url(settings), self.foundation.membership
        if url is None or membership is None:
            return None
        return Changes(url, self.foundation.replica_id, on_asked_for_sign=membership.give_sign)

    def _build_upstreams(self, settings: Settings, signing_secret: bytes) -> tuple[Upstreams, Parks]:
        clock = self.foundation.clock
        parks = Parks(self.foundation.books, now=clock)
        upstreams = build_upstreams(settings, signing_secret, now=clock, on_park=parks.note)
        parks.name(upstreams.pool.credentials)
        return upstreams, parks

    def _build_archive(self, settings: Settings) -> Archive:
        foundation = self.foundation
        return Archive(
            self.ledger,
            foundation.store,
            threads=foundation.threads,
            shared=foundation.shared,
            changes=self.changes,
            replica_id=foundation.replica_id,
            patience_seconds=settings.upstream_timeout_seconds + _FOLLOW_MARGIN_SECONDS,
        )

    def _build_reading(self, conversation_key: bytes) -> tuple[Sources, Memory]:
        sources = Sources(
            self.ledger,
            self.kept,
            self.links,
            self.fetcher,
            new_spool=self.new_spool,
            now=self.foundation.clock,
        )
        memory = Memory(self.ledger, self.archive, threads=self.foundation.threads, key=conversation_key)
        return sources, memory

    def _build_thumbnails(self, settings: Settings) -> Thumbnails:
        return Thumbnails(
            self.kept,
            ThumbnailCache(settings.data_dir),
            threads=self.foundation.threads,
            list_known=self.ledger.list_known,
        )

    def _build_files(self) -> LocalFiles:
        foundation = self.foundation
        return LocalFiles(
            foundation.upkeep,
            foundation.store,
            shared=foundation.shared,
            replica_id=foundation.replica_id,
            threads=foundation.threads,
            retention_ms=foundation.rules.retention.retention_ms,
            now=foundation.clock,
        )

    def _build_generations(self) -> Generations:
        foundation = self.foundation
        membership = foundation.membership
        runner = Runner(
            self.upstreams,
            self.ledger,
            foundation.store,
            foundation.storage,
            self.settlement,
            new_receiver=partial(Receiver, new_id=new_id, new_spool=self.new_spool),
            now=foundation.clock,
            may_send=membership.is_certain if membership is not None else lambda: True,
        )
        clearance = Clearance(
            self.ledger,
            foundation.storage,
            are_settled=membership.are_settled if membership is not None else _know,
        )
        return Generations(
            runner,
            self.ledger,
            clearance,
            self.archive,
            self.admission,
            fingerprint_key=self.fingerprint_key,
            new_id=new_id,
            now=foundation.clock,
        )

    def _build_rounds(self) -> tuple[Rounds, Rounds]:
        housekeeping = self.foundation.housekeeping
        transfers = Rounds(
            "sharing files",
            _TRANSFER_SECONDS,
            self._files.share,
            self._unless_worker(housekeeping.remove_shared),
        )
        self.settlement.call_when_written(lambda _: transfers.wake())
        minutely = Rounds(
            "housekeeping",
            _HOUSEKEEPING_SECONDS,
            self._unless_worker(housekeeping.retain),
            self._unless_worker(housekeeping.resolve),
            housekeeping.gauge,
            self._files.sweep_drafts,
            self.thumbnails.sweep,
            self._files.drop_copies,
        )
        return minutely, transfers

    def _unless_worker(self, job: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        """Return a job that is left to a worker, if there is one."""
        if self.foundation.membership is None:
            return job

        async def do_unless_worker() -> None:
            if not await self.foundation.upkeep.has_live("worker"):
                await job()

        return do_unless_worker


async def _know(_: Sequence[str]) -> bool:
    """Say that it is known who lives: where there is one gateway."""
    return True


def new_id(prefix: str) -> str:
    """Return an id of 128 random bits, such as `gen_…`."""
    return f"{prefix}_{secrets.token_hex(16)}"


def _to_fetch_rules(settings: Settings) -> FetchRules:
    return FetchRules(
        schemes=frozenset(settings.fetch_schemes), allowed_hosts=frozenset(settings.fetch_allow_hosts)
    )
