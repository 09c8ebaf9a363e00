"""Finds what a request asks of the picture and checks it against the model. Costs nothing when it refuses.

Ratio and size are read by `spellings` and fitted by `framing`. Knows the catalogue; nothing of messages or of
the upstream's address.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from limner.catalogue import Model
from limner.errors import InvalidRequest
from limner.translate.framing import Frame, choose_frame
from limner.translate.shown import shorten
from limner.translate.spellings import Given
from limner.wire.gemini import GenerationConfig, RequestImageConfig, RequestThinkingConfig
from limner.wire.openai import ChatCompletionRequest, Notice, ThinkingConfig

_DEFAULT_SIZE = "1K"
_IMAGE_OUTPUTS = ("auto", "markdown", "url", "images")
_INT32 = range(-(2**31), 2**31)

_DROPPED = (
    "max_tokens",
    "max_completion_tokens",
    "stop",
    "presence_penalty",
    "frequency_penalty",
    "tools",
    "response_format",
)
"""Fields that would spoil a drawing: a picture counts as output tokens, so a chat's limit buys nothing."""


class SettingsRules(Struct, frozen=True, kw_only=True):
    """What the gateway allows."""

    max_n: int = 4
    prefers_links: bool = False
    """Whether `auto` gives out links: where it is known at which address browsers reach the gateway."""
    has_links: bool = True
    """Whether pictures are kept that a link could lead to."""


class DrawSettings(Struct, frozen=True, kw_only=True):
    """What will be drawn and how it is paid for."""

    generation_config: GenerationConfig
    aspect_ratio: str | None
    """As asked; None leaves it to the model."""
    image_size: str
    """The tier that tokens and price go by."""
    wants_thoughts: bool
    image_output: str
    """`markdown`, `url` or `images`."""
    notices: tuple[Notice, ...]
    n: int = 1
    """How many choices."""
    draws: bool = True
    """Whether a picture is due; False for text models."""


def resolve_settings(
    request: ChatCompletionRequest,
    model: Model,
    *,
    given: Iterable[Given],
    header_image_output: str | None,
    default_image_output: str,
    rules: SettingsRules = SettingsRules(),  # noqa: B008 - it is frozen
) -> DrawSettings:
    """Return the settings that `request` asks of `model`. Raises InvalidRequest.

    `given` is all that was given of ratio and size, what counts more first (`spellings.find_given`).
    `header_image_output` is what the header X-Limner-Image-Output asks, `default_image_output` what the key or
    else the gateway is set to.
    """
    notices: list[Notice] = []
    n = _resolve_n(request.n, rules.max_n)
    frame = choose_frame(given, model)
    notices.extend(frame.notices)
    config = _to_drawing_config(request, model, frame, notices)
    notices.extend(_name_dropped(request))
    thinking = config.thinking_config
    return DrawSettings(
        generation_config=config,
        aspect_ratio=frame.aspect_ratio,
        image_size=frame.image_size or _DEFAULT_SIZE,
        wants_thoughts=thinking is not UNSET and thinking.include_thoughts is True,
        image_output=_resolve_image_output(request, header_image_output, default_image_output, rules),
        notices=tuple(notices),
        n=n,
    )


def find_google_option(request: ChatCompletionRequest, name: str) -> tuple[str, Any]:
    """Return path and value of an option of Google's; clients that merge `extra_body` send it as `google`."""
    inner = request.extra_body.google if request.extra_body else None
    if inner is not None and (value := getattr(inner, name)) is not None:
        return f"extra_body.google.{name}", value
    return f"google.{name}", getattr(request.google, name) if request.google else None


def _resolve_n(n: int | None, most: int) -> int:
    if n is None:
        return 1
    if not 1 <= n <= most:
        raise InvalidRequest(
            f"'n' is {n}; this gateway draws 1 to {most} at a time.", code="unsupported_value", param="n"
        )
    return n


def _name_dropped(request: ChatCompletionRequest) -> Iterator[Notice]:
    for name in _DROPPED:
        if getattr(request, name) is not None:
            yield Notice("setting_dropped", f"'{name}' has no use for a drawing and was not passed on.")


def _to_drawing_config(
    request: ChatCompletionRequest, model: Model, frame: Frame, notices: list[Notice]
) -> GenerationConfig:
    thinking = _resolve_thinking(*find_google_option(request, "thinking_config"), model, notices)
    max_output_tokens: int | None = find_google_option(request, "max_output_tokens")[1]
    return GenerationConfig(
        response_modalities=["TEXT", "IMAGE"],
        image_config=_to_image_config(
            frame.aspect_ratio, frame.image_size if model.takes_image_size else None
        ),
        thinking_config=thinking or UNSET,
        temperature=_within("temperature", request.temperature, 2),
        top_p=_within("top_p", request.top_p, 1),
        seed=_resolve_seed(request.seed, notices),
        max_output_tokens=UNSET if max_output_tokens is None else max_output_tokens,
    )


def _to_image_config(aspect_ratio: str | None, image_size: str | None) -> RequestImageConfig | UnsetType:
    if aspect_ratio is None and image_size is None:
        return UNSET
    return RequestImageConfig(
        aspect_ratio=UNSET if aspect_ratio is None else aspect_ratio,
        image_size=UNSET if image_size is None else image_size,
    )


def _resolve_thinking(
    path: str, asked: ThinkingConfig | None, model: Model, notices: list[Notice]
) -> RequestThinkingConfig | None:
    if asked is None:
        return None
    if not model.thinking_levels:
        notices.append(Notice("setting_dropped", f"{model.id} takes no 'thinking_config'."))
        return None
    level = asked.thinking_level.lower() if asked.thinking_level else None
    if level is not None and level not in model.thinking_levels:
        raise InvalidRequest(
            f"'thinking_level' is {shorten(level)}; {model.id} takes {', '.join(model.thinking_levels)}.",
            code="unsupported_value",
            param=f"{path}.thinking_level",
        )
    return RequestThinkingConfig(
        include_thoughts=UNSET if asked.include_thoughts is None else asked.include_thoughts,
        thinking_level=UNSET if level is None else level,
        thinking_budget=UNSET if asked.thinking_budget is None else asked.thinking_budget,
    )


def _within(name: str, value: float | None, most: float) -> float | UnsetType:
    if value is None:
        return UNSET
    if not 0 <= value <= most:
        raise InvalidRequest(
            f"'{name}' is {value}; it must be between 0 and {most}.", code="unsupported_value", param=name
        )
    return value


def _resolve_seed(seed: int | None, notices: list[Notice]) -> int | UnsetType:
    if seed is None:
        return UNSET
    if seed not in _INT32:
        notices.append(
            Notice("setting_dropped", f"'seed' is {seed}; Gemini takes 32 bits, so none was sent.")
        )
        return UNSET
    return seed


def _resolve_image_output(
    request: ChatCompletionRequest, in_header: str | None, default_image_output: str, rules: SettingsRules
) -> str:
    in_extra = request.extra_body.limner if request.extra_body else None
    places = (
        ("extra_body.limner.image_output", in_extra.image_output if in_extra else None),
        ("limner.image_output", request.limner.image_output if request.limner else None),
        ("X-Limner-Image-Output", in_header),
    )
    given = next(((p, o) for p, o in places if o), None)
    place, output = given or ("The image output set for this key", default_image_output)
    accepted = [name for name in _IMAGE_OUTPUTS if name != "url" or rules.has_links]
    if output not in accepted:
        raise InvalidRequest(
            f"{place} is {shorten(output)}; this gateway takes {', '.join(accepted)}.",
            code="unsupported_value",
            param=place if given else None,
        )
    if output == "auto":
        return "images" if "image" in (request.modalities or ()) else _choose_text_form(rules)
    return output


def _choose_text_form(rules: SettingsRules) -> str:
    return "url" if rules.prefers_links and rules.has_links else "markdown"
