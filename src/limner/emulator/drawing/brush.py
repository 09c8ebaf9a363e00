"""A canvas to paint scenes on: shapes, gradients and glows in pixels of a picture drawn larger than it will be.

It must not know prompts or what is painted.
"""

import hashlib
import random
from collections.abc import Sequence

from PIL import Image, ImageDraw

Colour = tuple[int, int, int]
Point = tuple[float, float]

# Scenes are painted this many times larger in each direction and shrunk, which smooths their edges.
SUPERSAMPLING = 2


def seed_chance(*words: object) -> random.Random:
    """Chance that falls the same way for the same words."""
    digest = hashlib.sha256(repr(words).encode("utf-8", "surrogatepass")).digest()
    return random.Random(digest)  # noqa: S311 - it places shapes, it keeps no secret


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """`one` with a share (0 to 1) of `other`."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


class Canvas:
    """An RGB picture to paint on. `unit` is its shorter side; angles do not occur, lengths are pixels."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width * SUPERSAMPLING
        self.height = height * SUPERSAMPLING
        self.unit = min(self.width, self.height)
        self.image = Image.new("RGB", (self.width, self.height))
        self._draw = ImageDraw.Draw(self.image, "RGBA")

    def fill_gradient(self, colours: Sequence[Colour], top: float = 0, bottom: float | None = None) -> None:
        """Fill the rows from `top` to `bottom` with a vertical run through the colours."""
        end = self.height if bottom is None else round(bottom)
        start = round(top)
        if end <= start:
            return
        column = Image.new("RGB", (1, len(colours)))
        column.putdata(list(colours))
        # Half a colour at each end is flat; growing the column beyond the canvas cuts that away.
        rows = max(round((end - start) * len(colours) / max(len(colours) - 1, 1)), 1)
        grown = column.resize((1, rows), Image.Resampling.BILINEAR)
        margin = (rows - (end - start)) // 2
        strip = grown.crop((0, margin, 1, margin + end - start)).resize((self.width, end - start))
        self.image.paste(strip, (0, start))

    def fill_polygon(self, points: Sequence[Point], colour: Colour, alpha: int = 255) -> None:
        """Fill a polygon."""
        self._draw.polygon(list(points), (*colour, alpha))

    def fill_ellipse(self, centre: Point, radii: Point, colour: Colour, alpha: int = 255) -> None:
        """Fill an ellipse."""
        (x, y), (rx, ry) = centre, radii
        self._draw.ellipse((x - rx, y - ry, x + rx, y + ry), (*colour, alpha))

    def fill_circle(self, centre: Point, radius: float, colour: Colour, alpha: int = 255) -> None:
        """Fill a circle."""
        self.fill_ellipse(centre, (radius, radius), colour, alpha)

    def fill_pie(
        self, centre: Point, radius: float, degrees: Point, colour: Colour, alpha: int = 255
    ) -> None:
        """Fill a slice of a circle; degrees run clockwise from three o'clock."""
        x, y = centre
        self._draw.pieslice((x - radius, y - radius, x + radius, y + radius), *degrees, fill=(*colour, alpha))

    def fill_box(
        self, box: tuple[float, float, float, float], colour: Colour, alpha: int = 255, radius: float = 0
    ) -> None:
        """Fill a rectangle (left, top, right, bottom), its corners rounded by `radius`."""
        self._draw.rounded_rectangle(box, radius, (*colour, alpha))

    def stroke(self, points: Sequence[Point], colour: Colour, width: float, alpha: int = 255) -> None:
        """Draw a line through the points."""
        self._draw.line(list(points), (*colour, alpha), max(round(width), 1), joint="curve")

    def stroke_arc(self, centre: Point, radii: Point, degrees: Point, colour: Colour, width: float) -> None:
        """Draw part of an ellipse's outline."""
        (x, y), (rx, ry) = centre, radii
        self._draw.arc((x - rx, y - ry, x + rx, y + ry), *degrees, fill=colour, width=max(round(width), 1))

    def add_glow(self, centre: Point, radius: float, colour: Colour, strength: float = 1.0) -> None:
        """Lay light around a point, strongest there and gone at `radius`."""
        side = max(round(radius * 2), 2)
        fall = [round(max(0.0, 1 - level / 180) ** 2 * 255 * strength) for level in range(256)]
        mask = Image.radial_gradient("L").point(fall).resize((side, side), Image.Resampling.BILINEAR)
        self.image.paste(colour, (round(centre[0] - radius), round(centre[1] - radius)), mask)

    def shrunk(self) -> Image.Image:
        """The picture at its own size, edges smoothed."""
        return self.image.reduce(SUPERSAMPLING)
