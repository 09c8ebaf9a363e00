"""Which failures of a call to Gemini are tried again, and after how long. Pure: no clock, no chance of its own.

Only what surely bought nothing is repeated: the call did not leave, or a complete answer of 429 or 503 came.
An answer of 500 is repeated once: Google says that it is not billed, and the books flag it.

Facts (reliability study 2026-11): the official clients repeat 429, 500, 502, 503 and 504 alike; 502 and 504
may come after the picture was drawn, so here they are not.
"""

from limner.errors import GatewayError

MAX_RETRIES = 2
MAX_TOLD_WAIT_SECONDS = 20.0
"""The longest wait that Gemini may ask for and get."""
MAX_TOTAL_SECONDS = 30.0
"""From the first failure to the last new attempt."""

_FIRST_WAIT_SECONDS = 0.5
_RETRIES_BY_CODE = {
    "rate_limit_exceeded": MAX_RETRIES,
    "upstream_overloaded": MAX_RETRIES,
    "upstream_unavailable": MAX_RETRIES,
    "upstream_error": 1,
}


def choose_wait_seconds(
    error: GatewayError,
    *,
    told_seconds: float | None,
    earlier_codes: list[str],
    failing_seconds: float,
    jitter: float,
) -> float | None:
    """Return how long to wait before the next attempt, or None if there is none.

    `told_seconds` is the wait that Gemini asked for; `earlier_codes` are those of the failures before this
    one; `failing_seconds` is the time since the first; `jitter` is a chance number from 0 to 1.
    """
    allowed = _RETRIES_BY_CODE.get(error.code, 0)
    if len(earlier_codes) >= MAX_RETRIES or earlier_codes.count(error.code) >= allowed:
        return None
    if told_seconds is None:
        wait_seconds = jitter * _FIRST_WAIT_SECONDS * 2 ** (len(earlier_codes) + 1)
    elif told_seconds <= MAX_TOLD_WAIT_SECONDS:
        wait_seconds = told_seconds + jitter * _FIRST_WAIT_SECONDS
    else:
        return None
    return wait_seconds if failing_seconds + wait_seconds <= MAX_TOTAL_SECONDS else None
