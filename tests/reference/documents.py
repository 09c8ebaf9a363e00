"""The gateway's document as a test reads it, and schemas of it made whole. Knows no gateway."""

from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from limner.reference.document import write_document
from limner.reference.operation import Language, Rules

Schema = dict[str, Any]
RULES = Rules(version="0")


def write(language: Language = "en") -> Schema:
    """Return the document."""
    return write_document(RULES, language)


def make_validator(document: Schema, schema: Schema) -> Draft202012Validator:
    """Return what validates by a schema of the document, whose references are followed."""
    resource = Resource.from_contents(document, default_specification=DRAFT202012)
    registry = Registry().with_resource("urn:document", resource)
    return Draft202012Validator(_point(schema), registry=registry)


def close(document: Schema, requests: frozenset[str]) -> Schema:
    """Return the document with every record of answers closed: what it does not name must not be there."""
    schemas = document["components"]["schemas"]
    closed = {
        name: schema
        if name in requests or "properties" not in schema or "allOf" in schema
        else {**schema, "additionalProperties": False}
        for name, schema in schemas.items()
    }
    return {**document, "components": {**document["components"], "schemas": closed}}


def find_answer(document: Schema, path: str, method: str, status: str) -> Schema:
    """Return the schema of an answer in JSON."""
    answer = document["paths"][path][method]["responses"][status]
    schema: Schema = answer["content"]["application/json"]["schema"]
    return schema


def _point(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {
            name: f"urn:document{value}" if name == "$ref" and isinstance(value, str) else _point(value)
            for name, value in schema.items()
        }
    return [_point(one) for one in schema] if isinstance(schema, list) else schema
