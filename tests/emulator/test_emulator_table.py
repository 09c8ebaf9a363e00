"""Every ratio and size a model has gives a file of exactly the pixels of Google's table."""

import pytest
from calling import FLASH, LITE, NEW, OLD, PRO, ask, inline_part, open_picture, prompt_payload

from limner.emulator.drawing import Sketch, draw_picture
from limner.emulator.models import MODELS
from programs import Emulator

# Google's image-generation page, copy of 2026-09-08, cell by cell; 21:9 at 512 as half of 1K, the page's is a misprint.
TABLE = """
1:1   512x512   1024x1024  2048x2048  4096x4096
1:4   256x1024  512x2048   1024x4096  2048x8192
1:8   192x1536  384x3072   768x6144   1536x12288
2:3   424x632   848x1264   1696x2528  3392x5056
3:2   632x424   1264x848   2528x1696  5056x3392
3:4   448x600   896x1200   1792x2400  3584x4800
4:1   1024x256  2048x512   4096x1024  8192x2048
4:3   600x448   1200x896   2400x1792  4800x3584
4:5   464x576   928x1152   1856x2304  3712x4608
5:4   576x464   1152x928   2304x1856  4608x3712
8:1   1536x192  3072x384   6144x768   12288x1536
9:16  384x688   768x1376   1536x2752  3072x5504
16:9  688x384   1376x768   2752x1536  5504x3072
21:9  792x336   1584x672   3168x1344  6336x2688
none  704x384   1408x768   2816x1536  5632x3072
"""
OLD_TABLE = """
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
none 1024x1024
"""
SIZES = ("512", "1K", "2K", "4K")
EXTREME = {"1:4", "1:8", "4:1", "8:1"}
MODEL_SIZES: dict[str, tuple[str | None, ...]] = {
    FLASH: SIZES,
    NEW: SIZES[1:],
    PRO: SIZES[1:],
    "nano-banana-pro-preview": SIZES[1:],
    LITE: (None,),
}
TOKENS: dict[str, dict[str | None, int]] = {
    FLASH: {"512": 747, "1K": 1120, "2K": 1680, "4K": 2520},
    NEW: {"1K": 1120, "2K": 1680, "4K": 3780},
    PRO: {"1K": 1120, "2K": 1120, "4K": 2000},
    LITE: {None: 1120},
    OLD: {None: 1290, "2K": 1290},
}


def read_pixels(text: str) -> tuple[int, int]:
    width, height = text.split("x")
    return int(width), int(height)


def list_cells() -> list[tuple[str, str | None, str | None, tuple[int, int]]]:
    """Every model, ratio, size and its pixels."""
    cells: list[tuple[str, str | None, str | None, tuple[int, int]]] = []
    for line in TABLE.split("\n")[1:-1]:
        ratio, *columns = line.split()
        for model, sizes in MODEL_SIZES.items():
            if ratio in EXTREME and "pro" in model:
                continue
            asked = None if ratio == "none" else ratio
            cells += [(model, asked, size, read_pixels(columns[SIZES.index(size or "1K")])) for size in sizes]
    for line in OLD_TABLE.split("\n")[1:-1]:
        ratio, pixels = line.split()
        cells.append((OLD, None if ratio == "none" else ratio, None, read_pixels(pixels)))
    return cells


CELLS = list_cells()
SMALL_CELLS = sorted(
    {(pixels, model == OLD) for model, _, size, pixels in CELLS if size == "512" or model == OLD}
)


def test_every_cell_has_the_pixels_of_the_page() -> None:
    """The table agrees with Google's page in all its cells."""
    found = [(model, ratio, size, MODELS[model].pixels(ratio, size)) for model, ratio, size, _ in CELLS]
    assert len(CELLS) == 15 * 4 + 15 * 3 + 11 * 3 * 2 + 15 + 11
    assert found == CELLS


@pytest.mark.parametrize(("pixels", "is_png"), SMALL_CELLS, ids=str)
def test_a_drawing_has_exactly_the_pixels_asked_for(pixels: tuple[int, int], is_png: bool) -> None:
    """A drawn file, fully decoded, has the tabled width and height and the type asked for."""
    width, height = pixels
    mime_type = "image/png" if is_png else "image/jpeg"
    picture = open_picture(
        draw_picture(Sketch(prompt="a fox", width=width, height=height, mime_type=mime_type))
    )
    assert (picture.size, picture.mode, picture.format) == (pixels, "RGB", "PNG" if is_png else "JPEG")


@pytest.mark.parametrize(
    ("model", "ratio", "size", "pixels"),
    [
        (FLASH, "21:9", "512", (792, 336)),
        (FLASH, "8:1", "512", (1536, 192)),
        (FLASH, None, "512", (704, 384)),
        (LITE, None, None, (1408, 768)),
        (NEW, "1:8", "1K", (384, 3072)),
        (PRO, "16:9", "2K", (2752, 1536)),
        (OLD, "16:9", "2K", (1344, 768)),
        (OLD, None, "8K", (1024, 1024)),
    ],
    ids=str,
)
def test_a_model_answers_with_the_pixels_of_its_table(
    emulator: Emulator, model: str, ratio: str | None, size: str | None, pixels: tuple[int, int]
) -> None:
    """A call for a ratio and size is answered with one picture of the tabled pixels; 2.5 takes sizes and ignores them."""
    config = {name: value for name, value in (("aspectRatio", ratio), ("imageSize", size)) if value}
    reply = ask(
        emulator.url, prompt_payload("a fox", imageConfig=config, responseModalities=["IMAGE"]), model
    )
    assert [open_picture(data).size for data in reply.pictures] == [pixels]


@pytest.mark.parametrize(
    ("model", "size", "tokens"),
    [(model, size, tokens) for model, sizes in TOKENS.items() for size, tokens in sizes.items()],
    ids=str,
)
def test_a_picture_costs_the_tokens_of_its_model_and_size(model: str, size: str | None, tokens: int) -> None:
    """Output tokens of one picture depend on model and size as Google's page says."""
    assert MODELS[model].tokens_per_picture(size) == tokens


def test_an_edit_without_a_ratio_keeps_the_nearest_one(emulator: Emulator) -> None:
    """Without a ratio an input picture of 800x450 is answered at 16:9."""
    drawn = draw_picture(Sketch(prompt="a fox", width=800, height=450))
    payload = prompt_payload("make it blue", imageConfig={"imageSize": "512"}, responseModalities=["IMAGE"])
    payload["contents"][0]["parts"].append(inline_part(drawn))
    reply = ask(emulator.url, payload)
    assert [open_picture(data).size for data in reply.pictures] == [(688, 384)]
