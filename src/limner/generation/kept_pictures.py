"""Opens single pictures of answers that are kept, wherever their files are. Knows no door, and not who asks."""

import asyncio
import errno
import logging
from concurrent.futures import Executor
from functools import partial
from pathlib import Path

from limner.errors import GatewayUnavailable, NotFound
from limner.generation.archive import Archive
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


def open_picture(folder: Path, picture: StoredPicture) -> StoredSpool:
    """Return a picture with its file open. Blocks. Raises OSError: it is not there, or not of its size."""
    has_pixels = picture.width is not None and picture.height is not None
    spool = StoredSpool(
        folder / picture.file_name,
        size_bytes=picture.size_bytes,
        sha256=picture.sha256,
        mime_type=picture.mime_type,
        pixels=(picture.width or 0, picture.height or 0) if has_pixels else None,
    )
    spool.open()
    return spool
