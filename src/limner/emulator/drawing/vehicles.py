"""Things that move people, as simple figures. Each stands on a point, is about as tall as it is told, and knows nothing of prompts."""

from limner.emulator.drawing.brush import Canvas, Colour, Point, mix

_WHITE: Colour = (255, 252, 245)
_INK: Colour = (32, 28, 36)
_WOOD: Colour = (112, 74, 48)
_GLASS: Colour = (150, 205, 226)


def paint_boat(canvas: Canvas, foot: Point, height: float, colour: Colour | None, _kind: str) -> None:
    """A sailing boat."""
    x, y = foot
    sail = colour or _WHITE
    canvas.stroke([(x, y - height * 0.12), (x, y - height)], _WOOD, height * 0.025)
    canvas.fill_polygon(
        [
            (x + height * 0.03, y - height * 0.96),
            (x + height * 0.03, y - height * 0.2),
            (x + height * 0.42, y - height * 0.2),
        ],
        sail,
    )
    canvas.fill_polygon(
        [
            (x - height * 0.03, y - height * 0.85),
            (x - height * 0.03, y - height * 0.2),
            (x - height * 0.3, y - height * 0.2),
        ],
        mix(sail, _INK, 0.14),
    )
    canvas.fill_polygon(
        [
            (x - height * 0.46, y - height * 0.15),
            (x + height * 0.5, y - height * 0.15),
            (x + height * 0.34, y + height * 0.04),
            (x - height * 0.34, y + height * 0.04),
        ],
        (160, 60, 50),
    )
    canvas.fill_box((x - height * 0.46, y - height * 0.15, x + height * 0.5, y - height * 0.115), _WHITE)
    canvas.fill_ellipse((x, y + height * 0.045), (height * 0.46, height * 0.022), _WHITE, 150)


def paint_balloon(canvas: Canvas, foot: Point, height: float, colour: Colour | None, _kind: str) -> None:
    """A striped hot-air balloon, floating."""
    x, y = foot[0], foot[1] - height * 0.22
    skin = colour or (222, 72, 66)
    for side in (-1, 1):
        canvas.stroke(
            [(x + side * height * 0.2, y - height * 0.4), (x + side * height * 0.06, y - height * 0.12)],
            _INK,
            height * 0.008,
        )
    canvas.fill_polygon(
        [
            (x - height * 0.29, y - height * 0.5),
            (x + height * 0.29, y - height * 0.5),
            (x + height * 0.08, y - height * 0.22),
            (x - height * 0.08, y - height * 0.22),
        ],
        mix(skin, _INK, 0.15),
    )
    for number, share in enumerate((1, 0.68, 0.34)):
        canvas.fill_ellipse(
            (x, y - height * 0.64),
            (height * 0.36 * share, height * 0.36),
            skin if number % 2 == 0 else _WHITE,
        )
    canvas.fill_box(
        (x - height * 0.08, y - height * 0.14, x + height * 0.08, y), _WOOD, radius=height * 0.015
    )


def paint_rocket(canvas: Canvas, foot: Point, height: float, colour: Colour | None, _kind: str) -> None:
    """A rocket taking off."""
    x, y = foot[0], foot[1] - height * 0.22
    trim = colour or (214, 62, 58)
    canvas.add_glow((x, y + height * 0.04), height * 0.4, (255, 190, 90), 0.9)
    canvas.fill_polygon(
        [(x - height * 0.09, y), (x, y + height * 0.26), (x + height * 0.09, y)], (255, 150, 50)
    )
    canvas.fill_polygon(
        [(x - height * 0.05, y), (x, y + height * 0.14), (x + height * 0.05, y)], (255, 236, 150)
    )
    for side in (-1, 1):
        canvas.fill_polygon(
            [
                (x + side * height * 0.1, y - height * 0.3),
                (x + side * height * 0.27, y),
                (x + side * height * 0.1, y - height * 0.04),
            ],
            trim,
        )
    canvas.fill_ellipse((x, y - height * 0.38), (height * 0.16, height * 0.42), _WHITE)
    canvas.fill_box(
        (x - height * 0.1, y - height * 0.05, x + height * 0.1, y + height * 0.01), mix(trim, _INK, 0.3)
    )
    canvas.fill_polygon(
        [
            (x - height * 0.098, y - height * 0.66),
            (x, y - height * 0.92),
            (x + height * 0.098, y - height * 0.66),
        ],
        trim,
    )
    canvas.fill_circle((x, y - height * 0.46), height * 0.075, trim)
    canvas.fill_circle((x, y - height * 0.46), height * 0.052, _GLASS)


def paint_car(canvas: Canvas, foot: Point, height: float, colour: Colour | None, _kind: str) -> None:
    """A small car from the side."""
    x, y = foot
    paint = colour or (214, 66, 58)
    half = height * 0.75
    canvas.fill_ellipse((x, y), (half, height * 0.05), _INK, 80)
    canvas.fill_polygon(
        [
            (x - half * 0.6, y - height * 0.42),
            (x - half * 0.34, y - height * 0.72),
            (x + half * 0.34, y - height * 0.72),
            (x + half * 0.66, y - height * 0.42),
        ],
        paint,
    )
    for left, right in ((-0.46, -0.04), (0.04, 0.48)):
        canvas.fill_polygon(
            [
                (x + half * left, y - height * 0.43),
                (x + half * (left + 0.16 * (left < 0)), y - height * 0.65),
                (x + half * (right - 0.16 * (right > 0.1)), y - height * 0.65),
                (x + half * right, y - height * 0.43),
            ],
            _GLASS,
        )
    canvas.fill_box((x - half, y - height * 0.45, x + half, y - height * 0.14), paint, radius=height * 0.1)
    canvas.fill_box((x - half, y - height * 0.26, x + half, y - height * 0.22), mix(paint, _INK, 0.25))
    canvas.fill_circle((x + half * 0.93, y - height * 0.34), height * 0.045, (255, 240, 180))
    for side in (-1, 1):
        wheel = x + side * half * 0.56, y - height * 0.13
        canvas.fill_circle(wheel, height * 0.15, _INK)
        canvas.fill_circle(wheel, height * 0.075, (196, 200, 208))
