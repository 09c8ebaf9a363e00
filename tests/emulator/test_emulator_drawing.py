"""Drawings: the same for the same prompt, different for others, and of what the prompt names in any language."""

from itertools import combinations

import pytest
from looking import compare, draw, mean_colour, read

from limner.emulator.drawing import draw_picture
from limner.emulator.drawing.figures import Figure, find_figures
from limner.emulator.drawing.palette import COLOUR_WORDS
from limner.emulator.drawing.vocabulary import read_words

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
    "a portrait",
    "portrait of a tall tree",
)
# The same scene told in other languages.
FOXES = (
    "月光下的红狐狸",
    "月夜の赤いキツネ",
    "달빛 아래 붉은 여우",
    "красная лиса под луной",
    "ثعلب أحمر تحت ضوء القمر",
    "שועל אדום לאור ירח",
    "ein roter Fuchs unter dem Mond",
    "un zorro rojo bajo la luna",
)


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


@pytest.mark.parametrize("prompt", FOXES)
def test_motifs_and_colours_are_found_in_any_language(prompt: str) -> None:
    """A red fox under the moon is drawn from words in other languages: fox, red and night are understood."""
    words = read_words(prompt)
    assert {"fox", "red", "moon"} <= set(words)
    assert find_figures(words) == [Figure("fox", COLOUR_WORDS["red"])]
    dark, red = (mean_colour(read(draw(prompt)).crop(box)) for box in ((0, 0, 120, 60), (246, 290, 266, 300)))
    assert sum(dark) < 250
    assert red[0] > 120


@pytest.mark.parametrize(
    ("prompt", "names"),
    [
        ("two owls in a forest", ["owl", "owl"]),
        ("owls", ["owl"] * 3),
        ("an astronaut riding a horse", ["astronaut", "horse"]),
        ("portrait of a tall tree", ["tree"]),
        ("a portrait", ["portrait"]),
        ("五匹の猫", ["cat"] * 5),
        ("quarterly results", []),
        ("漂亮", []),
        ("an orange cat", ["cat"]),
        ("قطة برتقالية", ["cat"]),
        ("a cat and an orange", ["cat", "orange"]),
    ],
)
def test_a_prompt_names_its_figures(prompt: str, names: list[str]) -> None:
    """Every thing named is a figure, as often as the prompt says; a portrait of something shows that."""
    assert [figure.name for figure in find_figures(read_words(prompt))] == names


def test_each_figure_has_the_colour_told_of_it() -> None:
    """In `a red cat and a blue dog` neither is given the other's colour."""
    figures = find_figures(read_words("a red cat and a blue dog"))
    assert figures == [Figure("cat", COLOUR_WORDS["red"]), Figure("dog", COLOUR_WORDS["blue"])]


@pytest.mark.parametrize(("width", "height"), [(512, 512), (192, 1536), (1536, 192), (792, 336)])
def test_words_are_lettered_large_enough_at_every_ratio(width: int, height: int) -> None:
    """The lower part with a prompt differs from the same scene without one, by light letters on a dark ground."""
    picture = read(draw("a red fox under the silver moon", width=width, height=height))
    lower = picture.crop((0, height - round(height * 0.4), width, height)).convert("L")
    shares = lower.histogram()
    bright = sum(shares[235:]) / sum(shares)
    assert 0.004 < bright < 0.4
