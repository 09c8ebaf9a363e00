"""Grounds: skies and what lies under them. Each paints from the horizon down and knows nothing of prompts."""

import math
import random

from limner.emulator.drawing.brush import Canvas, Colour, Point, mix
from limner.emulator.drawing.palette import Palette


def paint_sky(canvas: Canvas, palette: Palette, chance: random.Random, horizon: float) -> None:
    """The sky down to the horizon, with stars where it is dark and clouds where it is not."""
    canvas.fill_gradient(palette.sky, 0, horizon + 2)
    canvas.fill_gradient([palette.middle, palette.near], horizon, canvas.height)
    if palette.dark:
        _paint_stars(canvas, palette, chance, horizon)
    else:
        _paint_clouds(canvas, palette, chance, horizon)


def _paint_stars(canvas: Canvas, palette: Palette, chance: random.Random, horizon: float) -> None:
    count = round(90 * math.sqrt(canvas.width * canvas.height) / canvas.unit)
    for _ in range(count):
        place = chance.uniform(0, canvas.width), horizon * chance.random() ** 1.4
        radius = canvas.unit * chance.choice([0.0012, 0.0018, 0.0018, 0.0032])
        canvas.fill_circle(place, radius, palette.light, chance.randint(110, 255))


def _paint_clouds(canvas: Canvas, palette: Palette, chance: random.Random, horizon: float) -> None:
    spread = canvas.width / canvas.unit
    for _ in range(round(3 * spread) + chance.randint(0, 2)):
        x, y = chance.uniform(0, canvas.width), horizon * chance.uniform(0.12, 0.6)
        length = canvas.unit * chance.uniform(0.1, 0.22)
        colour = mix(palette.light, palette.sky[2], chance.uniform(0, 0.5))
        for _ in range(7):
            offset = chance.uniform(-1, 1)
            radius = length * chance.uniform(0.14, 0.3) * (1.15 - abs(offset))
            canvas.fill_ellipse((x + offset * length, y - radius * 0.4), (radius * 1.5, radius), colour, 120)
        canvas.fill_ellipse((x, y), (length * 1.15, length * 0.08), colour, 150)


def paint_sun(canvas: Canvas, palette: Palette, place: Point, radius: float) -> None:
    """A sun with its glow, or a moon where the sky is dark."""
    canvas.add_glow(place, radius * 4.5, palette.light, 0.75)
    canvas.fill_circle(place, radius, mix(palette.light, palette.accent, 0 if palette.dark else 0.25))
    if palette.dark:
        shade = mix(palette.light, palette.sky[1], 0.25)
        for dx, dy, size in ((-0.35, -0.2, 0.2), (0.3, 0.25, 0.26), (0.1, -0.45, 0.12), (-0.2, 0.45, 0.14)):
            canvas.fill_circle((place[0] + dx * radius, place[1] + dy * radius), radius * size, shade, 150)


def paint_ridge(
    canvas: Canvas,
    colour: Colour,
    chance: random.Random,
    level: float,
    swing: float,
    *,
    sharp: bool = False,
) -> None:
    """A line of hills or, `sharp`, of peaks across the canvas, filled to the bottom."""
    waves = [
        (chance.uniform(0.6, 1.3) * 2**octave, chance.uniform(0, math.tau), 0.55**octave)
        for octave in range(5)
    ]
    points: list[Point] = []
    for step in range(161):
        x = canvas.width * step / 160
        along = x / canvas.unit * (4.2 if sharp else 2.2)
        height = 0.0
        for pace, phase, weight in waves:
            value = math.sin(along * pace + phase)
            height += weight * (1 - 2 * abs(value) if sharp else value)
        points.append((x, level - height * swing * 0.5))
    canvas.fill_polygon([*points, (canvas.width, canvas.height), (0, canvas.height)], colour)


def paint_hills(canvas: Canvas, palette: Palette, chance: random.Random, horizon: float) -> None:
    """Rolling hills, paler with distance."""
    for depth in range(4):
        colour = mix(palette.far, palette.near, depth / 3)
        level = horizon + (canvas.height - horizon) * (depth - 0.35) / 4
        paint_ridge(canvas, colour, chance, level, canvas.unit * 0.09)


def paint_mountains(canvas: Canvas, palette: Palette, chance: random.Random, horizon: float) -> None:
    """Ranges of peaks in mist, with hills before them."""
    for depth in range(3):
        colour = mix(mix(palette.far, palette.sky[2], 0.45), palette.middle, depth / 2)
        swing = canvas.unit * (0.3 - 0.06 * depth)
        paint_ridge(canvas, colour, chance, horizon - swing * (0.8 - 0.45 * depth), swing, sharp=True)
    paint_ridge(canvas, palette.near, chance, horizon + (canvas.height - horizon) * 0.45, canvas.unit * 0.05)


def paint_sea(canvas: Canvas, palette: Palette, chance: random.Random, horizon: float, sun_x: float) -> None:
    """Water to the horizon with the light's path on it."""
    canvas.fill_gradient(
        [mix(palette.far, palette.sky[2], 0.35), palette.middle, palette.near], horizon, canvas.height
    )
    depth = canvas.height - horizon
    for _ in range(round(150 * max(canvas.width / canvas.unit, 1))):
        nearness = chance.random() ** 1.6
        y = horizon + depth * nearness
        length = canvas.unit * (0.015 + 0.09 * nearness) * chance.uniform(0.5, 1.3)
        thickness = canvas.unit * (0.0014 + 0.004 * nearness)
        in_path = chance.random() < 0.4
        x = (
            chance.gauss(sun_x, canvas.unit * (0.03 + 0.09 * nearness))
            if in_path
            else chance.uniform(0, canvas.width)
        )
        colour = palette.light if in_path else mix(palette.middle, palette.sky[1], 0.5)
        canvas.fill_ellipse((x, y), (length, thickness), colour, 150 if in_path else 90)


def paint_city(canvas: Canvas, palette: Palette, chance: random.Random, horizon: float) -> None:
    """Two rows of towers with lit windows."""
    canvas.fill_gradient([palette.near, mix(palette.near, (0, 0, 0), 0.4)], horizon, canvas.height)
    for row in range(2):
        colour = mix(mix(palette.far, palette.sky[2], 0.25), palette.near, row)
        x = -canvas.unit * chance.uniform(0, 0.06)
        while x < canvas.width:
            width = canvas.unit * chance.uniform(0.06, 0.13)
            top = horizon - canvas.unit * chance.uniform(0.08, 0.42 - 0.14 * row)
            canvas.fill_box((x, top, x + width, canvas.height), colour)
            if chance.random() < 0.3:
                middle = x + width / 2
                canvas.stroke(
                    [(middle, top), (middle, top - canvas.unit * 0.06)], colour, canvas.unit * 0.006
                )
            _light_windows(canvas, palette, chance, (x, top, width, horizon + canvas.unit * 0.1))
            x += width * chance.uniform(0.9, 1.25)
    canvas.fill_gradient(
        [palette.near, mix(palette.near, (0, 0, 0), 0.4)], horizon + canvas.unit * 0.06, canvas.height
    )


def _light_windows(
    canvas: Canvas,
    palette: Palette,
    chance: random.Random,
    tower: tuple[float, float, float, float],
) -> None:
    x, top, width, bottom = tower
    pitch = canvas.unit * 0.022
    for column in range(int((width - pitch * 0.6) / pitch)):
        for row in range(int((bottom - top) / pitch)):
            if chance.random() < 0.42:
                left, upper = x + pitch * (column + 0.6), top + pitch * (row + 0.6)
                box = (left, upper, left + pitch * 0.45, upper + pitch * 0.55)
                canvas.fill_box(box, palette.accent, chance.randint(110, 230))


def paint_forest(canvas: Canvas, palette: Palette, chance: random.Random, horizon: float) -> None:
    """Rows of firs, larger and darker towards the front."""
    for depth in range(4):
        colour = mix(mix(palette.far, palette.sky[2], 0.3), palette.near, depth / 3)
        base = horizon + (canvas.height - horizon) * depth * 0.16
        height = canvas.unit * (0.16 + 0.09 * depth)
        if depth:
            paint_ridge(canvas, colour, chance, base, canvas.unit * 0.02)
        x = chance.uniform(-0.5, 0) * height
        while x < canvas.width + height:
            paint_fir(canvas, colour, (x, base + canvas.unit * 0.02), height * chance.uniform(0.7, 1.2))
            x += height * chance.uniform(0.28, 0.62) * (1 + 0.5 * (depth == 3))


def paint_fir(canvas: Canvas, colour: Colour, foot: Point, height: float) -> None:
    """One fir."""
    x, y = foot
    canvas.fill_box(
        (x - height * 0.025, y - height * 0.2, x + height * 0.025, y), mix(colour, (40, 24, 16), 0.5)
    )
    for tier in range(4):
        lower, upper = y - height * (0.12 + 0.2 * tier), y - height * (0.46 + 0.18 * tier)
        half = height * (0.23 - 0.045 * tier)
        canvas.fill_polygon(
            [(x - half, lower), (x, upper), (x + half, lower)], mix(colour, (255, 255, 255), 0.03 * tier)
        )


def paint_meadow(canvas: Canvas, palette: Palette, chance: random.Random, horizon: float) -> None:
    """Hills under flowers that grow larger towards the front."""
    paint_hills(canvas, palette, chance, horizon)
    petals = [
        palette.accent,
        palette.light,
        mix(palette.accent, (255, 255, 255), 0.5),
        mix(palette.accent, (200, 30, 90), 0.4),
    ]
    for nearness in sorted(chance.random() for _ in range(round(130 * max(canvas.width / canvas.unit, 1)))):
        x, y = chance.uniform(0, canvas.width), horizon + (canvas.height - horizon) * (0.12 + 0.88 * nearness)
        paint_blossom(
            canvas, chance.choice(petals), palette.light, (x, y), canvas.unit * (0.004 + 0.02 * nearness)
        )


def paint_blossom(canvas: Canvas, petal: Colour, heart: Colour, centre: Point, radius: float) -> None:
    """Five petals around a heart."""
    for number in range(5):
        turn = math.tau * number / 5 - math.pi / 2
        place = centre[0] + math.cos(turn) * radius * 0.7, centre[1] + math.sin(turn) * radius * 0.7
        canvas.fill_circle(place, radius * 0.55, petal)
    canvas.fill_circle(centre, radius * 0.4, mix(heart, (240, 180, 40), 0.5))


def paint_dunes(canvas: Canvas, palette: Palette, chance: random.Random, horizon: float) -> None:
    """Long dunes."""
    for depth in range(4):
        level = horizon + (canvas.height - horizon) * depth / 4.5
        paint_ridge(canvas, mix(palette.far, palette.near, depth / 3.4), chance, level, canvas.unit * 0.05)


def paint_studio(canvas: Canvas, palette: Palette, _chance: random.Random, horizon: float) -> None:
    """No landscape: a backdrop with a large disc and a floor."""
    canvas.fill_gradient([mix(palette.sky[1], palette.sky[2], 0.35), palette.sky[2]], 0, horizon)
    canvas.fill_gradient([mix(palette.sky[1], palette.far, 0.3), palette.middle], horizon, canvas.height)
    centre = canvas.width / 2, horizon - canvas.unit * 0.16
    canvas.fill_circle(centre, canvas.unit * 0.36, mix(palette.sky[0], palette.sky[1], 0.3))
    canvas.fill_circle(centre, canvas.unit * 0.3, mix(palette.sky[0], palette.sky[1], 0.6), 140)
    canvas.fill_gradient([mix(palette.sky[1], palette.far, 0.3), palette.middle], horizon, canvas.height)
