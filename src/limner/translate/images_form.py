"""Makes of a form's fields the object that the same request has as JSON. Pure; files are numbers here.

A form has texts only. What they stand for is told by their names: `n` is a number, `stream` a boolean, `google` an object,
`image` and `image[]` may come several times.

Facts (openai-python 3.54, openai-node 7.24, curl, 2026-11): several pictures come as `image[]`; what a client's `extra_body`
nests is named `google[image_config][aspect_ratio]`; Python's own `str` writes `True`.
"""

import re
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct

from limner.errors import InvalidRequest
from limner.translate.scanner import mark

PICTURE_FIELDS = frozenset({"image", "images", "mask", "markup"})
"""Where a file is a picture."""

_LISTS = frozenset({"image", "images"})
_INTEGERS = frozenset((
    "n", "output_compression", "partial_images", "frame_count", "frame_duration_ms", "seed", "max_output_tokens",
    "thinking_budget",
))  # fmt: skip
_NUMBERS = frozenset({"temperature", "top_p"})
_BOOLEANS = frozenset({"stream", "store", "include_thoughts"})
_OBJECTS = frozenset((
    "extra_body", "google", "limner", "metadata", "svg", "image_config", "imageConfig", "generationConfig",
    "generation_config", "config", "thinking_config", "safety_settings",
))  # fmt: skip
_SCALARS = _INTEGERS | _NUMBERS | _BOOLEANS
_WORDS = {"true": True, "1": True, "false": False, "0": False}
_TEXTS_WITHIN = frozenset({"metadata"})

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,18}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})")
_INDEX = re.compile(r"[0-9]{1,4}")
_MOST_STEPS = 10


class Upload(Struct, frozen=True):
    """A file of a form, by its number among them."""

    number: int


class _Node(dict[str, Any]):
    """What names with brackets build: an object, or an array if all its keys are numbers."""


def find_field(name: str) -> str:
    """Return the field that a name with brackets is about."""
    return name.partition("[")[0]


def to_fields(entries: Iterable[tuple[str, str | Upload]]) -> dict[str, Any]:
    """Return the fields of a form whose names and values are `entries`. Raises InvalidRequest.

    Of a name that comes several times the last counts, except where several are meant.
    """
    root = _Node()
    for name, value in entries:
        path = _read_name(name)
        if path[0] in PICTURE_FIELDS and value == "":  # a form's field that nobody has filled in
            continue
        _put(root, path, value if isinstance(value, Upload) else _read_value(path, value))
    return {name: _close(value) for name, value in root.items()}


def to_json(fields: dict[str, Any]) -> bytes:
    """Return fields as a client would send them; null stands for files."""
    return msgspec.json.encode(fields, enc_hook=lambda _: None)


def place_uploads(fields: Any, read: Any, first: int) -> Any:
    """Return what was read of `to_json(fields)`, with a mark for each file, the first of which has the number `first`."""
    if isinstance(fields, Upload):
        return mark(first + fields.number)
    if isinstance(fields, dict):
        return {name: place_uploads(value, read[name], first) for name, value in fields.items()}
    if isinstance(fields, list):
        return [place_uploads(value, found, first) for value, found in zip(fields, read, strict=True)]
    return read


def _read_name(name: str) -> list[str]:
    found = _NAME.fullmatch(name)
    if found is None:
        return [name]
    path = [found[1], *re.findall(r"\[([^\[\]]*)\]", found[2])]
    if len(path) > _MOST_STEPS:
        raise InvalidRequest(f"The form nests deeper than {_MOST_STEPS} levels.")
    if len(path) == 1 and path[0] in _LISTS:
        path.append("")
    return path


def _read_value(path: list[str], text: str) -> Any:
    """Return what a text stands for; itself if it does not look so, which is then of a wrong type."""
    name = next((step for step in reversed(path) if step and not _INDEX.fullmatch(step)), path[0])
    if path[0] in _TEXTS_WITHIN and len(path) > 1:
        return text
    if (name in _OBJECTS or path[0] in PICTURE_FIELDS) and text.lstrip()[:1] in {"{", "["}:
        return _read_object(text)
    if name in _SCALARS or name in _OBJECTS:
        return _read_scalar(name, text.strip()) if text.strip() else None
    return text


def _read_scalar(name: str, text: str) -> int | float | bool | str:
    if name in _INTEGERS and _INTEGER.fullmatch(text):
        return int(text)
    if name in _NUMBERS and _NUMBER.fullmatch(text):
        return float(text)
    return _WORDS.get(text.lower(), text) if name in _BOOLEANS else text


def _read_object(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return text


def _put(node: dict[str, Any], path: list[str], value: Any) -> None:
    for step in path[:-1]:
        key = step or _next_key(node)
        if not isinstance(node.get(key), dict):
            node[key] = _Node()
        node = node[key]
    node[path[-1] or _next_key(node)] = value


def _next_key(node: dict[str, Any]) -> str:
    return str(1 + max((int(key) for key in node if _INDEX.fullmatch(key)), default=-1))


def _close(value: Any) -> Any:
    if not isinstance(value, _Node):
        return value
    if all(_INDEX.fullmatch(key) for key in value):
        return [_close(value[key]) for key in sorted(value, key=int)]
    return {key: _close(inner) for key, inner in value.items()}
