"""What is written of a generation beside its pictures, a JSON line each, and how it is read back.

The head says whose it is, so that files alone are enough to find an owner; the end marker says that nothing
is missing. Between them stand Gemini's own events in their order. Knows lines, not files.
"""

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct

from limner.errors import GatewayError, restore
from limner.generation.record import Asked
from limner.pictures.spool import PictureSpool
from limner.pictures.store import Draft
from limner.translate.reader import (
    Blocked,
    Event,
    Finish,
    PictureBegins,
    PictureBytes,
    PictureEnds,
    PictureSettled,
    SignatureBytes,
    SignatureEnds,
    Text,
    UpstreamError,
    Usage,
)
from limner.translate.transcript import Picture, Transcript

_FLUSHED_BYTES = 256 * 1024
"""A signature of this length goes to disk at once; Gemini's reach 3 MB (recorded 2026-07)."""


class Head(Struct, frozen=True, kw_only=True, tag="head"):
    """The first line: whose generation this is and how it was asked."""

    version: int = 1
    generation_id: str
    door: str
    owner: str
    end_user: str
    key_id: str
    fingerprint: str
    """In hexadecimal."""
    idempotency_digest: str | None
    asked: Asked
    is_stream: bool
    store: bool | None
    metadata: dict[str, str] | None = None
    conversation: str | None = None
    is_linked: bool = False
    reserved_micro_usd: int
    claimed_at_ms: int


class PictureNamed(Struct, frozen=True, tag="picture_named"):
    """The id of the picture that begins on the next line."""

    id: str


class PictureReceived(Struct, frozen=True, kw_only=True, tag="picture_received"):
    """All of a picture came; this is what it is."""

    id: str
    file_name: str
    size_bytes: int
    sha256: str
    mime_type: str | None
    pixels: tuple[int, int] | None
    is_unreadable: bool


class Signature(Struct, frozen=True, tag="signature"):
    """The thought signature of a part; its base64 is not read here."""

    part: int


class ErrorNote(Struct, frozen=True, kw_only=True):
    """An error, to be raised again later."""

    code: str
    message: str
    param: str | None = None


class End(Struct, frozen=True, tag="end"):
    """The last line: the answer is over; `failure` is what ended it before its time, if anything did."""

    failure: ErrorNote | None


_GeminiEvent = Text | PictureBegins | PictureEnds | PictureSettled | SignatureEnds | Finish | Usage
_Line = _GeminiEvent | Blocked | UpstreamError | Head | PictureNamed | PictureReceived | Signature | End
_DECODER: msgspec.json.Decoder[Any] = msgspec.json.Decoder(_Line)


def to_note(error: GatewayError) -> ErrorNote:
    """Return what is kept of an error."""
    return ErrorNote(code=error.code, message=error.message, param=error.param)


def to_error(note: ErrorNote) -> GatewayError:
    """Return the error that was noted."""
    return restore(note.code, note.message, note.param)


class JournalWriter:
    """Writes the lines of one generation into its draft."""

    def __init__(self, draft: Draft, head: Head) -> None:
        self._draft = draft
        self._signature: list[bytes] = []
        self._write(head)

    def add(self, event: Event) -> None:
        """Note an event; pictures' bytes are not the journal's."""
        if isinstance(event, PictureBytes):
            return
        if isinstance(event, SignatureBytes):
            self._signature.append(event.base64)
        elif isinstance(event, SignatureEnds):
            self._write_signature(event.part)
        else:
            self._write(event)

    def name_picture(self, picture_id: str) -> None:
        """Note the id of the picture that begins next."""
        self._write(PictureNamed(picture_id))

    def receive_picture(self, picture: Picture, spool: PictureSpool, file_name: str) -> None:
        """Note what a picture is that has come to its end."""
        self._write(
            PictureReceived(
                id=picture.id,
                file_name=file_name,
                size_bytes=spool.size_bytes,
                sha256=spool.sha256,
                mime_type=spool.mime_type,
                pixels=spool.pixels,
                is_unreadable=picture.is_unreadable,
            )
        )

    def end(self, failure: GatewayError | None) -> None:
        """Note that nothing follows."""
        self._write(End(None if failure is None else to_note(failure)))

    def flush(self) -> None:
        """Write what was noted, as far as the disk takes it; what it refuses stays in memory."""
        try:
            self._draft.flush()
        except OSError:
            return

    def _write_signature(self, part: int) -> None:
        line = b"".join([b'{"type":"signature","part":%d,"base64":"' % part, *self._signature, b'"}'])
        self._signature.clear()
        self._draft.add_line(line)
        if len(line) > _FLUSHED_BYTES:
            self.flush()

    def _write(self, line: Struct) -> None:
        self._draft.add_line(msgspec.json.encode(line))


class Recorded(Struct, kw_only=True):
    """What a journal says. `end` is None if it stops before the end marker."""

    head: Head | None = None
    transcript: Transcript = msgspec.field(default_factory=Transcript)
    file_names: dict[str, str] = msgspec.field(default_factory=dict)
    """By picture id."""
    end: End | None = None


def read_lines(lines: Iterable[bytes]) -> Recorded:
    """Return what the lines say; the first that cannot be read ends it, for nothing after it is certain."""
    recorded = Recorded()
    named = ""
    for text in lines:
        try:
            line = _DECODER.decode(text)
        except msgspec.DecodeError:
            break
        match line:
            case Head():
                recorded.head = line
            case PictureNamed(picture_id):
                named = picture_id
            case PictureReceived():
                _complete(recorded, line)
            case End():
                recorded.end = line
                break
            case Signature():
                pass
            case _:
                recorded.transcript.add(line, picture_id=named)
    return recorded


def _complete(recorded: Recorded, line: PictureReceived) -> None:
    picture = next(picture for picture in recorded.transcript.pictures if picture.id == line.id)
    picture.size_bytes = line.size_bytes
    picture.sha256 = line.sha256
    picture.sniffed_mime_type = line.mime_type
    picture.pixels = line.pixels
    picture.is_unreadable = line.is_unreadable
    recorded.file_names[line.id] = line.file_name
