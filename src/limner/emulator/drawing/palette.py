"""Colours: palettes by mood, and the colour words of a prompt. It must not know shapes."""

import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from limner.emulator.drawing.brush import Colour


def _read_colour(text: str) -> Colour:
    red, green, blue = bytes.fromhex(text)
    return red, green, blue


@dataclass(frozen=True, slots=True)
class Palette:
    """Sky from top to horizon, land from far to near, one colour that stands out, one of light."""

    sky: tuple[Colour, Colour, Colour]
    far: Colour
    middle: Colour
    near: Colour
    accent: Colour
    light: Colour
    dark: bool = False


def _palette(colours: str, *, dark: bool = False) -> Palette:
    top, mid, low, far, middle, near, accent, light = map(_read_colour, colours.split())
    return Palette((top, mid, low), far, middle, near, accent, light, dark)


PALETTES: Mapping[str, Palette] = {
    "noon": _palette("2f80c9 79b8e8 e3f2f7 8fb3c9 4f9a76 2c6b4f f2b134 fff6d6"),
    "dawn": _palette("5b6fb5 e59fb0 ffdcb0 b38fae 75698f 433f66 ff8f6b fff0cf"),
    "sunset": _palette("3b2a6b d9587a ffb25e 8a4a7d 5b3168 2d1b40 ffcf56 ffe9b0"),
    "night": _palette("070b26 16245a 3a4f8f 24315f 172147 0b1130 f4c95d fdf6dc", dark=True),
    "aurora": _palette("06182c 0d4a58 3fb28f 1c4a5e 11344a 081d2e 8ef0c0 e6fff2", dark=True),
    "desert": _palette("4fa0c0 f0cf9b fbe6c2 d99a62 c1743f 8a4a2a d94f30 fff3d8"),
    "forest": _palette("6fa99a bfd8b8 f2efcf 7fa68a 3f7a5a 1f4a3a e8a33d fdf7df"),
    "ocean": _palette("0f5f8c 3fa7c4 cdeff0 4c8fae 1f6f8b 0d4560 ff8a5b fffbe8"),
    "rose": _palette("c45b84 f3a6b5 fde6e1 c98aa6 95597f 5c3357 ffd166 fff4f0"),
    "lavender": _palette("5a4fa0 a493d6 efe3f7 9a8cc4 6a5aa0 3d3370 f7b267 fffaf0"),
    "autumn": _palette("6d8ea0 e8c48a fbecc8 c98a55 a85a33 5f2f22 d8392b fff2cf"),
    "snow": _palette("7fa5c9 c7dcec f7fbff a9c2d8 d5e4ef f4f9fd d9534f ffffff"),
    "neon": _palette("120a2e 4a1470 c0307f 3a1660 250d45 120726 27e0e0 ffd9f5", dark=True),
}

_MOODS: Mapping[str, Collection[str]] = {
    "night": [
        "night",
        "midnight",
        "moon",
        "moonlit",
        "stars",
        "starry",
        "space",
        "galaxy",
        "cosmos",
        "astronaut",
        "rocket",
        "planet",
        "dark",
    ],
    "aurora": ["aurora", "northern", "borealis", "arctic"],
    "neon": ["neon", "cyberpunk", "synthwave", "futuristic", "vaporwave", "hologram"],
    "sunset": ["sunset", "dusk", "evening", "twilight"],
    "dawn": ["dawn", "sunrise", "morning"],
    "snow": ["snow", "snowy", "winter", "ice", "icy", "glacier", "christmas"],
    "desert": ["desert", "dune", "dunes", "sahara", "canyon", "cactus", "camel"],
    "autumn": ["autumn", "fall", "october", "pumpkin"],
    "ocean": ["sea", "ocean", "beach", "lake", "underwater", "wave", "waves", "river", "fish", "whale"],
    "forest": ["forest", "woods", "jungle", "garden", "park"],
    "rose": ["love", "valentine", "blossom", "spring", "romantic"],
    "noon": ["noon", "day", "sunny", "summer"],
}

COLOUR_WORDS: Mapping[str, Colour] = {
    name: _read_colour(value)
    for name, value in (
        pair.split("=")
        for pair in [
            "red=d8392b",
            "crimson=b5173a",
            "scarlet=e0301e",
            "orange=f08a24",
            "amber=f5a623",
            "yellow=f7cf46",
            "golden=e8b23a",
            "gold=e8b23a",
            "green=3f9a5a",
            "emerald=1f9d6b",
            "lime=a4d63f",
            "olive=7f8a3a",
            "teal=1f8f8f",
            "turquoise=35c2c1",
            "cyan=35c8e0",
            "blue=2f6fd0",
            "navy=1f3a7a",
            "indigo=4b3fa0",
            "violet=7f4fc9",
            "purple=8240b0",
            "magenta=d13fa0",
            "pink=f28fb5",
            "rose=e86a8f",
            "brown=8a5a36",
            "beige=dcc7a0",
            "tan=c9a06f",
            "white=f7f5ef",
            "ivory=f5efdc",
            "black=2a2a30",
            "gray=8c9096",
            "grey=8c9096",
            "silver=bcc3ca",
        ]
    )
}


def choose_palette(words: Collection[str], chance: random.Random) -> Palette:
    """The palette of the first mood a prompt names, else any of the daylight ones."""
    for mood, names in _MOODS.items():
        if not set(names).isdisjoint(words):
            return PALETTES[mood]
    return PALETTES[
        chance.choice(["noon", "dawn", "sunset", "lavender", "rose", "forest", "ocean", "autumn"])
    ]


def find_colour(words: list[str]) -> Colour | None:
    """The first colour word's colour."""
    return next((COLOUR_WORDS[word] for word in words if word in COLOUR_WORDS), None)
