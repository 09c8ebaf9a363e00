"""What an answer of Gemini's says of the credential it was asked with, and for how long that is let rest. Pure.

Facts (recorded bodies and live tests of others, 2025-10 to 2026-10): a quota is a 429 with `RetryInfo` and the ids of
the quotas in `QuotaFailure`; those of a day end at midnight Pacific time, whatever the `RetryInfo` says; a key
without a paid plan is told `limit: 0`; used-up credit is a 429 without details; a bad or expired key is a 400, a leaked
one and one without leave a 403; a region that is not served is 400 FAILED_PRECONDITION. None of these is billed.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

from limner.wire.gemini import ErrorStatus


class Trouble(StrEnum):
    """What is the matter with a credential."""

    RATE = "rate"
    """Too many calls in a short time."""
    QUOTA_DAY = "quota_day"
    QUOTA_ZERO = "quota_zero"
    """It has no quota for the model at all."""
    PREPAY = "prepay"
    """Its credit is used up."""
    KEY = "key"
    """The key or token is not accepted."""
    BILLING = "billing"
    REGION = "region"
    """Google does not serve where the gateway is."""
    ACCESS = "access"
    """It has no leave: an API that is off, a role that is missing."""
    NOT_SERVED = "not_served"
    """It is not served this model."""
    OVERLOADED = "overloaded"
    """The model is; a matter of moments."""
    UNREACHABLE = "unreachable"
    """No connection to it can be had."""
    BROKEN = "broken"
    """It fails by itself, at this call at least."""


OF_ALL_MODELS = frozenset({Trouble.PREPAY, Trouble.KEY, Trouble.BILLING, Trouble.REGION, Trouble.ACCESS})
"""Troubles that are the same for each model."""

MOVES_ON = OF_ALL_MODELS | {Trouble.RATE, Trouble.QUOTA_DAY, Trouble.QUOTA_ZERO, Trouble.NOT_SERVED}
"""Troubles for which another credential is asked at once: the answer was complete, and says nothing of others."""

IS_EVERYBODYS = MOVES_ON | {Trouble.UNREACHABLE}
"""Troubles that any other call would meet as well; the others may be one call's own."""

_BREAKS_AFTER = 5
"""Failures in a row after which a credential that cannot be reached is left alone."""

_LIMIT_ZERO = re.compile(r"limit: 0(?![\d.])")
_MINUTE_SECONDS = 60.0
_HOUR_SECONDS = 3600.0
_DAY_SECONDS = 86_400.0


class Rest(Struct, frozen=True):
    """How long a credential is let rest. `is_hard`: nobody asks it meanwhile; else only another is asked rather."""

    seconds: float
    is_hard: bool


def judge(status: int | None, error: ErrorStatus | None) -> Trouble | None:
    """Return what an answer says of its credential; None: nothing against it. A status of None: it was not reached."""
    message = (error.message if error is not None else None) or ""
    if status is None:
        return Trouble.UNREACHABLE
    if status == 400:
        return _judge_rejection(error, message)
    if status == 403:
        return _judge_refusal(error, message)
    if status == 429:
        return _judge_quota(error, message)
    plain = {401: Trouble.KEY, 402: Trouble.BILLING, 404: Trouble.NOT_SERVED, 503: Trouble.OVERLOADED}
    return plain.get(status, Trouble.BROKEN if status >= 500 else None)


def rest(trouble: Trouble, failures: int, told_seconds: float | None, now_seconds: float) -> Rest:
    """Return how long to rest after `failures` in a row; `told_seconds` is what Gemini asked for, now is epoch seconds."""
    doublings = min(failures - 1, 20)
    hard_seconds: float | None = None
    if trouble is Trouble.QUOTA_DAY:
        hard_seconds = _count_until_midnight(now_seconds)
    elif trouble is Trouble.QUOTA_ZERO:
        hard_seconds = min(_HOUR_SECONDS * 2**doublings, _DAY_SECONDS)
    elif trouble in OF_ALL_MODELS:
        hard_seconds = min(5 * _MINUTE_SECONDS * 2**doublings, _HOUR_SECONDS)
    elif trouble is Trouble.NOT_SERVED:
        hard_seconds = 10 * _MINUTE_SECONDS
    elif trouble is Trouble.RATE and told_seconds is not None:
        hard_seconds = min(told_seconds, _HOUR_SECONDS)
    elif trouble is Trouble.UNREACHABLE and failures >= _BREAKS_AFTER:
        hard_seconds = min(10.0 * 2 ** min(failures - _BREAKS_AFTER, 20), 5 * _MINUTE_SECONDS)
    if hard_seconds is not None:
        return Rest(hard_seconds, is_hard=True)
    return Rest(min(1.0 * 2**doublings, 30.0), is_hard=False)


def _judge_rejection(error: ErrorStatus | None, message: str) -> Trouble | None:
    if "API key" in message or "API_KEY_INVALID" in _list_reasons(error):
        return Trouble.KEY
    if error is not None and error.status == "FAILED_PRECONDITION":
        return Trouble.BILLING if "billing" in message.lower() else Trouble.REGION
    return None


def _judge_refusal(error: ErrorStatus | None, message: str) -> Trouble:
    told = message.lower()
    if "billing" in told or "BILLING_DISABLED" in _list_reasons(error):
        return Trouble.BILLING
    if "api key" in told or "unregistered callers" in told:
        return Trouble.KEY
    return Trouble.ACCESS


def _judge_quota(error: ErrorStatus | None, message: str) -> Trouble:
    if "credits are depleted" in message:
        return Trouble.PREPAY
    violations = list(_list_violations(error))
    if _LIMIT_ZERO.search(message) or any(str(each.get("quotaValue")) == "0" for each in violations):
        return Trouble.QUOTA_ZERO
    if any("PerDay" in str(each.get("quotaId")) for each in violations):
        return Trouble.QUOTA_DAY
    return Trouble.RATE


def _list_reasons(error: ErrorStatus | None) -> list[object]:
    return [detail.get("reason") for detail in (error.details if error is not None else None) or ()]


def _list_violations(error: ErrorStatus | None) -> Iterator[dict[str, object]]:
    for detail in (error.details if error is not None else None) or ():
        found = detail.get("violations")
        if isinstance(found, list):
            yield from (each for each in found if isinstance(each, dict))


def _count_until_midnight(now_seconds: float) -> float:
    """Return the seconds until the next midnight on the American west coast."""
    here = datetime.fromtimestamp(now_seconds, UTC).astimezone(_find_pacific())
    midnight = here.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return max(midnight.timestamp() - now_seconds, _MINUTE_SECONDS)


def _find_pacific() -> ZoneInfo | timezone:
    try:
        return ZoneInfo("America/Los_Angeles")
    except ZoneInfoNotFoundError:  # a system without time zones: an hour late in summer
        return timezone(timedelta(hours=-8))
