"""What has to be done from time to time: delete what is no longer kept, keep the store within its size.

Files go after the books have forgotten them: a kill in between leaves files that the next start removes, never
rows without files. Knows nothing of who asked for what.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Literal

from msgspec import Struct

from limner.errors import locate
from limner.generation.record import State
from limner.generation.storage import StorageGauge
from limner.ledger.errors import DatabaseError
from limner.ledger.generations import Ledger
from limner.ledger.records import Retention
from limner.pictures.disk import measure_volume_bytes
from limner.pictures.store import PictureStore

_LOG = logging.getLogger("limner.generation")

PAUSE_SECONDS = 60.0
_BATCH = 200
_EVICTED_AT_ONCE = 10
_SHORTEST_KEEPING_MS = 24 * 3_600_000
"""What is left of an answer with an unknown outcome is kept so long at least: it may tell what happened."""
_DEFAULT_SHARE = 0.8
"""Of the volume, where no limit is set."""


class HousekeepingRules(Struct, frozen=True, kw_only=True):
    """How long things are kept, and how much of them."""

    retention: Retention
    max_bytes: int | None
    """None: four fifths of the volume."""
    unknown_policy: Literal["hold", "post", "void"]
    unknown_ms: int


class Housekeeping:
    """A task that comes round every minute."""

    def __init__(
        self,
        ledger: Ledger,
        store: PictureStore,
        storage: StorageGauge,
        *,
        threads: Executor,
        rules: HousekeepingRules,
        now: Callable[[], float],
    ) -> None:
        self._ledger = ledger
        self._store = store
        self._storage = storage
        self._threads = threads
        self._rules = rules
        self._now = now
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.get_running_loop().create_task(self._come_round())

    async def stop(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def do_once(self) -> None:
        """Do all there is to do. Raises DatabaseError or OSError."""
        rules = self._rules
        while await self._remove(self._ledger.list_expired(rules.retention, _BATCH)):
            pass
        await self._shrink()
        await self._sweep_drafts()
        before_ms = round(self._now() * 1000) - rules.unknown_ms
        await self._ledger.resolve_old_unknowns(rules.unknown_policy, before_ms)

    async def _come_round(self) -> None:
        while True:
            try:
                await self.do_once()
            except (DatabaseError, OSError) as error:
                _LOG.warning("housekeeping is put off: %s", error)
            except Exception as error:  # noqa: BLE001 - a task of its own: what is not caught here is never seen
                _LOG.error("housekeeping failed: %s", locate(error))
            await asyncio.sleep(PAUSE_SECONDS)

    async def _shrink(self) -> None:
        """Delete the oldest delivered answers until the store is within its size."""
        max_bytes = self._rules.max_bytes
        if max_bytes is None:
            max_bytes = int(measure_volume_bytes(self._store.spool_folder) * _DEFAULT_SHARE)
        excess_bytes = self._ledger.read_stored_bytes() - max_bytes
        while excess_bytes > 0 and await self._remove(self._ledger.list_evictable(_EVICTED_AT_ONCE)):
            excess_bytes = self._ledger.read_stored_bytes() - max_bytes
        is_full = excess_bytes > 0
        if is_full and not self._storage.is_full:
            _LOG.warning("the store is full of answers that may not go: nothing new is bought")
        self._storage.is_full = is_full

    async def _sweep_drafts(self) -> None:
        """Delete what is left of unfinished answers when a whole one would have gone, or once it is decided."""
        now_ms = round(self._now() * 1000)
        for generation_id in self._store.list_drafts():
            record = self._ledger.find_any(generation_id)
            if record is None or record.ended_at_ms is None:
                continue
            is_decided = record.state != State.UNKNOWN
            kept_ms = 0 if record.store is False else self._rules.retention.retention_ms
            if is_decided or record.ended_at_ms + max(kept_ms, _SHORTEST_KEEPING_MS) <= now_ms:
                await self._in_thread(self._store.remove_draft, generation_id)

    async def _in_thread(self, step: Callable[[str], None], name: str) -> None:
        await asyncio.get_running_loop().run_in_executor(self._threads, step, name)

    async def _remove(self, found: Sequence[tuple[str, str]]) -> int:
        """Forget and delete generations' files, given as id and folder; return how many."""
        if found:
            await self._ledger.forget_files([generation_id for generation_id, _ in found])
        for _, folder in found:
            await self._in_thread(self._store.remove, folder)
        return len(found)
