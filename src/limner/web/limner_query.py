"""Reads from a query what lists of pictures, generations and usage are to show. Knows names and values, no list."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from starlette.datastructures import QueryParams

from limner.errors import InvalidRequest

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_SECONDS = re.compile(r"\d{1,11}", re.ASCII)
_RATIO = re.compile(r"(\d{1,3}):(\d{1,3})", re.ASCII)
_SHOWN_CHARACTERS = 40
_DAY_MS = 86_400_000


def read_text(query: QueryParams, name: str) -> str | None:
    """Return a value as both databases can take it; None if it is absent or empty."""
    return query.get(name, "").replace("\0", "\N{REPLACEMENT CHARACTER}") or None


def read_choice(query: QueryParams, name: str, accepted: Sequence[str]) -> str | None:
    """Return one of the values that there are; None if none is named. Raises InvalidRequest."""
    text = query.get(name)
    if text is not None and text not in accepted:
        raise refuse(name, text, ", ".join(accepted))
    return text


def read_ratio(query: QueryParams) -> tuple[int, int] | None:
    """Return the width and height of `ratio`. Raises InvalidRequest."""
    text = query.get("ratio")
    if text is None:
        return None
    found = _RATIO.fullmatch(text)
    width, height = (int(found[1]), int(found[2])) if found else (0, 0)
    if not (width and height):
        raise refuse("ratio", text, "width:height, such as 16:9")
    return width, height


def read_moment_ms(query: QueryParams, name: str, *, is_end: bool) -> int | None:
    """Return a moment in epoch milliseconds; a day stands for its beginning, or for its end. Raises InvalidRequest."""
    text = query.get(name)
    if text is None:
        return None
    try:
        return parse_moment_ms(text, is_end=is_end)
    except (ValueError, OverflowError):
        accepted = (
            "a day such as 2026-11-28, in UTC; a time such as 2026-11-28T10:00:00Z; or seconds since 1970"
        )
        raise refuse(name, text, accepted) from None


def read_day(query: QueryParams, name: str) -> date | None:
    """Return a day. Raises InvalidRequest."""
    text = query.get(name)
    if text is None:
        return None
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise refuse(name, text, "a day such as 2026-11-28, in UTC")


def to_ms(day: date) -> int:
    """Return when a day begins in UTC, epoch milliseconds."""
    return (day - date(1970, 1, 1)).days * _DAY_MS


def refuse(name: str, text: str, accepted: str) -> InvalidRequest:
    """Return the refusal of a parameter's value."""
    return InvalidRequest(
        f"'{name}' is {text[:_SHOWN_CHARACTERS]!r}; accepted: {accepted}.",
        code="unsupported_value",
        param=name,
    )


def parse_moment_ms(text: str, *, is_end: bool) -> int:
    """Return a moment in epoch milliseconds, as `read_moment_ms` does. Raises ValueError or OverflowError."""
    if _DAY.fullmatch(text):
        day = date.fromisoformat(text)
        return to_ms(day + timedelta(days=1) if is_end else day)
    if _SECONDS.fullmatch(text):
        return int(text) * 1000
    moment = datetime.fromisoformat(
        text.replace(" ", "+")
    )  # a plus sign that was sent as it is became a space
    if moment.tzinfo is None:
        raise ValueError("without a time zone it says nothing")
    return int(moment.astimezone(UTC).timestamp() * 1000)
