"""Buildings as simple figures. Each stands on a point, is about as tall as it is told, and knows nothing of prompts."""

from limner.emulator.drawing.brush import Canvas, Colour, Point, mix

_WHITE: Colour = (255, 252, 245)
_INK: Colour = (32, 28, 36)
_WOOD: Colour = (112, 74, 48)


def paint_house(canvas: Canvas, foot: Point, height: float, colour: Colour | None, kind: str) -> None:
    """A cottage, or a castle with two towers."""
    x, y = foot
    wall = colour or ((188, 184, 190) if kind == "castle" else (246, 226, 196))
    roof = (170, 62, 54) if kind != "castle" else (92, 84, 132)
    canvas.fill_ellipse((x, y), (height * 0.6, height * 0.04), _INK, 70)
    if kind == "castle":
        for side in (-1, 1):
            _paint_tower(canvas, x + side * height * 0.4, y, height, (wall, roof))
    canvas.fill_box((x - height * 0.36, y - height * 0.5, x + height * 0.36, y), wall)
    canvas.fill_box(
        (x + height * 0.16, y - height * 0.86, x + height * 0.26, y - height * 0.6), mix(roof, _INK, 0.3)
    )
    canvas.fill_polygon(
        [
            (x - height * 0.46, y - height * 0.48),
            (x, y - height * 0.92),
            (x + height * 0.46, y - height * 0.48),
        ],
        roof,
    )
    canvas.fill_box((x - height * 0.08, y - height * 0.28, x + height * 0.08, y), _WOOD, radius=height * 0.02)
    for side in (-1, 1):
        _paint_window(canvas, x + side * height * 0.22 - height * 0.07, y, height, wall)


def _paint_tower(
    canvas: Canvas, middle: float, y: float, height: float, colours: tuple[Colour, Colour]
) -> None:
    wall, roof = colours
    canvas.fill_box(
        (middle - height * 0.13, y - height * 0.75, middle + height * 0.13, y), mix(wall, _INK, 0.12)
    )
    canvas.fill_polygon(
        [
            (middle - height * 0.17, y - height * 0.74),
            (middle, y - height * 1.08),
            (middle + height * 0.17, y - height * 0.74),
        ],
        roof,
    )
    canvas.fill_box(
        (middle - height * 0.03, y - height * 0.6, middle + height * 0.03, y - height * 0.46),
        (255, 214, 120),
        radius=height * 0.03,
    )


def _paint_window(canvas: Canvas, left: float, y: float, height: float, wall: Colour) -> None:
    canvas.fill_box(
        (left, y - height * 0.36, left + height * 0.14, y - height * 0.22),
        (255, 220, 130),
        radius=height * 0.01,
    )
    canvas.stroke(
        [(left + height * 0.07, y - height * 0.36), (left + height * 0.07, y - height * 0.22)],
        wall,
        height * 0.012,
    )


def paint_lighthouse(canvas: Canvas, foot: Point, height: float, colour: Colour | None, _kind: str) -> None:
    """A striped lighthouse with its beam."""
    x, y = foot
    stripe = colour or (206, 56, 48)
    lamp = y - height * 1.08
    _paint_beams(canvas, (x, lamp), height)
    canvas.fill_ellipse((x, y + height * 0.01), (height * 0.42, height * 0.07), mix(_INK, (96, 88, 104), 0.4))
    canvas.fill_ellipse((x - height * 0.04, y - height * 0.02), (height * 0.3, height * 0.06), (96, 88, 104))
    for band in range(5):
        lower, upper = y - height * 0.2 * band, y - height * 0.2 * (band + 1)
        low, high = height * (0.19 - 0.018 * band), height * (0.19 - 0.018 * (band + 1))
        canvas.fill_polygon(
            [(x - low, lower), (x - high, upper), (x + high, upper), (x + low, lower)],
            _WHITE if band % 2 else stripe,
        )
    canvas.fill_box((x - height * 0.13, y - height * 1.02, x + height * 0.13, y - height * 0.99), _INK)
    canvas.fill_box(
        (x - height * 0.075, y - height * 1.14, x + height * 0.075, y - height * 1.02), (255, 228, 140)
    )
    canvas.fill_polygon(
        [
            (x - height * 0.1, y - height * 1.13),
            (x, y - height * 1.24),
            (x + height * 0.1, y - height * 1.13),
        ],
        stripe,
    )
    canvas.add_glow((x, lamp), height * 0.28, (255, 244, 200), 0.8)


def _paint_beams(canvas: Canvas, lamp: Point, height: float) -> None:
    """Two beams that fade with distance: narrow slices of a circle over one another, each reaching less far."""
    steps = 26
    for number in range(steps):
        reach = height * 2.1 * (1 - number / steps)
        for start in (-10, 166):
            canvas.fill_pie(lamp, reach, (start, start + 24), (255, 240, 180), 5)
