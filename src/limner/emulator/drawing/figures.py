"""The words that name figures, and the figures they name. It knows nothing of whole prompts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from limner.emulator.drawing.animals import BEASTS, paint_beast, paint_bird, paint_fish
from limner.emulator.drawing.brush import Canvas, Colour, Point
from limner.emulator.drawing.buildings import paint_house, paint_lighthouse
from limner.emulator.drawing.palette import COLOUR_WORDS, find_colour
from limner.emulator.drawing.people import paint_robot
from limner.emulator.drawing.plants import paint_flower, paint_fruit, paint_tree
from limner.emulator.drawing.things import paint_cup, paint_heart
from limner.emulator.drawing.vehicles import paint_balloon, paint_boat, paint_car, paint_rocket

PaintFigure = Callable[[Canvas, Point, float, Colour | None, str], None]

_NAMES: Mapping[PaintFigure, str] = {
    paint_bird: "bird owl parrot eagle penguin duck chicken raven sparrow",
    paint_fish: "fish whale dolphin shark axolotl goldfish koi",
    paint_boat: "boat ship sailboat yacht",
    paint_house: "house cottage cabin castle barn home",
    paint_lighthouse: "lighthouse",
    paint_tree: "tree oak palm",
    paint_flower: "flower rose tulip sunflower daisy lily",
    paint_balloon: "balloon airship",
    paint_rocket: "rocket spaceship",
    paint_robot: "robot astronaut person man woman girl boy child knight wizard portrait",
    paint_cup: "cup coffee tea mug latte",
    paint_fruit: "apple orange banana pear lemon pumpkin fruit",
    paint_car: "car truck taxi vehicle",
    paint_heart: "heart star",
}

FIGURES: Mapping[str, PaintFigure] = {
    **dict.fromkeys(BEASTS, paint_beast),
    **{name: paint for paint, names in _NAMES.items() for name in names.split()},
}


_IRREGULAR: Mapping[str, str] = {
    "wolves": "wolf",
    "mice": "mouse",
    "men": "man",
    "women": "woman",
    "children": "child",
    "people": "person",
    "puppies": "puppy",
    "bunnies": "bunny",
    "foxes": "fox",
}

# Words for how many; more than five of a kind are not painted.
_NUMBERS: Mapping[str, int] = {
    "two": 2,
    "pair": 2,
    "couple": 2,
    "three": 3,
    "four": 4,
    "several": 4,
    "five": 5,
    "many": 5,
    **{str(number): number for number in range(2, 6)},
}
_MOST_FIGURES = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a prompt, in the colour the prompt gives it."""

    name: str
    colour: Colour | None


def find_figures(words: list[str]) -> list[Figure]:
    """The figures a prompt names, in order, each as often as it says; a plural without a number is three."""
    places = [(place, name) for place, word in enumerate(words) if (name := _find_name(word))]
    taken = {place for place, name in places if name not in COLOUR_WORDS}
    # An orange beside a cat is the cat's colour.
    places = [
        (place, name)
        for place, name in places
        if name not in COLOUR_WORDS or not {place - 1, place + 1} & taken
    ]
    if any(name != "portrait" for _, name in places):
        # A portrait of something shows that.
        places = [(place, name) for place, name in places if name != "portrait"]
    figures: list[Figure] = []
    start = 0
    for number, (place, name) in enumerate(places):
        before = words[start:place]
        is_last = number == len(places) - 1
        # `a red fox`, and `zorro rojo`: what follows the last figure may be its colour too.
        colour = find_colour(list(reversed(before))) or (find_colour(words[place:]) if is_last else None)
        if name not in [figure.name for figure in figures]:
            count = next((_NUMBERS[word] for word in reversed(before) if word in _NUMBERS), None)
            figures += [Figure(name, colour)] * (count or (1 if name == words[place] else 3))
        start = place + 1
    return figures[:_MOST_FIGURES]


def _find_name(word: str) -> str | None:
    singulars = (word, word.removesuffix("s"), word.removesuffix("es"), _IRREGULAR.get(word, ""))
    return next((name for name in singulars if name in FIGURES), None)


def paint_figure(canvas: Canvas, name: str, foot: Point, height: float, colour: Colour | None = None) -> None:
    """Paint the figure of a name `find_figures` gave."""
    kind = name
    if FIGURES[name] is paint_robot and name not in {"robot", "astronaut"}:
        kind = "person"
    FIGURES[name](canvas, foot, height, colour, kind)
