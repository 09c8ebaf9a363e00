"""What a text model says: deterministic words that show prompt and pictures, or JSON in the form that was asked for.

It must not know HTTP, usage or streams.
"""

import json
from typing import Any

from limner.emulator.call import Call

_CHARACTERS_PER_TOKEN = 4
_DEEPEST = 20
"""Levels of a schema that refers to itself."""


def speak(call: Call, thought_tokens: int) -> tuple[str, str]:
    """The text of the answer and its finish reason. Thoughts use up the limit first."""
    text = _write_json(call) if call.settings.wants_json else _write_prose(call)
    for sequence in call.settings.stop_sequences:
        text = text.partition(sequence)[0]
    limit = call.settings.max_output_tokens
    if limit is None:
        return text, "STOP"
    room = max(0, limit - thought_tokens) * _CHARACTERS_PER_TOKEN
    return (text, "STOP") if len(text) <= room else (text[:room], "MAX_TOKENS")


def _write_prose(call: Call) -> str:
    asked = " ".join(call.prompt.split()) or "nothing"
    seen = {0: "no picture", 1: "1 picture"}.get(call.picture_count, f"{call.picture_count} pictures")
    ruled = f" I keep to what I was told: {call.system}." if call.system else ""
    return (
        f"You asked: {asked}\n\nI see {seen}.{ruled} This answer is made up by an emulator, word by word the same "
        "each time, so that whoever reads it can tell what was asked."
    )


def _write_json(call: Call) -> str:
    schema = call.settings.response_schema
    if schema is None:
        return json.dumps({"prompt": call.prompt, "pictures": call.picture_count}, ensure_ascii=False)
    return json.dumps(_fill(schema, schema, call, 0), ensure_ascii=False)


def _fill(schema: Any, root: Any, call: Call, depth: int) -> Any:
    """A value that satisfies a schema of the common kinds."""
    if not isinstance(schema, dict) or depth > _DEEPEST:
        return None
    if "$ref" in schema:
        return _fill(_resolve(schema["$ref"], root), root, call, depth + 1)
    if "const" in schema or schema.get("enum"):
        return schema.get("const", schema.get("enum", [None])[0])
    chosen = next((schema[name] for name in ("anyOf", "oneOf", "allOf") if schema.get(name)), None)
    if chosen is not None:
        return _fill(chosen[0], root, call, depth + 1)
    return _fill_kind(schema, root, call, depth)


def _fill_kind(schema: dict[str, Any], root: Any, call: Call, depth: int) -> Any:
    kinds = schema.get("type", "object" if "properties" in schema else "string")
    kind = str(kinds[0] if isinstance(kinds, list) else kinds).lower()
    if kind == "object":
        properties = schema.get("properties", {})
        return {name: _fill(inner, root, call, depth + 1) for name, inner in properties.items()}
    if kind == "array":
        return [_fill(schema.get("items", {"type": "string"}), root, call, depth + 1)]
    scalars = {
        "integer": call.picture_count,
        "number": call.picture_count + 0.5,
        "boolean": True,
        "null": None,
    }
    return scalars.get(kind, call.prompt)


def _resolve(reference: str, root: Any) -> Any:
    found = root
    for name in reference.removeprefix("#/").split("/"):
        found = found.get(name) if isinstance(found, dict) else None
    return found
