"""Checks the contents of a request in Gemini's own format, in Gemini's own words. Pure.

What is checked is what this gateway reads: turns, their roles and parts, and what a part holds. All else is Gemini's to judge,
which costs nothing.

Facts: texts of refusals as observed 2026-09; a lone object is taken where a list of them is meant (Google's own samples).
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from limner.errors import InvalidRequest

_SHOWN_BYTES = 100
_PROMPTS = ("contents", "system_instruction")
"""Where a prompt stands, which no message repeats."""
_ROLES = frozenset({"", "user", "model", "function"})


def get_field(fields: Mapping[str, Any], name: str) -> Any:
    """Return a field by its camelCase name, in either spelling; None if it is absent or null."""
    value = fields.get(name)
    return fields.get(to_snake_case(name)) if value is None else value


def to_snake_case(name: str) -> str:
    """Return the other spelling of a camelCase name."""
    return "".join(f"_{sign.lower()}" if sign.isupper() else sign for sign in name)


def refuse_kind(path: str, kind: str, value: Any) -> InvalidRequest:
    """Return the refusal of a field of a wrong type; `kind` is Google's name of the right one."""
    shown = msgspec.json.encode(value)[:_SHOWN_BYTES].decode("utf-8", "replace")
    if path.startswith(_PROMPTS) and isinstance(value, str | list | dict):
        shown = {str: '"…"', list: "[…]", dict: "{…}"}[type(value)]
    return InvalidRequest(f"Invalid value at '{path}' ({kind}), {shown}", code="invalid_type", param=path)


def read_object(value: Any, path: str, kind: str) -> dict[str, Any]:
    """Return an object that may be absent. Raises InvalidRequest."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise refuse_kind(path, kind, value)
    return value


def read_list(value: Any) -> list[Any]:
    """Return a list that may be absent or a lone value."""
    return value if isinstance(value, list) else [] if value is None else [value]


def check_contents(fields: Mapping[str, Any]) -> None:
    """Return if there are contents that can be read. Raises InvalidRequest."""
    contents = read_list(fields.get("contents"))
    if not contents:
        raise InvalidRequest(
            "* GenerateContentRequest.contents: contents is not specified\n",
            code="missing_required_parameter",
            param="contents",
        )
    for index, content in enumerate(contents):
        _check_content(content, f"contents[{index}]")
    system = get_field(fields, "systemInstruction")
    if system is not None:
        _check_content(system, "system_instruction", is_system=True)


def list_parts(fields: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield all parts of contents that were checked."""
    for content in read_list(fields.get("contents")):
        yield from read_list(content.get("parts"))


def find_prompt(fields: Mapping[str, Any]) -> str:
    """Return the words of the last turn of the user's that has any, of contents that were checked."""
    for content in reversed(read_list(fields.get("contents"))):
        texts = [part.get("text") or "" for part in read_list(content.get("parts"))]
        words = "\n".join(text.strip() for text in texts if text.strip())
        if words and content.get("role") != "model":
            return words
    return ""


def _check_content(content: Any, path: str, *, is_system: bool = False) -> None:
    content = read_object(content, path, "type.googleapis.com/google.ai.generativelanguage.v1beta.Content")
    role = content.get("role")
    if role is not None and not isinstance(role, str):
        raise refuse_kind(f"{path}.role", "TYPE_STRING", role)
    if not is_system and (role or "") not in _ROLES:
        raise InvalidRequest(
            "Please use a valid role: user, model.", code="unsupported_value", param=f"{path}.role"
        )
    parts = read_list(content.get("parts"))
    if not parts and not is_system:
        raise InvalidRequest(
            "Request has empty input.", code="missing_required_parameter", param=f"{path}.parts"
        )
    for index, part in enumerate(parts):
        _check_part(part, f"{path}.parts[{index}]")


def _check_part(part: Any, path: str) -> None:
    if not isinstance(part, dict):
        raise refuse_kind(path, "type.googleapis.com/google.ai.generativelanguage.v1beta.Part", part)
    _check_string(part, "text", path)
    _check_string(part, "thoughtSignature", path, kind="TYPE_BYTES")
    blob = get_field(part, "inlineData")
    if blob is not None:
        inside = f"{path}.inline_data"
        blob = read_object(blob, inside, "type.googleapis.com/google.ai.generativelanguage.v1beta.Blob")
        _check_string(blob, "mimeType", inside)
        _check_string(blob, "data", inside, kind="TYPE_BYTES")


def _check_string(fields: Mapping[str, Any], name: str, path: str, *, kind: str = "TYPE_STRING") -> None:
    value = get_field(fields, name)
    if value is not None and not isinstance(value, str):
        raise refuse_kind(f"{path}.{to_snake_case(name)}", kind, value)
