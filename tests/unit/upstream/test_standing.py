"""What an answer says of its credential, and for how long that rests: Google's own bodies in, reasons and times out."""

from datetime import UTC, datetime
from typing import Any

import pytest

from limner.upstream.standing import MOVES_ON, OF_ALL_MODELS, Trouble, judge, rest
from limner.wire.gemini import ErrorStatus

NOON = datetime(2026, 11, 29, 20, tzinfo=UTC).timestamp()
"""Noon on the American west coast, in winter."""


def quota(quota_id: str, value: str = "500", message: str = "Quota exceeded") -> ErrorStatus:
    """Return a 429 with its details, as recorded."""
    violation = {"quotaId": quota_id, "quotaValue": value, "quotaDimensions": {"model": "m"}}
    details: list[dict[str, Any]] = [
        {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [violation]},
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34s"},
    ]
    return ErrorStatus(code=429, message=message, status="RESOURCE_EXHAUSTED", details=details)


def say(message: str, status: str = "", reason: str | None = None) -> ErrorStatus:
    """Return an error with these words."""
    details = None if reason is None else [{"reason": reason, "domain": "googleapis.com"}]
    return ErrorStatus(message=message, status=status, details=details)


@pytest.mark.parametrize(
    ("status", "error", "trouble"),
    [
        (429, quota("GenerateRequestsPerMinutePerProjectPerModel"), Trouble.RATE),
        (429, quota("GenerateRequestsPerDayPerProjectPerModel"), Trouble.QUOTA_DAY),
        (429, quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier", "0"), Trouble.QUOTA_ZERO),
        (429, say("Quota exceeded for metric: x, limit: 0, model: y\nPlease retry"), Trouble.QUOTA_ZERO),
        (429, say("Quota exceeded for metric: x, limit: 0.5"), Trouble.RATE),
        (429, say("Your prepayment credits are depleted. Please go to AI Studio"), Trouble.PREPAY),
        (429, None, Trouble.RATE),
        (400, say("API key not valid. Please pass a valid API key.", "INVALID_ARGUMENT"), Trouble.KEY),
        (400, say("Something else", "INVALID_ARGUMENT", "API_KEY_INVALID"), Trouble.KEY),
        (400, say("API key expired. Please renew the API key."), Trouble.KEY),
        (400, say("User location is not supported", "FAILED_PRECONDITION"), Trouble.REGION),
        (400, say("Please enable billing on project", "FAILED_PRECONDITION"), Trouble.BILLING),
        (400, say("Multiple candidates is not enabled for this model", "INVALID_ARGUMENT"), None),
        (400, None, None),
        (401, say("Request had invalid authentication credentials."), Trouble.KEY),
        (402, None, Trouble.BILLING),
        (403, say("Your API key was reported as leaked."), Trouble.KEY),
        (403, say("Method doesn't allow unregistered callers"), Trouble.KEY),
        (403, say("This API method requires billing to be enabled."), Trouble.BILLING),
        (403, say("Permission 'aiplatform.endpoints.predict' denied"), Trouble.ACCESS),
        (403, None, Trouble.ACCESS),
        (404, say("models/x is not found for API version v1beta"), Trouble.NOT_SERVED),
        (413, None, None),
        (500, None, Trouble.BROKEN),
        (502, None, Trouble.BROKEN),
        (503, say("The model is overloaded."), Trouble.OVERLOADED),
        (None, None, Trouble.UNREACHABLE),
    ],
)
def test_an_answer_tells_what_the_matter_is(
    status: int | None, error: ErrorStatus | None, trouble: Trouble | None
) -> None:
    """Each of Google's refusals is known for what it says of the credential, and a bad request says nothing of it."""
    assert judge(status, error) is trouble


@pytest.mark.parametrize(
    ("trouble", "failures", "told", "seconds", "is_hard"),
    [
        (Trouble.RATE, 1, 34.0, 34.0, True),
        (Trouble.RATE, 9, 1.5, 1.5, True),
        (Trouble.RATE, 1, 99_999.0, 3600.0, True),
        (Trouble.RATE, 1, None, 1.0, False),
        (Trouble.RATE, 4, None, 8.0, False),
        (Trouble.QUOTA_DAY, 1, 34.0, 12 * 3600.0, True),
        (Trouble.QUOTA_ZERO, 1, 34.0, 3600.0, True),
        (Trouble.QUOTA_ZERO, 9, None, 86_400.0, True),
        (Trouble.PREPAY, 1, None, 300.0, True),
        (Trouble.KEY, 2, None, 600.0, True),
        (Trouble.BILLING, 50, None, 3600.0, True),
        (Trouble.NOT_SERVED, 7, None, 600.0, True),
        (Trouble.OVERLOADED, 1, None, 1.0, False),
        (Trouble.OVERLOADED, 50, None, 30.0, False),
        (Trouble.BROKEN, 4, None, 8.0, False),
        (Trouble.BROKEN, 60, None, 30.0, False),
        (Trouble.UNREACHABLE, 5, None, 10.0, True),
        (Trouble.UNREACHABLE, 7, None, 40.0, True),
        (Trouble.UNREACHABLE, 60, None, 300.0, True),
    ],
)
def test_a_rest_is_as_long_as_its_reason_asks(
    trouble: Trouble, failures: int, told: float | None, seconds: float, *, is_hard: bool
) -> None:
    """A wait that was told is kept to, a day's quota ends at midnight Pacific time, the others grow up to a bound."""
    found = rest(trouble, failures, told, NOON)
    assert found.is_hard is is_hard
    assert found.seconds == pytest.approx(seconds)


def test_a_day_in_summer_ends_an_hour_earlier_in_utc() -> None:
    """Midnight Pacific time is reckoned with daylight saving."""
    noon = datetime(2026, 7, 1, 19, tzinfo=UTC).timestamp()
    assert rest(Trouble.QUOTA_DAY, 1, None, noon).seconds == pytest.approx(12 * 3600)


def test_what_concerns_a_credential_as_a_whole_moves_on() -> None:
    """Whatever holds for all models of a credential has another credential asked at once."""
    assert OF_ALL_MODELS < MOVES_ON
    assert not MOVES_ON & {Trouble.UNREACHABLE, Trouble.BROKEN, Trouble.OVERLOADED}
