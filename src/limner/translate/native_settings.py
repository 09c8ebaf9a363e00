"""Reads what a request in Gemini's own format asks of its answer, and refuses what the model does not do. Pure.

What is refused here Gemini would refuse as well, in the words used here; and what nobody can price is refused to keys
with a budget.

Facts: refusals as observed 2026-07 to 2026-11. Sizes in lower case are drawn, but were metered wrongly (2026-08), so they
go out in upper case. `512P` and `512PX` are spellings that Google's own refusal names.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import UNSET

from limner.catalogue import Model
from limner.catalogue.image_models import ALL_RATIOS
from limner.errors import InvalidRequest
from limner.translate.native_contents import (
    get_field,
    list_parts,
    read_list,
    read_object,
    refuse_kind,
    to_snake_case,
)
from limner.translate.settings import DrawSettings
from limner.translate.shown import shorten
from limner.wire.gemini import GenerationConfig

_TYPES = "type.googleapis.com/google.ai.generativelanguage.v1beta"
_DEFAULT_SIZE = "1K"
_SIZES = {"1K": "1K", "2K": "2K", "4K": "4K", "512": "512", "512P": "512", "512PX": "512"}
_MODALITIES = frozenset({"MODALITY_UNSPECIFIED", "TEXT", "IMAGE", "AUDIO", "VIDEO"})
_PRICED_TYPES = ("image/", "application/pdf", "text/")
_CONFIG = "generation_config"
_IMAGE = f"{_CONFIG}.image_config"
_VERTEX_FIELDS = ("imageOutputOptions", "personGeneration", "prominentPeople")
"""Of `imageConfig` (google-genai 3.4.0's transforms, 2026-11)."""


def read_settings(fields: Mapping[str, Any], model: Model) -> DrawSettings:
    """Return what is asked of `model`. Raises InvalidRequest."""
    config = read_object(get_field(fields, "generationConfig"), _CONFIG, f"{_TYPES}.GenerationConfig")
    image = read_object(get_field(config, "imageConfig"), _IMAGE, f"{_TYPES}.ImageConfig")
    thinking = read_object(
        get_field(config, "thinkingConfig"), f"{_CONFIG}.thinking_config", f"{_TYPES}.ThinkingConfig"
    )
    _check_candidates(config)
    _check_modalities(config, model)
    ratio, size = _read_ratio(image, model), _read_size(image, model)
    limit = _read_limit(config, model)
    return DrawSettings(
        generation_config=GenerationConfig(max_output_tokens=UNSET if limit is None else limit),
        aspect_ratio=ratio,
        image_size=(size or _DEFAULT_SIZE) if model.draws else "",
        wants_thoughts=get_field(thinking, "includeThoughts") is True,
        image_output="markdown",  # of no effect here: pictures are where Gemini puts them
        notices=(),
        draws=model.draws,
    )


def asks_vertex(fields: Mapping[str, Any]) -> bool:
    """Return whether a request that was read says what Vertex AI alone knows; elsewhere Google refuses it."""
    image = get_field(get_field(fields, "generationConfig") or {}, "imageConfig") or {}
    return any(get_field(image, name) is not None for name in _VERTEX_FIELDS)


def raise_sizes(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a request that was read, its size in upper case."""
    changed = dict(fields)
    for outer in ("generationConfig", "generation_config"):
        config = changed.get(outer)
        for inner in ("imageConfig", "image_config"):
            image = config.get(inner) if isinstance(config, dict) else None
            if not isinstance(image, dict):
                continue
            upper = {name: _to_upper(name, value) for name, value in image.items()}
            changed[outer] = {**changed[outer], inner: upper}
    return changed


def refuse_unpriced(fields: Mapping[str, Any]) -> None:
    """Return if the price of a call can be told beforehand, as a budget needs. Raises InvalidRequest."""
    for tool in read_list(fields.get("tools")):
        for name in tool if isinstance(tool, dict) else ():
            if name not in {"functionDeclarations", "function_declarations"}:
                raise _unpriced(f"tools.{name}", f"The tool '{name}'")
    for name in ("cachedContent", "continuationToken"):
        if get_field(fields, name):
            raise _unpriced(to_snake_case(name), f"'{name}'")
    tier = get_field(fields, "serviceTier")
    if isinstance(tier, str) and tier.lower().removeprefix("service_tier_") == "priority":
        raise _unpriced("service_tier", "The service tier 'priority'")
    for part in list_parts(fields):
        if get_field(part, "fileData") is not None:
            raise _unpriced("contents.parts.file_data", "What 'fileData' leads to")
        blob = get_field(part, "inlineData")
        mime_type = (get_field(blob, "mimeType") or "") if isinstance(blob, dict) else "image/"
        if mime_type and not mime_type.lower().startswith(_PRICED_TYPES):
            raise _unpriced("contents.parts.inline_data", f"What is of type {shorten(mime_type)}")


def _unpriced(param: str, what: str) -> InvalidRequest:
    return InvalidRequest(
        f"{what} has a price of its own that cannot be told beforehand, and this key has a budget. A key without one can "
        "use it.",
        code="unsupported_parameter",
        param=param,
    )


def _check_candidates(config: Mapping[str, Any]) -> None:
    count = _read_integer(config, "candidateCount")
    if count is not None and count > 1:
        raise InvalidRequest(
            "Multiple candidates is not enabled for this model",
            code="unsupported_value",
            param=f"{_CONFIG}.candidate_count",
        )


def _check_modalities(config: Mapping[str, Any], model: Model) -> None:
    asked = read_list(get_field(config, "responseModalities"))
    for index, value in enumerate(asked):
        if not isinstance(value, str) or value.upper() not in _MODALITIES:
            path = f"{_CONFIG}.response_modalities[{index}]"
            raise refuse_kind(path, f"{_TYPES}.GenerationConfig.Modality", value)
    if model.is_listed and not model.draws and any(value.upper() == "IMAGE" for value in asked):
        listed = ",".join(value.lower() for value in asked)
        raise InvalidRequest(
            f"Model does not support the requested response modalities: {listed}",
            code="unsupported_value",
            param=f"{_CONFIG}.response_modalities",
        )


def _read_ratio(image: Mapping[str, Any], model: Model) -> str | None:
    path = f"{_IMAGE}.aspect_ratio"
    ratio = _read_string(image, "aspectRatio", path)
    if ratio is None or not model.is_listed:
        return None
    if ratio not in ALL_RATIOS:
        *others, last = (f"'{name}'" for name in ALL_RATIOS)
        raise _refuse(
            f"* GenerateContentRequest.{path}: aspect_ratio must be one of {', '.join(others)}, or {last}.\n",
            path,
        )
    if not model.draws:
        raise _refuse("Aspect ratio is not enabled for this model", path)
    if ratio not in model.ratios:
        raise _refuse(f"Aspect ratio {ratio} is not supported for this model", path)
    return ratio


def _read_size(image: Mapping[str, Any], model: Model) -> str | None:
    path = f"{_IMAGE}.image_size"
    asked = _read_string(image, "imageSize", path)
    if asked is None or not model.is_listed:
        return None
    size = _SIZES.get(asked.upper())
    if size is None:
        raise _refuse(
            f"Unsupported image_size {shorten(asked)}. Supported values are: 1K, 2K, 4K, 512, 512P, 512PX.",
            path,
        )
    if size not in model.sizes:
        raise _refuse(f"Image size {size} is not supported for this model", path)
    return size


def _read_limit(config: Mapping[str, Any], model: Model) -> int | None:
    limit = _read_integer(config, "maxOutputTokens")
    most = model.max_output_tokens
    if limit and most is not None and not 1 <= limit <= most:
        raise _refuse(
            f"maxOutputTokens is {limit}; {model.id} takes 1 to {most}.", f"{_CONFIG}.max_output_tokens"
        )
    return limit or None


def _read_integer(config: Mapping[str, Any], name: str) -> int | None:
    """Return a number, which protobuf's JSON form takes as a string too."""
    value = get_field(config, name)
    if value is None:
        return None
    try:
        number = int(value) if not isinstance(value, bool | dict | list) else None
    except (ValueError, OverflowError):
        number = None
    if number is None or (isinstance(value, float) and number != value):
        raise refuse_kind(f"{_CONFIG}.{to_snake_case(name)}", "TYPE_INT32", value)
    return number


def _read_string(fields: Mapping[str, Any], name: str, path: str) -> str | None:
    """Return a string; an empty one is none, as everywhere in Google's messages."""
    value = get_field(fields, name)
    if value is not None and not isinstance(value, str):
        raise refuse_kind(path, "TYPE_STRING", value)
    return value or None


def _to_upper(name: str, value: Any) -> Any:
    is_size = name in {"imageSize", "image_size"} and isinstance(value, str)
    return value.upper() if is_size else value


def _refuse(message: str, path: str) -> InvalidRequest:
    return InvalidRequest(message, code="unsupported_value", param=path)
