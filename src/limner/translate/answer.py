"""Writes a whole answer: segments in, the JSON of a chat completion out, cut where pictures go. Pure."""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from limner.translate.composition import (
    FindLink,
    LinkSegment,
    PictureSegment,
    Segment,
    TextSegment,
    ThoughtSegment,
)
from limner.translate.events import AnsweredBy
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
    ReasoningDetail,
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
    answered_by: AnsweredBy,
    cost_usd: float | None,
    notices: Sequence[Notice],
    pictures: Sequence[Picture],
    find_link: FindLink,
) -> LimnerNote:
    """Return what Limner says of a call beside OpenAI's fields."""
    return LimnerNote(
        generation_id=head.generation_id,
        cost_usd=cost_usd,
        upstream=UpstreamNote(kind=answered_by.kind, model=answered_by.model),
        notices=list(notices),
        images=[
            ImageNote(
                id=picture.id,
                url=find_link(picture.id),
                sha256=picture.sha256,
                mime_type=picture.media_type,
                width=picture.pixels[0] if picture.pixels else None,
                height=picture.pixels[1] if picture.pixels else None,
                bytes=picture.size_bytes,
            )
            for picture in pictures
        ],
    )


def to_reasoning_details(
    head: AnswerHead, pictures: Sequence[Picture], index: int = 0
) -> list[ReasoningDetail] | UnsetType:
    """Return the reference by which the conversation's next turn names a choice, if it has pictures.

    Clients that keep OpenRouter's field send it back as it is, and the signatures are found by it.
    """
    if not pictures:
        return UNSET
    reference = f"{head.generation_id}/{index}" if index else head.generation_id
    return [ReasoningDetail(data=reference, id=head.generation_id)]


def to_image(index: int, picture: Picture) -> AnswerImage:
    """Return the entry of `images` for a picture whose base64 is put in later."""
    prefix = msgspec.json.encode(f"data:{picture.media_type};base64,")
    return AnswerImage(index=index, image_url=DataUrl(url=Raw(prefix[:-1] + PICTURE + b'"')))


def encode_answer(
    head: AnswerHead,
    choices: Sequence[tuple[Sequence[Segment], Outcome]],
    usage: Usage,
    note: LimnerNote,
    *,
    form: str,
    metadata: Mapping[str, str] | None = None,
) -> tuple[list[bytes], list[Picture]]:
    """Return the JSON in pieces and the pictures whose base64 goes between them, in order."""
    completion = ChatCompletion(
        id=head.id,
        created=head.created,
        model=head.model,
        choices=[
            Choice(
                index=index,
                message=_to_message(head, index, segments, outcome, form),
                finish_reason=outcome.finish_reason,
            )
            for index, (segments, outcome) in enumerate(choices)
        ],
        usage=usage,
        limner=note,
        metadata=dict(metadata) if metadata else UNSET,
    )
    pictures = [picture for segments, _ in choices for picture in _list_pictures(segments)]
    return msgspec.json.encode(completion).split(PICTURE), pictures


def _to_message(
    head: AnswerHead, index: int, segments: Sequence[Segment], outcome: Outcome, form: str
) -> AnswerMessage:
    given = [s.picture for s in segments if isinstance(s, PictureSegment | LinkSegment)]
    thoughts = "".join(segment.text for segment in segments if isinstance(segment, ThoughtSegment))
    images = [to_image(number, picture) for number, picture in enumerate(_list_pictures(segments))]
    return AnswerMessage(
        content=_encode_content(segments, form),
        refusal=outcome.refusal,
        reasoning_content=thoughts or UNSET,
        images=images if form == "images" else UNSET,
        reasoning_details=to_reasoning_details(head, given, index),
    )


def _list_pictures(segments: Sequence[Segment]) -> list[Picture]:
    """Return the pictures whose bytes are given."""
    return [segment.picture for segment in segments if isinstance(segment, PictureSegment)]


def _encode_content(segments: Sequence[Segment], form: str) -> Raw:
    content = bytearray(b'"')
    for segment in segments:
        if isinstance(segment, TextSegment | LinkSegment):
            content += msgspec.json.encode(segment.text)[1:-1]
        elif isinstance(segment, PictureSegment) and form != "images":
            content += msgspec.json.encode(segment.before)[1:-1]
            content += PICTURE
            content += msgspec.json.encode(segment.after)[1:-1]
    content += b'"'
    return Raw(bytes(content))
