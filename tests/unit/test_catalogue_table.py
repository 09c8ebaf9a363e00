"""The table of models, against the documented numbers written down a second time."""

from datetime import UTC, datetime
from fractions import Fraction

import pytest

from limner.catalogue import (
    IMAGE_MODELS,
    MODELS,
    RESERVED_TEXT_TOKENS,
    SIZES,
    TEXT_MODELS,
    Model,
    find_model,
    find_model_and_suffixes,
    find_prices,
    price_nano_usd,
    reserve_nano_usd,
)

GEMINI_3_PIXELS = """
1:1   512x512   1024x1024 2048x2048 4096x4096
1:4   256x1024  512x2048  1024x4096 2048x8192
1:8   192x1536  384x3072  768x6144  1536x12288
2:3   424x632   848x1264  1696x2528 3392x5056
3:2   632x424   1264x848  2528x1696 5056x3392
3:4   448x600   896x1200  1792x2400 3584x4800
4:1   1024x256  2048x512  4096x1024 8192x2048
4:3   600x448   1200x896  2400x1792 4800x3584
4:5   464x576   928x1152  1856x2304 3712x4608
5:4   576x464   1152x928  2304x1856 4608x3712
8:1   1536x192  3072x384  6144x768  12288x1536
9:16  384x688   768x1376  1536x2752 3072x5504
16:9  688x384   1376x768  2752x1536 5504x3072
21:9  792x336   1584x672  3168x1344 6336x2688
"""
"""Columns 512, 1K, 2K, 4K; the page prints 792x168 for the last row's first, which is no 21:9."""

GEMINI_2_PIXELS = """
1:1 1024x1024
2:3 832x1248
3:2 1248x832
3:4 864x1184
4:3 1184x864
4:5 896x1152
5:4 1152x896
9:16 768x1344
16:9 1344x768
21:9 1536x672
"""

EXTREME = {"1:4", "4:1", "1:8", "8:1"}

DOLLARS_PER_PICTURE = {
    ("gemini-nano-banana-2.1", "1K"): "0.0336",
    ("gemini-nano-banana-2.1", "2K"): "0.0504",
    ("gemini-nano-banana-2.1", "4K"): "0.1134",
    ("gemini-3.1-flash-image", "512"): "0.045",
    ("gemini-3.1-flash-image", "1K"): "0.067",
    ("gemini-3.1-flash-image", "2K"): "0.101",
    ("gemini-3.1-flash-image", "4K"): "0.151",
    ("gemini-3.1-flash-lite-image", "1K"): "0.0336",
    ("gemini-3-pro-image", "1K"): "0.134",
    ("gemini-3-pro-image", "2K"): "0.134",
    ("gemini-3-pro-image", "4K"): "0.24",
    ("gemini-2.5-flash-image", "1K"): "0.039",
}

TOKENS_PER_PICTURE = {
    "gemini-nano-banana-2.1": {"1K": 1120, "2K": 1680, "4K": 3780},
    "gemini-3.1-flash-image": {"512": 747, "1K": 1120, "2K": 1680, "4K": 2520},
    "gemini-3.1-flash-lite-image": {"1K": 1120},
    "gemini-3-pro-image": {"1K": 1120, "2K": 1120, "4K": 2000},
    "gemini-2.5-flash-image": {"1K": 1290},
}

TEXT_PRICES = """
gemini-4-carbon        2026-11-25 2.00 10.00
gemini-4-carbon        2026-12-01 4.00 20.00
gemini-4-argon         2026-11-30 2.00 10.00
gemini-4-argon         2027-06-01 4.00 20.00
gemini-4-hydrogen      2026-11-25 1.50 7.50
gemini-3.8-flash       2026-12-31 0.75 3.75
gemini-3.8-flash       2027-01-01 1.50 7.50
gemini-3.6-flash       2026-11-25 0.75 3.75
gemini-3.6-flash       2027-01-01 1.50 7.50
gemini-3.5-flash-lite  2026-11-25 0.30 2.50
gemini-3.1-flash-lite  2026-11-25 0.25 1.50
gemini-3.1-pro-preview 2026-11-25 2.00 12.00
"""
"""Dollars a million tokens, in and out, of a call on a day."""

NOW = datetime(2026, 11, 25, tzinfo=UTC).timestamp()

by_model = pytest.mark.parametrize("model", IMAGE_MODELS, ids=lambda model: model.id)


def rows(table: str) -> dict[str, list[tuple[int, ...]]]:
    return {
        ratio: [tuple(map(int, cell.split("x"))) for cell in cells]
        for ratio, *cells in (line.split() for line in table.split("\n") if line)
    }


@by_model
def test_pixels(model: Model) -> None:
    """Every ratio and size has the documented pixels, no more and no less."""
    if model.id == "gemini-2.5-flash-image":
        expected = {(ratio, "1K"): cells[0] for ratio, cells in rows(GEMINI_2_PIXELS).items()}
    else:
        expected = {
            (ratio, size): pixels
            for ratio, cells in rows(GEMINI_3_PIXELS).items()
            for size, pixels in zip(("512", "1K", "2K", "4K"), cells, strict=True)
            if size in TOKENS_PER_PICTURE[model.id]
            and not (model.id == "gemini-3-pro-image" and ratio in EXTREME)
        }
    assert dict(model.pixels) == expected
    assert {ratio for ratio, _ in expected} == set(model.ratios)


@by_model
def test_tokens(model: Model) -> None:
    """Tokens per picture by size, and the sizes in order."""
    assert model.image_tokens == TOKENS_PER_PICTURE[model.id]
    assert model.sizes == tuple(size for size in SIZES if size in TOKENS_PER_PICTURE[model.id])


@pytest.mark.parametrize(("name", "size"), DOLLARS_PER_PICTURE)
def test_prices(name: str, size: str) -> None:
    """A picture costs the documented dollars, to the last digit they are printed with."""
    model = find_model(name)
    assert model is not None
    printed = DOLLARS_PER_PICTURE[name, size]
    exact = Fraction(price_nano_usd(model, size), 10**9)
    assert abs(exact - Fraction(printed)) <= Fraction(1, 2 * 10 ** len(printed.partition(".")[2]))


def test_every_size_has_a_documented_price() -> None:
    """The list of prices misses no model and no size."""
    assert set(DOLLARS_PER_PICTURE) == {(model.id, size) for model in MODELS for size in model.sizes}


@by_model
def test_reservations_cover_measured_answers(model: Model) -> None:
    """A reservation is the picture and 2,000 text tokens at their prices."""
    assert RESERVED_TEXT_TOKENS == 2000
    for size in model.sizes:
        expected = price_nano_usd(model, size) + 2000 * model.prices.output_text_nano_usd
        assert reserve_nano_usd(model, size=size, at_seconds=NOW) == expected
        asked = reserve_nano_usd(model, size=size, max_output_tokens=9, input_tokens=7, at_seconds=NOW)
        assert asked == expected + 7 * model.prices.input_nano_usd


@by_model
def test_ratios_are_about_what_they_say(model: Model) -> None:
    """No pixels are further than 5 % from their ratio: a slip of a digit would be."""
    for (ratio, _), (width, height) in model.pixels.items():
        across, down = map(int, ratio.split(":"))
        assert 0.95 < width / height / (across / down) < 1.05


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("gemini-3-pro-image", "gemini-3-pro-image"),
        ("models/gemini-3-pro-image", "gemini-3-pro-image"),
        ("google/gemini-3-pro-image-preview", "gemini-3-pro-image"),
        ("gemini/gemini-3.1-flash-image", "gemini-3.1-flash-image"),
        ("google/models/Gemini-2.5-Flash-Image", "gemini-2.5-flash-image"),
        ("nano-banana", "gemini-2.5-flash-image"),
        ("nano-banana-pro", "gemini-3-pro-image"),
        ("nano-banana-pro-preview", "gemini-3-pro-image"),
        ("nano-banana-2", "gemini-3.1-flash-image"),
        ("vertex_ai/gemini-3-pro-image", "gemini-3-pro-image"),
        (" nano-banana-2.1 ", "gemini-nano-banana-2.1"),
        ("gemini-nano-banana-2.1", "gemini-nano-banana-2.1"),
        ("gemini-3.1-flash-lite-image", "gemini-3.1-flash-lite-image"),
        ("gemini-2.5-flash", None),
        ("gemini-3.8-flash", "gemini-3.8-flash"),
        ("models/Gemini-4-Argon", "gemini-4-argon"),
        ("google/gemini-3.1-pro-preview", "gemini-3.1-pro-preview"),
        ("gemini/gemini-3.1-pro", "gemini-3.1-pro-preview"),
        ("-preview", None),
        ("models/", None),
        ("", None),
    ],
)
def test_names(name: str, expected: str | None) -> None:
    """Ids and nicknames are found in any case, with and without prefix and `-preview`."""
    model = find_model(name)
    assert (model.id if model else None) == expected


def test_names_are_unique() -> None:
    """No two models share an id or an alias."""
    names = [name for model in MODELS for name in (model.id, *model.aliases)]
    assert len(names) == len(set(names))


def test_lifecycle() -> None:
    """Which models have signatures, take a size, and are on their way out."""
    assert [model.id for model in MODELS if not model.has_signatures] == ["gemini-2.5-flash-image"]
    assert {model.id for model in MODELS if model.deprecated} == {
        "gemini-3.1-flash-image",
        "gemini-2.5-flash-image",
        "gemini-3.1-flash-lite",
    }
    assert {model.id for model in IMAGE_MODELS if not model.takes_image_size} == {
        "gemini-3.1-flash-lite-image",
        "gemini-2.5-flash-image",
    }


@pytest.mark.parametrize("line", TEXT_PRICES.split("\n")[1:-1])
def test_text_prices(line: str) -> None:
    """A text model's tokens cost the documented dollars on the day of the call, announced changes included."""
    name, day, *dollars = line.split()
    model = find_model(name)
    assert model is not None
    at_seconds = datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()
    prices = find_prices(model, at_seconds=at_seconds, prompt_tokens=200_000)
    assert [prices.input_nano_usd, prices.output_text_nano_usd] == [Fraction(usd) * 1000 for usd in dollars]
    assert prices.output_image_nano_usd == 0


def test_every_text_model_has_a_documented_price() -> None:
    """The list of text prices misses no model."""
    assert {line.split()[0] for line in TEXT_PRICES.split("\n")[1:-1]} == {model.id for model in TEXT_MODELS}


def test_long_prompts_cost_more_where_documented() -> None:
    """Above 200,000 tokens of prompt 3.1 Pro has other prices for all tokens, and no other model has."""
    long = {
        model.id: find_prices(model, at_seconds=NOW, prompt_tokens=200_001)
        for model in MODELS
        if find_prices(model, at_seconds=NOW, prompt_tokens=200_001)
        != find_prices(model, at_seconds=NOW, prompt_tokens=200_000)
    }
    assert set(long) == {"gemini-3.1-pro-preview"}
    prices = long["gemini-3.1-pro-preview"]
    assert (prices.input_nano_usd, prices.output_text_nano_usd) == (4000, 18_000)


@pytest.mark.parametrize("model", TEXT_MODELS, ids=lambda model: model.id)
def test_text_reservations_cover_the_longest_answer(model: Model) -> None:
    """A text model's reservation is its input and as many tokens as the call allows, else as the model can give."""
    prices = find_prices(model, at_seconds=NOW, prompt_tokens=0)
    most = reserve_nano_usd(model, size="", at_seconds=NOW)
    assert most == 65_536 * prices.output_text_nano_usd
    limited = reserve_nano_usd(model, size="", max_output_tokens=100, input_tokens=10, at_seconds=NOW)
    assert limited == 10 * prices.input_nano_usd + 100 * prices.output_text_nano_usd


def test_text_models_draw_nothing() -> None:
    """Text models have no size, no ratio and no settings behind their name."""
    assert [model.id for model in MODELS if model.draws] == [model.id for model in IMAGE_MODELS]
    assert not any(model.sizes or model.ratios or model.pixels for model in TEXT_MODELS)
    assert find_model_and_suffixes("gemini-3.8-flash-2k") is None
    assert find_model_and_suffixes("gemini-3.8-flash-16x9") is None
    assert find_model_and_suffixes("gemini-3.8-flash") == (find_model("gemini-3.8-flash"), ())
