"""Reads what people write for dollars and lengths of time. Dollars never pass through a float. Texts only."""

import re

from limner.ledger.records import MICRO_USD_PER_USD

ACCEPTED_DOLLARS = "dollars below a billion with at most 6 decimals, such as 25 or 0.5"
ACCEPTED_SPAN = "hours, days or weeks, such as 12h, 30d or 8w"
ACCEPTED_OVERLAP = f"{ACCEPTED_SPAN}; 0 for none"

# Nine digits: the sum of any number of such budgets is far from SQLite's highest integer.
_DOLLARS = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,6}))?")
_SPAN = re.compile(r"([1-9][0-9]{0,4})([hdw])")
_UNIT_SECONDS = {"h": 3600, "d": 86400, "w": 7 * 86400}


def read_micro_usd(text: str) -> int | None:
    """Return dollars as micro-dollars; None if it is not ACCEPTED_DOLLARS."""
    match = _DOLLARS.fullmatch(text)
    if match is None:
        return None
    return int(match[1]) * MICRO_USD_PER_USD + int((match[2] or "").ljust(6, "0"))


def read_span_seconds(text: str) -> int | None:
    """Return a length of time in seconds; None if it is not ACCEPTED_SPAN."""
    match = _SPAN.fullmatch(text)
    return None if match is None else int(match[1]) * _UNIT_SECONDS[match[2]]


def read_overlap_seconds(text: str) -> int | None:
    """Return how long two secrets work side by side, in seconds; None if it is not ACCEPTED_OVERLAP."""
    return 0 if text == "0" else read_span_seconds(text)
