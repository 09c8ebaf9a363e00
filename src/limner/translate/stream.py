"""Writes the chunks of a stream as event lines. Pure; pictures are put in by whoever holds their bytes.

Facts (clients measured 2026-11):
  * Frames are `data: <json>` and a blank line, nothing else: comments, `event`, `id` and `retry` fields and
    `"error": null` each break some client.
  * aiohttp up to 3.13 reads lines of at most 128 KiB, and Open WebUI reads through it, so a Markdown picture is
    cut into short lines. A picture in `images` is one line whatever its size: who asks for it reads that.
"""

from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Raw, Struct

from limner.translate.answer import AnswerHead, to_image, to_reasoning_details
from limner.translate.composition import PictureSegment
from limner.translate.transcript import Picture
from limner.wire.openai import (
    PICTURE,
    ChatCompletionChunk,
    ChunkChoice,
    Delta,
    ErrorAnswer,
    ErrorBody,
    LimnerNote,
    Usage,
)

DONE = b"data: [DONE]\n\n"
_LARGEST_ESCAPE = 6
"""Bytes that one character of text may take in JSON, as `\\u0001`."""
_LONGER_NAME_BYTES = len("reasoning_content") - len("content")


class PictureLines(Struct, frozen=True, kw_only=True):
    """How a picture's base64 is framed.

    `opening` is sent first, `closing` last. Between them every `bytes_per_line` bytes of the picture, a
    multiple of 3, go base64-encoded between `line_head` and `line_tail`; None means all of it as one line.
    """

    opening: bytes
    line_head: bytes
    line_tail: bytes
    closing: bytes
    bytes_per_line: int | None


class ChunkWriter:
    """Writes the chunks of one choice. `line_bytes` is the longest line of a Markdown stream, 0 for no limit."""

    def __init__(self, head: AnswerHead, *, line_bytes: int, index: int = 0) -> None:
        self._head = head
        self._index = index
        self._line_bytes = line_bytes
        self._content_head, self._content_tail = self._split(Delta(content=Raw(b'"' + PICTURE + b'"')))
        overhead = len(self._content_head) + len(self._content_tail)
        self._room_bytes = max(line_bytes - overhead - _LONGER_NAME_BYTES, 64)
        self._images = 0

    def write_role(self) -> bytes:
        """Return the first chunk."""
        return self._write(Delta(role="assistant", content=""))

    def write_heartbeat(self) -> bytes:
        """Return a chunk that adds nothing."""
        return self._write(Delta(content=""))

    def write_text(self, text: str) -> Iterator[bytes]:
        """Yield chunks that add `text` to the content."""
        return (self._write(Delta(content=piece)) for piece in self._cut(text))

    def write_thought(self, text: str) -> Iterator[bytes]:
        """Yield chunks that add `text` to the reasoning."""
        return (self._write(Delta(reasoning_content=piece)) for piece in self._cut(text))

    def write_refusal(self, text: str) -> bytes:
        """Return the chunks that say why there is no picture."""
        return b"".join(self._write(Delta(refusal=piece)) for piece in self._cut(text))

    def write_reference(self, pictures: Sequence[Picture]) -> bytes:
        """Return the chunk by which the next turn can name this answer; none if it delivered no pictures."""
        details = to_reasoning_details(self._head, pictures, self._index)
        return b"" if details is msgspec.UNSET else self._write(Delta(reasoning_details=details))

    def write_finish(self, reason: str, note: LimnerNote | msgspec.UnsetType) -> bytes:
        """Return the chunk that ends the choice; `note` goes with the last one."""
        choice = ChunkChoice(index=self._index, delta=Delta(), finish_reason=reason)
        return _frame(self._chunk([choice], limner=note))

    def write_usage(self, usage: Usage) -> bytes:
        """Return the chunk that counts the tokens."""
        return _frame(self._chunk([], usage=usage))

    def write_error(self, error: ErrorBody) -> bytes:
        """Return the frame that ends a stream that failed."""
        return _frame(ErrorAnswer(error))

    def frame_picture(self, segment: PictureSegment, *, form: str) -> PictureLines:
        """Return how the picture of `segment` is sent."""
        if form == "images":
            self._images += 1
            image = to_image(self._images - 1, segment.picture)
            opening, closing = self._split(Delta(images=[image]))
            return PictureLines(
                opening=opening, line_head=b"", line_tail=b"", closing=closing, bytes_per_line=None
            )
        before = msgspec.json.encode(segment.before)[1:-1]
        after = msgspec.json.encode(segment.after)[1:-1]
        head, tail = self._content_head, self._content_tail
        if self._line_bytes == 0:
            opening, closing = head + before, after + tail
            return PictureLines(
                opening=opening, line_head=b"", line_tail=b"", closing=closing, bytes_per_line=None
            )
        return PictureLines(
            opening=head + before + tail,
            line_head=head,
            line_tail=tail,
            closing=head + after + tail,
            bytes_per_line=self._room_bytes // 4 * 3,
        )

    def _cut(self, text: str) -> Iterator[str]:
        step = len(text) if self._line_bytes == 0 else self._room_bytes // _LARGEST_ESCAPE
        for start in range(0, len(text), max(step, 1)):
            yield text[start : start + step]

    def _split(self, delta: Delta) -> tuple[bytes, bytes]:
        head, _, tail = self._write(delta).partition(PICTURE)
        return head, tail

    def _write(self, delta: Delta) -> bytes:
        return _frame(self._chunk([ChunkChoice(index=self._index, delta=delta)]))

    def _chunk(
        self,
        choices: list[ChunkChoice],
        *,
        usage: Usage | msgspec.UnsetType = msgspec.UNSET,
        limner: LimnerNote | msgspec.UnsetType = msgspec.UNSET,
    ) -> ChatCompletionChunk:
        return ChatCompletionChunk(
            id=self._head.id,
            created=self._head.created,
            model=self._head.model,
            choices=choices,
            usage=usage,
            limner=limner,
        )


def _frame(record: ChatCompletionChunk | ErrorAnswer) -> bytes:
    return b"data: " + msgspec.json.encode(record) + b"\n\n"
