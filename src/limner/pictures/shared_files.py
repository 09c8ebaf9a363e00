"""This machine's side of a copy in the shared store: files read to be sent, and a folder that grows and is then there.

Blocks. Must not know the store.
"""

import errno
import os
from mmap import ACCESS_READ, mmap
from pathlib import Path

from limner.pictures.disk import sync_folder, uncache
from limner.pictures.store import JOURNAL_NAME


def measure_files(path: Path) -> dict[str, int]:
    """Return the sizes of a folder's files by their names, the journal's last. Raises OSError."""
    journal_bytes = (path / JOURNAL_NAME).stat().st_size
    sizes = {found.name: found.stat().st_size for found in sorted(path.iterdir()) if found.is_file()}
    del sizes[JOURNAL_NAME]
    return sizes | {JOURNAL_NAME: journal_bytes}


def map_file(path: Path, size_bytes: int) -> mmap | bytes:
    """Return a file's content without reading it: the library sends it from the page cache.

    Given a path, the library reads the file into memory that it doubles as it goes: 64 MiB for 40 (2026-11). Raises OSError.
    """
    if size_bytes == 0:  # which cannot be mapped
        return b""
    with path.open("rb") as file:
        return mmap(file.fileno(), 0, access=ACCESS_READ)


def make_draft(draft: Path) -> None:
    """Make the folder `draft`, and the one it is in, for their owner alone. Raises OSError."""
    if not draft.parent.is_dir():
        draft.parent.mkdir(mode=0o700, exist_ok=True)
        sync_folder(draft.parent.parent)
    draft.mkdir(mode=0o700)


def append(path: Path, piece: bytes | memoryview) -> int:
    """Add to a file, which is made if there is none; return how many bytes. Raises OSError."""
    with path.open("ab") as file:
        return file.write(piece)


def keep_draft(draft: Path, target: Path) -> None:
    """Make `draft` durable as `target`; where another was faster, that one stays. Raises OSError."""
    sync_folder(draft)
    try:
        draft.rename(target)
    except OSError as error:
        if error.errno not in {errno.EEXIST, errno.ENOTEMPTY}:
            raise
    sync_folder(target.parent)


def sync_written(path: Path) -> None:
    """Return when a file's bytes are on disk; it is not kept in memory. Raises OSError."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        uncache(file.fileno())
