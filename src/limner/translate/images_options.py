"""Checks what only the images API lets a client set. Costs nothing when it refuses. Pure.

A value that Gemini cannot draw is refused; one that changes nothing is named in a notice, for it may have been meant.

Facts (Google's image-generation page, 2026-09): the picture models draw no transparency, no animation and no SVG, and what
type of file a picture is, PNG or JPEG, they choose themselves; on Vertex AI alone it can be asked for.
"""

from collections.abc import Iterator
from typing import Any

from msgspec import UNSET

from limner.catalogue import IMAGE_MODELS, Model
from limner.errors import InvalidRequest
from limner.translate.shown import shorten
from limner.wire.gemini import ImageOutputOptions
from limner.wire.images import ImagesRequest
from limner.wire.openai import Notice

MAX_N = 10
"""As OpenAI's images API takes."""

_UNSET = frozenset({"", "auto"})
_FORMATS = {"png": "png", "jpeg": "jpeg", "jpg": "jpeg", "webp": "webp"}
_OUTPUTS = ("b64_json", "url")
_RANGES = (("partial_images", 0, 3), ("output_compression", 0, 100))
_USELESS_QUALITIES = frozenset({"xhigh", "max"})

_USELESS = (
    ("style", "describe the style in the prompt"),
    ("moderation", "'google.safety_settings' is what Gemini takes"),
    ("input_fidelity", "Gemini keeps to what it is given by itself"),
    ("complexity", "it is for SVG"),
    ("svg", "it is for SVG"),
    ("frame_count", "it is for GIF"),
    ("frame_duration_ms", "it is for GIF"),
)


def check_model(model: Model) -> None:
    """Return if a model draws, as far as is known. Raises InvalidRequest."""
    if model.is_listed and not model.draws:
        drawing = ", ".join(each.id for each in IMAGE_MODELS)
        raise InvalidRequest(
            f"'model' is {model.id!r}, which answers in text; models that draw: {drawing}.",
            code="unsupported_value",
            param="model",
        )


def check_options(request: ImagesRequest, *, has_links: bool) -> None:
    """Return if what is set can be had; `has_links` says whether links can. Raises InvalidRequest."""
    outputs = _OUTPUTS if has_links else _OUTPUTS[:1]
    if request.response_format not in {None, "", *outputs}:
        raise _refuse("response_format", request.response_format, " or ".join(outputs))
    asked_format = request.output_format
    if asked_format is not None and asked_format.lower() not in {*_UNSET, *_FORMATS}:
        raise _refuse("output_format", asked_format, "png, jpeg or webp; Gemini draws no other")
    background = request.background
    if background is not None and background.lower() not in {*_UNSET, "opaque"}:
        raise _refuse("background", background, "opaque or auto; Gemini draws no transparency")
    for name, least, most in _RANGES:
        number: int | None = getattr(request, name)
        if number is not None and not least <= number <= most:
            raise _refuse(name, number, f"{least} to {most}")


def find_format(request: ImagesRequest) -> str | None:
    """Return the type of file that is asked for: `png`, `jpeg` or `webp`; None if it makes no difference."""
    return None if request.output_format is None else _FORMATS.get(request.output_format.lower())


def find_output_options(request: ImagesRequest) -> ImageOutputOptions | None:
    """Return the same as Vertex AI is asked for it; None: nothing that it could do is asked for."""
    name = find_format(request)
    if name == "png":
        return ImageOutputOptions(mime_type="image/png")
    if name != "jpeg":
        return None
    quality = request.output_compression
    return ImageOutputOptions(
        mime_type="image/jpeg", compression_quality=UNSET if quality is None else quality
    )


def list_useless(request: ImagesRequest, quality: Any, *, can_choose_file: bool) -> Iterator[Notice]:
    """Yield a notice for each setting that changes nothing; `quality` is what the body has under that name.

    `can_choose_file` says whether there is an upstream that can be asked for PNG or JPEG.
    """
    for name, told in _USELESS:
        value = getattr(request, name)
        if value is not None and not (isinstance(value, str) and value.lower() in _UNSET):
            yield Notice("setting_dropped", f"'{name}' has no meaning here: {told}.")
    is_compressed = can_choose_file and find_format(request) == "jpeg"
    if request.output_compression not in {None, 100} and not is_compressed:
        told = "a picture is given out as Gemini made it"
        yield Notice("setting_dropped", f"'output_compression' has no meaning here: {told}.")
    if request.stream and request.partial_images:
        told = "Gemini gives out whole pictures only"
        yield Notice("setting_dropped", f"'partial_images' has no meaning here: {told}.")
    if isinstance(quality, str) and quality.lower() in _USELESS_QUALITIES:
        told = "'high' is 2K, and '4k' and 'image_size' ask for more"
        yield Notice(
            "setting_dropped", f"'quality' is {shorten(quality)}, which has no meaning here: {told}."
        )


def _refuse(name: str, value: object, accepted: str) -> InvalidRequest:
    shown = shorten(value) if isinstance(value, str) else str(value)
    return InvalidRequest(f"'{name}' is {shown}; accepted: {accepted}.", code="unsupported_value", param=name)
