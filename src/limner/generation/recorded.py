"""Reads the journal of a generation back. Knows lines, not files."""

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct

from limner.generation.journal import (
    ChoiceBegins,
    ChoiceEnds,
    End,
    ErrorNote,
    Head,
    PictureNamed,
    PictureReceived,
    Signature,
)
from limner.translate.events import (
    AnsweredBy,
    Blocked,
    Document,
    Finish,
    PictureBegins,
    PictureEnds,
    PictureSettled,
    SignatureEnds,
    Text,
    UpstreamError,
    Usage,
)
from limner.translate.transcript import Transcript

_GeminiEvent = Text | PictureBegins | PictureEnds | PictureSettled | Document | Finish | Usage | AnsweredBy
_OwnLine = Head | PictureNamed | PictureReceived | Signature | ChoiceBegins | ChoiceEnds | End
_DECODER: msgspec.json.Decoder[Any] = msgspec.json.Decoder(_GeminiEvent | Blocked | UpstreamError | _OwnLine)


class RecordedChoice(Struct, kw_only=True):
    """What a journal says of one choice."""

    transcript: Transcript = msgspec.field(default_factory=Transcript)
    is_over: bool = False
    failure: ErrorNote | None = None


class Recorded(Struct, kw_only=True):
    """What a journal says. `end` is None if it stops before the end marker."""

    head: Head | None = None
    choices: list[RecordedChoice] = msgspec.field(default_factory=lambda: [RecordedChoice()])
    """As many as it tells of; there may have been more."""
    file_names: dict[str, str] = msgspec.field(default_factory=dict)
    """By picture id."""
    end: End | None = None

    def list_choices(self, n: int) -> list[RecordedChoice]:
        """Return all `n` choices; of those it does not tell of nothing came."""
        return [*self.choices, *(RecordedChoice() for _ in range(n - len(self.choices)))]


def read_lines(lines: Iterable[bytes]) -> Recorded:
    """Return what the lines say; the first that cannot be read ends it, for nothing after it is certain."""
    recorded = Recorded()
    choice = recorded.choices[0]
    named = ""
    for text in lines:
        try:
            line = _DECODER.decode(text)
        except msgspec.DecodeError:
            break
        match line:
            case Head():
                recorded.head = line
            case ChoiceBegins(index):
                recorded.choices = recorded.list_choices(index + 1)
                choice = recorded.choices[index]
            case ChoiceEnds(failure):
                choice.is_over, choice.failure = True, failure
            case PictureNamed(picture_id):
                named = picture_id
            case PictureReceived():
                _complete(choice.transcript, line)
                recorded.file_names[line.id] = line.file_name
            case End():
                recorded.end = line
                if len(recorded.choices) == 1:
                    choice.is_over, choice.failure = True, line.failure
                break
            case Signature(part):
                choice.transcript.add(SignatureEnds(part))
            case _:
                choice.transcript.add(line, picture_id=named)
    return recorded


def _complete(transcript: Transcript, line: PictureReceived) -> None:
    picture = next(picture for picture in transcript.pictures if picture.id == line.id)
    picture.size_bytes = line.size_bytes
    picture.sha256 = line.sha256
    picture.sniffed_mime_type = line.mime_type
    picture.pixels = line.pixels
    picture.is_unreadable = line.is_unreadable
