"""Money: the entries, and what a key's budget still holds. This module must not know repeats or answers.

An account is the sum over a key's entries, of a day or of all time; a trigger keeps it with every entry. All
entries of a generation count on the day of its claim. Days and months are UTC's.
"""

from datetime import UTC, datetime, timedelta

from msgspec import Struct

from limner.errors import InsufficientQuota
from limner.ledger.database import Database, SqlValue, to_integer
from limner.ledger.keys import ApiKey
from limner.ledger.queries import load_queries
from limner.ledger.records import MICRO_USD_PER_USD

# Until something is given back, or an operator raises the budget: nobody knows when.
_TOTAL_RETRY_SECONDS = 3_600.0

_FOR = {"day": "a day", "month": "a month", "total": "in all"}

_QUERIES = load_queries("budgets")


class Period(Struct, frozen=True):
    """A stretch of days that a budget is for, and the first moment after them."""

    first_day: str
    last_day: str
    end_ms: int


def find_period(kind: str, at_ms: int) -> Period | None:
    """Return the day or month that holds the moment; None, without an end, for `total`."""
    if kind == "total":
        return None
    day = datetime.fromtimestamp(at_ms / 1000, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if kind == "day":
        first, following = day, day + timedelta(days=1)
    else:
        first = day.replace(day=1)
        following = (first + timedelta(days=31)).replace(day=1)
    last = following - timedelta(days=1)
    return Period(f"{first:%Y-%m-%d}", f"{last:%Y-%m-%d}", round(following.timestamp() * 1000))


def check_budget(
    database: Database, key: ApiKey, needed_micro_usd: int, now_ms: int
) -> InsufficientQuota | None:
    """Return the refusal of a key whose budget cannot hold what the call may cost."""
    if key.budget_micro_usd is None:
        return None
    period = find_period(key.budget_period, now_ms)
    pending, posted = read_account(database, key.id, period)
    if posted + pending + needed_micro_usd <= key.budget_micro_usd:
        return None
    message = (
        f"The budget of the key {key.name!r} cannot hold this picture: it is {_dollars(key.budget_micro_usd)} "
        f"{_FOR[key.budget_period]}, {_dollars(posted)} are spent, {_dollars(pending)} are reserved for others, "
        f"and this one may cost {_dollars(needed_micro_usd)}."
    )
    if period is None:
        return InsufficientQuota(message, retry_after_seconds=_TOTAL_RETRY_SECONDS)
    end = datetime.fromtimestamp(period.end_ms / 1000, UTC)
    return InsufficientQuota(
        f"{message} The period ends at {end:%Y-%m-%d %H:%M} UTC.",
        retry_after_seconds=(period.end_ms - now_ms) / 1000,
    )


class Reservation(Struct, frozen=True):
    """Money that is set aside for a generation."""

    generation_id: str
    key_id: str
    micro_usd: int
    claimed_at_ms: int


def reserve(database: Database, reservation: Reservation) -> None:
    """Set money aside, at the claim."""
    _add(database, reservation, "reserve", (reservation.micro_usd, 0), reservation.claimed_at_ms)


def post(
    database: Database, reservation: Reservation, cost_micro_usd: int, at_ms: int, note: str | None
) -> None:
    """Spend the cost and give back the reservation."""
    _add(database, reservation, "post", (-reservation.micro_usd, cost_micro_usd), at_ms, note)


def void(database: Database, reservation: Reservation, at_ms: int, note: str | None) -> None:
    """Give back the reservation."""
    _add(database, reservation, "void", (-reservation.micro_usd, 0), at_ms, note)


def hold(database: Database, reservation: Reservation, at_ms: int) -> None:
    """Write down that the reservation stays, for nobody knows the cost."""
    _add(database, reservation, "hold", (0, 0), at_ms)


_STEPS = {"reserve": 0, "hold": 1, "post": 2, "void": 2}
"""Of each generation one entry a step."""


def _add(
    database: Database,
    reservation: Reservation,
    kind: str,
    pending_and_posted: tuple[int, int],
    at_ms: int,
    note: str | None = None,
) -> None:
    pending, posted = pending_and_posted
    database.change(
        _QUERIES["add_entry"],
        {
            "generation_id": reservation.generation_id,
            "kind": kind,
            "step": _STEPS[kind],
            "at_ms": at_ms,
            "key_id": reservation.key_id,
            "pending_micro_usd": pending,
            "posted_micro_usd": posted,
            "budget_at_ms": reservation.claimed_at_ms,
            "note": note,
        },
    )


def read_account(database: Database, key_id: str, period: Period | None) -> tuple[int, int]:
    """Return what is pending and what is posted."""
    values: dict[str, SqlValue] = {"key_id": key_id}
    if period is None:
        rows = database.fetch_all(_QUERIES["read_total_account"], values) or [(0, 0)]
    else:
        values |= {"first_day": period.first_day, "last_day": period.last_day}
        rows = database.fetch_all(_QUERIES["read_account"], values)
    ((pending, posted),) = rows
    return to_integer(pending), to_integer(posted)


def _dollars(micro_usd: int) -> str:
    """Return cents at least, and as much more as there is: 0.5 is $0.50, 0.0375 is $0.0375."""
    text = f"{micro_usd / MICRO_USD_PER_USD:.6f}"
    return "$" + text[:-4] + text[-4:].rstrip("0")
