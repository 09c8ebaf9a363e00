"""The checks of `generationConfig` and tools, in the order Google makes them, with its texts.

Texts: live tests of 2026-08-28 and 2026-09-02 and public reports; those of thinking and temperature are from reports
alone. This module must not know contents, pictures or answers.
"""

from dataclasses import dataclass
from typing import Any

from limner.emulator.failures import invalid_argument
from limner.emulator.models import ALL_RATIOS, ALL_SIZES, SIZE_SPELLINGS, VERTEX_RATIOS, Model
from limner.emulator.text_settings import check_text_settings

_PRO_FAMILY = "gemini-3-pro-image"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a call asks of its answer. `ratio` and `size` are None where nothing was asked."""

    ratio: str | None
    size: str | None
    with_text: bool
    thinks: bool
    include_thoughts: bool
    seed: int
    service_tier: str
    mime_type: str
    jpeg_quality: int
    max_output_tokens: int | None = None
    stop_sequences: tuple[str, ...] = ()
    wants_json: bool = False
    response_schema: dict[str, Any] | None = None


def check_settings(payload: dict[str, Any], model: Model, *, vertex: bool = False) -> Settings:
    """Read a request's settings for a model, or raise `GoogleError`."""
    config = payload.get("generationConfig", {})
    if not model.draws:
        return _read_text_settings(payload, config, model)
    image_config = config.get("imageConfig", {})
    ratio = _check_ratio(image_config.get("aspectRatio"), model, vertex=vertex)
    size = _check_size(image_config.get("imageSize"), model)
    _check_plain_fields(config)
    if config.get("responseMimeType") not in {None, "", "text/plain"}:
        raise invalid_argument("JSON mode is not enabled for this model")
    with_text = _check_modalities(config.get("responseModalities", []))
    level = _check_thinking(config.get("thinkingConfig", {}), model)
    _check_tools(payload.get("tools", []), model)
    mime_type, jpeg_quality = _check_output(image_config.get("imageOutputOptions", {}), model, vertex=vertex)
    return Settings(
        ratio=ratio,
        size=size,
        with_text=with_text,
        thinks=level is not None and (model.family == _PRO_FAMILY or level != "MINIMAL"),
        include_thoughts=bool(config.get("thinkingConfig", {}).get("includeThoughts")),
        seed=config.get("seed", 0),
        service_tier=str(payload.get("serviceTier") or "standard").lower(),
        mime_type=mime_type,
        jpeg_quality=jpeg_quality,
    )


def _read_text_settings(payload: dict[str, Any], config: dict[str, Any], model: Model) -> Settings:
    check_text_settings(payload, model)
    _check_plain_fields(config)
    thinking = config.get("thinkingConfig", {})
    level = _check_thinking(thinking, model)
    _check_tools(payload.get("tools", []), model)
    schema = config.get("responseJsonSchema") or config.get("responseSchema")
    return Settings(
        ratio=None,
        size=None,
        with_text=True,
        thinks=level != "MINIMAL" and thinking.get("thinkingBudget") != 0,
        include_thoughts=bool(thinking.get("includeThoughts")),
        seed=config.get("seed", 0),
        service_tier=str(payload.get("serviceTier") or "standard").lower(),
        mime_type="",
        jpeg_quality=0,
        max_output_tokens=config.get("maxOutputTokens"),
        stop_sequences=tuple(config.get("stopSequences", [])),
        wants_json=config.get("responseMimeType") == "application/json",
        response_schema=schema if isinstance(schema, dict) else None,
    )


def _check_output(output: dict[str, Any], model: Model, *, vertex: bool) -> tuple[str, int]:
    """MIME type and JPEG quality: on the Developer API the model's own; Vertex AI gives PNG unless asked (2025-10)."""
    mime_type = output.get("mimeType") or ("image/png" if vertex else model.mime_type)
    quality = output.get("compressionQuality", 90)
    if mime_type not in {"image/png", "image/jpeg"} or not 0 <= quality <= 100:
        raise invalid_argument("Request contains an invalid argument.")
    return mime_type, quality


def _check_ratio(ratio: str | None, model: Model, *, vertex: bool) -> str | None:
    if not ratio or (vertex and ratio in model.vertex_ratios):
        return ratio or None
    if ratio not in ALL_RATIOS and not (vertex and ratio in VERTEX_RATIOS):
        listed = ", ".join(f"'{known}'" for known in ALL_RATIOS[:-1])
        raise invalid_argument(
            "* GenerateContentRequest.generation_config.image_config.aspect_ratio: aspect_ratio must be one of "
            f"{listed}, or '{ALL_RATIOS[-1]}'.\n",
        )
    if ratio not in model.ratios:
        raise invalid_argument(f"Aspect ratio {ratio} is not supported for this model")
    return ratio


def _check_size(size: str | None, model: Model) -> str | None:
    if not size:
        return None
    known = SIZE_SPELLINGS.get(size, size)
    if model.ignored_sizes and known != "512":
        return None
    if known not in ALL_SIZES:
        # Google's pages demand the upper-case K; a live test of 2026-08-28 saw `1k` pass. The page is followed.
        listed = ", ".join((*ALL_SIZES, *SIZE_SPELLINGS))
        raise invalid_argument(f"Unsupported image_size '{size}'. Supported values are: {listed}.")
    if known not in model.sizes:
        raise invalid_argument(f"Image size {size} is not supported for this model")
    return known


def _check_plain_fields(config: dict[str, Any]) -> None:
    if config.get("candidateCount", 1) > 1:
        raise invalid_argument("Multiple candidates is not enabled for this model")
    if not 0 <= config.get("temperature", 1) <= 2:
        raise invalid_argument(
            "* GenerateContentRequest.generation_config.temperature: temperature must be in the range [0.0, 2.0].\n",
        )
    formats = config.get("responseFormat", [])
    if any(wanted.get("image", {}).get("delivery") == "URI" for wanted in formats):
        # Its ratio and size are taken and ignored, but not a file to fetch the picture from (live, 2026-09-02).
        raise invalid_argument("Request contains an invalid argument.")


def _check_modalities(modalities: list[str]) -> bool:
    """Whether text comes with the picture. TEXT alone is ignored: the picture comes all the same (live, 2026-09-02)."""
    if not {"TEXT", "IMAGE", "MODALITY_UNSPECIFIED"}.issuperset(modalities):
        asked = ",".join(modality.lower() for modality in modalities)
        raise invalid_argument(f"Model does not support the requested response modalities: {asked}")
    return set(modalities) != {"IMAGE"}


def _check_thinking(config: dict[str, Any], model: Model) -> str | None:
    """The level the model thinks at, or None for a model that does not think."""
    level = config.get("thinkingLevel")
    if not model.thinking_levels:
        if level is not None:
            raise invalid_argument("Thinking level is not supported for this model")
        if config.get("thinkingBudget"):
            raise invalid_argument(f"Thinking is not enabled for models/{model.id}")
        if config.get("includeThoughts"):
            raise invalid_argument(
                "Thinking_config.include_thoughts is only enabled when thinking is enabled."
            )
        return None
    if level is not None and "thinkingBudget" in config:
        raise invalid_argument("You can only set only one of thinking budget and thinking level.")
    if level is None or level == "THINKING_LEVEL_UNSPECIFIED":
        return model.default_thinking_level
    if level not in model.thinking_levels:
        raise invalid_argument(
            f"Thinking level {level} is not supported for this model. Please retry with other thinking level.",
        )
    return str(level)


def _check_tools(tools: list[dict[str, Any]], model: Model) -> None:
    asks_search = any("googleSearch" in tool or "googleSearchRetrieval" in tool for tool in tools)
    if asks_search and not model.searches:
        raise invalid_argument("Search as tool is not enabled for this model")
