"""Keeps what a client asked beside what was drawn for it, and reads it back: a line for each message, a file for each picture.

It is a file of its own and not part of the journal: an answer is read without it, by versions too that do not know
it. Knows a generation's folder; not who asks.
"""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from limner.errors import NotFound
from limner.pictures.spool import PictureSpool
from limner.pictures.store import COPY_BYTES, Draft, name_extension
from limner.pictures.stored import StoredSpool
from limner.translate.asked import AskedMessage

_REQUEST_NAME = "request.jsonl"
_INPUT_PREFIX = "input-"


class KeptPicture(Struct, frozen=True, kw_only=True):
    """An input picture in its file."""

    file_name: str
    mime_type: str
    size_bytes: int
    sha256: str


KeptPart = str | KeptPicture


class KeptMessage(Struct, frozen=True, kw_only=True):
    """One line: a message that came as one text, or in parts."""

    role: str
    name: str | None
    content: str | None
    parts: tuple[KeptPart, ...] | None


async def keep_request(
    draft: Draft, messages: Sequence[AskedMessage], inputs: Sequence[PictureSpool]
) -> None:
    """Write what was asked into a draft; `inputs` are read until it returns or raises. Raises OSError."""
    copying = asyncio.ensure_future(asyncio.to_thread(_write, draft, messages, inputs))
    try:
        await asyncio.shield(copying)
    except asyncio.CancelledError:
        await asyncio.wait([copying])  # the spools are used again once they are let go
        raise


def read_request(folder: Path) -> list[KeptMessage]:
    """Return what was asked. Blocks. Raises NotFound: it is not there, or not whole."""
    try:
        lines = (folder / _REQUEST_NAME).read_bytes().splitlines()
        return [msgspec.json.decode(line, type=KeptMessage) for line in lines]
    except (OSError, msgspec.DecodeError):
        raise _lost() from None


def is_request_only(folder: Path) -> bool:
    """Return whether a folder has nothing but what was asked, which is put there before anything is sent. Blocks."""
    return all(path.name == _REQUEST_NAME or path.name.startswith(_INPUT_PREFIX) for path in folder.iterdir())


def open_picture(folder: Path, picture: KeptPicture) -> StoredSpool:
    """Return an input picture with its file open. Blocks. Raises NotFound: it is not there, or not whole."""
    spool = StoredSpool(
        folder / picture.file_name,
        size_bytes=picture.size_bytes,
        sha256=picture.sha256,
        mime_type=picture.mime_type,
        pixels=None,
    )
    try:
        spool.open()
    except OSError:
        raise _lost() from None
    return spool


def _write(draft: Draft, messages: Sequence[AskedMessage], inputs: Sequence[PictureSpool]) -> None:
    kept: dict[str, KeptPicture] = {}

    def keep(piece: str | int) -> KeptPart:
        if isinstance(piece, str):
            return piece
        spool = inputs[piece]
        if spool.sha256 not in kept:  # a picture that came several times is kept once
            kept[spool.sha256] = _keep_picture(draft, spool, len(kept) + 1)
        return kept[spool.sha256]

    lines = [
        KeptMessage(
            role=message.role,
            name=message.name,
            content=message.content,
            parts=None if message.pieces is None else tuple(keep(piece) for piece in message.pieces),
        )
        for message in messages
    ]
    draft.add_file(_REQUEST_NAME, (msgspec.json.encode(line) + b"\n" for line in lines))


def _keep_picture(draft: Draft, spool: PictureSpool, number: int) -> KeptPicture:
    name = f"{_INPUT_PREFIX}{number}.{name_extension(spool.mime_type)}"
    draft.add_file(name, _read(spool))
    return KeptPicture(
        file_name=name, mime_type=spool.mime_type or "", size_bytes=spool.size_bytes, sha256=spool.sha256
    )


def _read(spool: PictureSpool) -> Iterator[bytes]:
    for offset in range(0, spool.size_bytes, COPY_BYTES):
        yield spool.read(offset, COPY_BYTES)


def _lost() -> NotFound:
    return NotFound("What was asked in this call is no longer there.")
