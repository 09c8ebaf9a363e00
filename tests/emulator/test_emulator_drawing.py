"""Drawings: the same for the same prompt, different for others, legible, and changed by an edit."""

import io
from itertools import combinations

import pytest
from PIL import Image, ImageChops, ImageStat

from limner.emulator.drawing import Sketch, draw_picture
from limner.emulator.drawing.lettering import load_font, measure, set_text

PROMPTS = (
    "a red fox under the moon",
    "a blue fox under the moon",
    "a lighthouse at dusk",
    "city at night",
    "two owls in a forest",
    "a coffee cup",
    "an invoice",
    "quarterly results",
    "mountains",
    "sailing boats",
)
INSTRUCTIONS = (
    "make it blue",
    "make it brighter",
    "rotate left",
    "mirror it",
    "make it black and white",
    'write "Hello"',
    "add a moon",
    "improve it a little",
)


def draw(prompt: str, *pictures: bytes, width: int = 512, height: int = 512, variant: int = 0) -> bytes:
    return draw_picture(Sketch(prompt=prompt, width=width, height=height, pictures=pictures, variant=variant))


def read(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def compare(one: Image.Image, other: Image.Image) -> float:
    """The mean difference of two pictures' values, of 255."""
    means = ImageStat.Stat(ImageChops.difference(one, other)).mean
    return sum(means) / len(means)


def mean_colour(picture: Image.Image) -> list[float]:
    return list(ImageStat.Stat(picture).mean)


def test_the_same_sketch_gives_the_same_bytes() -> None:
    """A drawing made anew has the bytes it had before, for a scene and for an edit."""
    first = draw("a red fox"), draw("make it blue", draw("a red fox"))
    draw_picture.cache_clear()
    assert (draw("a red fox"), draw("make it blue", draw("a red fox"))) == first


def test_prompts_are_told_apart_at_a_glance() -> None:
    """Any two prompts, and two variants of one, give clearly different pictures."""
    drawn = [read(draw(prompt, width=256, height=256)) for prompt in PROMPTS]
    drawn.append(read(draw(PROMPTS[0], width=256, height=256, variant=1)))
    differences = [compare(one, other) for one, other in combinations(drawn, 2)]
    assert [difference for difference in differences if difference < 4] == []


@pytest.mark.parametrize("instruction", INSTRUCTIONS)
def test_an_edit_changes_the_picture_and_keeps_what_it_shows(instruction: str) -> None:
    """Below the band with the instruction an edit differs from its picture, and is nearer to it than to another."""
    source, stranger = draw("a cottage in autumn"), draw("city at night, neon")
    body = (20, 90, 492, 492)
    edited = read(draw(instruction, source)).crop(body)
    assert compare(edited, read(source).crop(body)) > 1
    assert compare(edited, read(source).crop(body)) < compare(edited, read(stranger).crop(body))


@pytest.mark.parametrize(("word", "strongest"), [("red", 0), ("green", 1), ("blue", 2)])
def test_a_colour_word_tints(word: str, strongest: int) -> None:
    """Made red, green or blue a picture gains in that colour over the others."""
    source = draw("a grey cat")
    before, after = mean_colour(read(source)), mean_colour(read(draw(f"make it {word}", source)))
    gains = [late - early for early, late in zip(before, after, strict=True)]
    assert gains.index(max(gains)) == strongest


def test_grey_has_no_colour() -> None:
    """Made black and white a picture has equal channels below the band."""
    picture = read(draw("make it black and white", draw("a red fox"))).crop((0, 90, 512, 512))
    red, _, blue = picture.split()
    assert compare(red, blue) < 1


def test_several_pictures_are_all_shown() -> None:
    """An edit of a red and a blue picture shows both, side by side."""
    files = []
    for colour in ("red", "blue"):
        file = io.BytesIO()
        Image.new("RGB", (300, 300), colour).save(file, "PNG")
        files.append(file.getvalue())
    picture = read(draw("combine these", *files, width=688, height=384))
    left, right = (mean_colour(picture.crop(box)) for box in ((60, 100, 300, 340), (400, 100, 640, 340)))
    assert left[0] > 150 > left[2]
    assert right[2] > 150 > right[0]


@pytest.mark.parametrize(("width", "height"), [(512, 512), (192, 1536), (1536, 192), (792, 336)])
def test_words_are_lettered_large_enough_at_every_ratio(width: int, height: int) -> None:
    """The lower part with a prompt differs from the same scene without one, by light letters on a dark ground."""
    picture = read(draw("a red fox under the silver moon", width=width, height=height))
    lower = picture.crop((0, height - round(height * 0.4), width, height)).convert("L")
    shares = lower.histogram()
    bright = sum(shares[235:]) / sum(shares)
    assert 0.004 < bright < 0.4


@pytest.mark.parametrize(("width", "height"), [(900, 300), (150, 400), (60, 60)])
def test_set_text_stays_in_its_box(width: int, height: int) -> None:
    """Lines are within the box whatever the text's length; what does not fit ends with an ellipsis."""
    for text in (
        "fox",
        "a red fox under the silver moon",
        "Donaudampfschifffahrtsgesellschaftskapitän " * 12,
    ):
        setting = set_text(text, width, height, 60, 11)
        assert setting.height <= max(height, 11 * 1.22)
        assert max(measure(line) * setting.size for line in setting.lines) <= width
    assert set_text("word " * 900, width, height, 60, 11).lines[-1].endswith("\u2026")


def test_the_font_has_the_size_asked_for() -> None:
    """Twice the size is twice the width, so that measuring once is enough."""
    small, large = (load_font(size).getlength("lighthouse") for size in (40, 80))
    assert large == pytest.approx(2 * small, rel=0.02)
