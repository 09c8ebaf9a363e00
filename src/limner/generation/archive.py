"""Answers that this process did not receive: kept here, in the shared store, or still coming on another replica.

A client of such an answer visits a generation as any other. It is followed: looked up when something is told of it
and from time to time, until it is over and its files are here. Knows no door.
"""

import asyncio
import logging
from concurrent.futures import Executor
from pathlib import Path

from limner.errors import GatewayError, GatewayUnavailable, InternalError, NotFound
from limner.generation.record import Generation, State
from limner.generation.replaying import (
    StoredFailure,
    fill,
    find_folder,
    load,
    raise_stored_error,
    to_generation,
)
from limner.ledger.changes import Changes
from limner.ledger.errors import DatabaseError
from limner.ledger.generations import Ledger
from limner.ledger.records import GenerationRecord
from limner.pictures.shared import FolderMissing, SharedStore, SharedStoreError
from limner.pictures.store import PictureStore

_LOG = logging.getLogger("limner.generation")

_FILES_PATIENCE_SECONDS = 120.0
"""How long a client waits for the files of an answer that is over, before it is told to ask again."""

_LINK_PATIENCE_SECONDS = 30.0
"""How long the files of an answer are waited for by whoever wants one of its pictures."""

_POLL_SECONDS = 1.0
"""Behind what is told, which may be lost."""


class Archive:
    """Finds answers for clients."""

    def __init__(
        self,
        ledger: Ledger,
        store: PictureStore,
        *,
        threads: Executor,
        shared: SharedStore | None,
        changes: Changes | None,
        replica_id: str,
        patience_seconds: float,
    ) -> None:
        """`changes` tells of the generations of other replicas than `replica_id`.

        `patience_seconds` is how long one that runs is followed at most.
        """
        self._ledger = ledger
        self._store = store
        self._threads = threads
        self._shared = shared
        self._changes = changes
        self._replica_id = replica_id
        self._patience_seconds = patience_seconds
        self._followed: dict[str, Generation] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is followed."""
        return not self._tasks

    async def load(self, record: GenerationRecord) -> Generation | None:
        """Return an answer that is here; None: it has to be followed, for it runs, or may be had from elsewhere.

        Raises NotFound: its files were deleted, or are not what they were. StoredFailure: it ended with an error.
        """
        raise_stored_error(record)
        if not record.is_over:
            return None
        generation = to_generation(record)
        try:
            await self._fill(generation, record)
        except NotFound:
            if record.folder is None or self._shared is None:
                raise
            return None
        generation.restore(State.SETTLED)
        return generation

    def follow(self, record: GenerationRecord) -> Generation:
        """Return a generation that is over once it has ended elsewhere and its files are here."""
        generation = self._followed.get(record.id)
        if generation is None:
            generation = self._followed[record.id] = to_generation(record)
            task = asyncio.get_running_loop().create_task(self._follow(generation))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return generation

    async def fetch_folder(self, record: GenerationRecord, *, is_spoilt: bool = False) -> Path:
        """Return the folder of an answer that is over, its files here; anew if the copy here `is_spoilt`.

        Raises NotFound: they were deleted. GatewayUnavailable: they cannot be had now.
        """
        folder = find_folder(record)
        path = self._store.get_path(folder)
        if self._shared is None or (path.is_dir() and not is_spoilt):
            return path
        ends_at = asyncio.get_running_loop().time() + _LINK_PATIENCE_SECONDS
        while not await self._download(self._shared, folder, is_uploaded=record.uploaded_at_ms is not None):
            if asyncio.get_running_loop().time() > ends_at:
                raise _unreachable()
            await self._wait(record.id)
            if (found := await self._ledger.find_any(record.id)) is None:
                raise NotFound("The answer of this call is no longer there.")
            record = found
            folder = find_folder(record)
        return path

    async def drain(self, timeout_seconds: float) -> None:
        """Wait for what is followed; who waits longer is told to ask again, of another gateway."""
        if self._tasks:
            _, left = await asyncio.wait(self._tasks, timeout=timeout_seconds)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    async def _follow(self, generation: Generation) -> None:
        state = State.UNKNOWN
        try:
            async with asyncio.timeout(self._patience_seconds):
                state = await self._wait_for_end(generation)
        except StoredFailure as stored:
            generation.failure = stored.error
        except GatewayError as error:
            generation.failure = error
        except TimeoutError:
            generation.failure = _unreachable()
        except asyncio.CancelledError:
            generation.failure = GatewayUnavailable(
                "The gateway is shutting down; the answer can be asked for again.", code="shutting_down"
            )
        except Exception as error:
            _LOG.error("generation %s cannot be followed: %s", generation.id, type(error).__name__)
            generation.failure = InternalError()
            raise
        finally:
            self._followed.pop(generation.id, None)
            generation.end(state, is_awaited=generation.clients > 0)

    async def _wait_for_end(self, generation: Generation) -> State:
        """Return the state that a generation is in once it is whole here. Raises GatewayError or StoredFailure."""
        clock = asyncio.get_running_loop().time
        over_at: float | None = None
        while over_at is None or clock() < over_at + _FILES_PATIENCE_SECONDS:
            try:
                record = await self._ledger.find_any(generation.id)
                if record is None:
                    raise NotFound("The answer of this call is no longer there.")
                if record.is_over:
                    over_at = over_at or clock()
                    if await self._get(generation, record):
                        return State(record.state)
            except DatabaseError as error:
                _LOG.warning("generation %s cannot be looked up now: %s", generation.id, error)
            await self._wait(generation.id)
        raise _unreachable()

    async def _get(self, generation: Generation, record: GenerationRecord) -> bool:
        """Return whether the answer is here now; False if its files are on their way."""
        raise_stored_error(record)
        if record.state == State.FAILED:  # its first client left in the moment this one joined it
            raise GatewayUnavailable(
                "The call that this one repeats was given up unsent; nothing was bought. Try again.",
                code="storage_unavailable",
            )
        folder = find_folder(record)
        try:
            await self._fill(generation, record)
        except NotFound:
            is_uploaded = record.uploaded_at_ms is not None
            if self._shared is None or not (is_uploaded or record.replica_id != self._replica_id):
                raise
        else:
            return True
        if not await self._download(self._shared, folder, is_uploaded=is_uploaded):
            return False
        await self._fill(generation, record)
        return True

    async def _download(self, shared: SharedStore, folder: str, *, is_uploaded: bool) -> bool:
        """Return whether a copy is here now. Raises NotFound if there is none and none will come."""
        loop = asyncio.get_running_loop()
        try:
            target = await loop.run_in_executor(self._threads, self._store.prepare, folder)
            if is_uploaded:  # what is here in its place, if anything, could not be read
                await loop.run_in_executor(self._threads, self._store.remove, folder)
            await shared.download(folder, target)
        except FolderMissing:
            if is_uploaded:
                raise NotFound("The answer of this call is no longer there.") from None
            return False
        except (SharedStoreError, OSError) as error:
            _LOG.warning("%s cannot be fetched from the shared store now: %s", folder, error)
            return False
        return True

    async def _fill(self, generation: Generation, record: GenerationRecord) -> None:
        path = self._store.get_path(find_folder(record))
        pictures = await self._ledger.read_pictures(record.id)
        loop = asyncio.get_running_loop()
        fill(generation, await loop.run_in_executor(self._threads, load, record, pictures, path))

    async def _wait(self, generation_id: str) -> None:
        if self._changes is None:
            await asyncio.sleep(_POLL_SECONDS)
        else:
            await self._changes.wait(generation_id, _POLL_SECONDS)


def _unreachable() -> GatewayUnavailable:
    return GatewayUnavailable(
        "The answer is kept by another gateway and cannot be fetched now; it can be asked for again.",
        code="storage_unavailable",
    )
