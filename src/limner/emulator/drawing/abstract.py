"""Compositions for prompts that name nothing paintable. They know nothing of prompts."""

import math
import random

from limner.emulator.drawing.brush import Canvas, Colour, mix
from limner.emulator.drawing.landscape import paint_ridge
from limner.emulator.drawing.palette import Palette


def paint_abstract(canvas: Canvas, palette: Palette, chance: random.Random) -> None:
    """One of four kinds of composition."""
    chance.choice([_paint_tiles, _paint_waves, _paint_discs, _paint_rays])(canvas, palette, chance)


def _colours(palette: Palette) -> list[Colour]:
    return [*palette.sky, palette.far, palette.middle, palette.near, palette.accent, palette.light]


def _paint_tiles(canvas: Canvas, palette: Palette, chance: random.Random) -> None:
    """A quilt of squares, quarter circles and discs."""
    side = canvas.unit / chance.choice([3, 4])
    colours = _colours(palette)
    for row in range(math.ceil(canvas.height / side)):
        for column in range(math.ceil(canvas.width / side)):
            left, top = column * side, row * side
            ground, shape = chance.sample(colours, 2)
            canvas.fill_box((left, top, left + side, top + side), ground)
            corner = left + side * chance.randint(0, 1), top + side * chance.randint(0, 1)
            kind = chance.randint(0, 3)
            if kind == 0:
                canvas.fill_circle((left + side / 2, top + side / 2), side * 0.36, shape)
                canvas.fill_circle((left + side / 2, top + side / 2), side * 0.16, ground)
            elif kind == 1:
                points = [(left, top), (left + side, top), (left, top + side), (left + side, top + side)]
                points.pop(chance.randint(0, 3))
                canvas.fill_polygon(points, shape)
            else:
                turn = 90 * ((corner[0] > left) + 2 * (corner[1] > top))
                start = {0: 0, 90: 90, 180: 270, 270: 180}[turn]
                canvas.fill_pie(corner, side, (start, start + 90), shape)
                if kind == 3:
                    canvas.fill_pie(corner, side * 0.5, (start, start + 90), ground)


def _paint_waves(canvas: Canvas, palette: Palette, chance: random.Random) -> None:
    """Bands that run across like cut paper."""
    canvas.fill_gradient(palette.sky)
    place = canvas.width * chance.uniform(0.2, 0.8), canvas.height * chance.uniform(0.12, 0.3)
    canvas.add_glow(place, canvas.unit * 0.6, palette.light, 0.7)
    canvas.fill_circle(place, canvas.unit * 0.13, palette.accent)
    bands = 8
    for band in range(bands):
        colour = mix(mix(palette.sky[1], palette.far, 0.5), palette.near, band / (bands - 1))
        level = canvas.height * (0.26 + 0.74 * band / bands)
        for lift, shown in ((canvas.unit * 0.012, mix(colour, (0, 0, 0), 0.25)), (0, colour)):
            state = chance.getstate()
            paint_ridge(canvas, shown, chance, level - lift, canvas.unit * 0.16)
            if lift:
                chance.setstate(state)


def _paint_discs(canvas: Canvas, palette: Palette, chance: random.Random) -> None:
    """Large translucent discs over one another."""
    canvas.fill_gradient([palette.light, palette.sky[2]])
    for _ in range(round(11 * max(canvas.width, canvas.height) / canvas.unit)):
        place = chance.uniform(0, canvas.width), chance.uniform(0, canvas.height * 0.9)
        radius = canvas.unit * chance.uniform(0.08, 0.34)
        colour = chance.choice(_colours(palette))
        canvas.fill_circle(place, radius, colour, chance.randint(120, 200))
        if chance.random() < 0.4:
            canvas.stroke_arc(
                place,
                (radius * 1.15, radius * 1.15),
                (0, 360),
                mix(colour, (0, 0, 0), 0.2),
                canvas.unit * 0.004,
            )


def _paint_rays(canvas: Canvas, palette: Palette, chance: random.Random) -> None:
    """Rays from a half disc on the horizon, over rings."""
    canvas.fill_gradient(palette.sky)
    centre = canvas.width * chance.uniform(0.35, 0.65), canvas.height * 0.66
    reach = canvas.width + canvas.height
    count = chance.choice([24, 32, 40])
    colours = chance.sample(_colours(palette), 3)
    for number in range(0, count, 2):
        first, second = (math.tau * (number + step) / count for step in (0, 1))
        points = [
            centre,
            *(
                (centre[0] + math.cos(turn) * reach, centre[1] + math.sin(turn) * reach)
                for turn in (first, second)
            ),
        ]
        canvas.fill_polygon(points, colours[number // 2 % 3], 190)
    for ring in range(4):
        canvas.fill_circle(
            centre, canvas.unit * (0.34 - 0.08 * ring), colours[ring % 3] if ring % 2 else palette.light
        )
    canvas.fill_gradient([palette.middle, palette.near], centre[1], canvas.height)
