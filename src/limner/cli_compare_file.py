"""Reads a usage or billing export: a CSV file whose columns are named by options. Knows no books.

What stands above the head of the table is passed over, as Google's Cost table has it. A row without a time is a sum or
a note, and is left out.
"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from pathlib import Path

from limner.catalogue import list_models, list_names
from limner.cli_failure import CommandFailed

_NUMBER = re.compile(r"[^\d.,()\-]*(-?)[^\d.,()\-]*([\d.,]+(?:[eE][+-]?\d+)?)[^\d()]*")
"""With a currency's sign or name before or behind it."""
_GROUPED = re.compile(r"\d{1,3}(,\d{3})*(\.\d+)?")
_SHOWN_CHARACTERS = 60


@dataclass(frozen=True)
class Columns:
    """The names of the columns; None: the export has no such column."""

    time: str
    model: str
    cost: str | None
    tokens: str | None
    response_id: str | None
    credential: str | None


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How a file is to be read."""

    columns: Columns
    timezone: tzinfo
    """Of the days, and of times that do not say theirs."""
    units_per_usd: Decimal
    only: Sequence[tuple[str, str]]
    """Columns and what has to stand in them."""
    names: Mapping[str, str]
    """What models and credentials of the export are called here."""


@dataclass(frozen=True, kw_only=True)
class ExportRow:
    """One row of the export."""

    line: int
    day: date
    model: str
    """Gemini's id, or the export's own words where they name no model."""
    credential: str | None
    cost_usd: Decimal
    tokens: int
    response_id: str | None


@dataclass(frozen=True)
class Export:
    """What a file says, and how many of its rows were left out for want of a time."""

    rows: Sequence[ExportRow]
    skipped: int


def read_export(path: Path, reading: Reading) -> Export:
    """Return the rows of a file.

    Raises:
        CommandFailed: it cannot be read, a column is missing, or a cell is not what it has to be.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise CommandFailed(f"cannot read {path} ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise CommandFailed(f"{path} is not UTF-8 (byte {error.start})") from error
    rows: list[ExportRow] = []
    skipped = 0
    for line, cells in _list_rows(path, text, reading):
        if not cells[reading.columns.time]:
            skipped += 1
        elif all(cells[name] == wanted for name, wanted in reading.only):
            rows.append(_read_row(line, cells, reading))
    return Export(rows, skipped)


def find_named_model(text: str) -> str:
    """Return the id of the model that a text names, such as a SKU's description; the text itself if it names none."""
    said = f" {_fold(text)} "
    names = ((_fold(name), model.id) for model in list_models() for name in list_names(model))
    found = [(len(name), model_id) for name, model_id in names if f" {name} " in said]
    return max(found)[1] if found else text


def _list_rows(path: Path, text: str, reading: Reading) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the number of each line below the head, and its cells by name."""
    columns = reading.columns
    wanted = {
        name
        for name in (
            *(columns.time, columns.model, columns.cost, columns.tokens),
            *(columns.response_id, columns.credential),
            *(name for name, _ in reading.only),
        )
        if name is not None
    }
    head: list[str] | None = None
    reader = csv.reader(text.splitlines(keepends=True), delimiter=_find_delimiter(text, columns.time))
    for cells in reader:
        stripped = [cell.strip() for cell in cells]
        if head is None:
            head = stripped if wanted <= set(stripped) else None
        elif any(stripped):
            padded = [*stripped, *[""] * (len(head) - len(stripped))]
            yield reader.line_num, dict(zip(head, padded, strict=False))
    if head is None:
        raise CommandFailed(f"{path} has no line with the columns {', '.join(sorted(wanted))}")


def _find_delimiter(text: str, column: str) -> str:
    head = next((line for line in text.splitlines() if column in line), "")
    return max(",;\t", key=head.count)


def _read_row(line: int, cells: Mapping[str, str], reading: Reading) -> ExportRow:
    columns = reading.columns
    model = cells[columns.model]
    credential = None if columns.credential is None else cells[columns.credential]
    cost = Decimal(0) if columns.cost is None else _read_number(line, columns.cost, cells)
    tokens = Decimal(0) if columns.tokens is None else _read_number(line, columns.tokens, cells)
    return ExportRow(
        line=line,
        day=_read_day(line, columns.time, cells, reading.timezone),
        model=find_named_model(reading.names.get(model, model)),
        credential=credential if credential is None else reading.names.get(credential, credential),
        cost_usd=cost / reading.units_per_usd,
        tokens=round(tokens),
        response_id=cells[columns.response_id] or None if columns.response_id else None,
    )


def _read_day(line: int, name: str, cells: Mapping[str, str], timezone: tzinfo) -> date:
    text = cells[name]
    try:
        if re.fullmatch(r"\d{10}(\.\d+)?", text):
            return datetime.fromtimestamp(float(text), UTC).astimezone(timezone).date()
        moment = datetime.fromisoformat(text.removesuffix(" UTC") + ("Z" if text.endswith(" UTC") else ""))
    except (ValueError, OverflowError):
        accepted = "a date such as 2026-11-28, a time such as 2026-11-28T10:00:00Z, or seconds since 1970"
        raise _refuse(line, name, text, accepted) from None
    return (moment.astimezone(timezone) if moment.tzinfo else moment).date()


def _read_number(line: int, name: str, cells: Mapping[str, str]) -> Decimal:
    text = cells[name].replace("\N{MINUS SIGN}", "-")
    if not text:
        return Decimal(0)
    found = _NUMBER.fullmatch(text)
    if found is not None and ("," not in found[2] or _GROUPED.fullmatch(found[2])):
        with suppress(InvalidOperation):
            return Decimal(found[1] + found[2].replace(",", ""))
    raise _refuse(line, name, cells[name], "a number such as 1,234.50")


def _refuse(line: int, name: str, text: str, accepted: str) -> CommandFailed:
    return CommandFailed(f"line {line}: {name!r} is {text[:_SHOWN_CHARACTERS]!r}; accepted: {accepted}")


def _fold(text: str) -> str:
    """Return words without signs between them; a version's `.0` is not said in Gemini's ids."""
    words = " ".join(re.findall(r"[a-z0-9.]+", text.lower()))
    return re.sub(r"(\d)\.0\b", r"\1", words).strip()
