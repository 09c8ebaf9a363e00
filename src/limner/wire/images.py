"""OpenAI's images API, as records: what clients send and what they are answered.

Shapes are those of openai-python 3.54 (2026-11), with more. Requests are read leniently: unknown fields are ignored, null
means absent. Where an answer holds a picture its JSON is given raw, with PICTURE in the picture's place.
"""

from typing import Any

from msgspec import UNSET, Raw, Struct, UnsetType

from limner.wire.openai import ExtraBody, GoogleOptions, LimnerNote
from limner.wire.parts import ContentPart

Named = str | ContentPart
"""A picture as a data URI, base64, a link or an id, or an object with `image_url`, `file_id` and their like."""


class ImagesRequest(Struct, kw_only=True):
    """The body of both images doors, as far as it is read here.

    Ratio and size have too many spellings for fields; `translate.spellings` reads them from the body.
    """

    model: str
    prompt: str | None = None
    image: Named | list[Named | None] | None = None
    images: Named | list[Named | None] | None = None
    mask: Named | None = None
    markup: Named | None = None
    n: int | None = None
    response_format: str | None = None
    output_format: str | None = None
    output_compression: int | None = None
    background: str | None = None
    style: str | None = None
    moderation: str | None = None
    input_fidelity: str | None = None
    complexity: str | None = None
    frame_count: int | None = None
    frame_duration_ms: int | None = None
    svg: dict[str, Any] | None = None
    stream: bool | None = None
    partial_images: int | None = None
    user: str | None = None
    safety_identifier: str | None = None
    store: bool | None = None
    metadata: dict[str, Any] | None = None
    extra_body: ExtraBody | None = None
    google: GoogleOptions | None = None
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None


class ImagesTokensDetails(Struct, kw_only=True):
    """Tokens by kind."""

    image_tokens: int
    text_tokens: int
    """Of an answer, thoughts too."""


class ImagesUsage(Struct, kw_only=True):
    """Tokens, and what they cost in dollars."""

    input_tokens: int
    input_tokens_details: ImagesTokensDetails
    output_tokens: int
    output_tokens_details: ImagesTokensDetails
    total_tokens: int
    cost: float | None


class ImageData(Struct, kw_only=True):
    """One picture: its bytes or a link to them."""

    b64_json: Raw | UnsetType = UNSET
    url: str | UnsetType = UNSET


class ImagesResponse(Struct, kw_only=True):
    """A whole answer."""

    created: int
    data: list[ImageData]
    background: str
    output_format: str | UnsetType
    quality: str | UnsetType
    size: str | UnsetType
    usage: ImagesUsage
    limner: LimnerNote


class ImageCompleted(Struct, kw_only=True):
    """The event of a stream that brings one picture."""

    type: str
    """`image_generation.completed` or `image_edit.completed`."""
    b64_json: Raw | UnsetType
    url: str | UnsetType
    background: str
    created_at: int
    output_format: str
    quality: str
    size: str
    usage: ImagesUsage
    limner: LimnerNote | UnsetType
    """With the last picture."""
