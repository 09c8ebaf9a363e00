"""Which characters a font file has: its `cmap` table, read as OpenType says. It must not know which fonts there are.

Pillow draws a box for a character a font lacks and does not tell; whoever mixes fonts has to know before drawing.
"""

import struct
from bisect import bisect_right
from dataclasses import dataclass

_COLLECTION_TAG = b"ttcf"


@dataclass(frozen=True, slots=True, eq=False)
class Coverage:
    """Ranges of code points, in order: `firsts[i]` to `lasts[i]`, both included."""

    firsts: tuple[int, ...]
    lasts: tuple[int, ...]

    def __contains__(self, character: str) -> bool:
        """Whether the font has a glyph for a character."""
        code = ord(character)
        place = bisect_right(self.firsts, code) - 1
        return place >= 0 and code <= self.lasts[place]


def read_coverage(font: bytes, index: int = 0) -> Coverage:
    """The coverage of a font file, or of the font at `index` of a collection. Raises ValueError for no such file."""
    try:
        start = struct.unpack_from(">I", font, 12 + 4 * index)[0] if font[:4] == _COLLECTION_TAG else 0
        cmap = _find_table(font, start, b"cmap")
        ranges = _read_subtable(font, _choose_subtable(font, cmap))
    except struct.error as error:
        raise ValueError("This is no OpenType font.") from error
    ranges.sort()
    return Coverage(tuple(first for first, _ in ranges), tuple(last for _, last in ranges))


def _find_table(font: bytes, start: int, tag: bytes) -> int:
    (count,) = struct.unpack_from(">H", font, start + 4)
    for number in range(count):
        name, _, offset, _ = struct.unpack_from(">4sIII", font, start + 12 + 16 * number)
        if name == tag:
            return int(offset)
    raise ValueError(f"The font has no {tag.decode()} table.")


def _choose_subtable(font: bytes, cmap: int) -> int:
    """The Unicode subtable: the full one (format 12) where there is one, else that of the basic plane (format 4)."""
    (count,) = struct.unpack_from(">H", font, cmap + 2)
    found: dict[int, int] = {}
    for number in range(count):
        platform, encoding, offset = struct.unpack_from(">HHI", font, cmap + 4 + 8 * number)
        (form,) = struct.unpack_from(">H", font, cmap + offset)
        if platform == 0 or (platform, encoding) in {(3, 1), (3, 10)}:
            found[form] = cmap + offset
    for form in (12, 4):
        if form in found:
            return found[form]
    raise ValueError("The font has no Unicode character map.")


def _read_subtable(font: bytes, start: int) -> list[tuple[int, int]]:
    (form,) = struct.unpack_from(">H", font, start)
    if form == 12:
        (groups,) = struct.unpack_from(">I", font, start + 12)
        return [struct.unpack_from(">II", font, start + 16 + 12 * number) for number in range(groups)]
    (doubled,) = struct.unpack_from(">H", font, start + 6)
    segments = doubled // 2
    lasts = struct.unpack_from(f">{segments}H", font, start + 14)
    firsts = struct.unpack_from(f">{segments}H", font, start + 16 + doubled)
    # A segment may map some of its characters to nothing; fonts made by Noto's tools have none such.
    return [(first, last) for first, last in zip(firsts, lasts, strict=True) if first != 0xFFFF]
