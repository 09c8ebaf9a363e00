"""Writing into a shared store that is a folder: what the library leaves out there, above all making sure.

Facts, of obstore 0.12.1 by experiment 2026-11: its local store writes a file beside the place, makes it appear by a
hard link, which fails where something is, and syncs nothing; folders are made with the mode of the umask.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from mmap import mmap
from pathlib import Path
from typing import ParamSpec, TypeVar
from uuid import uuid4

import obstore

from limner.pictures.disk import remove_tree, sync_file, sync_folder
from limner.pictures.shared_client import Client

_P = ParamSpec("_P")
_Result = TypeVar("_Result")


class SharedFolder:
    """The folders below `root`, to which `client` writes.

    Has threads of its own: where the folder is on another machine that is gone they hang, and nothing else may.
    """

    def __init__(self, client: Client, root: Path) -> None:
        self._client = client
        self._root = root
        self._threads = ThreadPoolExecutor(4, "shared-folder")

    async def put(self, folder: str, name: str, content: mmap | bytes) -> None:
        """Make a file that is on disk before it is there.

        Raises OSError, and what the library raises: AlreadyExistsError if there is one of that name.
        """
        draft = f".{name}.{uuid4().hex}"
        await self._run(self._make, folder)
        try:
            await obstore.put_async(
                self._client, f"{folder}/{draft}", content, mode="create", use_multipart=False
            )
            await self._run(sync_file, self._root / folder / draft)
            await obstore.copy_async(self._client, f"{folder}/{draft}", f"{folder}/{name}", overwrite=False)
        finally:
            # Nobody waits for it when time is up.
            removal = self._threads.submit((self._root / folder / draft).unlink, missing_ok=True)
        await asyncio.wrap_future(removal)
        await self._run(sync_folder, self._root / folder)

    async def sync(self, folder: str) -> None:
        """Return when the names of a folder's files are on disk. Raises OSError."""
        await self._run(sync_folder, self._root / folder)

    async def remove(self, folder: str, first: str) -> None:
        """Delete a folder, `first` before all else; none is done too. Raises OSError."""
        await self._run((self._root / folder / first).unlink, missing_ok=True)
        await self._run(remove_tree, self._root / folder)

    def _make(self, folder: str) -> None:
        place = self._root
        for part in folder.split("/"):
            try:
                (place / part).mkdir(mode=0o700)
            except FileExistsError:
                pass
            else:
                sync_folder(place)
            place /= part

    async def _run(self, work: Callable[_P, _Result], *args: _P.args, **kwargs: _P.kwargs) -> _Result:
        return await asyncio.wrap_future(self._threads.submit(work, *args, **kwargs))
