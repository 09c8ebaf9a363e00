"""The shared store: copies of kept folders where every gateway can get them, in S3, GCS, Azure or a shared folder.

Knows folders, files and the store's own troubles. It must not know what a generation is or when a copy is due.
"""

from collections.abc import Mapping
from pathlib import Path


class SharedStoreError(Exception):
    """The store did not do what was asked: unreachable, refused, too slow. The text holds no secret."""


class FolderMissing(SharedStoreError):
    """What was asked for is not in the store, or not whole."""


class SharedStore:
    """Folders below one address of an object store; `open_shared_store` makes it."""

    identity: str
    """What two gateways compare to know that they use the same store; holds no secret."""

    async def upload(self, folder: str, path: Path) -> None:
        """Copy every file of `path` to `folder`, the journal last. May be repeated. Raises SharedStoreError."""
        raise NotImplementedError

    async def download(self, folder: str, target: Path) -> None:
        """Make `target` a copy of `folder`, durable and at once. Raises FolderMissing, SharedStoreError."""
        raise NotImplementedError

    async def remove(self, folder: str) -> None:
        """Delete a folder; none is done too. Raises SharedStoreError."""
        raise NotImplementedError

    async def check(self) -> None:
        """Return if the store can be written, read and cleared. Raises SharedStoreError."""
        raise NotImplementedError


def open_shared_store(url: str, options: Mapping[str, str]) -> SharedStore:
    """Return the store at `url`, reached with `options`. Raises ValueError if they cannot be used."""
    raise NotImplementedError
