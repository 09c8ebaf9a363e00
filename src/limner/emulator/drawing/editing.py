"""Changing pictures: simple instructions are followed, any other leaves its mark. It must not know models or files out.

An instruction is a prompt that came with pictures: `make it blue`, `rotate`, `write "hello"`, `add a moon`.
"""

import io
import math
import re

from PIL import Image, ImageEnhance, ImageOps, UnidentifiedImageError

from limner.emulator.drawing.brush import SUPERSAMPLING, Canvas
from limner.emulator.drawing.captions import letter_band, letter_middle
from limner.emulator.drawing.changes import change_pixels, find_turn
from limner.emulator.drawing.figures import find_figures, paint_figure
from limner.emulator.drawing.landscape import paint_sun
from limner.emulator.drawing.palette import PALETTES
from limner.emulator.drawing.vocabulary import read_words

_QUOTED = re.compile(
    '"([^"]+)"|\u201c([^\u201d]+)\u201d|\u201e([^\u201c\u201d]+)[\u201c\u201d]|\u00ab([^\u00bb]+)\u00bb'
    r"|\u300c([^\u300d]+)\u300d|\u300e([^\u300f]+)\u300f|(?<!\w)['\u2018]([^'\u2019]+)['\u2019](?!\w)"
)
_ADDING = frozenset(["add", "put", "place", "with", "insert", "include", "draw"])
_MOST_PICTURES = 9


def edit_pictures(pictures: tuple[bytes, ...], instruction: str, width: int, height: int) -> Image.Image:
    """The pictures, side by side if several, changed as told and cropped to `width` by `height`."""
    # What is to be written is no instruction.
    words = read_words(_QUOTED.sub(" ", instruction))
    quoted = [next(filter(None, found)) for found in _QUOTED.findall(instruction)]
    turn = find_turn(words)
    opened = [_open_picture(data) for data in pictures[:_MOST_PICTURES]]
    if turn:
        opened = [picture.rotate(turn, expand=True) for picture in opened]
    picture = _lay_out(opened, width, height)
    adds = not _ADDING.isdisjoint(words)
    changed = change_pixels(picture, words, tints=not (adds and find_figures(words)))
    if adds:
        changed = _add_figures(changed, words)
    if quoted:
        letter_middle(changed, " ".join(quoted))
    elif changed is picture and not turn:
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


def _add_figures(picture: Image.Image, words: list[str]) -> Image.Image:
    """Paint what is to be added over the picture: figures, or a sun or moon; the same object where it is neither."""
    figures = find_figures(words)
    light = {"sun", "moon"} & set(words)
    if not figures and not light:
        return picture
    width, height = picture.size
    canvas = Canvas(math.ceil(width / SUPERSAMPLING), math.ceil(height / SUPERSAMPLING))
    canvas.image.paste(picture)
    unit = min(width, height)
    if light:
        palette = PALETTES["night" if "moon" in light else "noon"]
        paint_sun(canvas, palette, (width * 0.78, height * 0.3), unit * 0.09)
    for number, figure in enumerate(figures):
        foot = width * (0.24 if number % 2 == 0 else 0.76), height * 0.72
        paint_figure(canvas, figure.name, foot, unit * 0.36, figure.colour)
    return canvas.image.crop((0, 0, width, height))


def _mark(picture: Image.Image) -> Image.Image:
    """A change to see at a glance for an instruction not understood: fewer tones, and a frame."""
    toned = ImageOps.posterize(ImageEnhance.Color(picture).enhance(1.5), 3)
    frame = max(min(picture.size) // 40, 2)
    inner = toned.crop((frame, frame, toned.width - frame, toned.height - frame))
    return ImageOps.expand(inner, frame, "#ffd98a")
