"""Animals as simple figures. Each stands on a point, is about as tall as it is told, and knows nothing of prompts."""

from collections.abc import Mapping
from dataclasses import dataclass

from limner.emulator.drawing.brush import Canvas, Colour, Point, mix

_WHITE: Colour = (255, 252, 245)
_INK: Colour = (32, 28, 36)


@dataclass(frozen=True, slots=True)
class Beast:
    """What tells one sitting animal from another."""

    colour: Colour
    ears: str
    tail: float = 0.0
    mask: Colour = _WHITE
    mane: Colour | None = None


BEASTS: Mapping[str, Beast] = {
    "cat": Beast((232, 150, 74), "pointed", 0.8),
    "kitten": Beast((150, 150, 160), "pointed", 0.7),
    "fox": Beast((224, 98, 40), "pointed", 1.3),
    "wolf": Beast((120, 128, 140), "pointed", 1.1),
    "dog": Beast((190, 132, 80), "hanging", 0.6),
    "puppy": Beast((222, 176, 120), "hanging", 0.5),
    "bear": Beast((122, 82, 54), "round", mask=(214, 178, 140)),
    "panda": Beast((242, 240, 236), "dark", mask=(250, 250, 248)),
    "otter": Beast((128, 92, 66), "round", 0.7, (222, 196, 164)),
    "mouse": Beast((158, 158, 168), "large", 0.5),
    "monkey": Beast((130, 86, 56), "large", 0.9, (228, 190, 152)),
    "lion": Beast((226, 170, 80), "round", 0.8, mane=(168, 92, 36)),
    "tiger": Beast((236, 140, 44), "round", 0.9),
    "rabbit": Beast((214, 206, 198), "long"),
    "bunny": Beast((240, 232, 224), "long"),
    "pig": Beast((244, 170, 178), "pointed", mask=(250, 200, 205)),
    "cow": Beast((235, 232, 228), "hanging", 0.6, (240, 190, 180)),
    "horse": Beast((150, 92, 56), "pointed", 1.0, (190, 140, 100)),
    "elephant": Beast((138, 148, 162), "hanging", 0.3, (160, 168, 180)),
    "frog": Beast((92, 170, 80), "none", mask=(214, 232, 160)),
    "dragon": Beast((70, 150, 110), "pointed", 1.4, (206, 220, 140)),
}


def paint_beast(canvas: Canvas, foot: Point, height: float, colour: Colour | None, kind: str) -> None:
    """A sitting animal, seen from the front."""
    beast = BEASTS[kind]
    coat = colour or beast.colour
    shade = mix(coat, _INK, 0.22)
    x, y = foot
    canvas.fill_ellipse((x, y), (height * 0.42, height * 0.045), _INK, 70)
    if beast.tail:
        _paint_tail(canvas, foot, height, shade, beast)
    canvas.fill_ellipse((x, y - height * 0.27), (height * 0.27, height * 0.28), shade)
    canvas.fill_ellipse((x, y - height * 0.29), (height * 0.22, height * 0.28), coat)
    canvas.fill_ellipse((x, y - height * 0.25), (height * 0.12, height * 0.19), beast.mask, 225)
    for side in (-1, 1):
        canvas.fill_ellipse(
            (x + side * height * 0.13, y - height * 0.05), (height * 0.09, height * 0.055), coat
        )
        canvas.fill_ellipse(
            (x + side * height * 0.24, y - height * 0.08), (height * 0.08, height * 0.08), shade
        )
    head = x, y - height * 0.68
    if beast.mane:
        canvas.fill_circle(head, height * 0.31, beast.mane)
    _paint_ears(canvas, head, height, (coat, shade), beast)
    _paint_face(canvas, head, height, coat, beast)


def _paint_tail(canvas: Canvas, foot: Point, height: float, shade: Colour, beast: Beast) -> None:
    x, y = foot
    for step in range(90):
        along = step / 89
        place = (
            x + height * (0.2 + 0.24 * along + 0.06 * along * beast.tail),
            y - height * (0.06 + 0.42 * along**1.7),
        )
        radius = (
            height * 0.05 * beast.tail * (0.7 + along * 0.8 if along < 0.75 else 2.2 * (1.05 - along) + 0.55)
        )
        canvas.fill_circle(place, max(radius, height * 0.025), beast.mask if along > 0.84 else shade)


def _paint_ears(
    canvas: Canvas, head: Point, height: float, coats: tuple[Colour, Colour], beast: Beast
) -> None:
    x, y = head
    coat, shade = coats
    inner = mix(coat, (244, 176, 170), 0.7)
    for side in (-1, 1):
        if beast.ears == "pointed":
            tip = x + side * height * 0.22, y - height * 0.34
            base = [
                (x + side * height * 0.05, y - height * 0.15),
                (x + side * height * 0.25, y - height * 0.06),
            ]
            canvas.fill_polygon([base[0], tip, base[1]], coat)
            canvas.fill_polygon(
                [
                    (x + side * height * 0.1, y - height * 0.16),
                    (tip[0] - side * height * 0.02, tip[1] + height * 0.06),
                    (x + side * height * 0.22, y - height * 0.1),
                ],
                inner,
            )
        elif beast.ears == "long":
            canvas.fill_ellipse(
                (x + side * height * 0.1, y - height * 0.36), (height * 0.06, height * 0.22), coat
            )
            canvas.fill_ellipse(
                (x + side * height * 0.1, y - height * 0.35), (height * 0.03, height * 0.16), inner
            )
        elif beast.ears == "hanging":
            canvas.fill_ellipse(
                (x + side * height * 0.25, y + height * 0.02), (height * 0.08, height * 0.18), shade
            )
        elif beast.ears != "none":
            radius = height * (0.12 if beast.ears == "large" else 0.085)
            place = x + side * height * 0.19, y - height * 0.17
            canvas.fill_circle(place, radius, _INK if beast.ears == "dark" else shade)
            canvas.fill_circle(place, radius * 0.6, inner)


def _paint_face(canvas: Canvas, head: Point, height: float, coat: Colour, beast: Beast) -> None:
    x, y = head
    canvas.fill_ellipse(head, (height * 0.245, height * 0.215), coat)
    canvas.fill_ellipse((x, y + height * 0.09), (height * 0.125, height * 0.095), beast.mask, 235)
    for side in (-1, 1):
        eye = x + side * height * 0.105, y - height * 0.03
        if beast.ears == "dark":
            canvas.fill_ellipse(eye, (height * 0.06, height * 0.07), _INK)
            canvas.fill_circle(eye, height * 0.036, _WHITE)
        canvas.fill_ellipse(eye, (height * 0.03, height * 0.037), _INK)
        canvas.fill_circle((eye[0] - height * 0.009, eye[1] - height * 0.012), height * 0.011, _WHITE)
        canvas.fill_circle((x + side * height * 0.16, y + height * 0.06), height * 0.028, (240, 120, 110), 80)
    nose = y + height * 0.05
    canvas.fill_polygon(
        [(x - height * 0.028, nose), (x + height * 0.028, nose), (x, nose + height * 0.03)], _INK
    )
    for side in (-1, 1):
        centre = x + side * height * 0.03, nose + height * 0.035
        canvas.stroke_arc(centre, (height * 0.03, height * 0.028), (10, 170), _INK, height * 0.008)


def paint_bird(canvas: Canvas, foot: Point, height: float, colour: Colour | None, kind: str) -> None:
    """A bird on the ground; an owl looks ahead, others to the side."""
    coat = colour or {"owl": (150, 112, 78), "penguin": (44, 52, 70), "parrot": (46, 160, 84)}.get(
        kind, (64, 132, 206)
    )
    x, y = foot
    shade = mix(coat, _INK, 0.28)
    canvas.fill_ellipse((x, y), (height * 0.3, height * 0.04), _INK, 70)
    for side in (-1, 1):
        canvas.stroke(
            [(x + side * height * 0.08, y - height * 0.14), (x + side * height * 0.08, y)],
            (230, 150, 50),
            height * 0.025,
        )
    canvas.fill_polygon(
        [
            (x - height * 0.2, y - height * 0.3),
            (x - height * 0.52, y - height * 0.12),
            (x - height * 0.1, y - height * 0.14),
        ],
        shade,
    )
    canvas.fill_ellipse((x, y - height * 0.4), (height * 0.27, height * 0.32), coat)
    canvas.fill_ellipse(
        (x + height * 0.05, y - height * 0.34), (height * 0.17, height * 0.23), mix(coat, _WHITE, 0.65)
    )
    canvas.fill_ellipse((x - height * 0.14, y - height * 0.38), (height * 0.12, height * 0.22), shade)
    head = x + height * 0.04, y - height * 0.76
    _paint_bird_face(canvas, head, height, coat, is_owl=kind == "owl")


def _paint_bird_face(canvas: Canvas, head: Point, height: float, coat: Colour, *, is_owl: bool) -> None:
    canvas.fill_circle(head, height * 0.2, coat)
    eyes = (-0.085, 0.085) if is_owl else (0.06,)
    for dx in eyes:
        canvas.fill_circle((head[0] + dx * height, head[1] - height * 0.02), height * 0.065, _WHITE)
        canvas.fill_circle((head[0] + dx * height, head[1] - height * 0.02), height * 0.033, _INK)
    beak = head[0] + (0 if is_owl else height * 0.17)
    reach = height * (0.06 if is_owl else 0.16)
    top = head[1] + (height * 0.03 if is_owl else -height * 0.04)
    tip = (beak, top + height * 0.11) if is_owl else (beak + reach, top + height * 0.05)
    canvas.fill_polygon(
        [(beak - height * 0.035, top), (beak + height * 0.035, top), tip, (beak, top + height * 0.1)],
        (246, 172, 52),
    )


def paint_fish(canvas: Canvas, foot: Point, height: float, colour: Colour | None, kind: str) -> None:
    """A fish, or a larger swimmer, in the air above its point with a few bubbles."""
    large = kind in {"whale", "dolphin", "shark"}
    coat = colour or ((66, 104, 150) if large else (246, 132, 60))
    if kind == "axolotl" and colour is None:
        coat = (246, 176, 190)
    x, y = foot[0], foot[1] - height * 0.45
    length = height * (0.62 if large else 0.5)
    shade = mix(coat, _INK, 0.2)
    _paint_fins(canvas, (x, y), length, shade)
    canvas.fill_ellipse((x, y), (length, length * 0.52), coat)
    canvas.fill_ellipse(
        (x + length * 0.1, y + length * 0.2), (length * 0.72, length * 0.28), mix(coat, _WHITE, 0.6), 190
    )
    if not large:
        for place in (-0.35, 0.0):
            canvas.fill_ellipse(
                (x + place * length, y), (length * 0.06, length * 0.42), mix(coat, _WHITE, 0.75), 200
            )
    if kind == "axolotl":
        _paint_gills(canvas, (x, y), length)
    eye = x + length * 0.62, y - length * 0.12
    canvas.fill_circle(eye, length * 0.1, _WHITE)
    canvas.fill_circle(eye, length * 0.055, _INK)
    canvas.stroke_arc(
        (x + length * 0.8, y + length * 0.1), (length * 0.14, length * 0.1), (40, 150), _INK, length * 0.025
    )
    canvas.fill_polygon(
        [
            (x, y + length * 0.15),
            (x - length * 0.32, y + length * 0.5),
            (x + length * 0.15, y + length * 0.32),
        ],
        shade,
    )
    for dx, dy, size in ((1.15, -0.35, 0.06), (1.26, -0.6, 0.085), (1.12, -0.85, 0.05)):
        canvas.fill_circle((x + dx * length, y + dy * length), size * length, _WHITE, 150)


def _paint_fins(canvas: Canvas, centre: Point, length: float, shade: Colour) -> None:
    x, y = centre
    tail = x - length * 0.95
    canvas.fill_polygon(
        [
            (tail + length * 0.15, y),
            (tail - length * 0.38, y - length * 0.42),
            (tail - length * 0.2, y),
            (tail - length * 0.38, y + length * 0.42),
        ],
        shade,
    )
    canvas.fill_polygon(
        [
            (x - length * 0.3, y - length * 0.4),
            (x + length * 0.02, y - length * 0.85),
            (x + length * 0.28, y - length * 0.4),
        ],
        shade,
    )


def _paint_gills(canvas: Canvas, centre: Point, length: float) -> None:
    x, y = centre
    for turn in (-0.5, -0.3, -0.1):
        canvas.stroke(
            [
                (x + length * 0.62, y - length * 0.3),
                (x + length * (0.62 + turn * 0.3), y + length * (turn - 0.45)),
            ],
            (232, 84, 120),
            length * 0.06,
        )
