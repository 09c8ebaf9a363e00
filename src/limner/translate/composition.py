"""Puts an answer's pieces in the order and form a client is given them. Pure; the same for both modes.

A stream takes segments as they become certain, a whole answer takes them all at the end, and both concatenate
to the same content because both come from here.

What clients rely on (docs/chat.md): adjacent texts are joined as they are; one line feed stands between text
and picture and between pictures; identical pictures count once; thought pictures are not delivered unless
nothing else came. Only a first picture of a call that asked for no thoughts can be relayed while it arrives:
of any other it is not known before its part closes whether it counts. A link is given out once the answer is
over: only then is there something behind it.
"""

from collections.abc import Callable, Iterator

from msgspec import Struct

from limner.translate.transcript import Picture, TextPiece, Transcript

_TYPED_BYTES = 32
"""From this size on a picture's bytes have said what type it is, if they ever do."""

PLACEHOLDER_TEXT = "Here is your picture."

FindLink = Callable[[str], str | None]
"""Returns the link to the picture of an id; None: there is none, and its bytes are given instead."""


class TextSegment(Struct, frozen=True):
    """Text for `content`."""

    text: str


class ThoughtSegment(Struct, frozen=True):
    """Text for `reasoning_content`."""

    text: str


class PictureSegment(Struct, frozen=True):
    """A picture; for Markdown it stands in `content` between `before` and `after`. It may still be arriving."""

    picture: Picture
    before: str
    after: str


class LinkSegment(Struct, frozen=True):
    """A picture that is given as a link: `text` is what stands in `content` for it."""

    picture: Picture
    text: str


Segment = TextSegment | ThoughtSegment | PictureSegment | LinkSegment


class Composer:
    """Walks a transcript once. `delivered` are the pictures given out so far."""

    def __init__(
        self,
        transcript: Transcript,
        *,
        form: str,
        wants_thoughts: bool,
        draws: bool = True,
        find_link: FindLink | None = None,
    ) -> None:
        """`form` is where pictures stand: `markdown` or `url`, in the content with their bytes or as links, or `images`.

        `draws` says whether a picture is due; `find_link` is asked for links, once the answer is over.
        """
        self._transcript = transcript
        self._form = form
        self._wants_thoughts = wants_thoughts
        self._draws = draws
        self._find_link = find_link
        self._next = 0
        self._has_text = False
        self._last_is_picture = False
        self.delivered: list[Picture] = []

    def take(self) -> Iterator[Segment]:
        """Yield the segments that are certain now and were not yielded before."""
        pieces = self._transcript.pieces
        while self._next < len(pieces):
            piece = pieces[self._next]
            if isinstance(piece, TextPiece):
                yield from self._take_text(piece)
            elif not self._is_certain(piece):
                return
            elif self._counts(piece):
                self._next += 1
                yield self._to_segment(piece)
                continue
            self._next += 1

    def take_rest(self, refusal: str | None) -> Iterator[Segment]:
        """Yield what is left once the answer is over: everything certain and what only its end decides.

        `refusal` is why there is no picture; it becomes the content where Gemini wrote none.
        """
        yield from self.take()
        for piece in self._transcript.pieces[self._next :]:
            if isinstance(piece, TextPiece):
                yield from self._take_text(piece)
            elif self._counts(piece):
                yield self._to_segment(piece)
        self._next = len(self._transcript.pieces)
        if not self.delivered:
            yield from self._take_last_resort(refusal)
        if self._form == "images" and self._draws and not self._has_text:
            yield from self._take_text(TextPiece(PLACEHOLDER_TEXT, is_thought=False))

    def _take_last_resort(self, refusal: str | None) -> Iterator[Segment]:
        thoughts = [picture for picture in self._transcript.pictures if picture.is_whole]
        if thoughts:
            yield self._to_segment(thoughts[-1])
        elif refusal is not None and not self._has_text:
            yield from self._take_text(TextPiece(refusal, is_thought=False))

    def _take_text(self, piece: TextPiece) -> Iterator[Segment]:
        if not piece.text:
            return
        if piece.is_thought:
            yield ThoughtSegment(piece.text)
            return
        text = f"\n{piece.text}" if self._last_is_picture else piece.text
        self._has_text = True
        self._last_is_picture = False
        yield TextSegment(text)

    def _is_certain(self, picture: Picture) -> bool:
        if self._form == "url":
            return False
        if self._is_relayed(picture):
            is_typed = picture.sniffed_mime_type is not None or picture.mime_type is not None
            return (is_typed and picture.size_bytes >= _TYPED_BYTES) or picture.is_settled
        return picture.is_settled

    def _counts(self, picture: Picture) -> bool:
        """Whether a picture that is certain, or that the end of the answer leaves as it is, is delivered."""
        is_relayed = self._is_relayed(picture)
        if picture.is_unreadable or (picture.is_thought and not is_relayed):
            return False
        if is_relayed:
            return picture.size_bytes > 0
        return picture.is_whole and picture.sha256 not in {other.sha256 for other in self.delivered}

    def _is_relayed(self, picture: Picture) -> bool:
        """Whether a picture is given out while it arrives."""
        is_first = picture.number == 0 and self._form != "url"
        return is_first and not self._wants_thoughts and not picture.announced_as_thought

    def _to_segment(self, picture: Picture) -> PictureSegment | LinkSegment:
        gap = "\n" if self._form != "images" and (self._has_text or self.delivered) else ""
        self.delivered.append(picture)
        if self._form == "images":
            return PictureSegment(picture, before="", after="")
        self._last_is_picture = True
        if self._form == "url" and self._find_link is not None:
            link = self._find_link(picture.id)
            if link is not None:
                return LinkSegment(picture, f"{gap}![image]({link})")
        return PictureSegment(picture, before=f"{gap}![image](data:{picture.media_type};base64,", after=")")
