"""Read a JSON body against the schema as Google's front end does: camelCase or snake_case in, camelCase out.

Every field that cannot be read is collected and refused in one 400. It must not know models or what a field is for.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from limner.emulator import schema
from limner.emulator.failures import bad_request
from limner.emulator.schema import Field

_TYPE_PREFIX = "type.googleapis.com/google.ai.generativelanguage"
_VERTEX_TYPE_PREFIX = "type.googleapis.com/google.cloud.aiplatform"


def read_payload(body: bytes, message: str, *, version: str, vertex: bool = False) -> dict[str, Any]:
    """The body as a message with camelCase names, upper-case enumeration values and lists where fields repeat.

    Raises `GoogleError` with Google's texts for JSON that cannot be parsed, unknown names and values of the wrong kind.
    """
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        start = body[:60].decode("utf-8", "replace")
        text = f"Invalid JSON payload received. Unexpected token.\n{start}\n^"
        raise bad_request([("", text)]) from None
    if not isinstance(value, dict):
        raise bad_request(
            [("", 'Invalid JSON payload received. Unknown name "": Root element must be a message.')],
        )
    reader = _Reader(version, vertex=vertex)
    read = reader.read_message(value, message, "")
    if reader.violations:
        raise bad_request(reader.violations)
    return read


class _Reader:
    """Walks one body and remembers what could not be read."""

    def __init__(self, version: str, *, vertex: bool) -> None:
        self.violations: list[tuple[str, str]] = []
        self._vertex = vertex
        self._type_prefix = f"{_VERTEX_TYPE_PREFIX if vertex else _TYPE_PREFIX}.{version}"

    def read_message(self, value: Mapping[str, Any], message: str, path: str) -> dict[str, Any]:
        fields = self._fields(message)
        read: dict[str, Any] = {}
        for name, inner in value.items():
            camel = _camel_case(name)
            field = fields.get(camel)
            if field is None:
                self._refuse_name(name, path)
            elif inner is not None:
                inner_path = f"{path}.{_snake_case(camel)}" if path else _snake_case(camel)
                read[camel] = self._read_field(inner, field, inner_path)
        return read

    def _fields(self, message: str) -> Mapping[str, Field]:
        fields = schema.MESSAGES.get(message, {})
        if not self._vertex:
            return fields
        lacking = schema.NOT_VERTEX_FIELDS.get(message, frozenset())
        kept = {name: field for name, field in fields.items() if name not in lacking}
        return {**kept, **schema.VERTEX_FIELDS.get(message, {})}

    def _read_field(self, value: Any, field: Field, path: str) -> Any:
        if not field.repeated:
            return self._read_value(value, field.kind, path)
        if not isinstance(value, list):
            # Google's parser takes a lone value where a field repeats; its own samples write `"parts": {"text": …}`.
            return [self._read_value(value, field.kind, path)]
        return [self._read_value(item, field.kind, f"{path}[{index}]") for index, item in enumerate(value)]

    def _read_value(self, value: Any, kind: str, path: str) -> Any:
        if kind == schema.ANY:
            return value
        if kind in schema.ENUMS:
            return self._read_enum(value, kind, path)
        if kind.startswith("TYPE_"):
            return self._read_scalar(value, kind, path)
        if isinstance(value, dict):
            return self.read_message(value, kind, path)
        return self._refuse_value(value, f"{self._type_prefix}.{kind}", path)

    def _read_enum(self, value: Any, kind: str, path: str) -> Any:
        # Google's own samples write "Image" and "High": case does not matter.
        if isinstance(value, str) and value.upper() in schema.ENUMS[kind]:
            return value.upper()
        return self._refuse_value(value, f"{self._type_prefix}.{kind}", path)

    def _read_scalar(self, value: Any, kind: str, path: str) -> Any:
        if kind in {schema.STRING, schema.BYTES} and isinstance(value, str):
            return value
        if kind == schema.BOOLEAN and isinstance(value, bool):
            return value
        if kind in {schema.INTEGER, schema.NUMBER}:
            number = _read_number(value)
            if number is not None and (kind == schema.NUMBER or number == int(number)):
                return int(number) if kind == schema.INTEGER else number
        return self._refuse_value(value, kind, path)

    def _refuse_name(self, name: str, path: str) -> None:
        place = f" at '{path}'" if path else ""
        text = f'Invalid JSON payload received. Unknown name "{name}"{place}: Cannot find field.'
        self.violations.append((path, text))

    def _refuse_value(self, value: Any, kind: str, path: str) -> None:
        shown = msgspec.json.encode(value).decode()
        self.violations.append((path, f"Invalid value at '{path}' ({kind}), {shown[:200]}"))


def _read_number(value: Any) -> float | None:
    """Protobuf's JSON form takes numbers as strings too."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _camel_case(name: str) -> str:
    return re.sub(r"_([a-z0-9])", lambda match: match.group(1).upper(), name)


def _snake_case(name: str) -> str:
    return re.sub(r"([A-Z])", lambda match: "_" + match.group(1).lower(), name)
