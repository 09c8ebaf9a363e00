"""Writes answers of the images API: pictures in, JSON out, cut where their base64 goes. Pure.

The same pictures make a whole answer or the events of a stream.

Facts (openai-python 3.54 and openai-node 7.24, 2026-11): each event is named beside its data, comments are skipped, the end of
the body ends a stream, and data with an `error` is raised as one.
"""

from collections.abc import Sequence

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from limner.translate.transcript import Picture
from limner.translate.usage import TokenCount
from limner.wire.images import ImageCompleted, ImageData, ImagesResponse, ImagesTokensDetails, ImagesUsage
from limner.wire.openai import PICTURE, ErrorAnswer, ErrorBody, LimnerNote, Notice

HEARTBEAT = b": \n\n"
"""A comment, which fills a client's silence."""

_B64_JSON = Raw(b'"' + PICTURE + b'"')
_QUALITIES = {"512": "low", "1K": "medium", "2K": "high", "4K": "high"}
_EVENTS = {"images": "image_generation.completed", "edits": "image_edit.completed"}


class GivenPicture(Struct, frozen=True):
    """A picture that is given out, as its bytes or as a link."""

    picture: Picture
    link: str | None

    @property
    def size(self) -> str | None:
        """Its pixels, as `2752x1536`."""
        pixels = self.picture.pixels
        return f"{pixels[0]}x{pixels[1]}" if pixels else None

    @property
    def file_type(self) -> str | None:
        """Its type, as `png`; None if it is none of pictures."""
        kind, _, subtype = self.picture.media_type.partition("/")
        return subtype if kind == "image" else None


class ImagesHead(Struct, frozen=True, kw_only=True):
    """What every answer and event of one call carries."""

    door: str
    """`images` or `edits`."""
    created: int
    """Epoch seconds."""
    image_size: str
    """The tier that was drawn; '' where it is not known."""

    @property
    def quality(self) -> str | None:
        """OpenAI's name of the tier."""
        return _QUALITIES.get(self.image_size)


def compare_format(given: Sequence[GivenPicture], asked: str | None) -> list[Notice]:
    """Return a notice if a picture is of another type than was asked for."""
    found = sorted({each.file_type or each.picture.media_type for each in given} - {asked})
    if asked is None or not found:
        return []
    told = f"'output_format' is {asked!r}; Gemini made {' and '.join(found)}, which is given out as it is."
    return [Notice("output_format_differs", told)]


def to_images_usage(tokens: TokenCount | None, cost: int | None) -> ImagesUsage:
    """Return the images API's form of `tokens`; None counts none. `cost` is in micro-dollars, None where it is not known."""
    if tokens is None:
        tokens = TokenCount(input_text=0, input_image=0, output_image=0, output_text=0, thoughts=0)
    given = ImagesTokensDetails(image_tokens=tokens.input_image, text_tokens=tokens.input_text)
    made = ImagesTokensDetails(
        image_tokens=tokens.output_image, text_tokens=tokens.output_text + tokens.thoughts
    )
    input_tokens = given.image_tokens + given.text_tokens
    output_tokens = made.image_tokens + made.text_tokens
    return ImagesUsage(
        input_tokens=input_tokens,
        input_tokens_details=given,
        output_tokens=output_tokens,
        output_tokens_details=made,
        total_tokens=input_tokens + output_tokens,
        cost=None if cost is None else cost / 1_000_000,
    )


def encode_images(
    head: ImagesHead, given: Sequence[GivenPicture], usage: ImagesUsage, note: LimnerNote
) -> list[bytes]:
    """Return the JSON in pieces; the base64 of each picture without a link goes between two of them."""
    first = given[0] if given else None
    response = ImagesResponse(
        created=head.created,
        data=[ImageData(b64_json=_to_raw(each), url=_to_link(each)) for each in given],
        background="opaque",
        output_format=(first and first.file_type) or UNSET,
        quality=head.quality or UNSET,
        size=(first and first.size) or UNSET,
        usage=usage,
        limner=note,
    )
    return msgspec.json.encode(response).split(PICTURE)


def encode_event(
    head: ImagesHead, given: GivenPicture, usage: ImagesUsage, note: LimnerNote | UnsetType
) -> list[bytes]:
    """Return the event of one picture: whole, or in two pieces, between which its base64 goes."""
    name = _EVENTS[head.door]
    event = ImageCompleted(
        type=name,
        b64_json=_to_raw(given),
        url=_to_link(given),
        background="opaque",
        created_at=head.created,
        output_format=given.file_type or "png",
        quality=head.quality or "auto",
        size=given.size or "auto",
        usage=usage,
        limner=note,
    )
    return _frame(name, msgspec.json.encode(event)).split(PICTURE)


def encode_error(error: ErrorBody) -> bytes:
    """Return the event that ends a stream that failed."""
    return _frame("error", msgspec.json.encode(ErrorAnswer(error)))


def _frame(name: str, data: bytes) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), data)


def _to_raw(given: GivenPicture) -> Raw | UnsetType:
    return _B64_JSON if given.link is None else UNSET


def _to_link(given: GivenPicture) -> str | UnsetType:
    return UNSET if given.link is None else given.link
