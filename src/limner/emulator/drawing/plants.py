"""Plants and fruit as simple figures. Each stands on a point, is about as tall as it is told, and knows nothing of prompts."""

import math

from limner.emulator.drawing.brush import Canvas, Colour, Point, mix
from limner.emulator.drawing.landscape import paint_blossom

_WHITE: Colour = (255, 252, 245)
_INK: Colour = (32, 28, 36)
_WOOD: Colour = (112, 74, 48)


def paint_tree(canvas: Canvas, foot: Point, height: float, colour: Colour | None, kind: str) -> None:
    """A broad tree, or a palm."""
    x, y = foot
    leaf = colour or (70, 140, 84)
    canvas.fill_ellipse((x, y), (height * 0.36, height * 0.035), _INK, 70)
    if kind == "palm":
        _paint_palm(canvas, foot, height, leaf)
        return
    canvas.fill_polygon(
        [
            (x - height * 0.06, y),
            (x - height * 0.03, y - height * 0.5),
            (x + height * 0.03, y - height * 0.5),
            (x + height * 0.06, y),
        ],
        _WOOD,
    )
    for number, (dx, dy, size) in enumerate(
        (
            (-0.2, -0.52, 0.2),
            (0.2, -0.54, 0.2),
            (0, -0.6, 0.24),
            (-0.13, -0.74, 0.19),
            (0.14, -0.76, 0.18),
            (0, -0.85, 0.15),
        )
    ):
        canvas.fill_circle(
            (x + dx * height, y + dy * height), size * height, mix(leaf, _WHITE, 0.05 * number)
        )


def _paint_palm(canvas: Canvas, foot: Point, height: float, leaf: Colour) -> None:
    x, y = foot
    canvas.fill_polygon(
        [
            (x - height * 0.04, y),
            (x + height * 0.03, y - height * 0.8),
            (x + height * 0.06, y - height * 0.8),
            (x + height * 0.05, y),
        ],
        _WOOD,
    )
    for turn in range(8):
        angle = math.pi * (0.95 + turn * 0.157)
        tip = (
            x + math.cos(angle) * height * 0.45,
            y - height * 0.78 + (math.sin(angle) * 0.22 + 0.1) * height,
        )
        canvas.fill_polygon(
            [(x, y - height * 0.84), tip, (x + height * 0.06, y - height * 0.76)],
            mix(leaf, _INK, 0.08 * (turn % 3)),
        )


def paint_flower(canvas: Canvas, foot: Point, height: float, colour: Colour | None, _kind: str) -> None:
    """One tall flower between its leaves."""
    x, y = foot
    stem = (64, 132, 78)
    canvas.stroke([(x, y), (x - height * 0.02, y - height * 0.4), (x, y - height * 0.7)], stem, height * 0.03)
    for side in (-1, 1):
        canvas.fill_polygon(
            [
                (x, y - height * 0.14),
                (x + side * height * 0.16, y - height * 0.36),
                (x + side * height * 0.28, y - height * 0.34),
                (x + side * height * 0.2, y - height * 0.2),
            ],
            mix(stem, _WHITE, 0.12),
        )
    petal = colour or (232, 92, 128)
    centre = x, y - height * 0.74
    for ring, size in ((10, 0.27), (8, 0.2)):
        for number in range(ring):
            turn = math.tau * (number + ring / 20) / ring
            place = (
                centre[0] + math.cos(turn) * height * size * 0.75,
                centre[1] + math.sin(turn) * height * size * 0.75,
            )
            canvas.fill_circle(place, height * size * 0.36, mix(petal, _WHITE, 0.3 - size))
    canvas.fill_circle(centre, height * 0.1, (250, 200, 70))
    paint_blossom(canvas, (214, 140, 40), (250, 220, 120), centre, height * 0.06)


def paint_fruit(canvas: Canvas, foot: Point, height: float, colour: Colour | None, kind: str) -> None:
    """An apple or its like; a banana is bent."""
    x, y = foot
    if kind == "banana":
        skin = colour or (250, 208, 60)
        for step in range(160):
            turn = math.pi * (0.08 + 0.84 * step / 159)
            place = x + math.cos(turn) * height * 0.46, y - height * 0.75 + math.sin(turn) * height * 0.6
            swell = math.sin(math.pi * (0.12 + 0.76 * step / 159))
            canvas.fill_circle(place, height * 0.13 * swell, skin if 6 < step < 153 else _WOOD)
        return
    skin = colour or {
        "orange": (246, 150, 44),
        "pear": (190, 204, 80),
        "lemon": (248, 218, 70),
        "pumpkin": (232, 126, 38),
    }.get(kind, (212, 54, 48))
    canvas.fill_ellipse((x, y), (height * 0.36, height * 0.045), _INK, 70)
    canvas.fill_circle((x - height * 0.13, y - height * 0.36), height * 0.33, skin)
    canvas.fill_circle((x + height * 0.13, y - height * 0.36), height * 0.33, skin)
    canvas.fill_ellipse((x - height * 0.2, y - height * 0.5), (height * 0.09, height * 0.06), _WHITE, 120)
    canvas.stroke([(x, y - height * 0.6), (x + height * 0.04, y - height * 0.84)], _WOOD, height * 0.035)
    canvas.fill_polygon(
        [
            (x + height * 0.03, y - height * 0.76),
            (x + height * 0.16, y - height * 0.92),
            (x + height * 0.32, y - height * 0.84),
            (x + height * 0.16, y - height * 0.74),
        ],
        (84, 160, 82),
    )
