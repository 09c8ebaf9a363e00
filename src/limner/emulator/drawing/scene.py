"""From a prompt to a painted scene: the words choose palette, ground and figure, chance by the prompt places them.

It must not know lettering, files or models.
"""

import random
from collections.abc import Callable, Mapping

from PIL import Image

from limner.emulator.drawing import landscape
from limner.emulator.drawing.abstract import paint_abstract
from limner.emulator.drawing.brush import Canvas, seed_chance
from limner.emulator.drawing.figures import Figure, find_figures, paint_figure
from limner.emulator.drawing.palette import Palette, choose_palette
from limner.emulator.drawing.vocabulary import read_words

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
_FLYERS = frozenset(["balloon", "airship"])


def paint_scene(prompt: str, width: int, height: int, *salt: object) -> Image.Image:
    """The scene of a prompt at exactly `width` by `height`; other `salt` places things otherwise."""
    shrink = min(1.0, (_MOST_SCENE_PIXELS / (width * height)) ** 0.5)
    canvas = Canvas(max(round(width * shrink), 1), max(round(height * shrink), 1))
    words = read_words(prompt)
    chance = seed_chance(prompt, *salt)
    palette = choose_palette(words, chance)
    figures = find_figures(words)
    ground = _choose_ground(words, figures)
    if ground is None and not figures:
        paint_abstract(canvas, palette, chance)
    else:
        _paint_place(canvas, palette, chance, ground or chance.choice(["studio", "studio", "hills"]))
        _place_figures(canvas, chance, figures)
    picture = canvas.shrunk()
    return (
        picture
        if picture.size == (width, height)
        else picture.resize((width, height), Image.Resampling.BICUBIC)
    )


def _choose_ground(words: list[str], figures: list[Figure]) -> str | None:
    said = set(words)
    named = next((ground for ground, names in _GROUND_WORDS.items() if said & set(names.split())), None)
    if named in {None, "hills"} and any(figure.name in _SWIMMERS for figure in figures):
        # `a lighthouse at dusk` stands by the sea: the time of day names no place.
        return "sea"
    if named is None and said & {
        "sun",
        "moon",
        "star",
        "stars",
        "night",
        "space",
        "snow",
        "winter",
        "aurora",
    }:
        return "hills"
    return named


def _horizon(canvas: Canvas) -> float:
    return canvas.height * 0.6


def _paint_place(canvas: Canvas, palette: Palette, chance: random.Random, ground: str) -> None:
    horizon = _horizon(canvas)
    landscape.paint_sky(canvas, palette, chance, horizon)
    radius = canvas.unit * chance.uniform(0.06, 0.1)
    side = chance.choice([0.22, 0.3, 0.7, 0.78])
    # A tall picture has much sky: its sun stands higher.
    stretch = min(max(canvas.height / canvas.width, 1), 3)
    sun = canvas.width * side, horizon - canvas.unit * chance.uniform(0.2, 0.38) * stretch
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


def _place_figures(canvas: Canvas, chance: random.Random, figures: list[Figure]) -> None:
    """The figures stand side by side on the ground, above where the words will be; the middle ones are in front."""
    if not figures:
        return
    count = len(figures)
    height = canvas.unit * chance.uniform(0.5, 0.58) * min(max(canvas.height / canvas.width, 1), 1.3)
    middle = canvas.width * (chance.uniform(0.44, 0.56) if count == 1 else 0.5)
    pitch = min(height * 0.95, canvas.width * 0.86 / count)
    outside = (count - 1) / 2
    for place in sorted(range(count), key=lambda place: -abs(place - outside)):
        figure = figures[place]
        distance = abs(place - outside) / max(outside, 1)
        fitted = min(height * (1 - 0.1 * (count - 1)), pitch * 1.15) * (1 - 0.22 * distance * (count > 2))
        depth = 0.18 if figure.name in _SWIMMERS else 0.0 if figure.name in _FLYERS else 0.12
        foot = _horizon(canvas) + canvas.unit * (depth - 0.03 * distance)
        paint_figure(canvas, figure.name, (middle + (place - outside) * pitch, foot), fitted, figure.colour)
