"""Small things as simple figures. Each stands on a point, is about as tall as it is told, and knows nothing of prompts."""

import math

from limner.emulator.drawing.brush import Canvas, Colour, Point, mix

_WHITE: Colour = (255, 252, 245)
_INK: Colour = (32, 28, 36)


def paint_cup(canvas: Canvas, foot: Point, height: float, colour: Colour | None, _kind: str) -> None:
    """A steaming cup on its saucer."""
    x, y = foot
    glaze = colour or (224, 108, 82)
    canvas.fill_ellipse((x, y - height * 0.02), (height * 0.5, height * 0.08), mix(glaze, _INK, 0.3))
    canvas.fill_ellipse((x, y - height * 0.04), (height * 0.46, height * 0.07), mix(glaze, _WHITE, 0.5))
    canvas.stroke_arc(
        (x + height * 0.32, y - height * 0.32), (height * 0.14, height * 0.13), (0, 360), glaze, height * 0.05
    )
    canvas.fill_polygon(
        [
            (x - height * 0.34, y - height * 0.52),
            (x + height * 0.34, y - height * 0.52),
            (x + height * 0.22, y - height * 0.06),
            (x - height * 0.22, y - height * 0.06),
        ],
        glaze,
    )
    canvas.fill_ellipse((x, y - height * 0.52), (height * 0.34, height * 0.075), mix(glaze, _WHITE, 0.4))
    canvas.fill_ellipse((x, y - height * 0.515), (height * 0.3, height * 0.055), (82, 50, 34))
    for number in (-1, 0, 1):
        steam = [
            (
                x + number * height * 0.13 + math.sin(step / 3 + number) * height * 0.03,
                y - height * (0.6 + step * 0.035),
            )
            for step in range(11)
        ]
        canvas.stroke(steam, _WHITE, height * 0.02, 150)


def paint_heart(canvas: Canvas, foot: Point, height: float, colour: Colour | None, kind: str) -> None:
    """A heart, or a five-pointed star."""
    x, y = foot[0], foot[1] - height * 0.5
    if kind == "star":
        points = []
        for number in range(10):
            turn, reach = math.tau * number / 10 - math.pi / 2, height * (0.5 if number % 2 == 0 else 0.2)
            points.append((x + math.cos(turn) * reach, y + math.sin(turn) * reach))
        canvas.fill_polygon(points, colour or (250, 200, 70))
        return
    skin = colour or (220, 52, 74)
    curve = []
    for step in range(60):
        turn = math.tau * step / 60
        across = 16 * math.sin(turn) ** 3
        along = 13 * math.cos(turn) - 5 * math.cos(2 * turn) - 2 * math.cos(3 * turn) - math.cos(4 * turn)
        curve.append((x + across * height * 0.029, y - along * height * 0.029))
    canvas.fill_polygon(curve, skin)
    canvas.fill_ellipse((x - height * 0.2, y - height * 0.2), (height * 0.08, height * 0.06), _WHITE, 110)
