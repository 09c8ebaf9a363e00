"""What an option's value may be, for more than one command: lifetimes, moments, dollars. No command is named here.

What is malformed is refused as wrong usage, in words that name the option, the value and what is accepted. Dollars
become integers of micro-dollars by their digits, never through a float.
"""

import re
from datetime import UTC, datetime

import typer

MICRO_USD_PER_USD = 1_000_000

_SPAN = re.compile(r"([1-9][0-9]{0,4})([hdw])")
_UNIT_SECONDS = {"h": 3600, "d": 86400, "w": 7 * 86400}

# Nine digits: the sum of any number of such budgets is far from SQLite's highest integer.
_DOLLARS = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,6}))?")


def parse_lifetime_seconds(option: str, text: str) -> int:
    """Return a number of hours, days or weeks, such as `12h`, `30d` or `8w`, in seconds."""
    seconds = _find_span_seconds(text)
    if seconds is None:
        raise typer.BadParameter(
            f"{option} is {text!r}; accepted: hours, days or weeks, such as 12h, 30d or 8w"
        )
    return seconds


def parse_moment_ms(option: str, text: str, now_ms: int) -> int:
    """Return a moment in epoch milliseconds: so long before `now_ms`, or an ISO date or time, UTC unless it says."""
    seconds = _find_span_seconds(text)
    if seconds is not None:
        return now_ms - seconds * 1000
    try:
        moment = datetime.fromisoformat(text)
        utc = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        return round(utc.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise typer.BadParameter(
            f"{option} is {text!r}; accepted: an age such as 12h, 7d or 8w, or a date such as 2026-11-23"
        ) from None


def parse_micro_usd(option: str, text: str) -> int:
    """Return dollars with at most six decimals as micro-dollars."""
    match = _DOLLARS.fullmatch(text)
    if match is None:
        raise typer.BadParameter(
            f"{option} is {text!r}; accepted: dollars below a billion with at most 6 decimals, such as 25 or 0.5"
        )
    return int(match[1]) * MICRO_USD_PER_USD + int((match[2] or "").ljust(6, "0"))


def _find_span_seconds(text: str) -> int | None:
    match = _SPAN.fullmatch(text)
    return None if match is None else int(match[1]) * _UNIT_SECONDS[match[2]]
