"""Every error a client can be shown: status, type, codes and whether to try again."""

from collections.abc import Iterator

import pytest

from limner.errors import GatewayError, InternalError, RateLimited, UpstreamUnavailable

TABLE = {
    (400, "invalid_request_error"): {
        "invalid_json",
        "invalid_type",
        "missing_required_parameter",
        "unsupported_value",
        "unsupported_parameter",
        "model_not_priced",
        "conflicting_input",
        "image_fetch_failed",
        "image_not_found",
        "invalid_image",
        "invalid_idempotency_key",
        "context_length_exceeded",
        "content_policy_violation",
        "no_image_generated",
        "upstream_rejected",
    },
    (401, "invalid_request_error"): {"invalid_api_key"},
    (403, "permission_error"): {
        "model_not_allowed",
        "host_not_allowed",
        "invalid_link",
        "admin_key_required",
    },
    (404, "invalid_request_error"): {"model_not_found", "not_found"},
    (405, "invalid_request_error"): {"method_not_allowed"},
    (408, "invalid_request_error"): {"request_timeout"},
    (409, "invalid_request_error"): {"already_sent", "cancelled", "outcome_known"},
    (413, "invalid_request_error"): {"request_too_large"},
    (415, "invalid_request_error"): {"unsupported_media_type"},
    (416, "invalid_request_error"): {"range_not_satisfiable"},
    (422, "invalid_request_error"): {"idempotency_key_reused"},
    (429, "insufficient_quota"): {"insufficient_quota"},
    (429, "rate_limit_error"): {"rate_limit_exceeded"},
    (431, "invalid_request_error"): {"headers_too_large"},
    (500, "server_error"): {"internal_error"},
    (502, "upstream_error"): {"upstream_unknown_outcome", "upstream_invalid_response", "upstream_error"},
    (503, "upstream_error"): {"upstream_overloaded", "upstream_unavailable", "upstream_auth"},
    (503, "server_error"): {"storage_unavailable", "shutting_down", "gateway_overloaded"},
    (504, "upstream_error"): {"upstream_timeout"},
}
"""The part of the contract's table that can be told so far."""

RETRIED = {
    "rate_limit_exceeded",
    "upstream_overloaded",
    "upstream_unavailable",
    "storage_unavailable",
    "shutting_down",
    "gateway_overloaded",
}


def subclasses(kind: type[GatewayError]) -> Iterator[type[GatewayError]]:
    for subclass in kind.__subclasses__():
        yield subclass
        yield from subclasses(subclass)


KINDS = sorted(subclasses(GatewayError), key=lambda kind: kind.__name__)
CASES = [(kind, code) for kind in KINDS for code in kind.codes]


def make(kind: type[GatewayError], code: str) -> GatewayError:
    return InternalError() if kind is InternalError else kind("why", code=code)


def test_the_table_is_complete() -> None:
    """Statuses, types and codes of all classes are the table's, no more and no less."""
    found: dict[tuple[int, str], set[str]] = {}
    for kind, code in CASES:
        found.setdefault((kind.status, kind.type), set()).add(code)
    assert found == TABLE


@pytest.mark.parametrize(("kind", "code"), CASES)
def test_each_code(kind: type[GatewayError], code: str) -> None:
    """An error carries its code, and is retried only where nothing was bought and a wait helps."""
    error = make(kind, code)
    assert (error.code, error.status, error.type, error.param) == (code, kind.status, kind.type, None)
    assert error.should_retry is (code in RETRIED)
    assert str(error) == error.message


@pytest.mark.parametrize(("kind", "code"), CASES)
def test_every_429_and_503_says_how_long_to_wait(kind: type[GatewayError], code: str) -> None:
    """These statuses always have a wait, others none unless given."""
    assert (make(kind, code).retry_after_seconds is not None) is (kind.status in {429, 503})


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not InternalError])
def test_the_first_code_is_the_usual_one(kind: type[GatewayError]) -> None:
    """Without a code the first counts; one of another class is a mistake in the program."""
    assert kind("why", param="a.b").code == kind.codes[0]
    assert kind("why", param="a.b").param == "a.b"
    with pytest.raises(ValueError, match="has no code"):
        kind("why", code="made_up")


@pytest.mark.parametrize(("seconds", "expected"), [(0, True), (60, True), (60.1, False)])
def test_long_waits_are_not_retried(seconds: float, expected: bool) -> None:
    """A wait of over a minute is not worth a client's automatic retry."""
    assert RateLimited("why", retry_after_seconds=seconds).should_retry is expected
    assert UpstreamUnavailable("why", retry_after_seconds=seconds).should_retry is expected


def test_the_internal_error_has_one_sentence() -> None:
    """A fault of the gateway tells nothing but where to look."""
    assert InternalError().message == (
        "The gateway failed. The request id in x-request-id finds the cause in its log."
    )


def test_every_error_has_a_docstring() -> None:
    """Each class says what it is for, and stands in the tree that the module draws."""
    tree = GatewayError.__init__.__globals__["__doc__"]
    for kind in KINDS:
        assert kind.__doc__
        assert f" {kind.__name__} " in tree
        assert f"{kind.__name__}{str(kind.status).rjust(25 - len(kind.__name__))}"[-3:] == str(kind.status)
