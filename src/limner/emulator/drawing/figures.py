"""The words that name figures, and the figures they name. It knows nothing of whole prompts."""

from collections.abc import Callable, Mapping

from limner.emulator.drawing.animals import BEASTS, paint_beast, paint_bird, paint_fish
from limner.emulator.drawing.brush import Canvas, Colour, Point
from limner.emulator.drawing.buildings import paint_house, paint_lighthouse
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


def find_figure(words: list[str]) -> str | None:
    """The first word that names a figure, plural or not."""
    for word in words:
        for name in (word, word.removesuffix("s"), word.removesuffix("es")):
            if name in FIGURES:
                return name
    return None


def paint_figure(canvas: Canvas, name: str, foot: Point, height: float, colour: Colour | None = None) -> None:
    """Paint the figure of a name `find_figure` gave."""
    kind = name
    if FIGURES[name] is paint_robot and name not in {"robot", "astronaut"}:
        kind = "person"
    FIGURES[name](canvas, foot, height, colour, kind)
