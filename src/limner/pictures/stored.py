"""Reads a kept picture as a spool is read, so that an answer from the store and a first one are sent alike.

Knows a file and what the books say of it; not who asks.
"""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import pybase64

from limner.pictures.disk import uncache
from limner.pictures.store import COPY_BYTES


class StoredSpool:
    """A kept picture. The file is opened at the first reading and held, so that deleting it ends no answer."""

    is_held = False

    def __init__(
        self,
        path: Path,
        *,
        size_bytes: int,
        sha256: str,
        mime_type: str | None,
        pixels: tuple[int, int] | None,
    ) -> None:
        self.size_bytes = size_bytes
        self.sha256 = sha256
        self.mime_type = mime_type
        self.pixels = pixels
        self._path = path
        self._file: IO[bytes] | None = None

    def open(self) -> None:
        """Open the file. Raises OSError: it is not there, or not of its size."""
        if self._file is None:
            file = self._path.open("rb", buffering=0)
            if os.fstat(file.fileno()).st_size != self.size_bytes:
                file.close()
                raise OSError(f"{self._path.name} is not as long as it was")
            self._file = file

    def fileno(self) -> int:
        """Return the descriptor of its file. Raises OSError."""
        self.open()
        if self._file is None:
            raise OSError("the file is not open")
        return self._file.fileno()

    def append(self, base64: bytes) -> None:  # noqa: ARG002 - as PictureSpool asks
        """Refuse: a kept picture is complete."""
        raise TypeError("a kept picture takes no more bytes")

    def finish(self) -> None:
        """Do nothing: a kept picture is complete."""

    def read(self, offset: int, size: int) -> bytes:
        """Return `size` bytes at `offset`; less where the picture ends."""
        self.open()
        if self._file is None:
            raise OSError("the file is not open")
        return os.pread(self._file.fileno(), min(size, self.size_bytes - offset), offset)

    def read_base64(self, offset: int, size: int) -> bytes | memoryview:
        """Return base64 of `size` bytes at `offset`, a multiple of 3; less where the picture ends."""
        return pybase64.b64encode(self.read(offset, size))

    def read_base64_pieces(self, offset: int, size: int) -> Sequence[bytes | memoryview]:
        """Return the same as one piece."""
        return [self.read_base64(offset, size)]

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            uncache(self._file.fileno())
            self._file.close()
            self._file = None


class StoredBase64:
    """A range of a file that is base64 already, such as a signature in a journal; sent as pictures are."""

    is_held = False
    sha256 = ""
    mime_type: str | None = None
    pixels: tuple[int, int] | None = None

    def __init__(self, path: Path, *, offset: int, size_bytes: int) -> None:
        """`offset` is where the base64 begins in the file, `size_bytes` how long it is decoded. Raises OSError."""
        self.size_bytes = size_bytes
        self._offset = offset
        self._file: IO[bytes] | None = path.open("rb", buffering=0)

    def append(self, base64: bytes) -> None:  # noqa: ARG002 - as PictureSpool asks
        """Refuse: it is complete."""
        raise TypeError("what is kept takes no more bytes")

    def finish(self) -> None:
        """Do nothing: it is complete."""

    def read(self, offset: int, size: int) -> bytes:
        """Return `size` decoded bytes at `offset`, a multiple of 3; less at the end."""
        return pybase64.b64decode(self.read_base64(offset, size))

    def read_base64(self, offset: int, size: int) -> bytes | memoryview:
        """Return base64 of `size` bytes at `offset`, a multiple of 3; less at the end."""
        if self._file is None:
            raise OSError("the file is not open")
        length = -(-min(size, self.size_bytes - offset) // 3) * 4
        return os.pread(self._file.fileno(), length, self._offset + offset // 3 * 4)

    def read_base64_pieces(self, offset: int, size: int) -> Sequence[bytes | memoryview]:
        """Return the same as one piece."""
        return [self.read_base64(offset, size)]

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


def verify(path: Path, size_bytes: int, sha256: str) -> bool:
    """Return whether a file is there, whole and as its digest says; blocks while it is read."""
    digest = hashlib.sha256()
    try:
        with path.open("rb", buffering=0) as file:
            while data := file.read(COPY_BYTES):
                digest.update(data)
            return file.tell() == size_bytes and digest.hexdigest() == sha256
    except OSError:
        return False
