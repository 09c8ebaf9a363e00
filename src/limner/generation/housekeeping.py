"""What has to be done from time to time for all: delete what is no longer kept, decide what nobody has decided.

Files go after the books have forgotten them: a kill in between leaves files that are found and removed, never rows
without files. Any gateway or worker may do it, and two at once do no harm. Knows nothing of who asked for what.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Literal

from msgspec import Struct

from limner.generation.storage import StorageGauge
from limner.ledger.records import Retention
from limner.ledger.upkeep import Upkeep
from limner.pictures.disk import measure_volume_bytes
from limner.pictures.shared import SharedStore, SharedStoreError
from limner.pictures.store import PictureStore

_LOG = logging.getLogger("limner.generation")

_BATCH = 200
_EVICTED_AT_ONCE = 10
_REMOVED_AT_ONCE = 20
_DEFAULT_SHARE = 0.8
"""Of the volume, where no limit is set."""


class HousekeepingRules(Struct, frozen=True, kw_only=True):
    """How long things are kept, and how much of them."""

    retention: Retention
    max_bytes: int | None
    """None: four fifths of the volume; without a limit where there is a shared store."""
    unknown_policy: Literal["hold", "post", "void"]
    unknown_ms: int


class Housekeeping:
    """The jobs. Everything raises DatabaseError or OSError; then it is done the next time."""

    def __init__(
        self,
        upkeep: Upkeep,
        store: PictureStore,
        storage: StorageGauge,
        *,
        shared: SharedStore | None,
        threads: Executor,
        rules: HousekeepingRules,
        now: Callable[[], float],
    ) -> None:
        self._upkeep = upkeep
        self._store = store
        self._storage = storage
        self._shared = shared
        self._threads = threads
        self._rules = rules
        self._now = now
        self.stored_bytes: int | None = None
        """What all files took when that was last looked at."""
        self.expired = 0
        """Answers whose files this process has deleted because their time was over."""
        self.evicted = 0
        """The same to make room."""

    async def retain(self) -> None:
        """Delete what is past its time or has no room, and forget what no rule asks for any more."""
        while removed := await self._remove(await self._upkeep.list_expired(self._rules.retention, _BATCH)):
            self.expired += removed
        while await self._upkeep.forget_prompts(self._rules.retention, _BATCH) == _BATCH:
            pass
        await self._shrink()
        await self._upkeep.sweep_requests()

    async def resolve(self) -> None:
        """Decide by policy on outcomes that have been unknown for long."""
        before_ms = round(self._now() * 1000) - self._rules.unknown_ms
        await self._upkeep.resolve_old_unknowns(self._rules.unknown_policy, before_ms)

    async def remove_shared(self) -> None:
        """Delete from the shared store what the books have let go."""
        if self._shared is None:
            return
        while found := await self._upkeep.take_due("removal", limit=_REMOVED_AT_ONCE):
            for generation_id, folder in found:
                try:
                    await self._shared.remove(folder)
                except SharedStoreError as error:
                    _LOG.warning("%s cannot be removed from the shared store now: %s", folder, error)
                    return
                await self._upkeep.remove_transfer(generation_id, "removal")

    async def gauge(self) -> None:
        """See whether the store is full of answers that may not go; each gateway has to know for itself."""
        max_bytes = self.find_max_bytes()
        self.stored_bytes = await self._upkeep.read_stored_bytes()
        is_full = (
            max_bytes is not None
            and self.stored_bytes > max_bytes
            and not await self._upkeep.list_evictable(1)
        )
        if is_full and not self._storage.is_full:
            _LOG.warning("the store is full of answers that may not go: nothing new is bought")
        self._storage.is_full = is_full

    async def _shrink(self) -> None:
        """Delete the oldest delivered answers until the store is within its size."""
        max_bytes = self.find_max_bytes()
        if max_bytes is None:
            return
        excess_bytes = await self._upkeep.read_stored_bytes() - max_bytes
        while excess_bytes > 0 and (
            removed := await self._remove(await self._upkeep.list_evictable(_EVICTED_AT_ONCE))
        ):
            self.evicted += removed
            excess_bytes = await self._upkeep.read_stored_bytes() - max_bytes

    def find_max_bytes(self) -> int | None:
        """Return how much all files may take, None for any. Raises OSError."""
        if self._rules.max_bytes is None and self._shared is None:
            return int(measure_volume_bytes(self._store.spool_folder) * _DEFAULT_SHARE)
        return self._rules.max_bytes

    async def _remove(self, found: Sequence[tuple[str, str]]) -> int:
        """Forget and delete generations' files, given as id and folder; return how many."""
        if found:
            await self._upkeep.forget_files(found)
        loop = asyncio.get_running_loop()
        for _, folder in found:
            await loop.run_in_executor(self._threads, self._store.remove, folder)
        return len(found)
