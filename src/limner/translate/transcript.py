"""What Gemini has said so far in one generation: the fold of the reader's events. Pure, grows, never shrinks.

Every way of answering reads this record, live or afterwards. A picture's bytes are in a spool; here stand its
place and what is known of it.
"""

from msgspec import Struct

from limner.translate.events import (
    AnsweredBy,
    Blocked,
    Document,
    Event,
    Finish,
    PictureBegins,
    PictureEnds,
    PictureSettled,
    ResponseNamed,
    SignatureEnds,
    Text,
    UpstreamError,
    Usage,
)
from limner.wire.gemini import UsageMetadata


class TextPiece(Struct, frozen=True):
    """Text as Gemini sent it."""

    text: str
    is_thought: bool


class Picture(Struct, kw_only=True):
    """One picture and what is known of it so far."""

    number: int
    """Place among all pictures of the answer, thoughts included."""
    part: int
    id: str
    announced_as_thought: bool
    """Whether it was marked as a thought before its bytes came."""
    is_thought: bool
    mime_type: str | None
    """As Gemini declares it; what its bytes say counts more."""
    is_complete: bool = False
    is_settled: bool = False
    """Whether its part has closed, so that `is_thought` is certain."""
    is_unreadable: bool = False
    sniffed_mime_type: str | None = None
    sha256: str = ""
    size_bytes: int = 0
    pixels: tuple[int, int] | None = None

    @property
    def is_whole(self) -> bool:
        """Whether all of it came, it is base64, and it is not empty."""
        return self.is_complete and not self.is_unreadable and self.size_bytes > 0

    @property
    def media_type(self) -> str:
        """The type to serve it as: what its bytes say, else what was declared."""
        return self.sniffed_mime_type or self.mime_type or "application/octet-stream"


class Transcript:
    """The answer as far as it came."""

    def __init__(self) -> None:
        self.pieces: list[TextPiece | Picture] = []
        self.finish: Finish | None = None
        self.usage: UsageMetadata | None = None
        self.blocked: Blocked | None = None
        self.error: UpstreamError | None = None
        self.documents: list[Document] = []
        """All of it as Gemini wrote it, where it is to be given out so."""
        self.documented_pieces = 0
        """How many of the pieces stand in the documents."""
        self.signature_parts: list[int] = []
        """The part of each thought signature that came whole."""
        self.answered_by: AnsweredBy | None = None
        self.response_id: str | None = None
        """Gemini's own; not kept with the answer."""

    @property
    def pictures(self) -> list[Picture]:
        """All pictures in order, thoughts and unfinished ones included."""
        return [piece for piece in self.pieces if isinstance(piece, Picture)]

    @property
    def has_begun(self) -> bool:
        """Whether Gemini has said anything beside an error or a block."""
        return bool(self.pieces) or self.finish is not None

    def add(self, event: Event, *, picture_id: str = "") -> None:
        """Take the next event; `picture_id` names the picture that a PictureBegins begins."""
        match event:
            case Text(_, text, is_thought):
                self.pieces.append(TextPiece(text, is_thought))
            case PictureBegins(part, is_thought, mime_type):
                self.pieces.append(
                    Picture(
                        number=len(self.pictures),
                        part=part,
                        id=picture_id,
                        announced_as_thought=is_thought,
                        is_thought=is_thought,
                        mime_type=mime_type,
                    )
                )
            case PictureEnds(part):
                self._find(part).is_complete = True
            case PictureSettled(part, is_thought, mime_type):
                self._settle(part, is_thought=is_thought, mime_type=mime_type)
            case Finish():
                self.finish = event
            case Usage(metadata):
                self.usage = metadata
            case Blocked():
                self.blocked = event
            case UpstreamError():
                self.error = event
            case Document():
                self.documents.append(event)
                self.documented_pieces = len(self.pieces)
            case SignatureEnds(part):
                self.signature_parts.append(part)
            case AnsweredBy() | ResponseNamed():
                self._name(event)
            case _:
                pass

    def take_over(self, said: "Transcript") -> None:
        """Say, all at once, what another transcript says; this one is empty, and may be listened to."""
        self.finish, self.usage, self.blocked, self.error = said.finish, said.usage, said.blocked, said.error
        self.pieces.extend(said.pieces)
        self.documents.extend(said.documents)
        self.documented_pieces = said.documented_pieces
        self.signature_parts.extend(said.signature_parts)
        self.answered_by = said.answered_by

    def _name(self, event: AnsweredBy | ResponseNamed) -> None:
        if isinstance(event, AnsweredBy):
            self.answered_by = event
        else:
            self.response_id = event.id

    def _settle(self, part: int, *, is_thought: bool, mime_type: str | None) -> None:
        for picture in self.pictures:  # inline data without data is no picture
            if picture.part == part:
                picture.is_settled = True
                picture.is_thought = is_thought
                picture.mime_type = mime_type or picture.mime_type

    def _find(self, part: int) -> Picture:
        return next(picture for picture in reversed(self.pictures) if picture.part == part)


def name_signature(number: int) -> str:
    """Return what an answer's thought signature of that number is called among its spools."""
    return f"signature-{number}"


def count_due(transcript: Transcript) -> int:
    """Return how many pictures a finished transcript has to deliver."""
    whole = [picture for picture in transcript.pictures if picture.is_whole]
    return len({picture.sha256 for picture in whole if not picture.is_thought}) or min(len(whole), 1)
