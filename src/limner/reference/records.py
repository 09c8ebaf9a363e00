"""Schemas of records, made from the records themselves. Knows no door.

Requests are open: unknown fields are ignored, so a schema lets them be. Of an answer every field that is always there is
required, also those that a record can leave to their defaults.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Struct, UnsetType, inspect

from limner.reference.exact import list_added, list_exact, list_named
from limner.reference.field_words import FIELD_WORDS, RECORD_WORDS
from limner.reference.operation import Language, Rules, Schema, Words

TEMPLATE = "#/components/schemas/{name}"


def write_schemas(
    requests: Iterable[type[Struct]], answers: Iterable[type[Struct]], rules: Rules, language: Language
) -> dict[str, Schema]:
    """Return the schemas of the records and of all that is in them, by name."""
    added = list_added(rules)
    answered = find_records(answers)
    asked = [record for record in find_records(requests) if record not in answered]
    records = [*asked, *answered]
    references, components = msgspec.json.schema_components(records, ref_template=TEMPLATE)
    names = [reference["$ref"].rpartition("/")[2] for reference in references]
    exact = list_exact(rules)
    for record, name in zip(records, names, strict=True):
        schema = components[name]
        _drop_internal_words(schema)
        for field, found in [*exact.get(record, {}).items(), *added.get(record, {}).items()]:
            schema["properties"][field] = dict(found)
        if record in answered:
            schema["required"] = list(_list_always_there(record))
        _describe(schema, record, language)
    return {**{name: components[name] for name in names}, **list_named(language)}


def find_records(roots: Iterable[type[Struct]]) -> list[type[Struct]]:
    """Return the records and all that are in their fields, each once."""
    found: dict[type[Struct], None] = {}
    waiting = list(roots)
    while waiting:
        record = waiting.pop(0)
        if record in found:
            continue
        found[record] = None
        info = inspect.type_info(record)
        waiting.extend(_find_inside(info, record))
    return list(found)


def _find_inside(node: Any, outer: type[Struct]) -> Iterator[type[Struct]]:
    if isinstance(node, inspect.StructType) and node.cls is not outer:
        yield node.cls
        return
    if isinstance(node, Struct):
        for name in node.__struct_fields__:
            yield from _find_inside(getattr(node, name), outer)
    elif isinstance(node, tuple):
        for item in node:
            yield from _find_inside(item, outer)


def _list_always_there(record: type[Struct]) -> Iterator[str]:
    info = inspect.type_info(record)
    assert isinstance(info, inspect.StructType)  # noqa: S101 - that is what a record is
    if info.tag_field is not None:
        yield info.tag_field
    for field in msgspec.structs.fields(record):
        if not _can_be_unset(field.type):
            yield field.encode_name


def _can_be_unset(kind: Any) -> bool:
    return kind is UnsetType or UnsetType in getattr(kind, "__args__", ())


def _drop_internal_words(schema: Any) -> None:
    """Take out docstrings, which speak to whoever reads the code, and defaults, which here only say 'absent'."""
    if isinstance(schema, dict):
        properties = schema.get("properties")
        for name in ("title", "description", "default"):
            if not isinstance(schema.get(name), dict):
                schema.pop(name, None)
        for inner in [*(properties or {}).values(), *(v for k, v in schema.items() if k != "properties")]:
            _drop_internal_words(inner)
        if schema.get("required") == []:
            del schema["required"]
    elif isinstance(schema, list):
        for inner in schema:
            _drop_internal_words(inner)


def _describe(schema: Schema, record: type[Struct], language: Language) -> None:
    words = RECORD_WORDS.get(record)
    if words is not None:
        schema["description"] = Words(*words).say(language)
    for field, said in FIELD_WORDS.get(record, {}).items():
        old = schema["properties"][field]
        schema["properties"][field] = {"description": Words(*said).say(language), **old}
