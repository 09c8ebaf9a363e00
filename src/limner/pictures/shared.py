"""The shared store: copies of kept folders where every gateway can get them, in S3, GCS, Azure or a shared folder.

    <address>/<folder>/picture-1.jpg …
                       journal.jsonl        last: a folder that has it is whole

Nothing that is there is ever written over. Knows folders, files and the store's own troubles. It must not know
what a generation is, nor when a copy is due.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from mmap import mmap
from pathlib import Path
from typing import ParamSpec, TypeVar
from uuid import uuid4

import obstore
from obstore.exceptions import AlreadyExistsError

from limner.pictures.disk import PROBE, remove_tree
from limner.pictures.shared_address import check_folder, parse_store_url
from limner.pictures.shared_client import Client, describe_failure, describe_place, open_client
from limner.pictures.shared_files import append, keep_draft, make_draft, map_file, measure_files, sync_written
from limner.pictures.shared_folder import SharedFolder
from limner.pictures.store import JOURNAL_NAME

_P = ParamSpec("_P")
_Result = TypeVar("_Result")

# The patience for a request is this, and for a file as long again as a line of 1 Mbit/s takes.
_PATIENCE_SECONDS = 30.0
_SLOWEST_BYTES_PER_SECOND = 128 * 1024
_UPLOADS_AT_ONCE = 2
_PIECE_BYTES = 1024 * 1024
# How often to ask again when a file is neither there nor to be created: another is just creating it.
_CONFLICTS = 3
_CONFLICT_SECONDS = 0.5


class SharedStoreError(Exception):
    """The store did not do what was asked: unreachable, refused, too slow. The text holds no secret."""


class FolderMissing(SharedStoreError):
    """What was asked for is not in the store, or not whole."""


class SharedStore:
    """Folders below one address of an object store; `open_shared_store` makes it.

    One belongs to one event loop. Whatever it is asked ends in bounded time, in the thing asked or an error;
    blocking work is done in threads.
    """

    def __init__(
        self, client: Client, identity: str, folders: SharedFolder | None, patience_seconds: float
    ) -> None:
        self.identity = identity
        """What two gateways compare to know that they use the same store; holds no secret."""
        self._client = client
        self._folders = folders
        self._patience_seconds = patience_seconds
        self._uploads = asyncio.Semaphore(_UPLOADS_AT_ONCE)

    async def upload(self, folder: str, path: Path) -> None:
        """Copy every file of `path` to `folder`, the journal last. May be repeated, and by several at once.

        What is there with equal size counts as copied.

        Raises:
            SharedStoreError: if the store did not take it, or has a file of another size under its name.
            OSError: if `path` cannot be read or has no journal.
        """
        check_folder(folder)
        async with self._uploads:
            sizes = await asyncio.to_thread(measure_files, path)
            there = await self._list(folder)
            for name, size_bytes in sizes.items():
                if name not in there:
                    there[name] = await self._create(folder, name, path / name, size_bytes)
                if there[name] != size_bytes:
                    raise SharedStoreError(
                        f"{folder}/{name} is in the shared store with {there[name]} bytes instead of {size_bytes}"
                    )
            if self._folders is not None:
                async with self._asking(f"finishing {folder}"):
                    await self._folders.sync(folder)

    async def download(self, folder: str, target: Path) -> None:
        """Make `target` a copy of `folder`: durable, and there at once or not at all. It may be there already.

        Until then it grows in a folder beside it, whose name begins with a dot.

        Raises:
            FolderMissing: if it is not there, or not whole.
            SharedStoreError: if the store did not give it.
            OSError: if it cannot be written.
        """
        check_folder(folder)
        if await asyncio.to_thread(target.exists):
            return
        sizes = await self._list(folder)
        if JOURNAL_NAME not in sizes:
            raise FolderMissing(f"{folder} is not in the shared store")
        draft = target.with_name(f".{target.name}-{uuid4().hex}")
        try:
            await _finish(make_draft, draft)
            for name, size_bytes in sizes.items():
                await self._fetch(folder, name, size_bytes, draft / name)
            await _finish(keep_draft, draft, target)
        finally:
            await _finish(remove_tree, draft)

    async def remove(self, folder: str) -> None:
        """Delete a folder, first what makes it whole; one that is not there is done. Raises SharedStoreError."""
        check_folder(folder)
        if self._folders is not None:
            async with self._asking(f"deleting {folder}"):
                await self._folders.remove(folder, JOURNAL_NAME)
            return
        for name in reversed(await self._list(folder)):
            async with self._asking(f"deleting {folder}/{name}"):
                with suppress(FileNotFoundError):
                    await obstore.delete_async(self._client, f"{folder}/{name}")

    async def check(self) -> None:
        """Return if the store can be written, read, listed and cleared, and keeps what is there.

        Raises SharedStoreError.
        """
        folder = f"{PROBE}-{uuid4().hex}"
        try:
            await self._probe(folder)
        except SharedStoreError:
            with suppress(SharedStoreError):
                await self.remove(folder)
            raise
        await self.remove(folder)

    async def _probe(self, folder: str) -> None:
        content = b"limner"
        async with self._asking("writing a probe"):
            await self._put(folder, PROBE, content)
        async with self._asking("writing a probe again"):
            try:
                await self._put(folder, PROBE, content)
            except AlreadyExistsError:
                keeps = True
            else:
                keeps = False
        if not keeps:
            raise SharedStoreError(
                "the shared store writes over what is there although it was asked to create "
                "(it does not know If-None-Match, or AWS_CONDITIONAL_PUT is off)"
            )
        if await self._list(folder) != {PROBE: len(content)}:
            raise SharedStoreError("the shared store does not list what was just written")
        async with self._asking("reading a probe"):
            found = await (await obstore.get_async(self._client, f"{folder}/{PROBE}")).bytes_async()
        if bytes(found) != content:
            raise SharedStoreError("the shared store gives back something else than was written")

    async def _list(self, folder: str) -> dict[str, int]:
        """Return the sizes of a folder's files by their names, the journal's last."""
        async with self._asking(f"listing {folder}"):
            found = await obstore.list(self._client, folder).collect_async()
            names = {meta["path"].removeprefix(f"{folder}/"): meta["size"] for meta in found}
        return {
            name: names[name]
            for name in sorted(names, key=lambda name: (name == JOURNAL_NAME, name))
            if "/" not in name and not name.startswith(".")
        }

    async def _create(self, folder: str, name: str, path: Path, size_bytes: int) -> int:
        """Copy a file, unless it is there; return the size it is there with."""
        for attempt in range(_CONFLICTS):
            if attempt:
                await asyncio.sleep(_CONFLICT_SECONDS)
            content = await asyncio.to_thread(map_file, path, size_bytes)
            async with self._asking(f"writing {folder}/{name}", size_bytes):
                try:
                    await self._put(folder, name, content)
                except AlreadyExistsError:
                    pass
                else:
                    return size_bytes
            # S3 answers a creation that races another with a conflict as well; nothing is there then, yet.
            there = await self._list(folder)
            if name in there:
                return there[name]
        raise SharedStoreError(f"writing {folder}/{name}: others are at it and do not get it done")

    async def _put(self, folder: str, name: str, content: mmap | bytes) -> None:
        if self._folders is None:
            # In one request: in several, a store cannot be asked to create only.
            await obstore.put_async(
                self._client, f"{folder}/{name}", content, mode="create", use_multipart=False
            )
        else:
            await self._folders.put(folder, name, content)

    async def _fetch(self, folder: str, name: str, size_bytes: int, path: Path) -> None:
        what = f"reading {folder}/{name}"
        async with self._asking(what):
            try:
                found = await obstore.get_async(self._client, f"{folder}/{name}")
            except FileNotFoundError:
                raise FolderMissing(f"{folder} has gone from the shared store") from None
            pieces = aiter(found.stream(min_chunk_size=_PIECE_BYTES))
        await _finish(append, path, b"")
        received_bytes = 0
        while True:
            async with self._asking(what):
                piece = await anext(pieces, None)
            if piece is None:
                break
            received_bytes += await _finish(append, path, memoryview(piece))
        if received_bytes != size_bytes:
            raise SharedStoreError(f"{what}: {received_bytes} bytes came instead of {size_bytes}")
        await _finish(sync_written, path)

    @asynccontextmanager
    async def _asking(self, what: str, size_bytes: int = 0) -> AsyncIterator[None]:
        """Bound the time of what is asked in the block, and put what goes wrong into words."""
        patience_seconds = self._patience_seconds + size_bytes / _SLOWEST_BYTES_PER_SECOND
        try:
            async with asyncio.timeout(patience_seconds):
                yield
        except SharedStoreError:
            raise
        except TimeoutError:
            raise SharedStoreError(
                f"{what}: no answer from the shared store in {patience_seconds:.0f} s"
            ) from None
        except Exception as error:  # noqa: BLE001 - also the library's panics, which have no type to name
            raise SharedStoreError(f"{what}: the shared store failed: {describe_failure(error)}") from None


def open_shared_store(
    url: str, options: Mapping[str, str], *, patience_seconds: float = _PATIENCE_SECONDS
) -> SharedStore:
    """Return the store at `url`, reached with `options`: variables such as `AWS_ACCESS_KEY_ID`.

    Connects to nothing yet; a `file` address's folder is made. Those of `options` that are for something else are
    left out, and the process's own variables count behind them.

    Raises ValueError, without secrets, if they cannot be used.
    """
    address = parse_store_url(url)
    client = open_client(address, options)
    folders = SharedFolder(client, Path(address.path)) if address.scheme == "file" else None
    return SharedStore(client, describe_place(address, options), folders, patience_seconds)


async def _finish(work: Callable[_P, _Result], *args: _P.args, **kwargs: _P.kwargs) -> _Result:
    """Run `work` in a thread; who is cancelled meanwhile waits for it, so that nothing writes after the end."""
    running = asyncio.ensure_future(asyncio.to_thread(work, *args, **kwargs))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise
