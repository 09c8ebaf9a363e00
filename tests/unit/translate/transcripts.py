"""Answers as they arrive, event by event, for the tests of what is made of them."""

import base64
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hypothesis import strategies as st

from limner.pictures.sniff import sniff_mime_type
from limner.translate.composition import (
    Composer,
    LinkSegment,
    PictureSegment,
    Segment,
    TextSegment,
    ThoughtSegment,
)
from limner.translate.events import (
    Event,
    Finish,
    PictureBegins,
    PictureBytes,
    PictureEnds,
    PictureSettled,
    Text,
)
from limner.translate.transcript import Transcript

FORMS = ("markdown", "url", "images")
"""Where pictures may stand."""

PNG = b"\x89PNG\r\n\x1a\n" + bytes(60)
JPEG = b"\xff\xd8\xff\xe0" + bytes(60)
UNKNOWN = b"no picture type at all, but long enough to have one"


@dataclass(frozen=True)
class Words:
    """A text part."""

    text: str
    is_thought: bool = False


@dataclass(frozen=True)
class Drawn:
    """A picture part: its bytes and what is said of them, and when."""

    data: bytes = PNG
    is_thought: bool = False
    announced: bool = True
    """Whether type and thought stand before the bytes."""
    mime_type: str | None = "image/png"
    first_bytes: int = 1000
    """How much comes first."""


Scene = list[Words | Drawn]


def events_of(scene: Iterable[Words | Drawn]) -> Iterator[Event]:
    """Yield what the reader says of `scene`; the base64 in pieces of whole quadruples."""
    for part, piece in enumerate(scene):
        if isinstance(piece, Words):
            yield Text(part, piece.text, piece.is_thought)
            continue
        known = piece.mime_type if piece.announced else None
        yield PictureBegins(part, is_thought=piece.announced and piece.is_thought, mime_type=known)
        for data in (piece.data[: piece.first_bytes], piece.data[piece.first_bytes :]):
            if data:
                yield PictureBytes(part, base64.b64encode(data))
        yield PictureEnds(part)
        yield PictureSettled(part, piece.is_thought, piece.mime_type)
    yield Finish("STOP", None)


class Receiver:
    """Takes events into a transcript as a generation does, pictures into memory."""

    def __init__(self) -> None:
        self.transcript = Transcript()
        self.data: dict[int, bytes] = {}

    def take(self, event: Event) -> None:
        pictures = self.transcript.pictures
        if isinstance(event, PictureBytes):
            data = self.data[pictures[-1].number] = self.data.get(
                pictures[-1].number, b""
            ) + base64.b64decode(event.base64)
            pictures[-1].size_bytes = len(data)
            pictures[-1].sniffed_mime_type = sniff_mime_type(data[:32])
            return
        self.transcript.add(event, picture_id=f"img_{len(pictures)}")
        if isinstance(event, PictureEnds):
            data = self.data.get(pictures[-1].number, b"")
            pictures[-1].sha256 = hashlib.sha256(data).hexdigest()


def receive(scene: Iterable[Words | Drawn]) -> Transcript:
    """Return the transcript of a whole answer."""
    receiver = Receiver()
    for event in events_of(scene):
        receiver.take(event)
    return receiver.transcript


def find_link(picture_id: str) -> str:
    """Return the link to a picture."""
    return f"https://pictures.example/images/{picture_id}?expires=1&signature=s"


def compose(
    scene: Iterable[Words | Drawn],
    *,
    form: str = "markdown",
    wants_thoughts: bool = False,
    refusal: str | None = None,
) -> list[Segment]:
    """Return the segments of a whole answer, taken at its end."""
    composer = Composer(receive(scene), form=form, wants_thoughts=wants_thoughts, find_link=find_link)
    return list(composer.take_rest(refusal))


def render(segments: Iterable[Segment]) -> tuple[str, str, list[int]]:
    """Return the content, the reasoning and the pictures' numbers; a picture stands in the content as <n>."""
    content = reasoning = ""
    pictures: list[int] = []
    for segment in segments:
        match segment:
            case TextSegment(text):
                content += text
            case ThoughtSegment(text):
                reasoning += text
            case PictureSegment(picture, before, after):
                content += f"{before}<{picture.number}>{after}" if before else ""
                pictures.append(picture.number)
            case LinkSegment(picture, text):
                content += text
                pictures.append(picture.number)
    return content, reasoning, pictures


def scenes() -> st.SearchStrategy[Scene]:
    """Answers of text and pictures in any order, with doubles and thoughts."""
    words = st.builds(Words, st.sampled_from(["", "Here", " you go.", "\n", "🗼"]), st.booleans())
    drawn = st.builds(
        Drawn,
        data=st.sampled_from([PNG, JPEG, UNKNOWN, PNG + b"2", PNG[:9], b"abc", b""]),
        is_thought=st.booleans(),
        announced=st.booleans(),
        mime_type=st.sampled_from(["image/png", "image/webp", None]),
        first_bytes=st.sampled_from([1, 3, 9, 31, 32, 1000]),
    )
    return st.lists(words | drawn, max_size=6)
