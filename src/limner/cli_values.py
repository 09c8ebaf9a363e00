"""What an option's value may be, for more than one command: lifetimes, moments, dollars. No command is named here.

What is malformed is refused as wrong usage, in words that name the option, the value and what is accepted. Dollars
become integers of micro-dollars by their digits, never through a float.
"""

from datetime import UTC, datetime

import typer

from limner.ledger.amounts import ACCEPTED_DOLLARS, ACCEPTED_SPAN, read_micro_usd, read_span_seconds


def parse_lifetime_seconds(option: str, text: str) -> int:
    """Return a number of hours, days or weeks, such as `12h`, `30d` or `8w`, in seconds."""
    seconds = read_span_seconds(text)
    if seconds is None:
        raise typer.BadParameter(f"{option} is {text!r}; accepted: {ACCEPTED_SPAN}")
    return seconds


def parse_moment_ms(option: str, text: str, now_ms: int) -> int:
    """Return a moment in epoch milliseconds: so long before `now_ms`, or an ISO date or time, UTC unless it says."""
    seconds = read_span_seconds(text)
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
    micro_usd = read_micro_usd(text)
    if micro_usd is None:
        raise typer.BadParameter(f"{option} is {text!r}; accepted: {ACCEPTED_DOLLARS}")
    return micro_usd
