"""Reads a CSV file of keys into rows of named cells. Knows no column and no key.

What is wrong is said with its line. No message holds a cell that may be a secret: one that slipped into another column,
or a first row that is no head, looks like one.
"""

import csv
import re
from collections.abc import Iterator

from msgspec import Struct

from limner.ledger.errors import KeyRefused

MOST_ROWS = 100_000
_DELIMITERS = (",", ";", "\t")
_SHOWN_CHARACTERS = 60
_LIKE_A_SECRET = re.compile(r"\bsk-\S+|[A-Za-z0-9_*]{24,}")


class Row(Struct, frozen=True):
    """The cells of one row, by the names of their columns in small letters; cells are without white space around."""

    line: int
    cells: dict[str, str]


class Table(Struct, frozen=True):
    """What was read."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    problems: tuple[str, ...]
    """Of rows that do not fit the columns."""


class ImportRefused(KeyRefused):
    """A file of keys cannot be taken; nothing of it was."""

    def __init__(self, problems: list[str]) -> None:
        """`problems` has a line for each."""
        super().__init__("\n".join(problems))
        self.problems = problems


def read_table(data: bytes) -> Table:
    """Return the rows of a file.

    Raises:
        ImportRefused: it is no CSV file with a head.
    """
    lines = _decode(data).splitlines(keepends=True)
    rows = _read_rows(lines)
    try:
        head = next(rows, None)
        if head is None:
            raise ImportRefused(["the file is empty; its first line names the columns"])
        columns = tuple(name.strip().lower() for name in head[1])
        _check_head(columns)
        return _fit(columns, rows)
    except csv.Error:
        raise ImportRefused(["the file is not CSV: a quote is not closed, or a cell is too long"]) from None


def hide(text: str) -> str:
    """Return a text as it may be shown: what looks like a secret is not in it."""
    return _LIKE_A_SECRET.sub("(hidden)", text)


def show(cell: str) -> str:
    """Return a cell as a message quotes it."""
    hidden = hide(cell)
    return repr(hidden if len(hidden) <= _SHOWN_CHARACTERS else f"{hidden[:_SHOWN_CHARACTERS]}…")


def _decode(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ImportRefused([f"line {line}: the file is not UTF-8"]) from None


def _read_rows(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield each row that is not empty, with the number of the line that it begins in."""
    head = lines[0] if lines else ""
    reader = csv.reader(lines, delimiter=max(_DELIMITERS, key=head.count), strict=True)
    begins = 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield begins, cells
        begins = reader.line_num + 1


def _check_head(columns: tuple[str, ...]) -> None:
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise ImportRefused([f"line 1: there are two columns {', '.join(map(show, twice))}"])


def _fit(columns: tuple[str, ...], rows: Iterator[tuple[int, list[str]]]) -> Table:
    found: list[Row] = []
    problems: list[str] = []
    for line, cells in rows:
        if len(cells) != len(columns):
            problems.append(f"line {line}: there are {len(cells)} cells, and {len(columns)} columns")
            continue
        if len(found) == MOST_ROWS:
            raise ImportRefused([f"line {line}: the file has more than {MOST_ROWS} keys; import it in parts"])
        found.append(Row(line, {name: cell.strip() for name, cell in zip(columns, cells, strict=True)}))
    return Table(columns, tuple(found), tuple(problems))
