"""People, and robots in their shape. Each stands on a point, is about as tall as it is told, and knows nothing of prompts."""

from limner.emulator.drawing.brush import Canvas, Colour, Point, mix

_WHITE: Colour = (255, 252, 245)
_INK: Colour = (32, 28, 36)


def paint_robot(canvas: Canvas, foot: Point, height: float, colour: Colour | None, kind: str) -> None:
    """A robot; with another kind, a person in plain clothes or an astronaut."""
    x, y = foot
    skin = (232, 186, 150) if kind == "person" else colour or (150, 166, 184)
    cloth = colour or (
        (72, 98, 150) if kind == "person" else (236, 238, 242) if kind == "astronaut" else (120, 136, 156)
    )
    canvas.fill_ellipse((x, y), (height * 0.3, height * 0.035), _INK, 70)
    _paint_limbs(canvas, foot, height, cloth)
    canvas.fill_box(
        (x - height * 0.21, y - height * 0.62, x + height * 0.21, y - height * 0.22),
        cloth,
        radius=height * 0.06,
    )
    head = x, y - height * 0.78
    if kind == "astronaut":
        _paint_helmet(canvas, head, height)
        return
    if kind == "robot":
        _paint_metal_head(canvas, foot, height, skin)
    else:
        canvas.fill_circle((x, head[1] - height * 0.03), height * 0.165, (70, 46, 34))
        canvas.fill_circle(head, height * 0.145, skin)
    eye, radius = ((120, 236, 250), 0.032) if kind == "robot" else (_INK, 0.018)
    for side in (-1, 1):
        canvas.fill_circle((x + side * height * 0.07, head[1]), height * radius, eye)
    mouth = x, head[1] + height * 0.05
    canvas.stroke_arc(mouth, (height * 0.05, height * 0.03), (15, 165), _INK, height * 0.012)


def _paint_helmet(canvas: Canvas, head: Point, height: float) -> None:
    x = head[0]
    canvas.fill_circle(head, height * 0.19, _WHITE)
    canvas.fill_ellipse((x, head[1] + height * 0.01), (height * 0.145, height * 0.12), (48, 70, 110))
    canvas.fill_ellipse(
        (x - height * 0.05, head[1] - height * 0.04), (height * 0.05, height * 0.03), _WHITE, 140
    )


def _paint_metal_head(canvas: Canvas, foot: Point, height: float, skin: Colour) -> None:
    """A robot's head, and the lights on its chest."""
    x, y = foot
    head = x, y - height * 0.78
    canvas.stroke([(x, head[1] - height * 0.15), (x, head[1] - height * 0.26)], _INK, height * 0.015)
    canvas.fill_circle((x, head[1] - height * 0.27), height * 0.03, (240, 90, 70))
    canvas.fill_box(
        (x - height * 0.2, head[1] - height * 0.15, x + height * 0.2, head[1] + height * 0.14),
        skin,
        radius=height * 0.05,
    )
    canvas.fill_box(
        (x - height * 0.12, y - height * 0.5, x + height * 0.12, y - height * 0.36),
        _INK,
        radius=height * 0.02,
    )
    canvas.fill_circle((x - height * 0.05, y - height * 0.43), height * 0.025, (250, 200, 70))
    canvas.fill_circle((x + height * 0.05, y - height * 0.43), height * 0.025, (90, 220, 170))


def _paint_limbs(canvas: Canvas, foot: Point, height: float, cloth: Colour) -> None:
    x, y = foot
    for side in (-1, 1):
        canvas.fill_box(
            (
                x + side * height * 0.1 - height * 0.06,
                y - height * 0.3,
                x + side * height * 0.1 + height * 0.06,
                y,
            ),
            mix(cloth, _INK, 0.3),
            radius=height * 0.03,
        )
        canvas.fill_box(
            (
                x + side * height * 0.25 - height * 0.05,
                y - height * 0.58,
                x + side * height * 0.25 + height * 0.05,
                y - height * 0.25,
            ),
            mix(cloth, _INK, 0.12),
            radius=height * 0.05,
        )
