"""Words on a picture: fitted to a box, wrapped, legible at every ratio. It must not know scenes or models."""

from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

_REFERENCE_PIXELS = 100
_LINE_HEIGHT = 1.22
# More than any picture holds at the smallest size.
_MOST_CHARACTERS = 4_000


@dataclass(frozen=True, slots=True)
class Setting:
    """Lines of text and the size at which they fit."""

    lines: tuple[str, ...]
    size: float

    @property
    def height(self) -> float:
        """Height of all lines together, in pixels."""
        return len(self.lines) * self.size * _LINE_HEIGHT


@lru_cache(maxsize=64)
def load_font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The font for all words: the one Pillow brings, so that a drawing needs no file of the machine it runs on."""
    return ImageFont.load_default(size)


@lru_cache(maxsize=4096)
def measure(text: str) -> float:
    """Width of a text per pixel of font size."""
    return load_font(_REFERENCE_PIXELS).getlength(text) / _REFERENCE_PIXELS


def set_text(text: str, width: float, height: float, largest: float, smallest: float) -> Setting:
    """Set a text into a box at the largest size that fits; what does not fit at the smallest is cut with an ellipsis."""
    words = text[:_MOST_CHARACTERS].split()
    size = largest
    while size > smallest:
        # Well below the largest size a long word is broken rather than all words made tiny for its sake.
        whole = size > largest * 0.4
        pieces = words if whole else [piece for word in words for piece in _break_word(word, width / size)]
        lines = _wrap(pieces, width / size)
        setting = Setting(tuple(lines), size)
        if setting.height <= height and all(measure(line) * size <= width for line in lines):
            return setting
        size *= 0.92
    lines = _wrap(
        [piece for word in words for piece in _break_word(word, width / smallest)], width / smallest
    )
    room = max(int(height / (smallest * _LINE_HEIGHT)), 1)
    if len(lines) > room:
        lines = [*lines[: room - 1], _shorten(lines[room - 1], width / smallest)]
    return Setting(tuple(lines), smallest)


def _wrap(words: list[str], width: float) -> list[str]:
    """Fill lines greedily; widths are per pixel of font size."""
    lines: list[str] = []
    space = measure(" ")
    used = 0.0
    for word in words:
        length = measure(word)
        if lines and used + space + length <= width:
            lines[-1] += " " + word
            used += space + length
        else:
            lines.append(word)
            used = length
    return lines


def _break_word(word: str, width: float) -> list[str]:
    pieces = [""]
    for letter in word:
        if pieces[-1] and measure(pieces[-1] + letter) > width:
            pieces.append("")
        pieces[-1] += letter
    return pieces


def _shorten(line: str, width: float) -> str:
    while line and measure(line + "\u2026") > width:
        line = line[:-1]
    return line.rstrip() + "\u2026"


def letter_caption(picture: Image.Image, text: str) -> None:
    """Write a prompt over the lower part of a picture, which is darkened for it."""
    if not text.strip():
        return
    width, height = picture.size
    margin = 0.06 * min(width, height) + 0.004 * max(width, height)
    scale = (width * height) ** 0.5
    setting = set_text(text, width - 2 * margin, height * 0.3, scale * 0.074, max(scale * 0.021, 11))
    top = height - margin * 0.8 - setting.height
    _darken_below(picture, max(top - height * 0.14, 0))
    draw = ImageDraw.Draw(picture)
    rule = max(round(setting.size * 0.07), 1)
    rule_top = top - setting.size * 0.42
    draw.rectangle(
        (margin, rule_top, margin + min(setting.size * 2.2, width - 2 * margin), rule_top + rule), "#ffd98a"
    )
    _write(draw, setting, (margin, top))


def letter_band(picture: Image.Image, text: str) -> None:
    """Write an instruction on a solid band across the top; the band of an earlier edit disappears under it."""
    width, height = picture.size
    scale = (width * height) ** 0.5
    band = round(min(height * 0.13, scale * 0.14))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, width, band), "#1d2233")
    draw.rectangle((0, band - max(band // 24, 1), width, band), "#ffd98a")
    margin = band * 0.18
    setting = set_text(text, width - 2 * margin, band - 2 * margin, band * 0.42, max(scale * 0.018, 10))
    _write(draw, setting, (margin, (band - setting.height) / 2))


def letter_middle(picture: Image.Image, text: str) -> None:
    """Write a text large across the middle."""
    width, height = picture.size
    scale = (width * height) ** 0.5
    setting = set_text(text, width * 0.86, height * 0.4, scale * 0.18, max(scale * 0.03, 12))
    draw = ImageDraw.Draw(picture)
    font = load_font(round(setting.size))
    for number, line in enumerate(setting.lines):
        place = width / 2, height * 0.48 - setting.height / 2 + number * setting.size * _LINE_HEIGHT
        draw.text(
            place, line, "white", font, anchor="ma", stroke_width=setting.size * 0.06, stroke_fill="#20242f"
        )


def _write(draw: ImageDraw.ImageDraw, setting: Setting, start: tuple[float, float]) -> None:
    font = load_font(round(setting.size))
    shade = max(setting.size * 0.035, 1)
    for number, line in enumerate(setting.lines):
        x, y = start[0], start[1] + number * setting.size * _LINE_HEIGHT
        draw.text((x + shade, y + shade), line, "#10131c", font)
        draw.text((x, y), line, "white", font)


def _darken_below(picture: Image.Image, top: float) -> None:
    """Lay a shade over a picture's rows from `top` down, growing to its lower edge."""
    width, height = picture.size
    rows = height - round(top)
    ramp = Image.linear_gradient("L").point(
        [round(205 * (1 - (1 - level / 255) ** 1.8)) for level in range(256)]
    )
    mask = ramp.resize((1, rows), Image.Resampling.BILINEAR).resize((width, rows))
    picture.paste((10, 12, 24), (0, round(top)), mask)
