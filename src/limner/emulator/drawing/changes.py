"""What the words of an instruction do to a picture's pixels: turns, light, colours. It must not know whole edits.

An instruction comes as English words, whatever language it was in: `make it blue`, `rotate 180`, `black and white`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from limner.emulator.drawing.brush import Colour
from limner.emulator.drawing.palette import COLOUR_WORDS, find_colour

_TURNS = frozenset(["rotate", "rotated", "rotation"])
# "Turn it blue" turns nothing: these do so only beside a direction.
_MAYBE_TURNS = frozenset(["turn", "turned"])
_DIRECTIONS = frozenset(
    [
        "90",
        "180",
        "270",
        "left",
        "right",
        "clockwise",
        "counterclockwise",
        "anticlockwise",
        "around",
        "upside",
        "sideways",
    ]
)
_LEFT = frozenset(["left", "270", "counterclockwise", "anticlockwise", "ccw", "counter"])
_GREY = frozenset(["grayscale", "greyscale", "monochrome", "desaturate", "colourless", "colorless"])
_TINT_SHARE = 0.75


@dataclass(frozen=True, slots=True)
class Change:
    """A change and the words that ask for it."""

    words: frozenset[str]
    apply: Callable[[Image.Image], Image.Image]


def _brighten(picture: Image.Image) -> Image.Image:
    return ImageEnhance.Brightness(picture).enhance(1.45)


def _darken(picture: Image.Image) -> Image.Image:
    return ImageEnhance.Brightness(picture).enhance(0.5)


def _blur(picture: Image.Image) -> Image.Image:
    return picture.filter(ImageFilter.GaussianBlur(min(picture.size) / 80))


def _sharpen(picture: Image.Image) -> Image.Image:
    radius = max(min(picture.size) / 250, 2)
    return picture.filter(ImageFilter.UnsharpMask(radius=radius, percent=260, threshold=2))


def _intensify(picture: Image.Image) -> Image.Image:
    return ImageEnhance.Color(ImageEnhance.Contrast(picture).enhance(1.4)).enhance(1.6)


def _crop(picture: Image.Image) -> Image.Image:
    """The middle of the picture, at the size of the whole."""
    return ImageOps.fit(picture, picture.size, Image.Resampling.BICUBIC, bleed=0.15)


_CHANGES = (
    Change(frozenset(["crop", "cropped", "zoom", "closer"]), _crop),
    Change(frozenset(["invert", "inverted", "negative"]), ImageOps.invert),
    Change(frozenset(["blur", "blurry", "blurred", "soften", "softer"]), _blur),
    Change(frozenset(["sharpen", "sharper", "sharp", "sharpened", "crisp", "crisper"]), _sharpen),
    Change(frozenset(["brighter", "lighter", "brighten", "lighten", "bright"]), _brighten),
    Change(frozenset(["darker", "darken", "dark", "dim", "night"]), _darken),
    Change(frozenset(["contrast", "vivid", "colourful", "colorful", "saturated"]), _intensify),
)


def find_turn(words: list[str]) -> int:
    """By how many degrees an instruction turns a picture, counter-clockwise as Pillow does; 0 for not at all."""
    said = set(words)
    asked = said & _TURNS or (said & _MAYBE_TURNS and said & _DIRECTIONS) or {"upside", "down"} <= said
    if not asked:
        return 0
    if said & {"180", "upside", "around"}:
        return 180
    return 90 if said & _LEFT else 270


def change_pixels(picture: Image.Image, words: list[str], *, tints: bool) -> Image.Image:
    """The picture after every change whose word is there, or the same object when none is.

    `tints` says whether a colour word means the picture, and not a thing to be added to it.
    """
    said = set(words)
    if said & {"mirror", "mirrored", "flip", "flipped"}:
        picture = ImageOps.flip(picture) if said & {"vertically", "vertical"} else ImageOps.mirror(picture)
    is_grey = bool(said & _GREY) or {"black", "white"} <= said
    if is_grey:
        picture = ImageOps.grayscale(picture).convert("RGB")
    for change in _CHANGES:
        if said & change.words:
            picture = change.apply(picture)
    colour = _find_tint(words)
    return _tint(picture, colour) if colour and tints and not is_grey else picture


def _find_tint(words: list[str]) -> Colour | None:
    """The colour to be given: the last one named, since `make the red fox blue` ends with what is wanted."""
    meant = {
        "sepia": "brown",
        "warmer": "amber",
        "warm": "amber",
        "cooler": "blue",
        "cool": "blue",
        "cold": "blue",
    }
    named = [meant.get(word, word) for word in words]
    return find_colour([word for word in reversed(named) if word in COLOUR_WORDS])


def _tint(picture: Image.Image, colour: Colour) -> Image.Image:
    tinted = ImageOps.colorize(ImageOps.grayscale(picture), "#0c0c14", "#fffdf5", mid=colour)
    return Image.blend(picture, tinted, _TINT_SHARE)
