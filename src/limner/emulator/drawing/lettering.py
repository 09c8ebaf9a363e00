"""Text set into boxes: measured, broken into lines, fitted, in any script. It must not know scenes or models."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from PIL import ImageDraw

from limner.emulator.drawing.fonts import CAN_SHAPE, Face, list_faces, load_font
from limner.emulator.drawing.runs import (
    Run,
    guess_language,
    is_rtl_text,
    split_clusters,
    split_runs,
)

LINE_HEIGHT = 1.3
# Where letters stand in the height of their line.
_BASELINE = 0.98
_REFERENCE_PIXELS = 100
_EDGE = "#20242f"
# More than any picture holds at the smallest size.
_MOST_CHARACTERS = 4_000

# Scripts that put no space between words: a line may end after any of their characters.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u312f\u31a0-\ua4cf\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff9f\U00020000-\U0003ffff]"
)
# What may not begin a line, besides closing punctuation (the Japanese rules of line breaking, JIS X 4051).
_NO_START = frozenset("、。，．：；？！・…‥ー々ゝヽぁぃぅぇぉっゃゅょァィゥェォッャュョ")  # noqa: RUF001


@dataclass(frozen=True, slots=True)
class Script:
    """How a text is to be set: the fonts in the order they are tried, and whether it runs from right to left."""

    faces: tuple[Face, ...]
    rtl: bool


@dataclass(frozen=True, slots=True)
class Setting:
    """Lines of text and the size at which they fit."""

    lines: tuple[str, ...]
    size: float
    script: Script

    @property
    def height(self) -> float:
        """Height of all lines together, in pixels."""
        return len(self.lines) * self.size * LINE_HEIGHT

    @property
    def width(self) -> float:
        """Width of the longest line, in pixels."""
        return max((measure(line, self.script) * self.size for line in self.lines), default=0.0)


def read_script(text: str) -> Script:
    """How a text is to be set."""
    return Script(list_faces(guess_language(text)), is_rtl_text(text))


@lru_cache(maxsize=16_384)
def measure(text: str, script: Script) -> float:
    """Width of a text per pixel of font size."""
    runs = split_runs(text, script.faces, rtl=script.rtl)
    return sum(_measure_run(run, _REFERENCE_PIXELS) for run in runs) / _REFERENCE_PIXELS


def _measure_run(run: Run, size: float) -> float:
    text, direction = arrange_run(run, can_shape=CAN_SHAPE)
    return load_font(run.face, size).getlength(text, direction=direction)


def arrange_run(run: Run, *, can_shape: bool) -> tuple[str, str | None]:
    """A run's text and direction as Pillow is to be given them; where nothing shapes, letters are turned by hand."""
    # Pillow loads its own font without shaping.
    if can_shape and run.face.path:
        return run.text, "rtl" if run.is_rtl else "ltr"
    clusters = split_clusters(run.text)
    return "".join(reversed(clusters) if run.is_rtl else clusters), None


def set_text(text: str, width: float, height: float, largest: float, smallest: float) -> Setting:
    """Set a text into a box at the largest size that fits; what does not fit at the smallest is cut with an ellipsis."""
    script = read_script(text)
    words = _split_words(text[:_MOST_CHARACTERS])
    size = largest
    while size > smallest:
        # Well below the largest size a long word is broken rather than all words made tiny for its sake.
        whole = size > largest * 0.4
        pieces = words if whole else _break_words(words, width / size, script)
        setting = Setting(tuple(_wrap(pieces, width / size, script)), size, script)
        if setting.height <= height and setting.width <= width:
            return setting
        size *= 0.92
    lines = _wrap(_break_words(words, width / smallest, script), width / smallest, script)
    room = max(int(height / (smallest * LINE_HEIGHT)), 1)
    if len(lines) > room:
        lines = [*lines[: room - 1], _shorten(lines[room - 1], width / smallest, script)]
    return Setting(tuple(lines), smallest, script)


def _split_words(text: str) -> list[str]:
    """Pieces between which a line may end. Those that follow a space begin with it."""
    words: list[str] = []
    for spaced in text.split():
        pieces = [""]
        for cluster in split_clusters(spaced):
            if pieces[-1] and _may_break(pieces[-1], cluster):
                pieces.append("")
            pieces[-1] += cluster
        pieces[0] = " " + pieces[0] if words else pieces[0]
        words += pieces
    return words


def _may_break(before: str, after: str) -> bool:
    if not _UNSPACED.match(before[-1]) and not _UNSPACED.match(after[0]):
        return False
    closes = unicodedata.category(after[0]) in {"Pe", "Pf", "Po"} or after[0] in _NO_START
    opens = unicodedata.category(before[-1]) in {"Ps", "Pi"}
    return not closes and not opens


def _wrap(words: list[str], width: float, script: Script) -> list[str]:
    """Fill lines greedily; widths are per pixel of font size."""
    lines: list[str] = []
    used = 0.0
    for word in words:
        length = measure(word, script)
        if lines and used + length <= width:
            lines[-1] += word
            used += length
        else:
            lines.append(word.lstrip())
            used = measure(lines[-1], script)
    return lines


def _break_words(words: list[str], width: float, script: Script) -> list[str]:
    broken: list[str] = []
    for word in words:
        pieces = [""]
        for cluster in split_clusters(word):
            if pieces[-1].strip() and measure(pieces[-1] + cluster, script) > width:
                pieces.append("")
            pieces[-1] += cluster
        broken += pieces
    return broken


def _shorten(line: str, width: float, script: Script) -> str:
    while line and measure(line + "\u2026", script) > width:
        line = line[:-1]
    return line.rstrip() + "\u2026"


def write_line(
    draw: ImageDraw.ImageDraw,
    place: tuple[float, float],
    line: str,
    setting: Setting,
    colour: str,
    outline: float = 0,
) -> None:
    """Write one line whose upper left corner is at `place`; `outline` is the width of a dark edge, in pixels."""
    x, y = place[0], place[1] + setting.size * _BASELINE
    for run in split_runs(line, setting.script.faces, rtl=setting.script.rtl):
        text, direction = arrange_run(run, can_shape=CAN_SHAPE)
        font = load_font(run.face, round(setting.size))
        draw.text(
            (x, y), text, colour, font, "ls", direction=direction, stroke_width=outline, stroke_fill=_EDGE
        )
        x += font.getlength(text, direction=direction)
