"""Rows of a CSV file as keys that are wanted: Limner's own columns, and whose columns a file has. Knows no database."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from limner.ledger.key_cells import Cells, find_models
from limner.ledger.key_rules import BUDGET_PERIODS, IMAGE_OUTPUTS
from limner.ledger.key_table import ImportRefused, Table, show

OWN_COLUMNS = (
    *(
        "name",
        "key",
        "sha256",
        "owner",
        "budget_usd",
        "budget_period",
        "images_per_minute",
        "requests_per_minute",
    ),
    *("models", "expires", "expires_at", "image_output", "admin", "is_admin"),
)


class Wanted(Struct, frozen=True, kw_only=True):
    """A key as a row wants it."""

    line: int
    name: str
    other_name: str | None = None
    """What it is called if others of the file have its name."""
    secret: str | None = None
    sha256: bytes | None = None
    """Of the secret, if only that is known."""
    fields: dict[str, Any]
    """What the file says of it, by the names in ApiKey; what is None takes a limit away."""
    notes: tuple[str, ...] = ()
    """What is said there and cannot be kept here."""


class LeftOut(Struct, frozen=True, kw_only=True):
    """A row that is no key here, and why."""

    line: int
    reason: str


_SHA256_BYTES = 32

Read = Callable[[Cells, int], Wanted | LeftOut]
"""Returns what a row is, at a time in epoch seconds; the row has problems then, or it has none."""


class Format(Struct, frozen=True, kw_only=True):
    """How the columns of one gateway are read."""

    name: str
    marks: frozenset[str]
    """Columns that no other gateway's table has."""
    read: Read


def choose_format(table: Table, foreign: tuple[Format, ...], further: str | None = None) -> Format:
    """Return whose columns these are; `further` is one that may stand beside them.

    Raises:
        ImportRefused: a column is unknown, where all are to be known.
    """
    for kind in foreign:
        if kind.marks & set(table.columns):
            return kind
    unknown = [name for name in table.columns if name not in OWN_COLUMNS and name != further]
    problems = [f"line 1: no column is called {', '.join(map(show, unknown))}"] if unknown else []
    if "name" not in table.columns:
        problems.append("line 1: there is no column 'name'")
    if problems:
        known = ", ".join(OWN_COLUMNS)
        raise ImportRefused(
            [*problems, f"accepted: {known}, or the columns of new-api's or litellm's table of keys"]
        )
    return OWN


def read_own(cells: Cells, now: int) -> Wanted:
    """Return what a row in Limner's own columns wants. A cell that is empty takes a limit away."""
    given: dict[str, Any] = {}
    if cells.has("owner"):
        given["owner"] = cells.read("owner") or None
    if cells.has("image_output"):
        given["image_output"] = _read_choice(cells, "image_output", IMAGE_OUTPUTS)
    for name in ("images_per_minute", "requests_per_minute"):
        if cells.has(name):
            given[name] = cells.read_integer(name)
    for name in ("admin", "is_admin"):
        if cells.has(name):
            given["is_admin"] = cells.read_flag(name)
    for name in ("expires", "expires_at"):
        if cells.has(name):
            given["expires_at"] = cells.read_moment(name, now) or given.get("expires_at")
    if cells.has("models"):
        given["models"] = _read_models(cells)
    return Wanted(
        line=cells.line,
        name=cells.read("name"),
        secret=cells.read("key") or None,
        sha256=read_sha256(cells, "sha256"),
        fields=given | _read_budget(cells),
    )


def read_sha256(cells: Cells, name: str) -> bytes | None:
    """Return the SHA-256 that a cell holds, written as 64 hexadecimal digits."""
    text = cells.read(name)
    if not text:
        return None
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != _SHA256_BYTES:
        cells.problems.append(f"{name} is no SHA-256; accepted: 64 hexadecimal digits")
        return None
    return found


def _read_budget(cells: Cells) -> dict[str, Any]:
    if not cells.has("budget_usd"):
        if cells.read("budget_period"):
            cells.problems.append("budget_period is nothing without budget_usd")
        return {}
    budget = cells.read_micro_usd("budget_usd")
    period = _read_choice(cells, "budget_period", BUDGET_PERIODS)
    if budget is None and period is not None:
        cells.problems.append("budget_period is nothing without budget_usd")
    return to_budget(budget, period or "total")


def to_budget(micro_usd: int | None, period: str) -> dict[str, Any]:
    """Return a budget by the names in ApiKey; one that is none has no period."""
    given: dict[str, Any] = {"budget_micro_usd": micro_usd}
    return given if micro_usd is None else {**given, "budget_period": period}


def _read_choice(cells: Cells, name: str, accepted: tuple[str, ...]) -> str | None:
    text = cells.read(name).lower()
    if text and text not in accepted:
        cells.refuse(name, ", ".join(accepted))
    return text or None


def _read_models(cells: Cells) -> frozenset[str] | None:
    names = cells.read_names("models")
    if names in ([], ["all"]):
        return None
    found, unknown = find_models(names)
    if unknown:
        cells.problems.append(f"models names no model Limner knows: {', '.join(map(show, unknown))}")
    return found


OWN = Format(name="limner", marks=frozenset(), read=read_own)
