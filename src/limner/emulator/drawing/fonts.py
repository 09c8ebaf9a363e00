"""The fonts for words on pictures: where they are, which characters they have, in which order they are tried.

They come from the packages manimgx-fonts and manimgx-fonts-cjk, which hold Noto files as Noto publishes them (OFL 1.1;
their files looked at on 2026-11-23). `list_faces` is the one function behind which fonts are found. Without the
packages there is the font Pillow brings, which has Latin letters only. This module must not know how lines are set.
"""

import io
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path

from PIL import ImageFont, features

from limner.emulator.drawing.coverage import Coverage, read_coverage

FONT_PACKAGES = ("manimgx_fonts", "manimgx_fonts_cjk")

# Shaping and right-to-left letters need Raqm, which Pillow's wheels bring; a Pillow built without it does not.
CAN_SHAPE = bool(features.check("raqm"))

_WEIGHT = 560
_COLLECTION = "NotoSansCJK-VF.otf.ttc"
# Faces of the collection: characters that East Asian scripts share are drawn otherwise in each.
_EAST_ASIAN_FACES = {"ja": 0, "ko": 1, "zh": 2, "zh-hant": 3}
# Tried first to last; the scripts of one file each come after those that most words are in.
_FIRST_FILES = ("NotoSans[wght].ttf", "NotoSansArabic[wght].ttf", "NotoSansHebrew[wght].ttf")
_LAST_FILES = ("NotoSansSymbols[wght].ttf", "NotoEmoji[wght].ttf")


@dataclass(frozen=True, slots=True)
class Face:
    """One font: a file and its place in a collection; the font Pillow brings where `path` is empty."""

    path: str
    index: int = 0

    def has(self, character: str) -> bool:
        """Whether the font can draw a character."""
        return character in _read_face(self)


PILLOW_FACE = Face("")


@cache
def list_faces(language: str = "zh", packages: tuple[str, ...] = FONT_PACKAGES) -> tuple[Face, ...]:
    """All fonts in the order they are to be tried, East Asian characters in the forms of `language`."""
    files = {path.name: path for package in packages for path in _list_files(package)}
    names = [name for name in _FIRST_FILES if name in files]
    if _COLLECTION in files:
        names.append(_COLLECTION)
    skipped = {*names, *_LAST_FILES}
    names += sorted(name for name in files if name not in skipped and "Italic" not in name)
    names += [name for name in _LAST_FILES if name in files]
    index = _EAST_ASIAN_FACES[language]
    faces = [Face(str(files[name]), index if name == _COLLECTION else 0) for name in names]
    return (*faces, PILLOW_FACE)


def _list_files(package: str) -> list[Path]:
    """The font files of a package, none where it is not installed."""
    spec = find_spec(package)
    folders = spec.submodule_search_locations if spec else None
    return [
        path for folder in folders or [] for path in Path(folder).iterdir() if path.suffix in {".ttf", ".ttc"}
    ]


@lru_cache(maxsize=256)
def load_font(face: Face, size: float) -> ImageFont.FreeTypeFont:
    """A font at a size in pixels, a little bolder than regular where it can be."""
    if not face.path:
        return _load_pillow_font(size)
    font = ImageFont.truetype(face.path, size, face.index)
    with suppress(OSError):
        # A font without weights stays as it is.
        font.set_variation_by_axes([_WEIGHT])
    return font


def _load_pillow_font(size: float) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        # Its wheels bring FreeType; only a Pillow built without it lands here.
        raise TypeError("The emulator's drawings need a Pillow with FreeType.")
    return font


@cache
def _read_face(face: Face) -> Coverage:
    if face.path:
        return read_coverage(Path(face.path).read_bytes(), face.index)
    file = _load_pillow_font(10).path
    return read_coverage(file.getvalue() if isinstance(file, io.BytesIO) else Path(str(file)).read_bytes())
