"""Receives a picture as base64 in any cut and keeps it decoded in an unlinked temporary file.

Digest, type and size are taken as the bytes pass. The file is the buffer between the upstream and however
many clients there are: whoever sends the picture reads it here at its own pace, so a slow client costs a file
and never memory. Knows nothing of where the base64 comes from or goes to.

Measured 2026-11 for 20 MB in pieces of 64 KiB: decoding 3 ms, SHA-256 11 ms, writing to the page cache 10 ms.
"""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Protocol

import pybase64

from limner.pictures.sniff import HEAD_BYTES, measure, sniff_mime_type


class InvalidBase64(Exception):
    """What came is not base64."""


class PictureSpool(Protocol):
    """Where one picture is received; `append` pieces, `finish` it, read it back at any time."""

    size_bytes: int
    sha256: str
    mime_type: str | None
    pixels: tuple[int, int] | None

    def append(self, base64: bytes) -> None:
        """Take the next piece. Raises InvalidBase64, and OSError when the disk will not."""

    def finish(self) -> None:
        """Take the end: digest and pixel size are known from here on. Raises InvalidBase64."""

    def read_base64(self, offset: int, size: int) -> bytes:
        """Return base64 of up to `size` bytes of the picture at `offset`, a multiple of 3."""

    def close(self) -> None:
        """Let the picture go."""


class FileSpool:
    """A picture in an unlinked temporary file of `folder`."""

    def __init__(self, folder: Path) -> None:
        self.size_bytes = 0
        self.sha256 = ""
        self.mime_type: str | None = None
        self.pixels: tuple[int, int] | None = None
        self._digest = hashlib.sha256()
        self._head = b""
        self._rest = b""
        self._is_padded = False
        self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 - lives as long as the spool

    def append(self, base64: bytes) -> None:
        """Take the next piece. Raises InvalidBase64, and OSError when the disk will not."""
        if self._rest:
            base64 = self._rest + base64
        whole = len(base64) & ~3
        self._rest = base64[whole:]
        if whole:
            self._take(memoryview(base64)[:whole] if self._rest else base64)

    def finish(self) -> None:
        """Take the end: digest and pixel size are known from here on. Raises InvalidBase64."""
        if self._rest:
            self._take(self._rest + b"=" * (-len(self._rest) % 4))
            self._rest = b""
        self.sha256 = self._digest.hexdigest()
        self.pixels = measure(self.mime_type, self.read)

    def read(self, offset: int, size: int) -> bytes:
        """Return up to `size` bytes of the picture at `offset`."""
        return os.pread(self._file.fileno(), size, offset)

    def read_base64(self, offset: int, size: int) -> bytes:
        """Return base64 of up to `size` bytes of the picture at `offset`, a multiple of 3."""
        return pybase64.b64encode(self.read(offset, size))

    def close(self) -> None:
        """Let the picture go; the file has no name and vanishes."""
        self._file.close()

    def _take(self, base64: bytes | memoryview) -> None:
        if self._is_padded:
            raise InvalidBase64("not base64: there is more after the padding")
        try:
            decoded = pybase64.b64decode(base64, validate=True)
        except ValueError as error:
            raise InvalidBase64(f"not base64: {error}") from error
        self._is_padded = len(decoded) * 4 != len(base64) * 3
        self._write(decoded)

    def _write(self, decoded: bytes) -> None:
        if self.size_bytes < HEAD_BYTES:
            self._head += decoded[:HEAD_BYTES]
            self.mime_type = sniff_mime_type(self._head)
        self._digest.update(decoded)
        written = 0
        while written < len(decoded):
            written += self._file.write(memoryview(decoded)[written:]) or 0
        self.size_bytes += len(decoded)
