"""Small versions of kept pictures: made aside, one at a time for all who ask for the same, and kept for the next.

Never on the way of an answer. Knows no door, and not who asks.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from limner.errors import GatewayUnavailable, NotFound
from limner.generation.kept_pictures import KeptPictures
from limner.ledger.lookups import Known
from limner.ledger.records import GenerationRecord, StoredPicture
from limner.pictures.thumbnail_cache import ThumbnailCache
from limner.pictures.thumbnail_workers import ThumbnailWorkers

T = TypeVar("T")

_LOG = logging.getLogger("limner.generation")

SIDES_PIXELS = (256, 512)
AT_ONCE = 2
MOST_WAITING = 100
"""Beyond, whoever asks is told to ask again: a page of a gallery is half of that."""

_MOST_REMEMBERED = 1_000
_GENERATIONS_AT_ONCE = 500


class Thumbnails:
    """The thumbnails of all owners' pictures; whose one is, the caller has found out."""

    def __init__(
        self,
        pictures: KeptPictures,
        cache: ThumbnailCache,
        *,
        threads: Executor,
        list_known: Callable[[Sequence[str]], Awaitable[Mapping[str, Known]]],
    ) -> None:
        """`list_known` says where the books have the files of generations."""
        self._pictures = pictures
        self._cache = cache
        self._threads = threads
        self._list_known = list_known
        self._workers = ThumbnailWorkers()
        self._makers = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="limner-thumbnail")
        self._making: dict[tuple[str, int], asyncio.Task[bytes]] = {}
        self._impossible: dict[str, None] = {}

    async def get(self, picture: StoredPicture, record: GenerationRecord, side_pixels: int) -> bytes:
        """Return a WebP of the picture, no side longer than one of `SIDES_PIXELS`.

        Raises NotFound: the picture was deleted, or nothing can be made of it. GatewayUnavailable: not now.
        DatabaseError.
        """
        kept = await self._in_thread(
            partial(self._cache.read, record.id, _name(picture.id, side_pixels)), self._threads
        )
        if kept is not None:
            return kept
        if picture.id in self._impossible:
            raise _impossible()
        which = picture.id, side_pixels
        making = self._making.get(which)
        if making is None:
            if len(self._making) >= MOST_WAITING:
                raise GatewayUnavailable(
                    f"{MOST_WAITING} thumbnails are being made already; ask again shortly.",
                    code="gateway_overloaded",
                    retry_after_seconds=1.0,
                )
            making = asyncio.get_running_loop().create_task(self._make(picture, record, side_pixels))
            self._making[which] = making
            making.add_done_callback(partial(self._end_making, which))
        return await asyncio.shield(making)

    async def sweep(self) -> None:
        """Delete thumbnails of pictures that are kept no more, and the oldest if they are too many.

        Raises DatabaseError or OSError; then it is done the next time.
        """
        self._workers.tidy()
        found = await self._in_thread(self._cache.list_generations, self._threads)
        for start in range(0, len(found), _GENERATIONS_AT_ONCE):
            some = found[start : start + _GENERATIONS_AT_ONCE]
            known = await self._list_known(some)
            for generation_id in some:
                if (place := known.get(generation_id)) is None or place.folder is None:
                    await self._in_thread(partial(self._cache.remove, generation_id), self._threads)
        await self._in_thread(self._cache.shrink, self._threads)

    def close(self) -> None:
        """End what makes them."""
        for making in self._making.values():
            making.cancel()
        self._workers.close()
        self._makers.shutdown(wait=False, cancel_futures=True)

    async def _make(self, picture: StoredPicture, record: GenerationRecord, side_pixels: int) -> bytes:
        spool = await self._pictures.open(picture, record)
        try:
            made = await self._in_thread(
                partial(self._workers.make, spool.fileno(), side_pixels), self._makers
            )
        finally:
            spool.close()
        if not made:
            _LOG.warning("no thumbnail can be made of picture %s", picture.id)
            while len(self._impossible) >= _MOST_REMEMBERED:
                del self._impossible[next(iter(self._impossible))]
            self._impossible[picture.id] = None
            raise _impossible()
        await self._keep(record.id, _name(picture.id, side_pixels), made)
        return made

    async def _keep(self, generation_id: str, name: str, made: bytes) -> None:
        try:
            await self._in_thread(partial(self._cache.write, generation_id, name, made), self._threads)
        except OSError as error:
            _LOG.warning("thumbnails cannot be kept (%s)", error.strerror)

    async def _in_thread(self, step: Callable[[], T], threads: Executor) -> T:
        return await asyncio.get_running_loop().run_in_executor(threads, step)

    def _end_making(self, which: tuple[str, int], making: "asyncio.Task[bytes]") -> None:
        del self._making[which]
        if not making.cancelled():
            making.exception()  # seen, even if all who waited have gone


def _name(picture_id: str, side_pixels: int) -> str:
    return f"{picture_id}-{side_pixels}.webp"


def _impossible() -> NotFound:
    return NotFound("No thumbnail can be made of this picture; its own bytes are at …/content.")
