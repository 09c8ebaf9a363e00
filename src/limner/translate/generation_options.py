"""Reads what drawings and texts are asked alike: thinking, sampling, seed, Google's own options. Pure.

Facts (Google's API reference and developer guides, 2026-11): level and budget of thinking exclude each other; the seed is a
signed 32-bit number; from 3.5 Flash-Lite on the text models ignore temperature and top_p.
"""

from typing import Any

from msgspec import UNSET, UnsetType

from limner.catalogue import Model
from limner.errors import InvalidRequest
from limner.translate.shown import shorten
from limner.wire.gemini import RequestThinkingConfig
from limner.wire.openai import ChatCompletionRequest, Notice, ThinkingConfig

_INT32 = range(-(2**31), 2**31)


def find_google_option(request: ChatCompletionRequest, name: str) -> tuple[str, Any]:
    """Return path and value of an option of Google's; clients that merge `extra_body` send it as `google`."""
    inner = request.extra_body.google if request.extra_body else None
    if inner is not None and (value := getattr(inner, name)) is not None:
        return f"extra_body.google.{name}", value
    return f"google.{name}", getattr(request.google, name) if request.google else None


def resolve_thinking(
    request: ChatCompletionRequest, model: Model, notices: list[Notice]
) -> RequestThinkingConfig | UnsetType:
    """Return the thinking that Google's own option asks. Raises InvalidRequest for a level the model lacks."""
    path, asked = find_google_option(request, "thinking_config")
    if asked is None:
        return UNSET
    if model.is_listed and not model.thinking_levels:
        notices.append(Notice("setting_dropped", f"{model.id} takes no 'thinking_config'."))
        return UNSET
    level = asked.thinking_level.lower() if asked.thinking_level else None
    if level is not None and model.is_listed and level not in model.thinking_levels:
        raise InvalidRequest(
            f"'thinking_level' is {shorten(level)}; {model.id} takes {', '.join(model.thinking_levels)}.",
            code="unsupported_value",
            param=f"{path}.thinking_level",
        )
    return RequestThinkingConfig(
        include_thoughts=UNSET if asked.include_thoughts is None else asked.include_thoughts,
        thinking_level=UNSET if level is None else level,
        thinking_budget=_resolve_budget(asked, model, notices),
    )


def resolve_sampling(
    name: str, value: float | None, most: float, model: Model, notices: list[Notice]
) -> float | UnsetType:
    """Return temperature or top_p. Raises InvalidRequest if it is not between 0 and `most`."""
    if value is None:
        return UNSET
    if not 0 <= value <= most:
        raise InvalidRequest(
            f"'{name}' is {value}; it must be between 0 and {most}.", code="unsupported_value", param=name
        )
    if not model.takes_sampling:
        notices.append(Notice("setting_dropped", f"{model.id} takes no '{name}'."))
        return UNSET
    return value


def resolve_seed(seed: int | None, notices: list[Notice]) -> int | UnsetType:
    """Return the seed, if Gemini can take it."""
    if seed is None:
        return UNSET
    if seed not in _INT32:
        notices.append(
            Notice("setting_dropped", f"'seed' is {seed}; Gemini takes 32 bits, so none was sent.")
        )
        return UNSET
    return seed


def _resolve_budget(asked: ThinkingConfig, model: Model, notices: list[Notice]) -> int | UnsetType:
    if asked.thinking_budget is None:
        return UNSET
    if asked.thinking_level:
        notices.append(
            Notice("setting_dropped", "'thinking_budget' was not passed on: 'thinking_level' counts instead.")
        )
        return UNSET
    if not model.takes_thinking_budget:
        levels = ", ".join(model.thinking_levels)
        notices.append(
            Notice(
                "setting_dropped",
                f"{model.id} takes no 'thinking_budget'; it takes 'thinking_level': {levels}.",
            )
        )
        return UNSET
    return asked.thinking_budget
