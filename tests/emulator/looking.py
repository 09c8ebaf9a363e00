"""Draws with the emulator and looks at what came out: means, differences. It must not know what a test expects."""

import io

from PIL import Image, ImageChops, ImageStat

from limner.emulator.drawing import Sketch, draw_picture


def draw(prompt: str, *pictures: bytes, width: int = 512, height: int = 512, variant: int = 0) -> bytes:
    return draw_picture(Sketch(prompt=prompt, width=width, height=height, pictures=pictures, variant=variant))


def read(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def compare(one: Image.Image, other: Image.Image) -> float:
    """The mean difference of two pictures' values, of 255."""
    means = ImageStat.Stat(ImageChops.difference(one, other)).mean
    return sum(means) / len(means)


def mean_colour(picture: Image.Image) -> list[float]:
    return list(ImageStat.Stat(picture).mean)
