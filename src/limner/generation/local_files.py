"""What one gateway does with the files on its own disk: share them, drop copies, sweep what is left of failures.

Knows folders and what the books say of them, not what is in them. Nothing here is waited for by a client, but for
a repeat on another gateway, which gets its answer when the files are shared.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import Executor

from limner.generation.record import State
from limner.ledger.upkeep import Upkeep
from limner.pictures.disk import measure_free_bytes, measure_volume_bytes
from limner.pictures.shared import SharedStore, SharedStoreError
from limner.pictures.store import PictureStore

_LOG = logging.getLogger("limner.generation")

_UPLOADS_AT_ONCE = 4
_FOLDERS_AT_ONCE = 500
_COPY_SECONDS = 3600.0
"""How long a copy stays here as well: repeats come soon or never."""
_SCARCE_SHARE = 0.2
"""Of the volume: if less is free, copies go at once."""
_SHORTEST_KEEPING_MS = 24 * 3_600_000
"""What is left of an answer with an unknown outcome is kept so long at least: it may tell what happened."""


class LocalFiles:
    """The jobs. Everything raises DatabaseError or OSError; then it is done the next time."""

    def __init__(
        self,
        upkeep: Upkeep,
        store: PictureStore,
        *,
        shared: SharedStore | None,
        replica_id: str,
        threads: Executor,
        retention_ms: int,
        now: Callable[[], float],
    ) -> None:
        self._upkeep = upkeep
        self._store = store
        self._shared = shared
        self._replica_id = replica_id
        self._threads = threads
        self._retention_ms = retention_ms
        self._now = now

    async def add_missing_uploads(self) -> None:
        """Have everything shared that was received when there was no shared store, or before books were moved."""
        if self._shared is not None and (found := await self._upkeep.add_missing_uploads(self._replica_id)):
            _LOG.info("%d answers go into the shared store", found)

    async def share(self) -> None:
        """Put into the shared store what is not there yet; what fails is tried again later, and later still."""
        if self._shared is None:
            return
        while found := await self._upkeep.take_due(
            "upload", replica_id=self._replica_id, limit=_UPLOADS_AT_ONCE
        ):
            await asyncio.gather(*(self._upload(self._shared, *one) for one in found))

    async def sweep_drafts(self) -> None:
        """Delete what is left of unfinished answers when a whole one would have gone, or once it is decided."""
        now_ms = round(self._now() * 1000)
        for generation_id in self._store.list_drafts():
            record = await self._upkeep.find_any(generation_id)
            if record is None or record.ended_at_ms is None:
                continue
            is_decided = record.state != State.UNKNOWN
            kept_ms = 0 if record.store is False else self._retention_ms
            if is_decided or record.ended_at_ms + max(kept_ms, _SHORTEST_KEEPING_MS) <= now_ms:
                await self._in_thread(self._store.remove_draft, generation_id)

    async def drop_copies(self) -> None:
        """Delete what is in the shared store as well, when it was not needed for a while, and what was let go."""
        if self._shared is None:
            return
        folders = list(self._store.list_folders())
        for start in range(0, len(folders), _FOLDERS_AT_ONCE):
            await self._drop_some(folders[start : start + _FOLDERS_AT_ONCE])

    async def _drop_some(self, folders: list[str]) -> None:
        known = await self._upkeep.list_known([folder.partition("/")[2] for folder in folders])
        before = time.time() - (0.0 if self._is_scarce() else _COPY_SECONDS)
        for folder in folders:
            found = known.get(folder.partition("/")[2])
            if found is None:
                continue
            is_copy = found.is_uploaded and self._store.get_path(folder).stat().st_mtime <= before
            if found.is_let_go or is_copy:
                await self._in_thread(self._store.remove, folder)

    def _is_scarce(self) -> bool:
        folder = self._store.spool_folder
        return measure_free_bytes(folder) < measure_volume_bytes(folder) * _SCARCE_SHARE

    async def _upload(self, shared: SharedStore, generation_id: str, folder: str) -> None:
        try:
            await shared.upload(folder, self._store.get_path(folder))
        except SharedStoreError as error:
            _LOG.warning("%s is not in the shared store yet: %s", folder, error)
            return
        except OSError as error:
            _LOG.error("the files in %s cannot be read, and are not shared (%s)", folder, error.strerror)
            return
        if not await self._upkeep.note_upload(generation_id):  # deleted meanwhile
            await shared.remove(folder)

    async def _in_thread(self, step: Callable[[str], None], name: str) -> None:
        await asyncio.get_running_loop().run_in_executor(self._threads, step, name)
