"""Reads a client's JSON body: bytes in any cut go in, pictures pass, a small object comes out.

What follows `;base64,` in any string, `inlineData.data` and its like, and what begins as a picture's base64 where a
picture is named, are pictures on their way to a spool; in the object a mark stands for each (`scanner.mark`). So a body
of 100 MB is never held, let alone twice. Knows no network.

Errors name fields by dotted path, as OpenAI does: `messages[0].content`.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import msgspec

from limner.errors import InvalidRequest, NotFound, RequestTooLarge
from limner.translate.passing import Long
from limner.translate.scanner import (
    ARRAY,
    JsonScanner,
    LongBegins,
    LongBytes,
    LongEnds,
    MalformedJson,
    SkeletonTooLarge,
)
from limner.translate.shown import TYPE_NAMES, name_type, refuse_type

MAX_TEXT_BYTES = 4 * 1024 * 1024
"""Everything in a request besides pictures; the longest prompt a picture model takes is under 1 MiB."""

_PICTURE_FIELDS = frozenset(
    (
        "url",
        "image_url",
        "image",
        "images",
        "mask",
        "markup",
        "source",
        "file_data",
        "file_url",
        "data",
        "b64_json",
    )
)
"""Fields that hold a data URI, a link or bare base64, and nothing else, where they name a picture."""

_BLOBS = frozenset({"inlineData", "inline_data"})
"""Objects whose `data` is base64 whatever it begins with."""

_SIGNATURES = frozenset(
    ("signature", "thought_signature", "thought_signatures", "thoughtSignature", "encrypted_content")
)
"""Fields in which clients send back thought signatures, of which only this gateway's own references are read."""

_MAX_NAME_CHARACTERS = 200
"""The name stands in every chunk of a stream, whose lines are short."""

Record = TypeVar("Record")
_AT_PATH = re.compile(r" - at `(?:key in )?\$\.?([^`]*)`$")
_MISSING = re.compile(r"missing required field `([^`]*)`")
_EXPECTED = re.compile(r"Expected `([^`]*)`, got `([^`]*)`")


class BodyReader:
    """Reads one body. `feed` it what comes, then take the object from `close`."""

    def __init__(self, passes: Callable[[Sequence[str]], Long] | None = None) -> None:
        """`passes` says of a string's path how much of it passes; if not given, where clients of OpenAI put pictures."""
        self._scanner = JsonScanner(max_skeleton_bytes=MAX_TEXT_BYTES, passes=passes or _passes)

    def feed(self, data: bytes) -> Iterator[LongBegins | LongBytes | LongEnds]:
        """Yield the pictures that pass in the next bytes. Raises InvalidRequest or RequestTooLarge."""
        try:
            for token in self._scanner.feed(data):
                if isinstance(token, LongBegins | LongBytes | LongEnds):
                    yield token
        except SkeletonTooLarge as error:
            raise RequestTooLarge(
                f"The request holds more than {MAX_TEXT_BYTES} bytes of text besides its pictures."
            ) from error
        except MalformedJson as error:
            raise InvalidRequest(f"The request body is not valid JSON: {error}.") from error

    def close(self) -> dict[str, Any]:
        """Return the object that was read. Raises InvalidRequest."""
        if self._scanner.is_open:
            raise InvalidRequest("The request body is not valid JSON: it stops in the middle.")
        try:
            body = msgspec.json.decode(self._scanner.skeleton)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:  # its positions would be the skeleton's
            raise InvalidRequest("The request body is not valid JSON.") from error
        if not isinstance(body, dict):
            raise InvalidRequest("The request body must be a JSON object.", code="invalid_type")
        return body


def read_model_name(body: dict[str, Any]) -> str:
    """Return the model asked for. Raises InvalidRequest where there is none, NotFound where it is no name."""
    name = body.get("model")
    if name is None or name == "":
        raise InvalidRequest("The request names no model.", code="missing_required_parameter", param="model")
    if not isinstance(name, str):
        raise refuse_type("model", "a string", name_type(name))
    if len(name) > _MAX_NAME_CHARACTERS:
        raise NotFound(
            f"There is no model with a name of {len(name)} characters here.",
            code="model_not_found",
            param="model",
        )
    return name


def to_record(body: dict[str, Any], record: type[Record]) -> Record:
    """Return `body` as `record`. Raises InvalidRequest naming the field of a wrong type."""
    try:
        return msgspec.convert(body, record)
    except msgspec.ValidationError as error:
        raise _to_type_error(str(error)) from error


def _to_type_error(message: str) -> InvalidRequest:
    path = _AT_PATH.search(message)
    param = path[1] if path and path[1] else None
    expected = _EXPECTED.search(message)
    if expected is None:
        missing = _MISSING.search(message)
        param = ".".join(filter(None, (param, missing[1] if missing else None)))
        said = "is missing" if missing else "is not usable"
        return InvalidRequest(f"{param!r} {said}.", code="invalid_type", param=param)
    wanted = " or ".join(TYPE_NAMES.get(name, name) for name in expected[1].split(" | ") if name != "null")
    got = TYPE_NAMES.get(expected[2], expected[2])
    return refuse_type(param, wanted, got)


def _passes(path: Sequence[str]) -> Long:
    if not path or path[0] == "metadata":
        return Long.IN_TEXT
    named = [name for name in path if name != ARRAY]
    field, above = named[-1] if named else "", named[-2] if len(named) > 1 else ""
    if field == "data" and above in _BLOBS:
        return Long.WHOLE
    if field in _SIGNATURES or (field == "data" and above == "reasoning_details"):
        return Long.IF_SHORT
    return Long.BY_HEAD if field in _PICTURE_FIELDS else Long.IN_TEXT
