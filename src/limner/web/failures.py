"""Turns errors into bodies and headers: the one place that does. Knows no door."""

import math

import msgspec
from starlette.responses import Response

from limner.errors import GatewayError
from limner.wire.openai import ErrorAnswer, ErrorBody


def to_error_body(error: GatewayError, generation_id: str | None = None) -> ErrorBody:
    """Return the inside of the answer to `error`."""
    return ErrorBody(
        message=error.message,
        type=error.type,
        param=error.param,
        code=error.code,
        generation_id=msgspec.UNSET if generation_id is None else generation_id,
    )


def to_response(error: GatewayError) -> Response:
    """Return the answer to `error`."""
    headers = {"x-should-retry": "true" if error.should_retry else "false"}
    if error.retry_after_seconds is not None:
        headers["retry-after"] = str(math.ceil(error.retry_after_seconds))
        headers["retry-after-ms"] = str(math.ceil(error.retry_after_seconds * 1000))
    if error.status == 401:
        headers["www-authenticate"] = "Bearer"
    return Response(
        msgspec.json.encode(ErrorAnswer(to_error_body(error))),
        status_code=error.status,
        headers=headers,
        media_type="application/json",
    )
