"""Fits a request to the kind of upstream that it goes out to. Pure: request in, request out.

Facts (google-genai 3.4.0 and its transforms, 2026-11): Vertex AI knows no `store`, which the Developer API needs to be
told not to keep requests; it wants each turn's role; it alone can be asked for PNG or JPEG.
"""

from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from limner.wire.gemini import (
    VERTEX,
    GenerateContentRequest,
    ImageOutputOptions,
    RequestImageConfig,
)

Request = GenerateContentRequest | dict[str, Any]

_UNKNOWN_TO_VERTEX = ("store", "model")


def adapt(request: Request, kind: str, options: ImageOutputOptions | None) -> Request:
    """Return a request as an upstream of this kind takes it; `options` are what file is asked for, if any is."""
    if kind != VERTEX:
        return request
    if isinstance(request, dict):
        return _adapt_fields(request)
    contents = [replace(each, role="user") if each.role is UNSET else each for each in request.contents]
    adapted = replace(request, contents=contents, store=UNSET)
    if options is None:
        return adapted
    config = request.generation_config
    image = RequestImageConfig() if config.image_config is UNSET else config.image_config
    image = replace(image, image_output_options=options)
    return replace(adapted, generation_config=replace(config, image_config=image))


def adapt_count(request: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return a request for a count of tokens as an upstream of this kind takes it: Vertex AI wraps no request in it."""
    if kind != VERTEX:
        return request
    wrapped = request.get("generateContentRequest", request.get("generate_content_request"))
    return _adapt_fields(wrapped if isinstance(wrapped, dict) else request)


def _adapt_fields(fields: dict[str, Any]) -> dict[str, Any]:
    adapted = {name: value for name, value in fields.items() if name not in _UNKNOWN_TO_VERTEX}
    contents = adapted.get("contents")
    if isinstance(contents, dict):
        contents = [contents]
    if isinstance(contents, list):
        adapted["contents"] = [
            {"role": "user", **each} if isinstance(each, dict) and not each.get("role") else each
            for each in contents
        ]
    return adapted
