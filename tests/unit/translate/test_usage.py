"""Tokens and what they cost, against exact fractions."""

from fractions import Fraction
from typing import Any

import pytest
from chat_requests import find
from hypothesis import given
from hypothesis import strategies as st

from limner.catalogue import IMAGE_MODELS, Model
from limner.translate.usage import TokenCount, cost_micro_usd, count_tokens, estimate_tokens, to_usage
from limner.wire.gemini import ModalityTokenCount, UsageMetadata

PRO = find("gemini-3-pro-image")
FLASH = find("gemini-3.1-flash-image")
OLD = find("gemini-2.5-flash-image")

NOW = 1795564800
"""2026-11-25."""

PRICES_USD_PER_MILLION = {
    "gemini-nano-banana-2.1": ("1.50", "7.50", "30"),
    "gemini-3.1-flash-image": ("0.50", "3", "60"),
    "gemini-3.1-flash-lite-image": ("0.25", "1.50", "30"),
    "gemini-3-pro-image": ("2", "12", "120"),
    "gemini-2.5-flash-image": ("0.30", "2.50", "30"),
}
"""Input, text and thinking out, pictures out; as documented."""


def count(
    model: Model, pictures: int, size: str = "1K", *, image: int | None = None, **counts: Any
) -> tuple[int, int, int, int, int]:
    details = None if image is None else [ModalityTokenCount("IMAGE", image)]
    metadata = UsageMetadata(candidates_tokens_details=details, **counts)
    tokens = count_tokens(metadata, model, pictures, size)
    return tokens.input_text, tokens.input_image, tokens.output_image, tokens.output_text, tokens.thoughts


@pytest.mark.parametrize("model", IMAGE_MODELS, ids=lambda model: model.id)
@given(st.lists(st.integers(0, 10**7), min_size=5, max_size=5))
def test_cost_is_exact(model: Model, counts: list[int]) -> None:
    """The cost is the sum of tokens at their documented prices, half a micro-dollar rounded up."""
    input_text, input_image, output_image, output_text, thoughts = counts
    tokens = TokenCount(
        input_text=input_text,
        input_image=input_image,
        output_image=output_image,
        output_text=output_text,
        thoughts=thoughts,
    )
    input_usd, text_usd, image_usd = (Fraction(usd) for usd in PRICES_USD_PER_MILLION[model.id])
    exact = (
        (input_text + input_image) * input_usd
        + output_image * image_usd
        + (output_text + thoughts) * text_usd
    )
    assert cost_micro_usd(tokens, model, at_seconds=NOW) == (exact + Fraction(1, 2)).__floor__()


@pytest.mark.parametrize(
    ("model", "counts", "expected"),
    [
        (
            OLD,
            {
                "prompt_token_count": 17,
                "candidates_token_count": 1336,
                "total_token_count": 1353,
                "image": 1290,
            },
            (17, 0, 1290, 46, 0),
        ),
        (
            PRO,
            {
                "prompt_token_count": 22,
                "candidates_token_count": 1216,
                "total_token_count": 1417,
                "thoughts_token_count": 179,
                "image": 1120,
            },
            (22, 0, 1120, 96, 179),
        ),
        (
            FLASH,
            {
                "prompt_token_count": 17,
                "candidates_token_count": 1322,
                "total_token_count": 1339,
                "image": 1120,
            },
            (17, 0, 1120, 202, 0),
        ),
        (
            FLASH,
            {"prompt_token_count": 17, "candidates_token_count": 1030, "image": 747},
            (17, 0, 747, 283, 0),
        ),
    ],
)
def test_recorded_usages(
    model: Model, counts: dict[str, Any], expected: tuple[int, int, int, int, int]
) -> None:
    """Usages as recorded: what the details do not list is text."""
    assert count(model, 1, **counts) == expected


def test_several_pictures_are_counted_by_gemini() -> None:
    """Gemini's details count all pictures, also interim ones."""
    assert count(PRO, 2, candidates_token_count=2500, image=2240) == (0, 0, 2240, 260, 0)


@pytest.mark.parametrize("image", [None, 0])
def test_without_details_the_table_counts(image: int | None) -> None:
    """Where Gemini does not say what pictures took the table does, at the size that was asked."""
    assert count(PRO, 2, "4K", candidates_token_count=4100, image=image) == (0, 0, 4000, 100, 0)
    assert count(PRO, 1, "4K", candidates_token_count=500, image=image) == (0, 0, 500, 0, 0)


def test_pictures_are_never_free() -> None:
    """A usage of the prompt alone does not make a delivered picture free."""
    assert count(PRO, 1, "2K", prompt_token_count=9, total_token_count=9) == (9, 0, 1120, 0, 0)


def test_refusals_cost_their_prompt() -> None:
    """Refusals count the prompt alone; 3 Pro's repeat the thoughts as candidates, which count once."""
    assert count(FLASH, 0, prompt_token_count=18, total_token_count=18) == (18, 0, 0, 0, 0)
    mirrored: dict[str, Any] = {
        "prompt_token_count": 20,
        "thoughts_token_count": 300,
        "candidates_token_count": 300,
        "total_token_count": 320,
    }
    assert count(PRO, 0, **mirrored) == (20, 0, 0, 0, 300)
    assert count(PRO, 0, **{**mirrored, "total_token_count": 620}) == (20, 0, 0, 300, 300)


def test_input_pictures_are_told_apart() -> None:
    """Input pictures are what the details say, never more than the prompt; tool use counts as input."""
    metadata = UsageMetadata(
        prompt_token_count=600,
        tool_use_prompt_token_count=50,
        prompt_tokens_details=[
            ModalityTokenCount("TEXT", 40),
            ModalityTokenCount("IMAGE", 280),
            ModalityTokenCount("IMAGE", 280),
        ],
    )
    tokens = count_tokens(metadata, PRO, 0, "1K")
    assert (tokens.input_text, tokens.input_image) == (90, 560)
    excess = UsageMetadata(prompt_token_count=5, prompt_tokens_details=[ModalityTokenCount("IMAGE", 9)])
    assert count_tokens(excess, PRO, 0, "1K").input_text == 0


def test_estimates() -> None:
    """Without Gemini's count: a token for four bytes, input pictures and pictures by the table."""
    tokens = estimate_tokens(PRO, text_bytes=9, input_pictures=2, pictures=1, size="4K")
    assert tokens == TokenCount(input_text=3, input_image=1120, output_image=2000, output_text=0, thoughts=0)
    refused = estimate_tokens(PRO, text_bytes=8, input_pictures=1, pictures=0, size="4K")
    assert cost_micro_usd(refused, PRO, at_seconds=NOW) == (2 + 560) * 2


def test_text_is_counted() -> None:
    """A text model's answer is candidates and thoughts, input pictures told apart, at the text prices."""
    text = find("gemini-3.8-flash")
    counts: dict[str, Any] = {
        "prompt_token_count": 1130,
        "candidates_token_count": 40,
        "thoughts_token_count": 60,
    }
    metadata = UsageMetadata(prompt_tokens_details=[ModalityTokenCount("IMAGE", 1120)], **counts)
    tokens = count_tokens(metadata, text, 0, "")
    assert tokens == TokenCount(input_text=10, input_image=1120, output_image=0, output_text=40, thoughts=60)
    assert cost_micro_usd(tokens, text, at_seconds=NOW) == (1130 * 750 + 100 * 3750 + 500) // 1000
    assert to_usage(tokens, 0).completion_tokens == 100


def test_text_that_was_not_counted_is_estimated() -> None:
    """A text answer without Gemini's count is a token for each four bytes that came."""
    text = find("gemini-4-argon")
    tokens = estimate_tokens(text, text_bytes=8, input_pictures=1, pictures=0, size="", output_bytes=10)
    assert (tokens.input_text, tokens.input_image, tokens.output_text) == (2, 1120, 3)


@pytest.mark.parametrize(
    ("model", "prompt", "at_seconds", "nano_usd"),
    [
        ("gemini-4-argon", 1000, NOW, 2000),
        ("gemini-4-argon", 1000, 1796083200, 4000),
        ("gemini-3.1-pro-preview", 200_000, NOW, 2000),
        ("gemini-3.1-pro-preview", 200_001, NOW, 4000),
    ],
)
def test_prices_of_the_day_and_of_the_prompt(model: str, prompt: int, at_seconds: int, nano_usd: int) -> None:
    """The price is that of the day of the call, and for long prompts theirs."""
    tokens = TokenCount(input_text=prompt - 1, input_image=1, output_image=0, output_text=0, thoughts=0)
    cost = cost_micro_usd(tokens, find(model), at_seconds=at_seconds)
    assert cost == (prompt * nano_usd + 500) // 1000


@given(st.lists(st.integers(0, 10**6), min_size=5, max_size=5), st.integers(0, 10**9))
def test_usage_adds_up(counts: list[int], cost: int) -> None:
    """OpenAI's form: completion is candidates and thoughts, the total both sides, the cost in dollars."""
    tokens = TokenCount(
        input_text=counts[0],
        input_image=counts[1],
        output_image=counts[2],
        output_text=counts[3],
        thoughts=counts[4],
    )
    usage = to_usage(tokens, cost)
    assert usage.prompt_tokens == counts[0] + counts[1]
    assert usage.completion_tokens == sum(counts[2:])
    assert usage.total_tokens == sum(counts)
    details = usage.completion_tokens_details
    assert [details.image_tokens, details.text_tokens, details.reasoning_tokens] == counts[2:]
    assert (usage.prompt_tokens_details.text_tokens, usage.prompt_tokens_details.image_tokens) == tuple(
        counts[:2]
    )
    assert usage.cost is not None
    assert round(usage.cost * 1_000_000) == cost
