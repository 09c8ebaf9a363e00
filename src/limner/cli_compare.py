"""`limner compare`: the books against Google's own account of usage or cost, a CSV file. Works while `serve` runs.

This module must not know how a file is read, nor how the books are kept.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import typer

from limner.catalogue import find_used_model
from limner.cli_compare_file import Columns, Export, ExportRow, Reading, read_export
from limner.cli_compare_match import Call, Comparison, Period, Tolerance, compare, name_period
from limner.cli_compare_report import print_comparison, to_json
from limner.cli_failure import CommandFailed
from limner.cli_keys import open_books_database
from limner.cli_listing import print_json
from limner.config import load_settings
from limner.generation.choice_conclusion import estimate_unknown
from limner.generation.record import Asked
from limner.ledger.spending import Spending, list_spending
from limner.translate.transcript import Transcript


@dataclass(frozen=True)
class Terms:
    """How it is compared, as the options say it."""

    timezone: str
    period: str
    units_per_usd: str
    tolerance_percent: float
    first_day: str | None
    last_day: str | None


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is compared, and how."""

    path: Path
    reading: Reading
    tolerance: Tolerance
    period: Period
    first_day: date | None
    last_day: date | None


def parse_order(
    path: Path, columns: Columns, terms: Terms, *, only: Sequence[str], names: Sequence[str]
) -> Order:
    """Return the options' values.

    Raises:
        typer.BadParameter: a value is malformed, or neither cost nor tokens are to be compared.
    """
    if columns.cost is None and columns.tokens is None:
        raise typer.BadParameter("say what is compared: --cost-column, --tokens-column or both")
    return Order(
        path=path,
        reading=Reading(
            columns=columns,
            timezone=_parse_timezone(terms.timezone),
            units_per_usd=_parse_units(terms.units_per_usd),
            only=[_parse_pair("--only", text, "COLUMN=TEXT") for text in only],
            names=dict(_parse_pair("--name", text, "TEXT=NAME") for text in names),
        ),
        tolerance=Tolerance(
            percent=Decimal(str(terms.tolerance_percent)),
            has_cost=columns.cost is not None,
            has_tokens=columns.tokens is not None,
        ),
        period=_parse_period(terms.period),
        first_day=_parse_day("--first-day", terms.first_day),
        last_day=_parse_day("--last-day", terms.last_day),
    )


def run(order: Order, *, as_json: bool) -> None:
    """Compare, and print what both sides say.

    Raises:
        CommandFailed: they differ, or the file cannot be compared.
    """
    settings = load_settings()
    export = read_export(order.path, order.reading)
    rows = [row for row in export.rows if _is_within(order, row)]
    if not rows:
        raise CommandFailed(f"{order.path} has no row to compare ({len(export.rows)} outside the days)")
    first, last = _find_days(order, rows)
    with open_books_database(settings) as database:
        spent = list_spending(
            database,
            since_ms=_begin_ms(first, order.reading.timezone),
            before_ms=_begin_ms(last + timedelta(days=1), order.reading.timezone),
        )
        calls = list(_to_calls(spent, order))
    found = compare(
        rows,
        calls,
        order.tolerance,
        period=order.period,
        has_ids=order.reading.columns.response_id is not None,
    )
    _report(found, order, export, (first, last), as_json=as_json)
    if not found.is_equal:
        raise CommandFailed(f"{order.path} and the ledger differ by more than the tolerance")


def _report(
    found: Comparison, order: Order, export: Export, days: tuple[date, date], *, as_json: bool
) -> None:
    if as_json:
        about = {"first_day": str(days[0]), "last_day": str(days[1]), "timezone": str(order.reading.timezone)}
        print_json({**about, "tolerance_percent": order.tolerance.percent, **to_json(found)})
        return
    print_comparison(found, has_tokens=order.tolerance.has_tokens)
    if export.skipped:
        print(f"{export.skipped} rows without a time were left out.", file=sys.stderr)
    if found.is_equal:
        print(f"Equal within {order.tolerance.percent} %.")


def _find_days(order: Order, rows: Sequence[ExportRow]) -> tuple[date, date]:
    """Return the first and the last day that are compared: whole months, if it is months."""
    first, last = min(row.day for row in rows), max(row.day for row in rows)
    if order.period == "month":
        first = first.replace(day=1)
        last = (last.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return order.first_day or first, order.last_day or last


def _is_within(order: Order, row: ExportRow) -> bool:
    return (order.first_day or date.min) <= row.day <= (order.last_day or date.max)


def _to_calls(spent: Iterator[Spending], order: Order) -> Iterator[Call]:
    by_credential = order.reading.columns.credential is not None
    for one in spent:
        moment = datetime.fromtimestamp(one.at_ms / 1000, UTC).astimezone(order.reading.timezone)
        credential = one.calls[0].upstream if by_credential and one.calls else ""
        yield Call(
            generation_id=one.generation_id,
            place=(name_period(moment.date(), order.period), one.model, credential),
            cost_micro_usd=one.cost_micro_usd,
            tokens=0 if one.is_unknown else one.tokens,
            is_unknown=one.is_unknown,
            is_assumed_free=one.is_assumed_free,
            estimate_micro_usd=_estimate_micro_usd(one) if one.is_unknown else 0,
            response_ids=frozenset(call.response_id for call in one.calls if call.response_id),
        )


def _estimate_micro_usd(one: Spending) -> int:
    """Return what a call with an unknown outcome would have cost by the table; else what is reserved for it."""
    try:
        asked = msgspec.json.decode(one.asked, type=Asked)
    except msgspec.ValidationError:
        return one.reserved_micro_usd  # as an older version has asked
    bill = estimate_unknown(Transcript(), asked, find_used_model(asked.upstream_model))
    return (bill.cost_micro_usd or one.reserved_micro_usd) * (asked.n if bill.cost_micro_usd else 1)


def _begin_ms(day: date, timezone: tzinfo) -> int:
    return round(datetime.combine(day, time(), timezone).timestamp() * 1000)


def _parse_timezone(name: str) -> tzinfo:
    if name.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        accepted = "UTC, or a name such as America/Los_Angeles that this machine knows"
        raise typer.BadParameter(f"--timezone is {name!r}; accepted: {accepted}") from None


def _parse_units(text: str) -> Decimal:
    try:
        units = Decimal(text)
    except InvalidOperation:
        units = Decimal(0)
    if not units.is_finite() or units <= 0:
        raise typer.BadParameter(f"--units-per-usd is {text!r}; accepted: a number above 0, such as 0.92")
    return units


def _parse_pair(option: str, text: str, form: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise typer.BadParameter(f"{option} is {text!r}; accepted: {form}")
    return name.strip(), value.strip()


def _parse_period(text: str) -> Period:
    if text == "day":
        return "day"
    if text == "month":
        return "month"
    raise typer.BadParameter(f"--by is {text!r}; accepted: day, month")


def _parse_day(option: str, text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{option} is {text!r}; accepted: a date such as 2026-11-28") from None
