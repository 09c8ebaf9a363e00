"""Opens single pictures of answers that are kept, wherever their files are. Knows no door, and not who asks."""

import asyncio
import errno
import logging
from concurrent.futures import Executor
from functools import partial
from pathlib import Path

from limner.errors import GatewayUnavailable, NotFound
from limner.generation.archive import Archive
from limner.generation.replaying import open_picture
from limner.ledger.records import GenerationRecord, StoredPicture
from limner.pictures.stored import StoredSpool

_LOG = logging.getLogger("limner.generation")


class KeptPictures:
    """The pictures of all owners; whose one is, and whether it may be shown, the caller has found out."""

    def __init__(self, archive: Archive, *, threads: Executor) -> None:
        self._archive = archive
        self._threads = threads
        self._fetching: dict[tuple[str, bool], asyncio.Task[Path]] = {}

    async def open(self, picture: StoredPicture, record: GenerationRecord) -> StoredSpool:
        """Return a picture with its file open; what deletes it now does not end its reading.

        Raises NotFound: it was deleted. GatewayUnavailable: it cannot be had now. DatabaseError.
        """
        for is_spoilt in (False, True):  # a copy may be let go, or prove cut, after it was found here
            folder = await self._fetch_folder(record, is_spoilt=is_spoilt)
            try:
                return await asyncio.get_running_loop().run_in_executor(
                    self._threads, open_picture, folder, picture
                )
            except OSError as error:
                if error.errno not in {errno.ENOENT, errno.ENOTDIR, None}:  # None: not of its size
                    _LOG.error("%s of %s cannot be read: %s", picture.file_name, record.id, error.strerror)
                    raise GatewayUnavailable(
                        "The picture cannot be read now; it can be asked for again.",
                        code="storage_unavailable",
                    ) from None
        raise NotFound("The picture is no longer there.")

    async def _fetch_folder(self, record: GenerationRecord, *, is_spoilt: bool) -> Path:
        """Return the folder, fetched once for all who ask meanwhile: a page with a picture has many readers."""
        which = record.id, is_spoilt
        fetching = self._fetching.get(which)
        if fetching is None:
            fetching = asyncio.get_running_loop().create_task(
                self._archive.fetch_folder(record, is_spoilt=is_spoilt)
            )
            self._fetching[which] = fetching
            fetching.add_done_callback(partial(self._end_fetching, which))
        return await asyncio.shield(fetching)

    def _end_fetching(self, which: tuple[str, bool], fetching: "asyncio.Task[Path]") -> None:
        del self._fetching[which]
        if not fetching.cancelled():
            fetching.exception()  # seen, even if all who waited have gone
