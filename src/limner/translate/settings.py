"""Finds what a request asks of its answer and checks it against the model. Costs nothing when it refuses.

Ratio and size are read by `spellings` and fitted by `framing`; text models are asked by `text_settings`. Knows the catalogue; nothing of messages or of
the upstream's address.
"""

from collections.abc import Iterable, Iterator

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from limner.catalogue import Model
from limner.errors import InvalidRequest
from limner.translate.framing import Frame, choose_frame, choose_unchecked_frame
from limner.translate.generation_options import (
    find_google_option,
    resolve_sampling,
    resolve_seed,
    resolve_thinking,
)
from limner.translate.shown import shorten
from limner.translate.spellings import Given
from limner.translate.text_settings import refuse_drawing, to_text_config
from limner.wire.gemini import GenerationConfig, ImageOutputOptions, RequestImageConfig
from limner.wire.openai import ChatCompletionRequest, Notice

_DEFAULT_SIZE = "1K"
_IMAGE_OUTPUTS = ("auto", "markdown", "url", "images")

_DROPPED = (
    "max_tokens",
    "max_completion_tokens",
    "stop",
    "presence_penalty",
    "frequency_penalty",
    "tools",
    "functions",
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
    can_choose_file: bool = False
    """Whether there is an upstream that can be asked for PNG or JPEG."""


class DrawSettings(Struct, frozen=True, kw_only=True):
    """What will be drawn and how it is paid for."""

    generation_config: GenerationConfig
    aspect_ratio: str | None
    """As asked; None leaves it to the model."""
    image_size: str
    """The tier that tokens and price go by; '' for models that may draw nothing."""
    wants_thoughts: bool
    image_output: str
    """`markdown`, `url` or `images`; for text models, where it makes no difference, `markdown`."""
    notices: tuple[Notice, ...]
    n: int = 1
    """How many choices."""
    draws: bool = True
    """Whether a picture is due; not with text models, and not with one of which it is not known."""
    output_format: str | None = None
    """The type of file that was asked for: `png`, `jpeg` or `webp`."""
    output_options: ImageOutputOptions | None = None
    """The same as an upstream is asked for it that can be."""


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
    image_output = _resolve_image_output(request, header_image_output, default_image_output, rules)
    frame, config = _resolve_config(request, model, given, notices)
    thinking = config.thinking_config
    return DrawSettings(
        generation_config=config,
        aspect_ratio=frame.aspect_ratio,
        image_size=frame.image_size or (_DEFAULT_SIZE if model.draws else ""),
        wants_thoughts=thinking is not UNSET and thinking.include_thoughts is True,
        image_output=image_output if model.draws or not model.is_listed else "markdown",
        notices=tuple(notices),
        n=n,
        draws=model.draws,
    )


def _resolve_config(
    request: ChatCompletionRequest, model: Model, given: Iterable[Given], notices: list[Notice]
) -> tuple[Frame, GenerationConfig]:
    if model.draws:
        frame = choose_frame(given, model)
        notices.extend(frame.notices)
        config = _to_drawing_config(request, model, frame, notices)
        notices.extend(_name_dropped(request))
        return frame, config
    if model.is_listed:
        refuse_drawing(given, model)
        no_frame = Frame(aspect_ratio=None, image_size=None, notices=())
        return no_frame, to_text_config(request, model, notices)
    frame = choose_unchecked_frame(given, model)
    notices.extend((_warn_of_price(model), *frame.notices))
    return frame, _to_unchecked_config(request, model, frame, notices)


def _resolve_n(n: int | None, most: int) -> int:
    if n is None:
        return 1
    if not 1 <= n <= most:
        raise InvalidRequest(
            f"'n' is {n}; this gateway takes 1 to {most}.", code="unsupported_value", param="n"
        )
    return n


def _name_dropped(request: ChatCompletionRequest) -> Iterator[Notice]:
    for name in _DROPPED:
        if getattr(request, name) is not None:
            yield Notice("setting_dropped", f"'{name}' has no use for a drawing and was not passed on.")


def _to_drawing_config(
    request: ChatCompletionRequest, model: Model, frame: Frame, notices: list[Notice]
) -> GenerationConfig:
    max_output_tokens: int | None = find_google_option(request, "max_output_tokens")[1]
    return GenerationConfig(
        response_modalities=["TEXT", "IMAGE"],
        image_config=_to_image_config(
            frame.aspect_ratio, frame.image_size if model.takes_image_size else None
        ),
        thinking_config=resolve_thinking(request, model, notices),
        temperature=resolve_sampling("temperature", request.temperature, 2, model, notices),
        top_p=resolve_sampling("top_p", request.top_p, 1, model, notices),
        seed=resolve_seed(request.seed, notices),
        max_output_tokens=UNSET if max_output_tokens is None else max_output_tokens,
    )


def _to_unchecked_config(
    request: ChatCompletionRequest, model: Model, frame: Frame, notices: list[Notice]
) -> GenerationConfig:
    """Return what is asked of a model of which nothing is known: it says itself what it does not take."""
    asks_picture = "image" in (request.modalities or ())
    image_config = _to_image_config(frame.aspect_ratio, frame.image_size)
    return replace(
        to_text_config(request, model, notices),
        response_modalities=["TEXT", "IMAGE"] if asks_picture or image_config is not UNSET else UNSET,
        image_config=image_config,
    )


def _warn_of_price(model: Model) -> Notice:
    return Notice(
        "model_not_priced",
        f"{model.id} is not in this gateway's list: what was asked of it was not checked, and its cost is not known.",
    )


def _to_image_config(aspect_ratio: str | None, image_size: str | None) -> RequestImageConfig | UnsetType:
    if aspect_ratio is None and image_size is None:
        return UNSET
    return RequestImageConfig(
        aspect_ratio=UNSET if aspect_ratio is None else aspect_ratio,
        image_size=UNSET if image_size is None else image_size,
    )


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
