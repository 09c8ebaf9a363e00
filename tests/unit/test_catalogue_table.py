"""The table of models, against the documented numbers written down a second time."""

from fractions import Fraction

import pytest

from limner.catalogue import (
    MODELS,
    RESERVED_TEXT_TOKENS,
    SIZES,
    ImageModel,
    find_model,
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

by_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.id)


def rows(table: str) -> dict[str, list[tuple[int, ...]]]:
    return {
        ratio: [tuple(map(int, cell.split("x"))) for cell in cells]
        for ratio, *cells in (line.split() for line in table.split("\n") if line)
    }


@by_model
def test_pixels(model: ImageModel) -> None:
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
def test_tokens(model: ImageModel) -> None:
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
def test_reservations_cover_measured_answers(model: ImageModel) -> None:
    """A reservation is the picture and 2,000 text tokens at their prices."""
    assert RESERVED_TEXT_TOKENS == 2000
    for size in model.sizes:
        expected = price_nano_usd(model, size) + 2000 * model.prices.output_text_nano_usd
        assert reserve_nano_usd(model, size) == expected


@by_model
def test_ratios_are_about_what_they_say(model: ImageModel) -> None:
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
    }
    assert {model.id for model in MODELS if not model.takes_image_size} == {
        "gemini-3.1-flash-lite-image",
        "gemini-2.5-flash-image",
    }
