"""`/v1/limner/usage`: what was made and what it cost, by day, model and key, and what is left of budgets.

Days are UTC's, as budgets' are. Knows the books; nothing of pictures.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from limner.ledger.errors import DatabaseError
from limner.ledger.overview import Overview
from limner.ledger.records import MICRO_USD_PER_USD
from limner.ledger.usage import DayRow
from limner.web.limner_entries import to_json
from limner.web.limner_generations import read_everybody
from limner.web.limner_query import read_day, read_text, refuse, to_ms
from limner.web.ownership import Ownership, no_books
from limner.wire.limner import UsageEntry, UsageReport, UsageSums

MOST_DAYS = 366
_USUAL_DAYS = 30
_GROUPS = ("day", "model", "key")


class UsageDoor:
    """The door to usage."""

    def __init__(self, overview: Overview, ownership: Ownership, *, now: Callable[[], float]) -> None:
        self._overview = overview
        self._ownership = ownership
        self._now = now

    async def show(self, request: Request) -> Response:
        """Answer with usage: the owner's, or everybody's where an admin key asks. Raises GatewayError."""
        key, scope = await self._ownership.identify_key(request)
        query = request.query_params
        is_all = read_everybody(request, key, default=key.is_admin)
        first, last = _read_days(query, datetime.fromtimestamp(self._now(), UTC).date())
        groups = _read_groups(query, is_all=is_all)
        try:
            rows = await self._overview.read_days(
                None if is_all else scope,
                key_name=read_text(query, "key"),
                since_ms=to_ms(first),
                until_ms=to_ms(last + timedelta(days=1)),
            )
            report = UsageReport(
                first_day=first.isoformat(),
                last_day=last.isoformat(),
                data=_group(rows, groups),
                total=_sum(rows),
                key=await self._overview.describe_key(key),
                keys=await self._overview.describe_all_keys() if is_all else None,
            )
        except DatabaseError as error:
            raise no_books() from error
        return to_json(report)


def _read_days(query: QueryParams, today: date) -> tuple[date, date]:
    """Return the first and the last day that is asked for. Raises InvalidRequest."""
    last = read_day(query, "to") or today
    first = read_day(query, "from") or last - timedelta(days=min(_USUAL_DAYS - 1, (last - date.min).days))
    if first > last:
        raise refuse("from", first.isoformat(), f"a day that is not behind {last.isoformat()}")
    if (last - first).days >= MOST_DAYS:
        raise refuse("from", first.isoformat(), f"at most {MOST_DAYS} days up to {last.isoformat()}")
    if last == date.max:
        raise refuse("to", last.isoformat(), "a day such as 2026-11-28, in UTC")
    return first, last


def _read_groups(query: QueryParams, *, is_all: bool) -> Sequence[str]:
    """Return what is to be told apart. Raises InvalidRequest."""
    text = query.get("by")
    if text is None:
        return _GROUPS if is_all else _GROUPS[:2]
    given = [name.strip() for name in text.split(",")]
    if not set(given) <= set(_GROUPS):
        raise refuse("by", text, "some of day, model, key, with commas between them")
    return given


def _group(rows: Iterable[DayRow], groups: Sequence[str]) -> list[UsageEntry]:
    found: dict[tuple[str | None, str | None, str | None], list[DayRow]] = {}
    for row in rows:
        which = (
            row.day if "day" in groups else None,
            row.model if "model" in groups else None,
            row.key_name if "key" in groups else None,
        )
        found.setdefault(which, []).append(row)
    return [
        UsageEntry(day=day, model=model, key=key, **_add(some))
        for (day, model, key), some in sorted(
            found.items(), key=lambda item: [name or "" for name in item[0]]
        )
    ]


def _sum(rows: Sequence[DayRow]) -> UsageSums:
    return UsageSums(**_add(rows))


def _add(rows: Sequence[DayRow]) -> dict[str, Any]:
    return {
        "generations": sum(row.generations for row in rows),
        "pictures": sum(row.pictures for row in rows),
        "input_tokens": sum(row.input_tokens for row in rows),
        "output_tokens": sum(row.output_tokens for row in rows),
        "cost_usd": sum(row.cost_micro_usd for row in rows) / MICRO_USD_PER_USD,
        "held_usd": sum(row.held_micro_usd for row in rows) / MICRO_USD_PER_USD,
    }
