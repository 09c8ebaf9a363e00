"""Puts the OpenAPI document together: doors, records, errors, headers. Knows no door's code."""

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from limner.reference.codes import write_error_schemas, write_errors
from limner.reference.doors import TAGS, list_operations
from limner.reference.headers import REQUEST_ID, refer, write_headers
from limner.reference.operation import (
    JSON,
    Answer,
    Content,
    Language,
    Operation,
    Parameter,
    Rules,
    Schema,
    Words,
)
from limner.reference.records import write_schemas
from limner.wire.openai import ErrorAnswer

_SCHEMA = "#/components/schemas/"
_ABOUT = Words(
    "A gateway that lets any client of OpenAI's chat and images format, and of Gemini's own, draw with Google Gemini. Each picture "
    "is bought once, and none that is paid for is lost.\n\n"
    "Keys are sent as `Authorization: Bearer sk-…`; `x-goog-api-key` is taken too. A trailing slash and a missing `/v1` are "
    "forgiven.",
    "一个网关：任何使用 OpenAI 聊天与图片格式、或 Gemini 自有格式的客户端，都能用 Google Gemini 画图。每张图片只购买一次，付过费的图片不会丢失。\n\n"
    "密钥以 `Authorization: Bearer sk-…` 发送，也接受 `x-goog-api-key`。路径末尾的斜杠和缺少的 `/v1` 会被容忍。",
)
_BEARER = Words("A client key of this gateway.", "本网关的客户端密钥。")
_GOOGLE_KEY = Words(
    "The same key, as Google's clients send theirs.", "同一密钥，按 Google 客户端的方式发送。"
)
_SECURITY: list[dict[str, list[str]]] = [{"bearer": []}, {"googleKey": []}]


def write_document(rules: Rules, language: Language = "en") -> dict[str, Any]:
    """Return the document with its words in one language."""
    operations = list_operations(rules)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method] = _write_operation(operation, language)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Limner",
            "version": rules.version,
            "description": _ABOUT.say(language),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [
            {"name": tag.name, "x-title": tag.title.say(language), "description": tag.words.say(language)}
            for tag in TAGS
        ],
        "security": _SECURITY,
        "paths": paths,
        "components": {
            "schemas": {
                **write_schemas(*_list_records(operations), rules, language),
                **write_error_schemas(language),
            },
            "headers": write_headers(language),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": _BEARER.say(language)},
                "googleKey": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "x-goog-api-key",
                    "description": _GOOGLE_KEY.say(language),
                },
            },
        },
    }


def _list_records(operations: Iterable[Operation]) -> tuple[list[type[Struct]], list[type[Struct]]]:
    """Return the records of requests and those of answers."""
    asked: list[type[Struct]] = []
    answered: list[type[Struct]] = [ErrorAnswer]
    for operation in operations:
        asked.extend(record for content in operation.body for record in _find_records(content))
        for answer in operation.answers:
            answered.extend(record for content in answer.contents for record in _find_records(content))
    return asked, answered


def _find_records(content: Content) -> Iterator[type[Struct]]:
    yield from (record for record in (content.record, content.events, *content.others) if record is not None)


def _write_operation(operation: Operation, language: Language) -> dict[str, Any]:
    written: dict[str, Any] = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary.say(language),
        "description": operation.description.say(language),
    }
    if operation.is_open:
        written["security"] = []
    if operation.parameters:
        written["parameters"] = [_write_parameter(parameter, language) for parameter in operation.parameters]
    if operation.body:
        written["requestBody"] = {
            "required": operation.is_body_required,
            "content": {content.media_type: _write_content(content, language) for content in operation.body},
        }
    answers = {str(answer.status): _write_answer(answer, language) for answer in operation.answers}
    written["responses"] = {**answers, **_without(write_errors(operation, language), answers)}
    return written


def _without(errors: dict[str, Schema], answers: dict[str, Any]) -> dict[str, Schema]:
    return {status: error for status, error in errors.items() if status not in answers}


def _write_parameter(parameter: Parameter, language: Language) -> dict[str, Any]:
    written: dict[str, Any] = {
        "name": parameter.name,
        "in": parameter.place,
        "description": parameter.words.say(language),
        "schema": parameter.schema,
    }
    if parameter.place == "path":
        written["required"] = True
    if parameter.is_map:
        written |= {"style": "deepObject", "explode": True}
    if parameter.example is not None:
        written["example"] = parameter.example
    return written


def _write_answer(answer: Answer, language: Language) -> dict[str, Any]:
    written: dict[str, Any] = {
        "description": answer.words.say(language),
        "headers": refer((REQUEST_ID, *answer.headers)),
    }
    if answer.contents:
        written["content"] = {
            content.media_type: _write_content(content, language) for content in answer.contents
        }
    if answer.links:
        written["links"] = dict(answer.links)
    return written


def _write_content(content: Content, language: Language) -> dict[str, Any]:
    written: dict[str, Any] = {"schema": content.schema or _refer_to(content)}
    if content.events is not None:
        # What OpenAPI 3.2 writes as `itemSchema`; 3.1 knows no other place for it.
        written["schema"] = _describe_events(content.events, content.last_event)
    for name, examples in (("examples", content.examples), ("x-samples", content.samples)):
        if examples:
            written[name] = {
                key: {"summary": example.title.say(language), "value": example.value}
                for key, example in examples.items()
            }
    return written


def _describe_events(record: type[Struct], last: str | None) -> Schema:
    held = [{"$ref": f"{_SCHEMA}{one.__name__}"} for one in (record, ErrorAnswer)]
    data: Schema = {"type": "string", "contentMediaType": JSON, "contentSchema": {"anyOf": held}}
    if last is not None:
        data = {"anyOf": [{"const": last}, data]}
    return {"type": "object", "properties": {"data": data, "event": {"type": "string"}}, "required": ["data"]}


def _refer_to(content: Content) -> Schema:
    records = [record for record in (content.record, *content.others) if record is not None]
    found: list[Schema] = [{"$ref": f"{_SCHEMA}{record.__name__}"} for record in records]
    found += content.other_schemas
    return found[0] if len(found) == 1 else {"anyOf": found}
