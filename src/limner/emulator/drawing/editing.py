"""Changing pictures: simple instructions are followed, any other leaves its mark. It must not know models or files out.

An instruction is a prompt that came with pictures: `make it blue`, `rotate`, `write "hello"`, `add a moon`.
"""

import io
import math
import re

from PIL import Image, ImageEnhance, ImageFilter, ImageOps, UnidentifiedImageError

from limner.emulator.drawing.brush import SUPERSAMPLING, Canvas
from limner.emulator.drawing.figures import find_figure, paint_figure
from limner.emulator.drawing.landscape import paint_sun
from limner.emulator.drawing.lettering import letter_band, letter_middle
from limner.emulator.drawing.palette import PALETTES, find_colour
from limner.emulator.drawing.scene import read_words

_QUOTED = re.compile(r'"([^"]+)"|\u201c([^\u201d]+)\u201d|\u00ab([^\u00bb]+)\u00bb')
_MOST_PICTURES = 9


def edit_pictures(pictures: tuple[bytes, ...], instruction: str, width: int, height: int) -> Image.Image:
    """The pictures, side by side if several, changed as told and cropped to `width` by `height`."""
    picture = _lay_out([_open_picture(data) for data in pictures[:_MOST_PICTURES]], width, height)
    words = read_words(instruction)
    changed = _change(picture, words)
    changed = _add_figure(changed, words)
    quoted = [next(filter(None, found)) for found in _QUOTED.findall(instruction)]
    if quoted:
        letter_middle(changed, " ".join(quoted))
    elif changed is picture:
        changed = _mark(picture)
    letter_band(changed, instruction or "edited")
    return changed


def _open_picture(data: bytes) -> Image.Image:
    """A picture's pixels; one Pillow cannot read (HEIC) is stood for by a grey square."""
    try:
        opened = Image.open(io.BytesIO(data))
        return ImageOps.exif_transpose(opened).convert("RGB")
    except UnidentifiedImageError:
        return Image.new("RGB", (512, 512), (128, 132, 140))


def _lay_out(pictures: list[Image.Image], width: int, height: int) -> Image.Image:
    """One picture fills the sheet; several share it in a grid."""
    if len(pictures) == 1:
        return ImageOps.fit(pictures[0], (width, height), Image.Resampling.BICUBIC)
    columns = min(max(round(math.sqrt(len(pictures) * width / height)), 1), len(pictures))
    if len(pictures) <= 3:
        columns = len(pictures) if width >= height else 1
    rows = math.ceil(len(pictures) / columns)
    sheet = Image.new("RGB", (width, height), (29, 34, 51))
    gap = max(min(width, height) // 100, 1)
    for number, picture in enumerate(pictures):
        row, column = divmod(number, columns)
        left, top = width * column // columns + gap, height * row // rows + gap
        right, bottom = width * (column + 1) // columns - gap, height * (row + 1) // rows - gap
        fitted = ImageOps.fit(picture, (max(right - left, 1), max(bottom - top, 1)), Image.Resampling.BICUBIC)
        sheet.paste(fitted, (left, top))
    return sheet


def _change(picture: Image.Image, words: list[str]) -> Image.Image:
    """The picture after every change whose word is there, or the same object when none is."""
    said = set(words)
    size = picture.size
    if said & {"rotate", "turn", "rotated"}:
        degrees = 180 if "180" in said or "upside" in said else 90 if "left" in said else -90
        picture = ImageOps.fit(picture.rotate(degrees, expand=True), size, Image.Resampling.BICUBIC)
    if said & {"mirror", "mirrored", "flip", "flipped"}:
        picture = ImageOps.flip(picture) if "vertically" in said else ImageOps.mirror(picture)
    grey = said & {"grayscale", "greyscale", "monochrome"} or {"black", "white"} <= said
    if grey:
        picture = ImageOps.grayscale(picture).convert("RGB")
    if said & {"invert", "inverted", "negative"}:
        picture = ImageOps.invert(picture)
    if said & {"blur", "blurry", "soften", "blurred"}:
        picture = picture.filter(ImageFilter.GaussianBlur(min(size) / 80))
    if said & {"brighter", "lighter", "brighten", "lighten", "bright"}:
        picture = ImageEnhance.Brightness(picture).enhance(1.45)
    if said & {"darker", "darken", "dark", "night"}:
        picture = ImageEnhance.Brightness(picture).enhance(0.5)
    if said & {"contrast", "vivid", "colourful", "colorful"}:
        picture = ImageEnhance.Color(ImageEnhance.Contrast(picture).enhance(1.4)).enhance(1.6)
    colour = find_colour(["brown" if word == "sepia" else word for word in words])
    if colour and not grey and find_figure(words) is None:
        tinted = ImageOps.colorize(ImageOps.grayscale(picture), "#0c0c14", "#fffdf5", mid=colour)
        picture = Image.blend(picture, tinted, 0.75)
    return picture


def _add_figure(picture: Image.Image, words: list[str]) -> Image.Image:
    """Paint what is to be added over the picture: a figure, or a sun or moon."""
    said = set(words)
    figure = find_figure(words)
    light = said & {"sun", "moon"}
    if not said & {"add", "put", "place", "with", "insert", "include"} or not (figure or light):
        return picture
    width, height = picture.size
    canvas = Canvas(math.ceil(width / SUPERSAMPLING), math.ceil(height / SUPERSAMPLING))
    canvas.image.paste(picture)
    unit = min(width, height)
    if light:
        palette = PALETTES["night" if "moon" in light else "noon"]
        paint_sun(canvas, palette, (width * 0.76, height * 0.3), unit * 0.09)
    if figure:
        paint_figure(canvas, figure, (width * 0.26, height * 0.72), unit * 0.36, find_colour(words))
    return canvas.image.crop((0, 0, width, height))


def _mark(picture: Image.Image) -> Image.Image:
    """A change to see at a glance for an instruction not understood: fewer tones, and a frame."""
    toned = ImageOps.posterize(ImageEnhance.Color(picture).enhance(1.5), 3)
    frame = max(min(picture.size) // 40, 2)
    inner = toned.crop((frame, frame, toned.width - frame, toned.height - frame))
    return ImageOps.expand(inner, frame, "#ffd98a")
