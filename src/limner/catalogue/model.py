"""What is known of a model, and what a call of it costs. Knows no model by name; does no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field

SIZES = ("512", "1K", "2K", "4K")

LONG_PROMPT_TOKENS = 200_000
"""A prompt of more than these is a long one where long prompts have prices of their own."""

RESERVED_TEXT_TOKENS = 2000
"""Text and thinking that one picture may bring along; measured answers stay below 1,500 (2026-09)."""

Pixels = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What a token costs, in nano-dollars: $0.30 a million is 300."""

    input_nano_usd: int
    output_text_nano_usd: int
    output_image_nano_usd: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model of Gemini as the Developer API serves it: it draws, or it answers text alone, or it is not known which."""

    id: str
    title: str
    created: int
    """Epoch seconds of general availability, or of the preview's release."""
    aliases: tuple[str, ...] = ()
    prices: Prices
    later_prices: Mapping[int, Prices] = field(default_factory=dict)
    """Announced prices by the time from which they hold, in epoch seconds, earliest first."""
    long_prompt_prices: Prices | None = None
    """For all tokens of a call with a long prompt; None where it makes no difference."""
    ratios: tuple[str, ...] = ()
    image_tokens: Mapping[str, int] = field(default_factory=dict)
    """Output tokens of one picture by size; its keys are the sizes the model draws."""
    takes_image_size: bool = False
    """Whether `imageSize` may be sent at all."""
    input_image_tokens: int
    max_output_tokens: int | None = None
    """The most that one answer of a text model may hold, thoughts included; None where it draws."""
    version: str = ""
    description: str = ""
    token_limits: tuple[int, int] | None = None
    """Of input and output, as Google's list of models has them; None: they are not known."""
    has_signatures: bool = True
    thinking_levels: tuple[str, ...] = ()
    """Levels the model takes; none means it refuses a thinking config."""
    takes_thinking_budget: bool = True
    takes_sampling: bool = True
    """Whether temperature and top_p make a difference."""
    is_listed: bool = True
    """Whether it is in the catalogue. If not, nothing is known of it but its id: what is asked of it is not checked, and what it
    costs is not known."""
    deprecated: bool = False
    pixels: Mapping[tuple[str, str], Pixels] = field(default_factory=dict, repr=False)
    """Width and height by (ratio, size)."""

    @property
    def draws(self) -> bool:
        """Whether it draws."""
        return bool(self.image_tokens)

    @property
    def sizes(self) -> tuple[str, ...]:
        """Sizes the model draws, smallest first."""
        return tuple(size for size in SIZES if size in self.image_tokens)


def to_unlisted(model_id: str) -> Model:
    """Return a model of which nothing is known but that there is one."""
    return Model(
        id=model_id,
        title=model_id,
        created=0,
        prices=Prices(input_nano_usd=0, output_text_nano_usd=0),
        input_image_tokens=0,
        is_listed=False,
    )


def find_prices(model: Model, *, at_seconds: float, prompt_tokens: int) -> Prices:
    """Return the prices of a call that was made at `at_seconds` since 1970."""
    if model.long_prompt_prices is not None and prompt_tokens > LONG_PROMPT_TOKENS:
        return model.long_prompt_prices
    begun = [prices for begins, prices in model.later_prices.items() if begins <= at_seconds]
    return begun[-1] if begun else model.prices


def reserve_nano_usd(
    model: Model,
    *,
    size: str,
    max_output_tokens: int | None = None,
    input_tokens: int = 0,
    at_seconds: float,
) -> int:
    """Return the most that one choice may cost, in nano-dollars: its input, and the longest answer there may be.

    `size` is the picture's and counts for models that draw; `max_output_tokens` is what the call asked for and counts for
    text models: a picture takes what its size takes.
    """
    prices = find_prices(model, at_seconds=at_seconds, prompt_tokens=input_tokens)
    text_tokens = max_output_tokens or model.max_output_tokens or 0
    image_tokens = 0
    if model.draws:
        text_tokens, image_tokens = RESERVED_TEXT_TOKENS, model.image_tokens[size]
    return (
        input_tokens * prices.input_nano_usd
        + text_tokens * prices.output_text_nano_usd
        + image_tokens * prices.output_image_nano_usd
    )


def price_nano_usd(model: Model, size: str) -> int:
    """Return what the picture tokens of one picture of `size` cost, in nano-dollars."""
    return model.image_tokens[size] * model.prices.output_image_nano_usd
