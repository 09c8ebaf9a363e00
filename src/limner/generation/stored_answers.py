"""What an owner does with an answer that is kept, besides getting it: reads what was asked, notes on it, deletes it.

Knows books and files, wherever these are. Knows no door.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from pathlib import Path

from msgspec import Struct

from limner.generation.generations import Generations
from limner.generation.replaying import find_folder
from limner.generation.stored_request import KeptMessage, read_request
from limner.ledger.generations import Ledger
from limner.ledger.records import GenerationRecord
from limner.ledger.upkeep import Upkeep
from limner.pictures.store import PictureStore

_LOG = logging.getLogger("limner.generation")


class StoredRequest(Struct, frozen=True):
    """What was asked in a call, and the folder that its pictures are in."""

    messages: Sequence[KeptMessage]
    folder: Path


class StoredAnswers:
    """The answers of all owners; whose one is, the caller has found out."""

    def __init__(
        self,
        generations: Generations,
        ledger: Ledger,
        upkeep: Upkeep,
        store: PictureStore,
        *,
        threads: Executor,
    ) -> None:
        self._generations = generations
        self._ledger = ledger
        self._upkeep = upkeep
        self._store = store
        self._threads = threads

    def measure_received(self, generation_id: str) -> int | None:
        """Return how much of a call's pictures has come from Gemini; None: it does not run here."""
        return self._generations.measure_received(generation_id)

    @asynccontextmanager
    async def open_request(self, record: GenerationRecord) -> AsyncIterator[StoredRequest]:
        """Let the block have what was asked in a call that has an answer; it does not expire meanwhile.

        Raises GatewayError: it is no longer there, or cannot be fetched now.
        """
        visit = await self._generations.visit(record)  # which gets the files here, wherever they are
        try:
            with visit.generation.audience.join():
                await visit.generation.wait_until_over()
                if visit.generation.failure is not None:
                    raise visit.generation.failure
                folder = self._store.get_path(find_folder(record))
                messages = await asyncio.get_running_loop().run_in_executor(
                    self._threads, read_request, folder
                )
                yield StoredRequest(messages, folder)
        finally:
            visit.leave(is_delivered=False)

    async def write_metadata(self, generation_id: str, metadata: bytes | None) -> bool:
        """Put other metadata, JSON, on a call asked with `store: true`; False if it is no longer kept.

        Raises DatabaseError.
        """
        return await self._ledger.write_metadata(generation_id, metadata)

    async def delete(self, record: GenerationRecord) -> None:
        """Let an answer go, with all that was asked and said; what it cost stays. Raises DatabaseError.

        The shared store is told by whoever looks after it, and copies go where they are. Clients that are reading
        the answer read on.
        """
        folder = find_folder(record)
        await self._upkeep.forget_files([(record.id, folder)])
        try:
            await asyncio.get_running_loop().run_in_executor(self._threads, self._store.remove, folder)
        except OSError as error:  # nobody gets them any more, and the next start tries again
            _LOG.error("the files in %s cannot be deleted (%s)", folder, error.strerror)
