"""Reads the cells of a row as what they stand for: dollars, limits, moments, models. Knows no column by its name.

A cell that cannot be read is noted as a problem, and reading goes on, so that all of a file's are found at once.
"""

from datetime import UTC, datetime

from msgspec import DecodeError, json

from limner.catalogue import find_by_any_name
from limner.ledger.amounts import ACCEPTED_DOLLARS, ACCEPTED_SPAN, read_micro_usd, read_span_seconds
from limner.ledger.key_table import Row, show

_TRUE = frozenset({"true", "t", "yes", "y", "1", "on"})
_FALSE = frozenset({"false", "f", "no", "n", "0", "off", ""})
_EMPTY = frozenset({"", "null", "none", "\\n"})
_LONGEST_NUMBER = 16


class Cells:
    """One row, and what was wrong with it."""

    def __init__(self, row: Row) -> None:
        self.line = row.line
        self.problems: list[str] = []
        self._cells = row.cells

    def has(self, name: str) -> bool:
        """Return whether there is such a column."""
        return name in self._cells

    def read(self, name: str) -> str:
        """Return a cell as it is; '' where there is none, and where a database wrote that it is NULL."""
        text = self._cells.get(name, "")
        return "" if text.lower() in _EMPTY else text

    def refuse(self, name: str, accepted: str) -> None:
        """Note that a cell cannot be."""
        self.problems.append(f"{name} is {show(self._cells.get(name, ''))}; accepted: {accepted}")

    def read_flag(self, name: str) -> bool:
        """Return whether a cell says yes; one that is empty says no."""
        text = self.read(name).lower()
        if text not in _TRUE | _FALSE:
            self.refuse(name, "true or false")
        return text in _TRUE

    def read_integer(self, name: str) -> int | None:
        """Return a whole number; None for an empty cell."""
        text = self.read(name)
        if not text:
            return None
        digits = text.removeprefix("-").removesuffix(".0")
        if not (digits.isascii() and digits.isdecimal() and len(digits) <= _LONGEST_NUMBER):
            self.refuse(name, "a whole number")
            return None
        return -int(digits) if text.startswith("-") else int(digits)

    def read_micro_usd(self, name: str) -> int | None:
        """Return dollars as micro-dollars; None for an empty cell."""
        text = self.read(name)
        if not text:
            return None
        micro_usd = read_micro_usd(text.removeprefix("$"))
        if micro_usd is None:
            self.refuse(name, ACCEPTED_DOLLARS)
        return micro_usd

    def read_moment(self, name: str, now: int) -> int | None:
        """Return epoch seconds, of a span from now, a date or time (UTC unless it says), or epoch seconds."""
        text = self.read(name)
        if not text or text.lower() == "never":
            return None
        if (span := read_span_seconds(text)) is not None:
            return now + span
        if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER:
            return int(text)
        try:
            moment = datetime.fromisoformat(text)
            return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
        except (ValueError, OverflowError):
            self.refuse(name, f"{ACCEPTED_SPAN}; a date such as 2026-12-31; never")
            return None

    def read_names(self, name: str) -> list[str]:
        """Return the names of a list, however it is written: `a,b`, `a b`, `a;b`, `["a","b"]`, `{a,b}`."""
        text = self.read(name)
        if text.startswith("["):
            try:
                return json.decode(text, type=list[str])
            except DecodeError:
                self.refuse(name, "a list of models")
                return []
        return text.strip("{}").replace('"', " ").replace(",", " ").replace(";", " ").split()


def find_models(names: list[str]) -> tuple[frozenset[str], list[str]]:
    """Return the ids of those models that Limner knows, and the names that it does not."""
    found = {name: find_by_any_name(name) for name in names}
    return (
        frozenset(model.id for model in found.values() if model is not None),
        [name for name, model in found.items() if model is None],
    )
