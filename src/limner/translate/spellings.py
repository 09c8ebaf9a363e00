"""Finds ratio and size in whatever spelling a client uses. Knows the spellings, not what a model can draw.

A setting is given in one of three groups of places; the first place found wins, group before group:

1. an image config in Gemini's form, where OpenAI's, OpenRouter's, LiteLLM's and Google's users put it;
2. the fields of OpenAI's images API and their like at the top of the body;
3. what stands in the model's name, and a system message that is nothing but settings.

Facts (clients read 2026-11): new-api's users send `extra_body.google.image_config` as it is, the openai client
merges its `extra_body` into the root, OpenRouter's send `image_config`, LiteLLM's `imageConfig`; `image_size`
carries pixels or a ratio in the wild; TanStack joins both as `16:9_4K`; Antigravity's family puts both behind
the model's name; AiHubMix's clients send `aspect_ratio=16:9` as system message.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum, auto
from typing import Any

from msgspec import Struct

from limner.translate.shown import name_type, refuse_type

_ROOTS = (("extra_body", "google"), ("google",), (), ("extra_body",))
_CONTAINERS = ((), ("generationConfig",), ("generation_config",), ("config",))
_COMMON_NAME = "config"
"""A name that other programs use for other things: what is no object there is not meant for here."""

_CONFIG_NAMES = ("image_config", "imageConfig")

_UNSET_VALUES = frozenset({"", "auto", "default"})
_SIZES = {"512": "512", "512px": "512", "512p": "512", "0.5k": "512", "1k": "1K", "2k": "2K", "4k": "4K"}
_HIGH_QUALITY = frozenset({"hd", "high"})
_SIZES_AS_QUALITY = frozenset({"1k", "2k", "4k"})
_LEAST_PIXELS = 64
"""Two numbers from here on are pixels, below it a ratio."""

_PAIR = re.compile(r"(\d{1,5})\s*[:x*/-]\s*(\d{1,5})", re.IGNORECASE)
_PAIR_AND_SIZE = re.compile(r"(\d{1,2}[:x-]\d{1,2})[_\s-]([\w.]+)", re.IGNORECASE)
_SETTING_LINE = re.compile(
    r"\s*(aspect[_ ]?ratio|image[_ ]?size|size|resolution|quality)\s*([=:])\s*([\w:./-]+)\s*", re.IGNORECASE
)
_MAX_SETTING_TEXT = 500
"""A longer text is surely an instruction; nobody takes megabytes apart to find out."""


class Kind(Enum):
    """What a place may hold."""

    RATIO = auto()
    SIZE = auto()
    """A size; in the wild also pixels or a ratio."""
    QUALITY = auto()


class Given(Struct, frozen=True):
    """A value as it was given, and where."""

    param: str
    value: str
    kind: Kind


class Ratio(Struct, frozen=True):
    """A ratio such as `16:9`."""

    value: str


class Size(Struct, frozen=True):
    """A size as Gemini names it."""

    value: str


class Pixels(Struct, frozen=True):
    """A size in pixels."""

    width: int
    height: int


class HighQuality(Struct, frozen=True):
    """The better of what there is."""


Meaning = Ratio | Size | Pixels | HighQuality

_CONFIG_FIELDS = (
    ("aspect_ratio", Kind.RATIO),
    ("aspectRatio", Kind.RATIO),
    ("image_size", Kind.SIZE),
    ("imageSize", Kind.SIZE),
)
_TOP_FIELDS = (
    *_CONFIG_FIELDS,
    ("size", Kind.SIZE),
    ("resolution", Kind.SIZE),
    ("image_resolution", Kind.SIZE),
    ("quality", Kind.QUALITY),
)
_TEXT_KINDS = {"aspectratio": Kind.RATIO, "quality": Kind.QUALITY}


def find_given(
    fields: Mapping[str, Any], name_suffixes: Iterable[str], system_texts: Iterable[str]
) -> list[Given]:
    """Return all that is given in `fields`, the request's body, and beside it; what counts more comes first.

    Raises InvalidRequest for a value of a wrong type.
    """
    in_name = [
        Given("model", suffix, Kind.QUALITY if suffix in _HIGH_QUALITY else Kind.SIZE)
        for suffix in name_suffixes
    ]
    in_text = [given for text in system_texts for given in read_setting_text(text)]
    return [*_read_body(fields), *in_name, *in_text]


def read_setting_text(text: str) -> list[Given]:
    """Return the settings that `text` consists of, none if it says anything else.

    `size: large` may be meant for the model and is a setting only if it is understood; `size=large` is one.
    """
    if len(text) > _MAX_SETTING_TEXT:
        return []
    found: list[Given] = []
    for line in re.split(r"[\n,;]", text):
        match = _SETTING_LINE.fullmatch(line)
        if match is not None:
            name = re.sub(r"[_ ]", "", match[1].lower())
            found.append(Given("messages", match[3], _TEXT_KINDS.get(name, Kind.SIZE)))
        if line.strip() and (match is None or (match[2] == ":" and not read_meaning(found[-1]))):
            return []
    return found


def _read_body(fields: Mapping[str, Any]) -> Iterator[Given]:
    for container in _CONTAINERS:
        for root in _ROOTS:
            for name in _CONFIG_NAMES:
                yield from _read_object(fields, (*root, *container, name), _CONFIG_FIELDS)
    for root in _ROOTS[:2]:
        yield from _read_object(fields, root, _CONFIG_FIELDS)
    yield from _read_object(fields, (), _TOP_FIELDS)
    yield from _read_object(fields, ("extra_body",), _TOP_FIELDS)


def read_meaning(given: Given) -> list[Meaning] | None:
    """Return what a value means: nothing where it leaves the choice to the model, None where it is unknown."""
    value = given.value.strip().lower()
    if value in _UNSET_VALUES:
        return []
    if given.kind is Kind.QUALITY:
        return _read_quality(value)
    if given.kind is Kind.RATIO:
        return None if _PAIR.fullmatch(value) is None else [_read_ratio(value)]
    if value in _SIZES:
        return [Size(_SIZES[value])]
    if (joined := _PAIR_AND_SIZE.fullmatch(value)) is not None and joined[2] in _SIZES:
        return [_read_ratio(joined[1]), Size(_SIZES[joined[2]])]
    return None if _PAIR.fullmatch(value) is None else [_read_pair(value)]


def _read_quality(value: str) -> list[Meaning]:
    if value in _HIGH_QUALITY:
        return [HighQuality()]
    return [Size(_SIZES[value])] if value in _SIZES_AS_QUALITY else []


def _read_pair(value: str) -> Ratio | Pixels:
    first, second = _read_numbers(value)
    if first >= _LEAST_PIXELS and second >= _LEAST_PIXELS:
        return Pixels(first, second)
    return Ratio(f"{first}:{second}")


def _read_ratio(value: str) -> Ratio:
    first, second = _read_numbers(value)
    return Ratio(f"{first}:{second}")


def _read_numbers(value: str) -> tuple[int, int]:
    first, second = re.findall(r"\d+", value)
    return int(first), int(second)


def _read_object(
    fields: Mapping[str, Any], path: tuple[str, ...], names: Sequence[tuple[str, Kind]]
) -> Iterator[Given]:
    found: Any = fields
    for depth, key in enumerate(path):
        found = found.get(key)
        if found is None:
            return
        if not isinstance(found, dict):
            if key == _COMMON_NAME:
                return
            raise refuse_type(".".join(path[: depth + 1]), "an object", name_type(found))
    for name, kind in names:
        value = found.get(name)
        if value is None:
            continue
        param = ".".join((*path, name))
        if not isinstance(value, str):
            raise refuse_type(param, "a string", name_type(value))
        yield Given(param, value, kind)
