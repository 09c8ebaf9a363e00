"""How a setting is declared: its variable, and in words what is accepted. Must not know any setting."""

from typing import Any

from pydantic import Field


def variable(name: str, default: object, accepted: str, *, is_secret: bool = False, **limits: Any) -> Any:
    """Return a field that is read from a variable; `accepted` says what it may be."""
    return Field(
        default,
        validation_alias=name,
        description=accepted,
        json_schema_extra={"is_secret": is_secret},
        **limits,
    )


# 114 years: what is reckoned in milliseconds from it fits every integer it meets.
_MOST_HOURS = 1_000_000
FROM_ZERO = "a number of hours from 0 to 1,000,000"
ABOVE_ZERO = "a number of hours above 0, up to 1,000,000"


def hours(name: str, default: float, accepted: str, **limits: Any) -> Any:
    """Return a field that is a number of hours."""
    return variable(name, default, accepted, le=_MOST_HOURS, allow_inf_nan=False, **limits)
