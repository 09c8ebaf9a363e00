"""Puts an answer's pieces in the order and form a client is given them. Pure; the same for both modes.

A stream takes segments as they become certain, a whole answer takes them all at the end, and both concatenate
to the same content because both come from here.

What clients rely on (docs/chat.md): adjacent texts are joined as they are; one line feed stands between text
and picture and between pictures; identical pictures count once; thought pictures are not delivered unless
nothing else came. Only a first picture of a call that asked for no thoughts can be relayed while it arrives:
of any other it is not known before its part closes whether it counts.
"""

from collections.abc import Iterator

from msgspec import Struct

from limner.translate.transcript import Picture, TextPiece, Transcript

_TYPED_BYTES = 32
"""From this size on a picture's bytes have said what type it is, if they ever do."""

PLACEHOLDER_TEXT = "Here is your picture."


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


Segment = TextSegment | ThoughtSegment | PictureSegment


class Composer:
    """Walks a transcript once. `delivered` are the pictures given out so far."""

    def __init__(self, transcript: Transcript, *, is_markdown: bool, wants_thoughts: bool) -> None:
        self._transcript = transcript
        self._is_markdown = is_markdown
        self._wants_thoughts = wants_thoughts
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
        if not self._is_markdown and not self._has_text:
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
        is_first = picture.number == 0
        if is_first and not self._wants_thoughts and not picture.announced_as_thought:
            is_typed = picture.sniffed_mime_type is not None or picture.mime_type is not None
            return (is_typed and picture.size_bytes >= _TYPED_BYTES) or picture.is_settled
        return picture.is_settled

    def _counts(self, picture: Picture) -> bool:
        """Whether a picture that is certain, or that the end of the answer leaves as it is, is delivered."""
        is_live = picture.number == 0 and not self._wants_thoughts and not picture.announced_as_thought
        if picture.is_unreadable or (picture.is_thought and not is_live):
            return False
        if is_live:
            return picture.size_bytes > 0
        return picture.is_whole and picture.sha256 not in {other.sha256 for other in self.delivered}

    def _to_segment(self, picture: Picture) -> PictureSegment:
        gap = "\n" if self._is_markdown and (self._has_text or self.delivered) else ""
        self.delivered.append(picture)
        if not self._is_markdown:
            return PictureSegment(picture, before="", after="")
        self._last_is_picture = True
        return PictureSegment(picture, before=f"{gap}![image](data:{picture.media_type};base64,", after=")")
