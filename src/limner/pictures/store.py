"""Keeps what generations bought, on the local disk: one folder each, of picture files and a journal.

    <root>/spool/<generation>/               while it arrives
    <root>/pictures/<day>/<generation>/      once all of it is on disk
        picture-1.jpg …                      Gemini's own bytes
        journal.jsonl                        everything else, a line each
        request.jsonl, input-1.jpg …         what was asked, where that is kept

A folder moves from one place to the other whole, by one rename after everything in it was synced: under
`pictures` nothing is ever half there. Knows bytes and names, not what lines mean or who owns a picture.
"""

import errno
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from threading import Lock
from typing import IO

from limner.pictures.disk import PROBE, remove_tree, sync_file, sync_folder, uncache, write_at
from limner.pictures.spool import FileSpool

JOURNAL_NAME = "journal.jsonl"
COPY_BYTES = 1024 * 1024

_EXTENSIONS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "image/gif": "gif",
    "image/heic": "heic",
    "image/heif": "heif",
}


class PictureStore:
    """The folders below `root`."""

    def __init__(self, root: Path) -> None:
        self._spool = root / "spool"
        self._pictures = root / "pictures"
        self._lock = Lock()
        self._days: set[str] = set()
        self._arriving: set[str] = set()

    def create(self) -> None:
        """Make the two folders, for their owner alone. Raises OSError."""
        for folder in (self._spool, self._pictures):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    @property
    def spool_folder(self) -> Path:
        """Where things arrive; also on the file system that is checked for room."""
        return self._spool

    def begin(self, generation_id: str) -> "Draft":
        """Return the place where a generation is received; nothing is on disk yet."""
        self._arriving.add(generation_id)
        return Draft(self._spool / generation_id, self._arriving.discard)

    def keep(self, draft: "Draft", folder: str) -> None:
        """Make `draft` durable as `folder`; blocks. May be tried again. Raises OSError."""
        target = self._pictures / folder
        if not draft.is_kept:
            draft.write()
            self._make_day(target.parent)
            draft.path.rename(target)
            draft.is_kept = True
        sync_folder(target.parent)

    def _make_day(self, day: Path) -> None:
        """Make the folder of a day, on disk before anything is in it; several threads may ask at once."""
        with self._lock:
            if day.name not in self._days:
                day.mkdir(mode=0o700, exist_ok=True)
                sync_folder(self._pictures)
                self._days.add(day.name)

    def adopt(self, generation_id: str, folder: str) -> None:
        """Move what an earlier process received to `folder`; blocks. Raises OSError."""
        target = self._pictures / folder
        self._make_day(target.parent)
        for path in (self._spool / generation_id).iterdir():
            sync_file(path)
        sync_folder(self._spool / generation_id)
        (self._spool / generation_id).rename(target)
        sync_folder(target.parent)

    def get_path(self, folder: str) -> Path:
        """Return where the files of a kept folder are."""
        return self._pictures / folder

    def get_draft_path(self, generation_id: str) -> Path:
        """Return where an unfinished generation's files are, if it has any."""
        return self._spool / generation_id

    def remove(self, folder: str) -> None:
        """Delete a kept folder, which is gone at once; blocks. Clients that are reading it read on. Raises OSError."""
        path = self._pictures / folder
        going = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
        try:
            path.rename(going)
        except FileNotFoundError:
            return
        remove_tree(going)

    def remove_draft(self, generation_id: str) -> None:
        """Delete what an unfinished generation left; blocks. Raises OSError."""
        remove_tree(self._spool / generation_id)

    def remove_probes(self) -> None:
        """Delete what a process left that was killed while it tried to write. Raises OSError."""
        for path in self._spool.glob(f"{PROBE}-*"):
            path.unlink(missing_ok=True)

    def list_drafts(self) -> list[str]:
        """Return the ids of generations with files in the spool, but for those that this process receives now."""
        found = {path.name for path in self._spool.iterdir() if path.is_dir()}
        return sorted(found - self._arriving)

    def list_folders(self) -> Iterator[str]:
        """Yield every kept folder."""
        for day in sorted(self._pictures.iterdir()):
            if day.is_dir():
                yield from sorted(f"{day.name}/{path.name}" for path in day.iterdir() if _is_kept(path))

    def prepare(self, folder: str) -> Path:
        """Return where a copy of a kept folder may be put, its day made; blocks. Raises OSError."""
        target = self._pictures / folder
        self._make_day(target.parent)
        return target

    def remove_unfinished(self) -> None:
        """Delete what a process had begun to copy or to delete when it died. Raises OSError."""
        for path in self._pictures.glob("*/.*"):
            remove_tree(path)


class Draft:
    """One generation as it arrives: spools for its pictures, lines for its journal.

    A small one stays in memory until it is kept. What the disk refuses stays in memory too.
    """

    def __init__(self, path: Path, on_close: Callable[[str], None]) -> None:
        self.path = path
        self._on_close = on_close
        self._has_folder = False
        self.is_kept = False
        """Whether it has been moved to where it stays."""
        self._spools: list[FileSpool] = []
        self._dropped: set[int] = set()
        self._lines: list[bytes] = []
        self._journal: IO[bytes] | None = None
        self.journal_bytes = 0
        """How long the journal is on disk."""
        self._others: list[Path] = []
        self.other_bytes = 0
        """How much was put beside pictures and journal."""

    def new_spool(self) -> FileSpool:
        """Return where the next picture is received."""
        spool = FileSpool(_DraftFiles(self, len(self._spools) + 1))
        self._spools.append(spool)
        return spool

    def name_file(self, spool: FileSpool) -> str:
        """Return the name that a picture's file has or will have."""
        return _name_file(self._spools.index(spool) + 1, spool.mime_type)

    def drop(self, spool: FileSpool) -> None:
        """Leave out a picture that proved unreadable."""
        self._dropped.add(self._spools.index(spool))

    def add_line(self, line: bytes) -> None:
        """Take a line of the journal, without its line feed."""
        self._lines.append(line)

    def flush(self) -> None:
        """Write the journal's lines so far, so that they outlive the process. Raises OSError."""
        if not self._lines:
            return
        if self._journal is None:
            self.make_folder()
            self._journal = (self.path / JOURNAL_NAME).open("wb", buffering=0)
        data = b"\n".join([*self._lines, b""])
        try:
            write_at(self._journal.fileno(), data, self.journal_bytes)
        except OSError:
            os.ftruncate(self._journal.fileno(), self.journal_bytes)
            raise
        self.journal_bytes += len(data)
        self._lines.clear()

    def make_folder(self) -> None:
        """Make the draft's folder if there is none. Raises OSError."""
        if not self._has_folder:
            self.path.mkdir(mode=0o700, exist_ok=True)
            self._has_folder = True

    def add_file(self, name: str, pieces: Iterable[bytes]) -> None:
        """Put another file beside the pictures; it is on disk when all is. Blocks. Raises OSError."""
        self.make_folder()
        self._others.append(self.path / name)
        size_bytes = 0
        with self._others[-1].open("wb", buffering=0) as file:
            for piece in pieces:
                write_at(file.fileno(), piece, size_bytes)
                size_bytes += len(piece)
        self.other_bytes += size_bytes

    def write(self) -> None:
        """Bring everything to disk; blocks. Raises OSError."""
        self.make_folder()
        for number, spool in enumerate(self._spools):
            if number in self._dropped:
                continue
            if spool.is_written:
                spool.sync()
            else:
                self._copy(spool)
        for path in self._others:
            sync_file(path)
        self.flush()
        if self._journal is not None:
            os.fsync(self._journal.fileno())
        sync_folder(self.path)

    @property
    def has_files(self) -> bool:
        """Whether anything was written."""
        return self._has_folder

    def close(self) -> None:
        """Let go of the journal; pictures are let go by whoever reads them."""
        self._on_close(self.path.name)
        if self._journal is not None:
            self._journal.close()
            self._journal = None

    def _copy(self, spool: FileSpool) -> None:
        """Write a picture that is in memory, in part or whole.

        Where the spool has a part of it in a file that may be read, under a draft's name first.
        """
        path = self.path / self.name_file(spool)
        draft = path.with_suffix(".part")
        with draft.open("wb", buffering=0) as file:
            for offset in range(0, spool.size_bytes, COPY_BYTES):
                piece = spool.read(offset, COPY_BYTES)
                if len(piece) != min(COPY_BYTES, spool.size_bytes - offset):
                    raise OSError(errno.EIO, "the picture is not there any more")
                write_at(file.fileno(), piece, offset)
            os.fsync(file.fileno())
        draft.rename(path)


class _DraftFiles:
    """Gives one spool of a draft its file."""

    def __init__(self, draft: Draft, number: int) -> None:
        self._draft = draft
        self._number = number

    def take(self, mime_type: str | None) -> IO[bytes]:
        self._draft.make_folder()
        return (self._draft.path / _name_file(self._number, mime_type)).open("w+b", buffering=0)

    def give_back(self, file: IO[bytes], size_bytes: int) -> None:  # noqa: ARG002 - as SpoolFiles asks
        uncache(file.fileno())
        file.close()


def read_journal(folder: Path) -> Sequence[bytes]:
    """Return the whole lines of a folder's journal; none if there is no journal. Raises OSError."""
    try:
        data = (folder / JOURNAL_NAME).read_bytes()
    except FileNotFoundError:
        return []
    return data.split(b"\n")[:-1]


def sum_sizes(folder: Path) -> int:
    """Return the bytes of all files in a folder. Raises OSError."""
    return sum(path.stat().st_size for path in folder.iterdir())


def _is_kept(path: Path) -> bool:
    """Return whether a folder is one, and not a copy that is still growing or on its way out."""
    return path.is_dir() and not path.name.startswith(".")


def name_extension(mime_type: str | None) -> str:
    """Return how the names of files of a type end."""
    return _EXTENSIONS.get(mime_type or "", "bin")


def _name_file(number: int, mime_type: str | None) -> str:
    return f"picture-{number}.{name_extension(mime_type)}"
