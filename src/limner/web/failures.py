"""Turns errors into bodies and headers, in OpenAI's form or Gemini's: the one place that does. Knows no door."""

import math
from typing import Any

import msgspec
from starlette.responses import Response

from limner.errors import GatewayError
from limner.wire.openai import ErrorAnswer, ErrorBody

_GOOGLE_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    408: "DEADLINE_EXCEEDED",
    409: "ABORTED",
    413: "INVALID_ARGUMENT",
    415: "INVALID_ARGUMENT",
    416: "OUT_OF_RANGE",
    422: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    431: "INVALID_ARGUMENT",
    500: "INTERNAL",
    502: "UNKNOWN",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
"""Google's names (google/rpc/code.proto): 502 is the one that nobody knows what came of."""

_TYPES = "type.googleapis.com/google.rpc."


def to_error_body(error: GatewayError, generation_id: str | None = None) -> ErrorBody:
    """Return the inside of the answer to `error`."""
    return ErrorBody(
        message=error.message,
        type=error.type,
        param=error.param,
        code=error.code,
        generation_id=msgspec.UNSET if generation_id is None else generation_id,
    )


def to_google_error(error: GatewayError, generation_id: str | None = None) -> dict[str, Any]:
    """Return the answer to `error` in Gemini's form; our code stands in its details, as Google's reasons do."""
    metadata = {"param": error.param, "generation_id": generation_id}
    details: list[dict[str, Any]] = [
        {
            "@type": f"{_TYPES}ErrorInfo",
            "reason": error.code.upper(),
            "domain": "limner",
            "metadata": {name: value for name, value in metadata.items() if value is not None},
        }
    ]
    if error.retry_after_seconds is not None:
        delay = f"{math.ceil(error.retry_after_seconds)}s"
        details.append({"@type": f"{_TYPES}RetryInfo", "retryDelay": delay})
    status = _GOOGLE_STATUSES[error.status]
    return {"error": {"code": error.status, "message": error.message, "status": status, "details": details}}


def to_response(error: GatewayError, *, is_google: bool = False) -> Response:
    """Return the answer to `error`, in Gemini's form if `is_google`."""
    headers = {"x-should-retry": "true" if error.should_retry else "false"}
    if error.retry_after_seconds is not None:
        headers["retry-after"] = str(math.ceil(error.retry_after_seconds))
        headers["retry-after-ms"] = str(math.ceil(error.retry_after_seconds * 1000))
    if error.status == 401:
        headers["www-authenticate"] = "Bearer"
    body = to_google_error(error) if is_google else ErrorAnswer(to_error_body(error))
    return Response(
        msgspec.json.encode(body), status_code=error.status, headers=headers, media_type="application/json"
    )
