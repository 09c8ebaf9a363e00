"""Directives for some callers only, and why a credential gets nothing: what a pool of keys meets."""

import json
import time
from typing import Any

import pytest
from calling import FLASH, PRO, SMALL, Reply, ask_path, prompt_payload

from programs import Emulator, ListCalls

VERTEX = "/v1/projects/p/locations/global/publishers/google"
DEVELOPER = "/v1beta"
LARGE = {"imageConfig": {"imageSize": "1K"}}

# Reason, status, Google's word, the reason in ErrorInfo and how the text begins.
REASONS = [
    ("key", 400, "INVALID_ARGUMENT", "API_KEY_INVALID", "API key not valid. Please pass a valid API key."),
    ("expired", 400, "INVALID_ARGUMENT", None, "API key expired. Please renew the API key."),
    ("leaked", 403, "PERMISSION_DENIED", None, "Your API key was reported as leaked."),
    ("unregistered", 403, "PERMISSION_DENIED", None, "Method doesn't allow unregistered callers"),
    (
        "disabled",
        403,
        "PERMISSION_DENIED",
        "SERVICE_DISABLED",
        "Generative Language API has not been used in",
    ),
    ("region", 400, "FAILED_PRECONDITION", None, "User location is not supported for the API use."),
    (
        "billing",
        403,
        "PERMISSION_DENIED",
        "BILLING_DISABLED",
        "This API method requires billing to be enabled.",
    ),
    (
        "iam",
        403,
        "PERMISSION_DENIED",
        "IAM_PERMISSION_DENIED",
        "Permission 'aiplatform.endpoints.predict' denied",
    ),
    ("missing", 404, "NOT_FOUND", None, f"models/{FLASH} is not found for API version v1beta"),
    ("unauthenticated", 401, "UNAUTHENTICATED", None, "Request had invalid authentication credentials."),
]
# What Vertex AI says otherwise.
VERTEX_TEXTS = [
    ("disabled", "Vertex AI API has not been used in project p before or it is disabled."),
    (
        "billing",
        "This API method requires billing to be enabled. Please enable billing on project #p by visiting",
    ),
    (
        "iam",
        "Permission 'aiplatform.endpoints.predict' denied on resource '//aiplatform.googleapis.com/projects/p/",
    ),
    (
        "missing",
        f"Publisher Model `projects/p/locations/global/publishers/google/models/{FLASH}` was not found",
    ),
]


def draw(
    emulator: Emulator,
    prompt: str,
    key: str = "key-of-aaaa",
    *,
    token: str = "",
    model: str = FLASH,
) -> Reply:
    """Ask for a small picture with a key, or at Vertex AI with a token."""
    folder = VERTEX if token else DEVELOPER
    headers = {"authorization": f"Bearer {token}"} if token else {"x_goog_api_key": key}
    body = json.dumps(prompt_payload(prompt, **(SMALL if model == FLASH else LARGE))).encode()
    return ask_path(emulator.url, "POST", f"{folder}/models/{model}:generateContent", body, **headers)


def details_of(reply: Reply) -> dict[str, dict[str, Any]]:
    return {detail["@type"].rpartition(".")[2]: detail for detail in reply.error.get("details", [])}


@pytest.mark.parametrize(("reason", "status", "word", "info", "text"), REASONS)
def test_a_reason_gives_googles_refusal_of_a_credential(
    emulator: Emulator, reason: str, status: int, word: str, info: str | None, text: str
) -> None:
    """Each reason has its HTTP status, canonical word, text and, where Google gives one, machine-readable reason."""
    reply = draw(emulator, f"a fox [[reason={reason}]]")
    assert (reply.status, reply.error["code"], reply.error["status"]) == (status, status, word)
    assert reply.error["message"].startswith(text)
    assert details_of(reply).get("ErrorInfo", {}).get("reason") == info


@pytest.mark.parametrize(("reason", "text"), VERTEX_TEXTS)
def test_a_reason_speaks_of_vertex_where_vertex_was_asked(emulator: Emulator, reason: str, text: str) -> None:
    """On Vertex AI's paths the service, the project and the model's resource are its own."""
    reply = draw(emulator, f"a fox [[reason={reason}]]", token="any")
    assert reply.error["message"].startswith(text)
    metadata = details_of(reply).get("ErrorInfo", {}).get("metadata", {})
    assert metadata.get("service", "aiplatform.googleapis.com") == "aiplatform.googleapis.com"


@pytest.mark.parametrize(
    ("quota", "quota_ids", "limit"),
    [
        ("minute", ["GenerateRequestsPerMinutePerProjectPerModel"], "500"),
        ("day", ["GenerateRequestsPerDayPerProjectPerModel"], "1000"),
        (
            "zero",
            [
                "GenerateContentInputTokensPerModelPerMinute-FreeTier",
                "GenerateRequestsPerMinutePerProjectPerModel-FreeTier",
                "GenerateRequestsPerDayPerProjectPerModel-FreeTier",
            ],
            "0",
        ),
    ],
)
def test_a_quota_is_told_by_its_id(emulator: Emulator, quota: str, quota_ids: list[str], limit: str) -> None:
    """Each kind of quota names its ids and limit, and the wait asked for in text and details."""
    reply = draw(emulator, f"a fox [[status=429 quota={quota} retry=7s]]")
    details = details_of(reply)
    violations = details["QuotaFailure"]["violations"]
    assert [violation["quotaId"] for violation in violations] == quota_ids
    assert {violation["quotaValue"] for violation in violations} == {limit}
    assert details["RetryInfo"]["retryDelay"] == "7s"
    assert f"limit: {limit}, model: {FLASH}" in reply.error["message"]


def test_a_quota_may_name_no_wait(emulator: Emulator) -> None:
    """With retry=none neither text nor details say when to come back; the quota's id is still told."""
    reply = draw(emulator, "a fox [[status=429 retry=none]]")
    assert sorted(details_of(reply)) == ["Help", "QuotaFailure"]
    assert "retry in" not in reply.error["message"]


def test_spent_credits_come_without_details(emulator: Emulator) -> None:
    """quota=prepay is the 429 that no wait mends."""
    reply = draw(emulator, "a fox [[status=429 quota=prepay]]")
    assert reply.error["message"].startswith("Your prepayment credits are depleted.")
    assert details_of(reply) == {}


def test_vertex_tells_no_kind_of_quota(emulator: Emulator) -> None:
    """Vertex AI's 429 is one text without details, for the minute and the day."""
    for quota in ("minute", "day"):
        reply = draw(emulator, f"a fox [[status=429 quota={quota}]]", token="any")
        assert reply.error["message"].startswith("Resource exhausted. Please try again later.")
        assert details_of(reply) == {}


def test_one_key_fails_where_another_draws(emulator: Emulator, journal: ListCalls) -> None:
    """What is said of a key is done to calls whose credential ends so, an API key or a bearer token."""
    prompt = "a fox [[key=aaaa status=503]] [[key=bbbb,cccc reason=billing]]"
    keys = ("one-aaaa", "two-bbbb", "three-cccc", "four-dddd")
    assert [draw(emulator, prompt, key).status for key in keys] == [503, 403, 403, 200]
    assert [draw(emulator, prompt, token=f"ya29.{key}").status for key in keys] == [503, 403, 403, 200]
    assert [call["key_suffix"] for call in journal()] == ["aaaa", "bbbb", "cccc", "dddd"] * 2
    assert {call["prompt"] for call in journal()} == {"a fox"}


def test_a_model_or_an_interface_can_fail_alone(emulator: Emulator) -> None:
    """Conditions on model and kind narrow a directive down, and all of a bracket must be met."""
    prompt = f"a fox [[model={PRO} status=503]] [[kind=vertex key=bbbb reason=iam]]"
    assert draw(emulator, prompt).status == 200
    assert draw(emulator, prompt, model=PRO).status == 503
    assert [draw(emulator, prompt, token=f"t-{end}").status for end in ("aaaa", "bbbb")] == [200, 403]
    assert draw(emulator, prompt, "key-of-bbbb").status == 200


def test_times_of_a_key_counts_that_keys_calls(emulator: Emulator) -> None:
    """Equal requests of other keys do not use up what is said of one; what is said of all counts all."""
    prompt = "a fox in June [[key=aaaa status=503 times=2]]"
    keys = ("bbbb", "bbbb", "bbbb", "aaaa", "aaaa", "aaaa")
    assert [draw(emulator, prompt, key).status for key in keys] == [200, 200, 200, 503, 503, 200]
    prompt = "a fox in July [[status=503 times=2]]"
    assert [draw(emulator, prompt, key).status for key in ("bbbb", "aaaa", "aaaa")] == [503, 503, 200]


def test_what_is_said_of_a_key_goes_before_what_is_said_of_all(emulator: Emulator) -> None:
    """A delay for all and an error for one go together, and the one's own value wins wherever it stands."""
    prompt = "a fox [[key=aaaa status=500]] [[status=503 delay=100ms]]"
    started = time.monotonic()
    assert [draw(emulator, prompt, key).status for key in ("aaaa", "bbbb")] == [500, 503]
    assert time.monotonic() - started >= 0.2


@pytest.mark.parametrize(
    "directive", ["kind=other", "key=aaaa soon", "key= status=503", "reason=none", "rpm=5/0s"]
)
def test_a_condition_that_cannot_be_read_is_refused(emulator: Emulator, directive: str) -> None:
    """A slip in a condition or a reason is a 400 that names it, whoever calls."""
    reply = draw(emulator, f"a fox [[{directive}]]", "other")
    assert (reply.status, "Limner's Gemini emulator cannot read" in reply.error["message"]) == (400, True)


def test_words_in_double_brackets_are_still_drawn(emulator: Emulator, journal: ListCalls) -> None:
    """A condition's name without a value is part of the prompt."""
    draw(emulator, "a [[model]] of a [[key to the house]]")
    assert [call["prompt"] for call in journal()] == ["a [[model]] of a [[key to the house]]"]
