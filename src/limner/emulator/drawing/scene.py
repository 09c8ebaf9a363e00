"""From a prompt to a painted scene: the words choose palette, ground and figure, chance by the prompt places them.

It must not know lettering, files or models.
"""

import random
import re
from collections.abc import Callable, Mapping

from PIL import Image

from limner.emulator.drawing import landscape
from limner.emulator.drawing.abstract import paint_abstract
from limner.emulator.drawing.brush import Canvas, seed_chance
from limner.emulator.drawing.figures import find_figure, paint_figure
from limner.emulator.drawing.palette import Palette, choose_palette, find_colour

# Larger pictures are painted at about this many pixels and enlarged, which keeps 4096x4096 under two seconds.
_MOST_SCENE_PIXELS = 2_400_000

_PaintGround = Callable[[Canvas, Palette, random.Random, float], None]

_GROUND_WORDS: Mapping[str, str] = {
    "sea": "sea ocean beach lake river water wave waves island harbor harbour sail sailing",
    "city": "city town skyline street building buildings tower skyscraper tokyo paris london york downtown",
    "forest": "forest woods jungle woodland pine firs",
    "mountains": "mountain mountains alps peak peaks hike everest fuji volcano glacier",
    "meadow": "meadow flowers garden field spring park grass",
    "dunes": "desert dune dunes sahara canyon",
    "hills": "hill hills valley countryside landscape village farm sunset sunrise dawn dusk sky",
}
_SWIMMERS = frozenset(
    [
        "boat",
        "ship",
        "sailboat",
        "yacht",
        "fish",
        "whale",
        "dolphin",
        "shark",
        "goldfish",
        "koi",
        "axolotl",
        "lighthouse",
    ]
)


def paint_scene(prompt: str, width: int, height: int, *salt: object) -> Image.Image:
    """The scene of a prompt at exactly `width` by `height`; other `salt` places things otherwise."""
    shrink = min(1.0, (_MOST_SCENE_PIXELS / (width * height)) ** 0.5)
    canvas = Canvas(max(round(width * shrink), 1), max(round(height * shrink), 1))
    words = read_words(prompt)
    chance = seed_chance(prompt, *salt)
    palette = choose_palette(words, chance)
    figure = find_figure(words)
    ground = _choose_ground(words, figure)
    if ground is None and figure is None:
        paint_abstract(canvas, palette, chance)
    else:
        _paint_place(canvas, palette, chance, ground or chance.choice(["studio", "studio", "hills"]))
        if figure is not None:
            _place_figure(canvas, chance, figure, words)
    picture = canvas.shrunk()
    return (
        picture
        if picture.size == (width, height)
        else picture.resize((width, height), Image.Resampling.BICUBIC)
    )


def read_words(text: str) -> list[str]:
    """The words of a text, in lower case."""
    return re.findall(r"\w+", text.lower())


def _choose_ground(words: list[str], figure: str | None) -> str | None:
    for ground, names in _GROUND_WORDS.items():
        if not set(names.split()).isdisjoint(words):
            return ground
    if figure in _SWIMMERS:
        return "sea"
    return (
        "hills"
        if not {"sun", "moon", "stars", "night", "space", "snow", "winter", "aurora"}.isdisjoint(words)
        else None
    )


def _horizon(canvas: Canvas) -> float:
    return canvas.height * 0.6


def _paint_place(canvas: Canvas, palette: Palette, chance: random.Random, ground: str) -> None:
    horizon = _horizon(canvas)
    landscape.paint_sky(canvas, palette, chance, horizon)
    radius = canvas.unit * chance.uniform(0.06, 0.1)
    side = chance.choice([0.22, 0.3, 0.7, 0.78])
    sun = canvas.width * side, horizon - canvas.unit * chance.uniform(0.2, 0.38)
    if ground != "studio":
        landscape.paint_sun(canvas, palette, sun, radius)
    if ground == "sea":
        landscape.paint_sea(canvas, palette, chance, horizon, sun[0])
        return
    grounds: Mapping[str, _PaintGround] = {
        "city": landscape.paint_city,
        "forest": landscape.paint_forest,
        "mountains": landscape.paint_mountains,
        "meadow": landscape.paint_meadow,
        "dunes": landscape.paint_dunes,
        "hills": landscape.paint_hills,
        "studio": landscape.paint_studio,
    }
    grounds[ground](canvas, palette, chance, horizon)


def _place_figure(canvas: Canvas, chance: random.Random, figure: str, words: list[str]) -> None:
    """The figure stands on the ground, above where the words will be; several where the prompt's word is plural."""
    height = canvas.unit * chance.uniform(0.5, 0.58)
    foot = _horizon(canvas) + canvas.unit * (0.18 if figure in _SWIMMERS else 0.12)
    colour = find_colour(words)
    middle = canvas.width * chance.uniform(0.44, 0.56)
    plural = figure not in words
    spread = min(height * 0.95, canvas.width / 3)
    for offset, size in ((-1, 0.72), (1, 0.8), (0, 1.0)) if plural else ((0, 1.0),):
        fitted = min(height, canvas.width * 0.8) * size
        paint_figure(canvas, figure, (middle + offset * spread, foot), fitted, colour)
