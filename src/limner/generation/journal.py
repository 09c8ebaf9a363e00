"""What is written of a generation beside its pictures, a JSON line each.

The head says whose it is, so that files alone are enough to find an owner; the end marker says that nothing
is missing. Between them stand Gemini's own events in their order, those of several choices as they came. Knows
lines, not files; `recorded` reads them back.
"""

import msgspec
from msgspec import Struct

from limner.errors import GatewayError, restore
from limner.generation.record import Asked
from limner.pictures.spool import PictureSpool
from limner.pictures.store import Draft
from limner.translate.events import Event, PictureBytes, ResponseNamed, SignatureBytes, SignatureEnds
from limner.translate.transcript import Picture

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
    prompt: str | None = None
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


class ChoiceBegins(Struct, frozen=True, tag="choice"):
    """The lines that follow are this choice's; before the first such line they are those of choice 0."""

    index: int


class ErrorNote(Struct, frozen=True, kw_only=True):
    """An error, to be raised again later."""

    code: str
    message: str
    param: str | None = None


class ChoiceEnds(Struct, frozen=True, tag="choice_end"):
    """One of several choices is over; `failure` is what ended it before its time, if anything did."""

    failure: ErrorNote | None


class End(Struct, frozen=True, tag="end"):
    """The last line: the answer is over; `failure` is what ended an only choice before its time, if anything did."""

    failure: ErrorNote | None


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
        self._choices = head.asked.n
        self._index = 0
        self.write(0, msgspec.json.encode(head))

    def write(self, index: int, line: bytes) -> None:
        """Note a line of a choice."""
        if index != self._index:
            self._index = index
            self._draft.add_line(msgspec.json.encode(ChoiceBegins(index)))
        self._draft.add_line(line)

    def end_choice(self, index: int, failure: GatewayError | None) -> None:
        """Note that a choice is over; of an only one the end of all says so."""
        if self._choices > 1:
            self.write(index, msgspec.json.encode(ChoiceEnds(_to_optional_note(failure))))
            self.flush()

    def end(self, failure: GatewayError | None) -> None:
        """Note that nothing follows; `failure` is what ended an only choice before its time."""
        noted = None if self._choices > 1 else _to_optional_note(failure)
        self.write(self._index, msgspec.json.encode(End(noted)))

    def flush(self) -> None:
        """Write what was noted, as far as the disk takes it; what it refuses stays in memory."""
        try:
            self._draft.flush()
        except OSError:
            return


class ChoiceWriter:
    """Writes the lines of one choice; signatures are gathered, for those of others come in between."""

    def __init__(self, journal: JournalWriter, index: int) -> None:
        self._journal = journal
        self._index = index
        self._signature: list[bytes] = []

    def add(self, event: Event) -> None:
        """Note an event; pictures' bytes and Gemini's ids are not the journal's."""
        if isinstance(event, PictureBytes | ResponseNamed):
            return
        if isinstance(event, SignatureBytes):
            self._signature.append(event.base64)
        elif isinstance(event, SignatureEnds):
            self._write_signature(event.part)
        else:
            self._write(event)

    def receive_signature(self, part: int, base64: bytes) -> None:
        """Note a whole signature that is given out as well: as it will be written there."""
        self._signature.append(base64)
        self._write_signature(part)

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

    def flush(self) -> None:
        """Write what was noted, of all choices, as far as the disk takes it."""
        self._journal.flush()

    def _write_signature(self, part: int) -> None:
        line = b"".join([b'{"type":"signature","part":%d,"base64":"' % part, *self._signature, b'"}'])
        self._signature.clear()
        self._journal.write(self._index, line)
        if len(line) > _FLUSHED_BYTES:
            self.flush()

    def _write(self, line: Struct) -> None:
        self._journal.write(self._index, msgspec.json.encode(line))


def _to_optional_note(error: GatewayError | None) -> ErrorNote | None:
    return None if error is None else to_note(error)
