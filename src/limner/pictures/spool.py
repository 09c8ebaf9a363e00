"""Receives a picture as base64 in any cut and keeps it decoded in a file, once it is worth one.

Digest, type and size are taken as the bytes pass. The file is the buffer between the upstream and however
many clients there are: whoever sends the picture reads it here at its own pace, so a slow client costs a file
and never memory. Knows nothing of where the base64 comes from or goes to.

Measured 2026-11 for 20 MB: decoding 3 ms, SHA-256 11 ms, writing to the page cache 5 ms in pieces of 1 MiB
and 8 ms in pieces of 48 KiB, which is why pieces are gathered; reading back and encoding 3 ms, which a client
that keeps up is spared: it gets the base64 that has just come.

Which file it is, `SpoolFiles` says: an unlinked one for what a client sends, one in the store for what was
bought. By the time a bought picture arrives it is paid for. So a disk that will not take it is no error here: what comes then
stays in memory, and `is_held` says so.
"""

import hashlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Protocol

import pybase64

from limner.pictures.recent_text import RecentText
from limner.pictures.sniff import HEAD_BYTES, measure, sniff_mime_type

GATHERED_BYTES = 512 * 1024
"""Decoded bytes that are written at once."""

SMALL_BYTES = 64 * 1024
"""A picture up to this size stays in memory: making and dropping a file would cost more than it holds."""

_MAX_PIECES = 512
"""More than this are joined first: the kernel takes 1,024 at once (IOV_MAX of Linux and macOS)."""

_KEPT_FILES = 8
_KEPT_FILE_BYTES = 32 * 1024 * 1024
"""Files kept for the next pictures, and how large one may have grown to be kept."""


class InvalidBase64(Exception):
    """What came is not base64."""


class PictureSpool(Protocol):
    """Where one picture is received; `append` pieces, `finish` it, read it back at any time."""

    size_bytes: int
    sha256: str
    mime_type: str | None
    pixels: tuple[int, int] | None
    is_held: bool
    """Whether a part of it is in memory because the disk would not take it."""

    def append(self, base64: bytes) -> None:
        """Take the next piece. Raises InvalidBase64."""

    def finish(self) -> None:
        """Take the end: digest and pixel size are known from here on. Raises InvalidBase64."""

    def read(self, offset: int, size: int) -> bytes:
        """Return `size` bytes at `offset`; less where the picture ends."""

    def read_base64(self, offset: int, size: int) -> bytes | memoryview:
        """Return base64 of `size` bytes at `offset`, a multiple of 3; less where the picture ends."""

    def read_base64_pieces(self, offset: int, size: int) -> Sequence[bytes | memoryview]:
        """Return the same in pieces, without a copy where the text has just come."""

    def close(self) -> None:
        """Let the picture go."""


class SpoolFiles(Protocol):
    """Where a spool takes its file from, if it needs one."""

    def take(self, mime_type: str | None) -> IO[bytes]:
        """Return an open file, readable and writable, for a picture of this type. Raises OSError."""

    def give_back(self, file: IO[bytes], size_bytes: int) -> None:
        """Take back a file into which `size_bytes` were written."""


class SpoolFolder:
    """The unlinked temporary files of a folder. They are used again: a new one costs twice the writing.

    What an earlier picture left in a file lies beyond the new one's end or is written over; a spool never reads
    past its own bytes. Measured 2026-11: 20 MB into a new file 8.5 ms, into a used one 3.8 ms.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._free: list[IO[bytes]] = []

    def take(self, mime_type: str | None) -> IO[bytes]:  # noqa: ARG002 - a file without a name needs no type
        """Return a file for one spool. Raises OSError."""
        if self._free:
            return self._free.pop()
        return tempfile.TemporaryFile(dir=self._folder, buffering=0)

    def give_back(self, file: IO[bytes], size_bytes: int) -> None:
        """Take back a file into which `size_bytes` were written."""
        if len(self._free) < _KEPT_FILES and size_bytes <= _KEPT_FILE_BYTES:
            self._free.append(file)
        else:
            file.close()

    def check(self) -> None:
        """Return if the folder takes files and bytes. Raises OSError."""
        with tempfile.TemporaryFile(dir=self._folder, buffering=0) as file:
            file.write(b"?")

    def close(self) -> None:
        """Let the files go."""
        while self._free:
            self._free.pop().close()


class FileSpool:
    """A picture in a file of `files`, or in memory while it is small."""

    def __init__(self, files: SpoolFiles) -> None:
        self.size_bytes = 0
        self.sha256 = ""
        self.mime_type: str | None = None
        self.pixels: tuple[int, int] | None = None
        self.is_held = False
        self._files = files
        self._file: IO[bytes] | None = None
        self._digest = hashlib.sha256()
        self._head = b""
        self._rest = b""
        self._is_padded = False
        self._gathered: list[bytes] = []
        self._written_bytes = 0
        self._recent = RecentText()

    def append(self, base64: bytes) -> None:
        """Take the next piece. Raises InvalidBase64."""
        self._recent.append(base64)
        start = 0
        if self._rest:
            start = 4 - len(self._rest)
            self._rest += base64[:start]
            if len(self._rest) < 4:
                return
            self._take(self._rest)
        end = start + (len(base64) - start & ~3)
        self._rest = base64[end:]
        if end > start:
            self._take(memoryview(base64)[start:end])
        self._write_gathered()

    def append_bytes(self, data: bytes) -> None:
        """Take the next piece of a picture that does not come as base64."""
        self._gather(data)
        self._write_gathered()

    def _write_gathered(self) -> None:
        if self.size_bytes - self._written_bytes >= GATHERED_BYTES:
            self._write()
            # What is held in memory is there to be read; its text need not be as well.
            self._recent.forget_before(
                self.size_bytes if self.is_held else self._written_bytes - GATHERED_BYTES
            )

    def finish(self) -> None:
        """Take the end: digest and pixel size are known from here on. Raises InvalidBase64."""
        if self._rest:
            self._take(self._rest + b"=" * (-len(self._rest) % 4))
            self._rest = b""
        if self.size_bytes > SMALL_BYTES:
            self._write()
        self._recent.clear()
        self.sha256 = self._digest.hexdigest()
        self.pixels = measure(self.mime_type, self.read)

    def read(self, offset: int, size: int) -> bytes:
        """Return `size` bytes at `offset`; less where the picture ends."""
        if self._file is None or offset + size > self._written_bytes:
            return self._read_gathered(offset, size)
        return os.pread(self._file.fileno(), size, offset)

    def read_base64(self, offset: int, size: int) -> bytes | memoryview:
        """Return base64 of `size` bytes at `offset`, a multiple of 3; less where the picture ends."""
        pieces = self.read_base64_pieces(offset, size)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def read_base64_pieces(self, offset: int, size: int) -> Sequence[bytes | memoryview]:
        """Return the same in pieces, without a copy where the text has just come."""
        recent = self._recent.read(offset, min(offset + size, self.size_bytes))
        return [pybase64.b64encode(self.read(offset, size))] if recent is None else recent

    @property
    def is_written(self) -> bool:
        """Whether all of it is in the file."""
        return self._file is not None and self._written_bytes == self.size_bytes

    def sync(self) -> None:
        """Return when what is in the file is on disk; may be called from a thread. Raises OSError."""
        if self._file is not None:
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Let go of the file."""
        self._gathered.clear()
        self._recent.clear()
        file, self._file = self._file, None
        if file is not None:
            self._files.give_back(file, self._written_bytes)

    def _take(self, base64: bytes | memoryview) -> None:
        if self._is_padded:
            raise InvalidBase64("not base64: there is more after the padding")
        try:
            decoded = pybase64.b64decode(base64, validate=True)
        except ValueError as error:
            raise InvalidBase64(f"not base64: {error}") from error
        self._is_padded = len(decoded) * 4 != len(base64) * 3
        self._gather(decoded)

    def _gather(self, decoded: bytes) -> None:
        if self.size_bytes < HEAD_BYTES:
            self._head += decoded[:HEAD_BYTES]
            self.mime_type = sniff_mime_type(self._head)
        self._digest.update(decoded)
        self._gathered.append(decoded)
        self.size_bytes += len(decoded)

    def _write(self) -> None:
        if self.is_held:
            return
        try:
            if self._file is None:
                self._file = self._files.take(self.mime_type)
            if len(self._gathered) > _MAX_PIECES:
                self._gathered = [b"".join(self._gathered)]
            self._written_bytes += os.pwritev(self._file.fileno(), self._gathered, self._written_bytes)
            if self._written_bytes < self.size_bytes:  # a signal or a nearly full disk cut it short
                self._write_rest(self._file.fileno())
        except OSError:
            self.is_held = True
        else:
            self._gathered.clear()

    def _write_rest(self, descriptor: int) -> None:
        """Write what is left of the gathered pieces, keeping count for the case that it fails."""
        gathered = b"".join(self._gathered)
        begins = self.size_bytes - len(gathered)
        while self._written_bytes < self.size_bytes:
            left = memoryview(gathered)[self._written_bytes - begins :]
            self._written_bytes += os.pwrite(descriptor, left, self._written_bytes)

    def _read_gathered(self, offset: int, size: int) -> bytes:
        """Read what is, at least in part, not written yet."""
        end = min(offset + size, self.size_bytes)
        found: list[bytes | memoryview] = []
        begins = self.size_bytes - sum(map(len, self._gathered))
        if offset < begins and self._file is not None:
            found.append(os.pread(self._file.fileno(), begins - offset, offset))
        for piece in self._gathered:
            found.append(memoryview(piece)[max(offset - begins, 0) : max(end - begins, 0)])
            begins += len(piece)
        return b"".join(found)
