"""Errors in the document: which a door can answer, by status and class, and their schemas. Knows no door."""

from collections.abc import Iterable

from limner.errors import GatewayError, Unauthenticated
from limner.reference.error_words import ERROR_WORDS
from limner.reference.headers import GENERATION_ID, REPLAYED, REQUEST_ID, SHOULD_RETRY, refer
from limner.reference.operation import JSON, Language, Operation, Schema, Words

ANY_DOOR = (
    "unsupported_value",
    "host_not_allowed",
    "request_timeout",
    "headers_too_large",
    "internal_error",
)
"""What is refused before a door is asked, and what should never be."""

WITH_KEY = ("invalid_api_key", "storage_unavailable")
WITH_BODY = ("invalid_json", "invalid_type", "request_too_large", "unsupported_media_type")
BUYING = (
    *WITH_BODY,
    "missing_required_parameter",
    "unsupported_parameter",
    "model_not_priced",
    "image_fetch_failed",
    "image_not_found",
    "invalid_image",
    "invalid_idempotency_key",
    "context_length_exceeded",
    "content_policy_violation",
    "upstream_rejected",
    "model_not_allowed",
    "model_not_found",
    "idempotency_key_reused",
    "insufficient_quota",
    "rate_limit_exceeded",
    "upstream_unknown_outcome",
    "upstream_invalid_response",
    "upstream_error",
    "upstream_overloaded",
    "upstream_unavailable",
    "upstream_auth",
    "cancelled",
    "shutting_down",
    "gateway_overloaded",
    "upstream_timeout",
)
"""What a call that buys can end with, at whatever door."""

_RETRIED_STATUSES = (429, 503)
_GOOGLE_WORDS = Words(
    "An error in Gemini's form; the code is the `reason` in its details, in capitals.",
    "Gemini 格式的错误；错误代码是 details 中的 `reason`，大写。",
)
_GOOGLE_ERROR: Schema = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {
                "code": {"type": "integer"},
                "message": {"type": "string"},
                "status": {"type": "string"},
                "details": {"type": "array", "items": {"type": "object"}},
            },
            "required": ["code", "message", "status"],
        }
    },
    "required": ["error"],
}


def list_codes(operation: Operation) -> list[str]:
    """Return the codes that a door can answer, in the order of `errors`."""
    named = {*ANY_DOOR, *operation.codes, *(() if operation.is_open else WITH_KEY)}
    return [code for kind in GatewayError.__subclasses__() for code in kind.codes if code in named]


def write_error_schemas(language: Language) -> dict[str, Schema]:
    """Return a schema for each class of errors in OpenAI's form, and one for all of them in Gemini's."""
    own = {kind.__name__: _to_schema(kind, language) for kind in GatewayError.__subclasses__()}
    return {**own, "GoogleError": {"description": _GOOGLE_WORDS.say(language), **_GOOGLE_ERROR}}


def write_errors(operation: Operation, language: Language) -> dict[str, Schema]:
    """Return the answers to errors, by status."""
    codes = list_codes(operation)
    by_status: dict[int, list[type[GatewayError]]] = {}
    for kind in GatewayError.__subclasses__():
        if set(kind.codes) & set(codes):
            by_status.setdefault(kind.status, []).append(kind)
    return {
        str(status): _to_answer(operation, status, kinds, codes, language)
        for status, kinds in sorted(by_status.items())
    }


def _to_answer(
    operation: Operation, status: int, kinds: list[type[GatewayError]], codes: list[str], language: Language
) -> Schema:
    here = [code for kind in kinds for code in kind.codes if code in codes]
    names = [] if operation.error_form == "gemini" else [kind.__name__ for kind in kinds]
    if operation.error_form != "openai":
        names.append("GoogleError")
    schemas: list[Schema] = [{"$ref": f"#/components/schemas/{name}"} for name in names]
    headers = [REQUEST_ID, SHOULD_RETRY]
    if status in _RETRIED_STATUSES:
        headers += ["retry-after", "retry-after-ms"]
    if status == Unauthenticated.status:
        headers.append("www-authenticate")
    if operation.names_generation:
        headers += [GENERATION_ID, REPLAYED]
    return {
        "description": "\n".join(f"- `{code}`: {ERROR_WORDS[code].say(language)}" for code in here),
        "headers": refer(headers),
        "content": {JSON: {"schema": schemas[0] if len(schemas) == 1 else {"anyOf": schemas}}},
        "x-codes": here,
    }


def _to_schema(kind: type[GatewayError], language: Language) -> Schema:
    return {
        "allOf": [{"$ref": "#/components/schemas/ErrorAnswer"}],
        "description": "\n".join(f"- `{code}`: {ERROR_WORDS[code].say(language)}" for code in kind.codes),
        "properties": {
            "error": {
                "type": "object",
                "properties": {"type": {"const": kind.type}, "code": {"enum": list(kind.codes)}},
            }
        },
    }


def list_every_code() -> Iterable[str]:
    """Return all codes there are."""
    return (code for kind in GatewayError.__subclasses__() for code in kind.codes)
