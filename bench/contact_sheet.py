"""Draws docs/images/emulator.jpg: twelve pictures of the emulator over models, ratios, scripts and edits, with labels.

Run it with `.venv/bin/python bench/contact_sheet.py [file]` and look at what came out; `.png` and `.jpg` are written.
"""

import io
import sys
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw

from limner.emulator.drawing import Sketch, draw_picture
from limner.emulator.drawing.lettering import LINE_HEIGHT, Setting, read_script, set_text, write_line
from limner.emulator.models import MODELS

SHEET = Path(__file__).parents[1] / "docs" / "images" / "emulator.jpg"
WIDTH = 1600
MARGIN = 28
GAP = 22
LABEL_HEIGHT = 54
GROUND, INK, PALE = "#f4f1ea", "#22252e", "#6b7080"
JPEG_QUALITY = 86


@dataclass(frozen=True)
class Shown:
    """One picture of the sheet; `edits` is the prompt of the picture it changes."""

    model: str
    ratio: str
    prompt: str
    edits: str = ""

    @property
    def label(self) -> str:
        """What stands under it."""
        return f"edit: {self.prompt}" if self.edits else self.prompt


FLASH, LITE, PRO = "gemini-3.1-flash-image", "gemini-3.1-flash-lite-image", "gemini-3-pro-image"
OLD, NEW = "gemini-2.5-flash-image", "gemini-nano-banana-2.1"
COTTAGE = "a cottage in autumn"
ROWS = (
    (
        Shown(FLASH, "16:9", "a red fox under the silver moon"),
        Shown(PRO, "1:1", "月光下的灯塔与大海"),
        Shown(LITE, "9:16", "portrait of a tall tree"),
    ),
    (
        Shown(NEW, "3:2", "夕焼けの海と二そうの船"),
        Shown(FLASH, "1:1", "красная лиса и синяя птица в лесу"),
        Shown(PRO, "4:5", "قطة برتقالية تحت ضوء القمر"),
        Shown(LITE, "2:3", "로봇이 있는 네온 도시"),
    ),
    (Shown(FLASH, "8:1", "hot air balloons over the mountains at dawn"),),
    (
        Shown(OLD, "4:3", COTTAGE),
        Shown(OLD, "4:3", "变成蓝色", COTTAGE),
        Shown(OLD, "4:3", "add a red balloon and write “Herbst”", COTTAGE),
        Shown(OLD, "1:1", "crop it, in black and white", COTTAGE),
    ),
)


def draw(shown: Shown) -> Image.Image:
    """The picture, as its model would deliver it at its smallest size."""
    model = MODELS[shown.model]
    size = "1K" if model.sizes else None

    def make(prompt: str, ratio: str, *pictures: bytes) -> bytes:
        width, height = model.pixels(ratio, size)
        sketch = Sketch(
            prompt=prompt, width=width, height=height, mime_type=model.mime_type, pictures=pictures
        )
        return draw_picture(sketch)

    sources = [make(shown.edits, "4:3")] if shown.edits else []
    return Image.open(io.BytesIO(make(shown.prompt, shown.ratio, *sources)))


def fit_row(pictures: list[Image.Image]) -> list[Image.Image]:
    """The pictures of a row at one height, together as wide as the sheet."""
    room = WIDTH - 2 * MARGIN - GAP * (len(pictures) - 1)
    height = round(room / sum(picture.width / picture.height for picture in pictures))
    sizes = [(round(height * picture.width / picture.height), height) for picture in pictures]
    return [
        picture.resize(size, Image.Resampling.LANCZOS) for picture, size in zip(pictures, sizes, strict=True)
    ]


def write_label(draw_on: ImageDraw.ImageDraw, shown: Shown, place: tuple[int, int], width: int) -> None:
    """Two lines under a picture: model and ratio, then the prompt."""
    x, y = place
    model = f"{shown.model.removeprefix('gemini-')}  {shown.ratio}"
    for text, colour, size, top in ((model, PALE, 13, 6), (shown.label, INK, 16, 24)):
        fitted = set_text(text, width, size * LINE_HEIGHT, size, 11)
        line = Setting(fitted.lines[:1], fitted.size, read_script(text))
        write_line(draw_on, (x, y + top), line.lines[0], line, colour)


def make_sheet() -> Image.Image:
    """All rows under one another."""
    rows = [fit_row([draw(shown) for shown in row]) for row in ROWS]
    height = sum(row[0].height + LABEL_HEIGHT + GAP for row in rows) - GAP + 2 * MARGIN
    sheet = Image.new("RGB", (WIDTH, height), GROUND)
    draw_on = ImageDraw.Draw(sheet)
    top = MARGIN
    for row, names in zip(rows, ROWS, strict=True):
        left = MARGIN
        for picture, shown in zip(row, names, strict=True):
            sheet.paste(picture, (left, top))
            write_label(draw_on, shown, (left, top + picture.height), picture.width)
            left += picture.width + GAP
        top += row[0].height + LABEL_HEIGHT + GAP
    return sheet


def main() -> None:
    """Draw the sheet and say how large its file is."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else SHEET
    path.parent.mkdir(parents=True, exist_ok=True)
    make_sheet().save(path, quality=JPEG_QUALITY, optimize=True)
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} KB")


if __name__ == "__main__":
    main()
