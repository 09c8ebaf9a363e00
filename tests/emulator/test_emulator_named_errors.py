"""Errors by name: each of Google's texts of gemini.md's table, asked for with `[[error=…]]`, and its details."""

import json
from typing import Any

import pytest
from calling import FLASH, OLD, SMALL, ask, ask_path, prompt_payload

from limner.emulator.scripted import NAMED_ERRORS
from programs import Emulator

# Name, status, Google's word and how the text begins.
ERRORS = [
    ("key-missing", 403, "PERMISSION_DENIED", "Method doesn't allow unregistered callers (callers without"),
    ("key-invalid", 400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."),
    ("key-expired", 400, "INVALID_ARGUMENT", "API key expired. Please renew the API key."),
    (
        "key-leaked",
        403,
        "PERMISSION_DENIED",
        "Your API key was reported as leaked. Please use another API key.",
    ),
    (
        "api-disabled",
        403,
        "PERMISSION_DENIED",
        "Generative Language API has not been used in project 123456789012 before or it is disabled.",
    ),
    (
        "billing-disabled",
        403,
        "PERMISSION_DENIED",
        "This API method requires billing to be enabled. Please enable billing on project #123456789012 by",
    ),
    (
        "permission",
        403,
        "PERMISSION_DENIED",
        "Permission 'aiplatform.endpoints.predict' denied on resource '//aiplatform.googleapis.com/projects/",
    ),
    (
        "token",
        401,
        "UNAUTHENTICATED",
        "Request had invalid authentication credentials. Expected OAuth 2 access",
    ),
    ("region", 400, "FAILED_PRECONDITION", "User location is not supported for the API use."),
    ("model-retired", 404, "NOT_FOUND", f"This model models/{FLASH} is no longer available to new users."),
    ("ratio-not-enabled", 400, "INVALID_ARGUMENT", "Aspect ratio is not enabled for this model"),
    ("invalid", 400, "INVALID_ARGUMENT", "Request contains an invalid argument."),
    (
        "signature-missing",
        400,
        "INVALID_ARGUMENT",
        "Image part is missing a thought_signature in content position 2, part position 1. Please refer to",
    ),
    ("signature-invalid", 400, "INVALID_ARGUMENT", "Invalid thought signature."),
    ("signature-corrupted", 400, "INVALID_ARGUMENT", "Corrupted thought signature."),
    ("signature-not-valid", 400, "INVALID_ARGUMENT", "Thought signature is not valid"),
    ("quota", 429, "RESOURCE_EXHAUSTED", "You exceeded your current quota, please check your plan and"),
    ("quota-free", 429, "RESOURCE_EXHAUSTED", "You exceeded your current quota, please check your plan and"),
    ("quota-vertex", 429, "RESOURCE_EXHAUSTED", "Resource exhausted. Please try again later. Please refer"),
    ("credits", 429, "RESOURCE_EXHAUSTED", "Your prepayment credits are depleted. Please go to AI Studio"),
    ("cancelled", 499, "CANCELLED", "The operation was cancelled."),
    ("internal", 500, "INTERNAL", "Internal error encountered."),
    (
        "internal-report",
        500,
        "INTERNAL",
        "An internal error has occurred. Please retry or report in https://",
    ),
    ("overloaded", 503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
    ("high-demand", 503, "UNAVAILABLE", "This model is currently experiencing high demand. Spikes in demand"),
    ("unavailable", 503, "UNAVAILABLE", "The service is currently unavailable."),
    ("deadline", 504, "DEADLINE_EXCEEDED", "Deadline expired before operation could complete."),
    ("timeout", 504, "DEADLINE_EXCEEDED", "The request timed out. Please try again."),
]


def details_of(error: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {detail["@type"].rpartition(".")[2]: detail for detail in error["details"]}


@pytest.mark.parametrize(("name", "status", "word", "message"), ERRORS)
def test_an_error_is_answered_by_its_name(
    emulator: Emulator, name: str, status: int, word: str, message: str
) -> None:
    """Each named error has its HTTP status, canonical word and text."""
    reply = ask(emulator.url, prompt_payload(f"a fox [[error={name}]]"))
    assert (reply.status, reply.error["code"], reply.error["status"]) == (status, status, word)
    assert reply.error["message"].startswith(message)


def test_every_name_is_tested() -> None:
    """The list above has every name there is."""
    assert [name for name, *_ in ERRORS] == list(NAMED_ERRORS)


def test_details_name_what_is_missing(emulator: Emulator) -> None:
    """A disabled service and a missing right come with ErrorInfo, the first with a page to go to."""
    disabled, denied = (
        details_of(ask(emulator.url, prompt_payload(f"a fox [[error={name}]]")).error)
        for name in ("api-disabled", "permission")
    )
    assert disabled["ErrorInfo"]["reason"] == "SERVICE_DISABLED"
    assert disabled["Help"]["links"][0]["description"] == "Google developers console API activation"
    assert denied["ErrorInfo"]["reason"] == "IAM_PERMISSION_DENIED"


@pytest.mark.parametrize("directive", ["error=quota-free", "status=429 quota=free"])
def test_a_key_without_billing_has_a_limit_of_nothing(emulator: Emulator, directive: str) -> None:
    """The free quota's refusal lists three quotas with limit 0, and calls 2.5 by its internal name."""
    error = ask(emulator.url, prompt_payload(f"a fox [[{directive}]]", imageConfig={}), OLD).error
    violations = details_of(error)["QuotaFailure"]["violations"]
    assert [violation["quotaId"] for violation in violations] == [
        "GenerateContentInputTokensPerModelPerMinute-FreeTier",
        "GenerateRequestsPerMinutePerProjectPerModel-FreeTier",
        "GenerateRequestsPerDayPerProjectPerModel-FreeTier",
    ]
    assert {violation["quotaValue"] for violation in violations} == {"0"}
    assert error["message"].count("limit: 0, model: gemini-2.5-flash-preview-image\n") == 3


def test_a_body_too_large_for_the_front_end_is_a_page(emulator: Emulator) -> None:
    """413 is the HTML page of Google's front end."""
    reply = ask(emulator.url, prompt_payload("a fox [[status=413]]"))
    assert (reply.status, reply.headers["content-type"]) == (413, "text/html; charset=utf-8")


@pytest.mark.parametrize(
    ("place", "status"),
    [
        ("projects/p/locations/global/", 200),
        ("projects/p/locations/us-central1/", 200),
        ("projects/p/locations/eu/", 200),
        ("", 200),
        ("projects/p/locations/nowhere/", 404),
        ("projects/p/", 404),
    ],
)
def test_a_location_that_is_none_is_answered_with_a_page(emulator: Emulator, place: str, status: int) -> None:
    """Vertex AI's paths need a project and a location that exists, or neither; else there is no such page."""
    path = f"/v1beta1/{place}publishers/google/models/{FLASH}:generateContent"
    body = json.dumps(prompt_payload("a fox", **SMALL)).encode()
    reply = ask_path(emulator.url, "POST", path, body, authorization="Bearer token")
    assert reply.status == status
    assert reply.headers["content-type"].startswith("application/json" if status == 200 else "text/html")


def test_a_model_vertex_has_not_is_refused_by_its_resource(emulator: Emulator) -> None:
    """Vertex AI names the publisher model that was not found."""
    path = "/v1/projects/p/locations/global/publishers/google/models/gemini-9:generateContent"
    reply = ask_path(emulator.url, "POST", path, b"{}", authorization="Bearer token")
    text = "Publisher Model `projects/p/locations/global/publishers/google/models/gemini-9` was not found"
    assert reply.status == 404
    assert reply.error["message"].startswith(text)
