"""Finds what a request asks of a text model and checks it. Costs nothing when it refuses.

Facts (google-genai 3.4.0's types; Google's API reference, model pages and developer guides, 2026-11): `stopSequences` are 5 at
most; JSON is asked by `responseMimeType`, its form by `responseJsonSchema`, which takes JSON Schema as it is;
`maxOutputTokens` counts thoughts too; penalties are an error on most of these models.
"""

from collections.abc import Iterable
from typing import Any

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from limner.catalogue import Model
from limner.errors import InvalidRequest
from limner.translate.generation_options import (
    find_google_option,
    resolve_sampling,
    resolve_seed,
    resolve_thinking,
)
from limner.translate.shown import shorten
from limner.translate.spellings import Given, read_meaning
from limner.wire.gemini import GenerationConfig, RequestThinkingConfig
from limner.wire.openai import ChatCompletionRequest, Notice

_MAX_STOP_SEQUENCES = 5
_JSON = "application/json"
_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh")
"""OpenAI's values of `reasoning_effort`, least first."""

_REFUSED = ("tools", "functions")
_DROPPED = ("presence_penalty", "frequency_penalty")


def to_text_config(request: ChatCompletionRequest, model: Model, notices: list[Notice]) -> GenerationConfig:
    """Return what `request` asks of a text model; what is dropped is added to `notices`. Raises InvalidRequest."""
    for name in _REFUSED:
        if getattr(request, name):
            raise InvalidRequest(
                f"'{name}' is not supported: this gateway passes on text and pictures, no calls of functions.",
                code="unsupported_parameter",
                param=name,
            )
    if model.is_listed and "image" in (request.modalities or ()):
        notices.append(
            Notice("setting_dropped", f"'modalities' asks for a picture; {model.id} answers text alone.")
        )
    notices.extend(
        Notice("setting_dropped", f"'{name}' is not taken by Gemini's text models and was not passed on.")
        for name in _DROPPED
        if getattr(request, name)
    )
    mime_type, schema = _resolve_format(request.response_format)
    return GenerationConfig(
        thinking_config=_resolve_effort(
            request.reasoning_effort, resolve_thinking(request, model, notices), model, notices
        ),
        temperature=resolve_sampling("temperature", request.temperature, 2, model, notices),
        top_p=resolve_sampling("top_p", request.top_p, 1, model, notices),
        seed=resolve_seed(request.seed, notices),
        max_output_tokens=_resolve_limit(request, model, notices),
        stop_sequences=_resolve_stop(request.stop),
        response_mime_type=mime_type,
        response_json_schema=schema,
    )


def refuse_drawing(given: Iterable[Given], model: Model) -> None:
    """Raise InvalidRequest if a ratio or size was given: `given` is all that was."""
    for item in given:
        if read_meaning(item) != []:
            raise InvalidRequest(
                f"'{item.param}' is {shorten(item.value)}; {model.id} answers text and draws nothing.",
                code="unsupported_value",
                param=item.param,
            )


def _resolve_limit(request: ChatCompletionRequest, model: Model, notices: list[Notice]) -> int | UnsetType:
    places = [
        find_google_option(request, "max_output_tokens"),
        ("max_completion_tokens", request.max_completion_tokens),
        ("max_tokens", request.max_tokens),
    ]
    asked = [(param, value) for param, value in places if value is not None]
    for param, value in asked:
        if not 1 <= value <= (model.max_output_tokens or value):
            raise InvalidRequest(
                f"'{param}' is {value}; {model.id} takes 1 to {model.max_output_tokens}.",
                code="unsupported_value",
                param=param,
            )
    for param, value in asked[1:]:
        if value != asked[0][1]:
            told = f"'{param}' is {value}; {asked[0][1]} from '{asked[0][0]}' counts instead."
            notices.append(Notice("setting_overridden", told))
    return asked[0][1] if asked else UNSET


def _resolve_stop(stop: str | list[str] | None) -> list[str] | UnsetType:
    sequences = [text for text in ([stop] if isinstance(stop, str) else stop or []) if text]
    if len(sequences) > _MAX_STOP_SEQUENCES:
        raise InvalidRequest(
            f"'stop' has {len(sequences)} sequences; Gemini takes {_MAX_STOP_SEQUENCES} at most.",
            code="unsupported_value",
            param="stop",
        )
    return sequences or UNSET


def _resolve_format(asked: dict[str, Any] | None) -> tuple[str | UnsetType, dict[str, Any] | UnsetType]:
    kind = (asked or {}).get("type")
    if asked is None or kind in {None, "text"}:
        return UNSET, UNSET
    if kind == "json_object":
        return _JSON, UNSET
    if kind != "json_schema":
        raise InvalidRequest(
            f"'response_format.type' is {shorten(str(kind))}; it must be text, json_object or json_schema.",
            code="unsupported_value",
            param="response_format.type",
        )
    described = asked.get("json_schema")
    schema = described.get("schema") if isinstance(described, dict) else None
    if not isinstance(schema, dict):
        raise InvalidRequest(
            "'response_format.json_schema.schema' is missing; it must be an object with a JSON schema.",
            code="missing_required_parameter",
            param="response_format.json_schema.schema",
        )
    return _JSON, schema


def _resolve_effort(
    effort: str | None,
    thinking: RequestThinkingConfig | UnsetType,
    model: Model,
    notices: list[Notice],
) -> RequestThinkingConfig | UnsetType:
    """Return `thinking` at the level nearest to OpenAI's `effort`, if Google's own option asks for none."""
    has_own = thinking is not UNSET and (
        thinking.thinking_level is not UNSET or thinking.thinking_budget is not UNSET
    )
    if effort is None or has_own:
        return thinking
    if not model.thinking_levels:
        notices.append(
            Notice(
                "setting_dropped",
                f"'reasoning_effort' was not passed on: the levels of {model.id} are not known.",
            )
        )
        return thinking
    wanted = effort.strip().lower()
    if wanted not in _EFFORTS:
        raise InvalidRequest(
            f"'reasoning_effort' is {shorten(effort)}; it must be one of {', '.join(_EFFORTS)}.",
            code="unsupported_value",
            param="reasoning_effort",
        )
    level = min(
        model.thinking_levels,
        key=lambda known: abs(_EFFORTS.index(known) - _EFFORTS.index(wanted)),
    )
    return replace(thinking or RequestThinkingConfig(), thinking_level=level)
