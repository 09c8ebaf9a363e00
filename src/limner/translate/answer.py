"""Writes a whole answer: segments in, the JSON of a chat completion out, cut where pictures go. Pure."""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import UNSET, Raw, Struct

from limner.translate.composition import PictureSegment, Segment, TextSegment, ThoughtSegment
from limner.translate.outcome import Outcome
from limner.translate.transcript import Picture
from limner.wire.openai import (
    PICTURE,
    AnswerImage,
    AnswerMessage,
    ChatCompletion,
    Choice,
    DataUrl,
    ImageNote,
    LimnerNote,
    Notice,
    UpstreamNote,
    Usage,
)


class AnswerHead(Struct, frozen=True, kw_only=True):
    """What every chunk and answer of one call carries."""

    id: str
    created: int
    """Epoch seconds."""
    model: str
    """As asked."""
    generation_id: str


def to_limner_note(
    head: AnswerHead,
    *,
    upstream_model: str,
    cost_usd: float | None,
    notices: Sequence[Notice],
    pictures: Sequence[Picture],
) -> LimnerNote:
    """Return what Limner says of a call beside OpenAI's fields."""
    return LimnerNote(
        generation_id=head.generation_id,
        cost_usd=cost_usd,
        upstream=UpstreamNote(kind="gemini", model=upstream_model),
        notices=list(notices),
        images=[
            ImageNote(
                id=picture.id,
                url=None,
                sha256=picture.sha256,
                mime_type=picture.media_type,
                width=picture.pixels[0] if picture.pixels else None,
                height=picture.pixels[1] if picture.pixels else None,
                bytes=picture.size_bytes,
            )
            for picture in pictures
        ],
    )


def to_image(index: int, picture: Picture) -> AnswerImage:
    """Return the entry of `images` for a picture whose base64 is put in later."""
    prefix = msgspec.json.encode(f"data:{picture.media_type};base64,")
    return AnswerImage(index=index, image_url=DataUrl(url=Raw(prefix[:-1] + PICTURE + b'"')))


def encode_answer(
    head: AnswerHead,
    segments: Sequence[Segment],
    outcome: Outcome,
    usage: Usage,
    note: LimnerNote,
    *,
    is_markdown: bool,
    metadata: Mapping[str, str] | None = None,
) -> tuple[list[bytes], list[Picture]]:
    """Return the JSON in pieces and the pictures whose base64 goes between them, in order."""
    pictures = [segment.picture for segment in segments if isinstance(segment, PictureSegment)]
    thoughts = "".join(segment.text for segment in segments if isinstance(segment, ThoughtSegment))
    message = AnswerMessage(
        content=_encode_content(segments, is_markdown=is_markdown),
        refusal=outcome.refusal,
        reasoning_content=thoughts or UNSET,
        images=UNSET if is_markdown else [to_image(index, p) for index, p in enumerate(pictures)],
    )
    completion = ChatCompletion(
        id=head.id,
        created=head.created,
        model=head.model,
        choices=[Choice(index=0, message=message, finish_reason=outcome.finish_reason)],
        usage=usage,
        limner=note,
        metadata=dict(metadata) if metadata else UNSET,
    )
    return msgspec.json.encode(completion).split(PICTURE), pictures


def _encode_content(segments: Sequence[Segment], *, is_markdown: bool) -> Raw:
    content = bytearray(b'"')
    for segment in segments:
        if isinstance(segment, TextSegment):
            content += msgspec.json.encode(segment.text)[1:-1]
        elif isinstance(segment, PictureSegment) and is_markdown:
            content += msgspec.json.encode(segment.before)[1:-1]
            content += PICTURE
            content += msgspec.json.encode(segment.after)[1:-1]
    content += b'"'
    return Raw(bytes(content))
