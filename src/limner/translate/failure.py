"""Turns Gemini's errors into the gateway's. Pure; the operator's troubles never become the client's.

Facts: forms and texts as recorded by Firebase's SDK tests and observed 2025-11 to 2026-10. A bad key is a
400; region and billing are 400 FAILED_PRECONDITION; a quota is a 429 whose wait stands in RetryInfo, never in
a Retry-After header; depleted credit is a 429 without details. A 502 comes from Google's front end in HTML
and says nothing of the work behind it; 499 and 504 may come after the work was done.
"""

import re
from typing import Any

import msgspec

from limner.errors import (
    GatewayError,
    InvalidRequest,
    NotFound,
    RateLimited,
    UpstreamFailure,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from limner.wire.gemini import ErrorStatus

MAX_BODY_BYTES = 256 * 1024
"""How much of an error body is read; real ones are below 8 KiB."""

_DEFAULT_WAIT_SECONDS = 30.0
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)s")
_SIGNATURE = re.compile(r"thought[ _]?signature", re.IGNORECASE)
_RETRY_IN = re.compile(r"retry in (\d+(?:\.\d+)?)s", re.IGNORECASE)
_SECRETS = re.compile(
    r"AIza[\w-]{10,}|[?&]key=[^\s&\"']+|ya29\.[\w.-]+|project(?:_number|s)?[:/]\s*[\w-]+", re.IGNORECASE
)
_NAME = re.compile(r"[A-Z][A-Z_]{2,50}")
_MAX_MESSAGE_CHARACTERS = 500


class _ErrorBody(msgspec.Struct):
    error: ErrorStatus


def read_error_body(body: bytes) -> ErrorStatus | None:
    """Return Google's error from an answer's body, plain or in a one-element array; None if there is none."""
    for shape in (_ErrorBody, list[_ErrorBody]):
        try:
            found: Any = msgspec.json.decode(body, type=shape)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        if isinstance(found, list):
            found = found[0] if found else None
        return found.error if found is not None else None
    return None


def to_gateway_error(status: int, error: ErrorStatus | None, model_id: str) -> GatewayError:
    """Return what a client is told of an upstream answer with `status` and Google's `error`."""
    message = (error.message if error is not None else None) or ""
    if status in {400, 413}:
        return _to_rejection(error, message)
    if status in {401, 402, 403}:
        return _to_auth_error()
    if status == 404:
        return NotFound(
            f"Gemini does not serve the model {model_id!r} to this gateway.",
            code="model_not_found",
            param="model",
        )
    if status == 429:
        return _to_rate_limit(error, message)
    return _to_breakdown(status)


def _to_breakdown(status: int) -> GatewayError:
    if status == 500:
        return UpstreamFailure("Gemini failed with an internal error.", code="upstream_error")
    if status == 503:
        return UpstreamUnavailable("Gemini is overloaded; nothing was bought. Try again shortly.")
    if 300 <= status < 400:
        return UpstreamFailure(
            f"The upstream answered with a redirect ({status}), which is not followed.",
            code="upstream_invalid_response",
        )
    told = f"The upstream answered {status}. The picture may have been bought; it is not asked for again."
    return UpstreamTimeout(told) if status in {408, 499, 504} else UpstreamFailure(told)


def _to_rejection(error: ErrorStatus | None, message: str) -> GatewayError:
    details = (error.details if error is not None else None) or ()
    is_key = "API key" in message or any(detail.get("reason") == "API_KEY_INVALID" for detail in details)
    if is_key or (error is not None and error.status == "FAILED_PRECONDITION"):
        return _to_auth_error()
    code = "context_length_exceeded" if "token count" in message else "upstream_rejected"
    return InvalidRequest(f"Gemini refused the request: {clean(message) or 'no reason given'}", code=code)


def _to_auth_error() -> GatewayError:
    return UpstreamUnavailable(
        "The gateway's own access to Gemini is refused (key, billing or region). Its operator has to act.",
        code="upstream_auth",
        retry_after_seconds=300,
    )


def _to_rate_limit(error: ErrorStatus | None, message: str) -> GatewayError:
    if "credits are depleted" in message:
        return _to_auth_error()
    return RateLimited(
        "Gemini's quota for this gateway is used up for now; nothing was bought.",
        retry_after_seconds=find_wait_seconds(error) or _DEFAULT_WAIT_SECONDS,
    )


def is_about_signature(error: GatewayError) -> bool:
    """Return whether Gemini refused a request for a thought signature that is missing, altered or another model's.

    It says so in several ways ("Image part is missing a thought_signature", "Thought signature is not valid.",
    "Corrupted thought signature."; reported 2025-11 to 2026-06), always with status 400, for which nothing is charged.
    """
    return error.code == "upstream_rejected" and _SIGNATURE.search(error.message) is not None


def name_reason(error: ErrorStatus | None) -> str | None:
    """Return Google's own name for what was wrong, such as API_KEY_INVALID or UNAVAILABLE: never a client's words."""
    details = (error.details if error is not None else None) or ()
    names = [detail.get("reason") for detail in details] + [error.status if error is not None else None]
    return next((name for name in names if isinstance(name, str) and _NAME.fullmatch(name)), None)


def find_wait_seconds(error: ErrorStatus | None) -> float | None:
    """Return how long Gemini asks to wait, or None if it does not say."""
    for detail in (error.details if error is not None else None) or ():
        delay = detail.get("retryDelay")
        if isinstance(delay, str) and (found := _SECONDS.fullmatch(delay)):
            return float(found[1])
    said = _RETRY_IN.search((error.message if error is not None else None) or "")
    return float(said[1]) if said else None


def clean(message: str) -> str:
    """Return Gemini's own words on one line, without keys and project names."""
    text = _SECRETS.sub("…", " ".join(message.split()))
    return text if len(text) <= _MAX_MESSAGE_CHARACTERS else f"{text[:_MAX_MESSAGE_CHARACTERS]}…"
