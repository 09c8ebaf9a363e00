"""Counts an answer's tokens and what they cost. Pure; money is integers until the last line.

Cost = input at the input price, pictures at the picture price, the rest of the candidate tokens and all
thoughts at the text price, half a micro-dollar rounded up.

Facts (measured 2026-09): candidatesTokenCount holds the picture's tokens and 88 to 630 more that its details
do not list; a refusal often counts the prompt alone; refusals of 3 Pro repeat the thoughts as candidates
while the total counts them once.
"""

from msgspec import Struct

from limner.catalogue import Model, find_prices
from limner.wire.gemini import ModalityTokenCount, UsageMetadata
from limner.wire.openai import CompletionTokensDetails, PromptTokensDetails, Usage

_BYTES_PER_TOKEN = 4
"""Google's rule of thumb for English text, used only where Gemini did not count."""


class TokenCount(Struct, frozen=True, kw_only=True):
    """Tokens by kind, each token once."""

    input_text: int
    input_image: int
    output_image: int
    output_text: int
    thoughts: int


def count_tokens(metadata: UsageMetadata, model: Model, pictures: int, size: str) -> TokenCount:
    """Return Gemini's own count of an answer with `pictures` pictures of `size`.

    Where it does not say what the pictures took, the table does: they are never free.
    """
    prompt = (metadata.prompt_token_count or 0) + (metadata.tool_use_prompt_token_count or 0)
    drawn = pictures * model.image_tokens.get(size, 0)
    candidates = drawn if metadata.candidates_token_count is None else metadata.candidates_token_count
    thoughts = metadata.thoughts_token_count or 0
    total = metadata.total_token_count
    if pictures == 0 and thoughts and candidates == thoughts and total == prompt + thoughts:
        candidates = 0
    input_image = min(_sum_images(metadata.prompt_tokens_details), prompt)
    output_image = min(_sum_images(metadata.candidates_tokens_details) or drawn, candidates)
    return TokenCount(
        input_text=prompt - input_image,
        input_image=input_image,
        output_image=output_image,
        output_text=candidates - output_image,
        thoughts=thoughts,
    )


def estimate_tokens(
    model: Model, *, text_bytes: int, input_pictures: int, pictures: int, size: str, output_bytes: int = 0
) -> TokenCount:
    """Return what an answer that Gemini did not count is taken to hold.

    `output_bytes` are the bytes of text where text is what was bought; beside a picture none is counted.
    """
    return TokenCount(
        input_text=-(-text_bytes // _BYTES_PER_TOKEN),
        input_image=input_pictures * model.input_image_tokens,
        output_image=pictures * model.image_tokens.get(size, 0),
        output_text=-(-output_bytes // _BYTES_PER_TOKEN),
        thoughts=0,
    )


def cost_micro_usd(tokens: TokenCount, model: Model, *, at_seconds: float) -> int:
    """Return the price of `tokens` in micro-dollars, half rounded up, for a call that was made at `at_seconds` since 1970."""
    prompt_tokens = tokens.input_text + tokens.input_image
    prices = find_prices(model, at_seconds=at_seconds, prompt_tokens=prompt_tokens)
    nano_usd = (
        prompt_tokens * prices.input_nano_usd
        + tokens.output_image * prices.output_image_nano_usd
        + (tokens.output_text + tokens.thoughts) * prices.output_text_nano_usd
    )
    return (nano_usd + 500) // 1000


def to_usage(tokens: TokenCount, cost: int | None) -> Usage:
    """Return OpenAI's form of `tokens`; `cost` is in micro-dollars, None where it is not known."""
    prompt = tokens.input_text + tokens.input_image
    completion = tokens.output_image + tokens.output_text + tokens.thoughts
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=completion,
        total_tokens=prompt + completion,
        prompt_tokens_details=PromptTokensDetails(tokens.input_text, tokens.input_image),
        completion_tokens_details=CompletionTokensDetails(
            image_tokens=tokens.output_image,
            reasoning_tokens=tokens.thoughts,
            text_tokens=tokens.output_text,
        ),
        cost=None if cost is None else cost / 1_000_000,
    )


def _sum_images(details: list[ModalityTokenCount] | None) -> int:
    return sum(detail.token_count for detail in details or () if detail.modality == "IMAGE")
