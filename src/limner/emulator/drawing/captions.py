"""Where words stand on a picture: a caption below, a band above, large across the middle. It must not know scenes."""

from PIL import Image, ImageDraw

from limner.emulator.drawing.lettering import LINE_HEIGHT, Setting, measure, set_text, write_line

_GOLD = "#ffd98a"
_INK = "#1d2233"


def letter_caption(picture: Image.Image, text: str) -> None:
    """Write a prompt over the lower part of a picture, which is darkened for it."""
    if not text.strip():
        return
    width, height = picture.size
    margin = 0.06 * min(width, height) + 0.004 * max(width, height)
    scale = (width * height) ** 0.5
    setting = set_text(text, width - 2 * margin, height * 0.3, scale * 0.074, max(scale * 0.024, 13))
    top = height - margin * 0.7 - setting.height
    _darken_below(picture, max(top - height * 0.14, 0))
    draw = ImageDraw.Draw(picture)
    rule = max(round(setting.size * 0.07), 1)
    rule_top = top - setting.size * 0.3
    length = min(setting.size * 2.2, width - 2 * margin)
    left = width - margin - length if setting.script.rtl else margin
    draw.rectangle((left, rule_top, left + length, rule_top + rule), _GOLD)
    _write(draw, setting, (margin, top, width - margin))


def letter_band(picture: Image.Image, text: str) -> None:
    """Write an instruction on a solid band across the top; the band of an earlier edit disappears under it."""
    width, height = picture.size
    scale = (width * height) ** 0.5
    band = round(min(height * 0.13, scale * 0.14) if height * 3 > width else height * 0.2)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, width, band), _INK)
    draw.rectangle((0, band - max(band // 24, 1), width, band), _GOLD)
    margin = band * 0.18
    setting = set_text(text, width - 2 * margin, band - 2 * margin, band * 0.42, max(scale * 0.02, 11))
    _write(draw, setting, (margin, (band - setting.height) / 2, width - margin))


def letter_middle(picture: Image.Image, text: str) -> None:
    """Write a text large across the middle."""
    width, height = picture.size
    scale = (width * height) ** 0.5
    setting = set_text(text, width * 0.86, height * 0.4, scale * 0.18, max(scale * 0.03, 12))
    draw = ImageDraw.Draw(picture)
    top = height * 0.48 - setting.height / 2
    for number, line in enumerate(setting.lines):
        left = (width - measure(line, setting.script) * setting.size) / 2
        place = left, top + number * setting.size * LINE_HEIGHT
        write_line(draw, place, line, setting, "white", setting.size * 0.06)


def _write(draw: ImageDraw.ImageDraw, setting: Setting, box: tuple[float, float, float]) -> None:
    """Write lines from a left edge and a top, or from the right edge where the text runs that way."""
    left, top, right = box
    shade = max(setting.size * 0.035, 1)
    for number, line in enumerate(setting.lines):
        x = right - measure(line, setting.script) * setting.size if setting.script.rtl else left
        y = top + number * setting.size * LINE_HEIGHT
        write_line(draw, (x + shade, y + shade), line, setting, "#10131c")
        write_line(draw, (x, y), line, setting, "white")


def _darken_below(picture: Image.Image, top: float) -> None:
    """Lay a shade over a picture's rows from `top` down, growing to its lower edge."""
    width, height = picture.size
    rows = height - round(top)
    ramp = Image.linear_gradient("L").point(
        [round(205 * (1 - (1 - level / 255) ** 1.8)) for level in range(256)]
    )
    mask = ramp.resize((1, rows), Image.Resampling.BILINEAR).resize((width, rows))
    picture.paste((10, 12, 24), (0, round(top)), mask)
