"""Gemini's errors as the gateway's: whose fault, what was bought, and no secret passed on."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limner.errors import GatewayError, RateLimited
from limner.translate.failure import clean, read_error_body, to_gateway_error
from limner.wire.gemini import ErrorStatus

KEY = "AIzaSyA0123456789abcdefghijklmnopqrstuvw"

API_KEY_INVALID = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
RETRY_INFO = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34s"}

CASES: list[tuple[int, dict[str, Any], tuple[int, str, bool]]] = [
    (
        400,
        {"status": "INVALID_ARGUMENT", "message": "API key not valid. Please pass a valid API key."},
        (503, "upstream_auth", False),
    ),
    (
        400,
        {"status": "INVALID_ARGUMENT", "message": "x", "details": [API_KEY_INVALID]},
        (503, "upstream_auth", False),
    ),
    (400, {"message": "API key expired. Please renew the API key."}, (503, "upstream_auth", False)),
    (
        400,
        {"status": "FAILED_PRECONDITION", "message": "User location is not supported for the API use."},
        (503, "upstream_auth", False),
    ),
    (401, {"status": "UNAUTHENTICATED"}, (503, "upstream_auth", False)),
    (403, {"message": "Your API key was reported as leaked."}, (503, "upstream_auth", False)),
    (
        403,
        {"message": "Generative Language API has not been used in project 5"},
        (503, "upstream_auth", False),
    ),
    (400, {"message": "Aspect ratio 1:4 is not supported for this model"}, (400, "upstream_rejected", False)),
    (
        400,
        {"message": "Image part is missing a thought_signature in content position 2"},
        (400, "upstream_rejected", False),
    ),
    (
        400,
        {
            "message": "The input token count (1196265) exceeds the maximum number of tokens allowed (1048575)."
        },
        (400, "context_length_exceeded", False),
    ),
    (413, {}, (400, "upstream_rejected", False)),
    (404, {"message": "models/X is not found for API version v1beta"}, (404, "model_not_found", False)),
    (429, {"message": "Your prepayment credits are depleted. Please go"}, (503, "upstream_auth", False)),
    (
        429,
        {"message": "You exceeded your current quota", "details": [RETRY_INFO]},
        (429, "rate_limit_exceeded", True),
    ),
    (429, {"message": "Resource exhausted."}, (429, "rate_limit_exceeded", True)),
    (500, {"message": "Internal error encountered."}, (502, "upstream_error", False)),
    (502, {}, (502, "upstream_unknown_outcome", False)),
    (503, {"message": "The model is overloaded."}, (503, "upstream_overloaded", True)),
    (504, {"message": "Deadline expired before operation could complete."}, (504, "upstream_timeout", False)),
    (499, {"message": "The operation was cancelled."}, (504, "upstream_timeout", False)),
    (408, {}, (504, "upstream_timeout", False)),
    (302, {}, (502, "upstream_invalid_response", False)),
    (418, {}, (502, "upstream_unknown_outcome", False)),
]


def told(http_status: int, /, **fields: Any) -> GatewayError:
    return to_gateway_error(http_status, ErrorStatus(**fields), "gemini-3-pro-image")


@pytest.mark.parametrize(("status", "fields", "expected"), CASES)
def test_documented_errors(status: int, fields: dict[str, Any], expected: tuple[int, str, bool]) -> None:
    """Each documented error has its status, code and retry rule."""
    error = told(status, **fields)
    assert (error.status, error.code, error.should_retry) == expected


def test_operators_troubles_are_not_the_clients() -> None:
    """What Gemini says of key, billing or region is not passed on."""
    for status, fields, (_, code, _) in CASES:
        if code == "upstream_auth":
            assert fields.get("message", "?") not in told(status, **fields).message


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ({"details": [{"links": []}, RETRY_INFO]}, 34),
        ({"details": [{"retryDelay": "34.286670503s"}]}, 34.286670503),
        ({"details": [{"retryDelay": 5}], "message": "Please retry in 12.5s."}, 12.5),
        ({"details": [{"retryDelay": "soon"}]}, 30),
        ({"message": "Resource exhausted."}, 30),
    ],
)
def test_the_wait_is_geminis(fields: dict[str, Any], seconds: float) -> None:
    """The wait stands in RetryInfo or in the message; without it half a minute is assumed."""
    assert told(429, **fields).retry_after_seconds == seconds


def test_a_long_wait_is_not_retried() -> None:
    """A wait of over a minute is told and not recommended."""
    assert told(429, details=[{"retryDelay": "60s"}]).should_retry
    error = told(429, details=[{"retryDelay": "61s"}])
    assert (error.should_retry, error.retry_after_seconds) == (False, 61)
    assert isinstance(error, RateLimited)


@pytest.mark.parametrize("is_array", [False, True])
def test_error_bodies(is_array: bool) -> None:
    """An error comes plain or in an array of one."""
    body: Any = {"error": {"code": 400, "message": "no", "status": "INVALID_ARGUMENT", "details": [{"a": 1}]}}
    found = read_error_body(json.dumps([body] if is_array else body).encode())
    assert found == ErrorStatus(400, "no", "INVALID_ARGUMENT", [{"a": 1}])


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"{}", b'{"error":"no"}', b'"\xff"', b"[" * 200_000, b'{"error":{"message":5}}'],
)
def test_other_bodies_hold_no_error(body: bytes) -> None:
    """HTML, garbage and other shapes hold no error of Google's."""
    assert read_error_body(body) is None


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("* two\n lines\t here ", "* two lines here"),
        (f"bad {KEY}.", "bad …."),
        (f"https://x/y?key={KEY}&a=b", "https://x/y…&a=b"),
        ("token ya29.a0Af_x-y used", "token … used"),
        ("on projects/my-project-5/locations", "on …/locations"),
        ("for project_number:123456", "for …"),
        ("x" * 600, "x" * 500 + "…"),
    ],
)
def test_messages_are_cleaned(message: str, expected: str) -> None:
    """Gemini's words are passed on in one line, cut, without keys and project names."""
    assert clean(message) == expected


@given(st.integers(100, 599), st.text(max_size=30), st.text(max_size=30))
@settings(max_examples=200)
def test_any_error_becomes_one_of_the_gateways(status: int, canonical: str, message: str) -> None:
    """Whatever status and words come, a GatewayError is told, and a secret in the words never is."""
    error = to_gateway_error(status, ErrorStatus(message=f"{message} {KEY}", status=canonical), "m")
    assert KEY not in error.message
    assert to_gateway_error(status, None, "m").status >= 400
