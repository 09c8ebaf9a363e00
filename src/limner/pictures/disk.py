"""The disk's own affairs: writing at a place, making sure, asking for room. Knows no picture and no generation."""

import errno
import os
import shutil
from contextlib import suppress
from pathlib import Path

PROBE = "probe"
"""How files begin that are only to see whether writing works."""


def measure_free_bytes(folder: Path) -> int:
    """Return how many bytes can still be written where `folder` is. Raises OSError."""
    if not os.access(folder, os.W_OK):  # a volume that was made read-only has free bytes all the same
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(folder))
    if hasattr(os, "statvfs"):  # shutil asks for more than this
        volume = os.statvfs(folder)
        return volume.f_bavail * volume.f_frsize
    return shutil.disk_usage(folder).free


def measure_volume_bytes(folder: Path) -> int:
    """Return how large the volume of `folder` is. Raises OSError."""
    return shutil.disk_usage(folder).total


def measure_tree_bytes(folder: Path) -> int:
    """Return how many bytes the files below a folder have; what goes meanwhile does not count. Blocks. Raises OSError."""
    size_bytes = 0
    for entry in os.scandir(folder):
        with suppress(FileNotFoundError):
            is_folder = entry.is_dir(follow_symlinks=False)
            size_bytes += measure_tree_bytes(Path(entry)) if is_folder else entry.stat().st_size
    return size_bytes


def try_writing(folder: Path, size_bytes: int) -> None:
    """Return if a file of this size can be written into `folder`; it is gone afterwards. Raises OSError."""
    path = folder / f"{PROBE}-{os.getpid()}"
    try:
        with path.open("wb", buffering=0) as file:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, size_bytes)
            else:
                os.ftruncate(file.fileno(), size_bytes)
            file.write(b"?")
    finally:
        path.unlink(missing_ok=True)


def write_at(descriptor: int, data: bytes, offset: int) -> None:
    """Write all of `data` at `offset`. Raises OSError."""
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view = view[written:]
        offset += written


def sync_file(path: Path) -> None:
    """Return when a file's bytes are on disk. Raises OSError."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Return when a folder's entries are on disk. Raises OSError."""
    if os.name != "posix":  # a folder cannot be opened elsewhere
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_tree(path: Path) -> None:
    """Delete a folder with all in it, if it is there. Raises OSError."""
    try:
        shutil.rmtree(path)
    except FileNotFoundError:
        return


def uncache(descriptor: int) -> None:
    """Let the system drop what it caches of a file that is on disk.

    A picture is seldom read again soon, and memory that many pictures pass through is dear: writing into
    memory that was just given back costs a third of writing into fresh (a virtual machine, measured 2026-11).
    """
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
