"""Reads the pages of `docs/`: sections, tables, code spans. It must not know what they say."""

import re
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).parents[2]


def read_page(name: str) -> str:
    """Return the text of a page of `docs/`."""
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def find_section(page: str, heading: str) -> str:
    """Return what stands under a heading of the second level."""
    (section,) = re.findall(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    return str(section)


def find_table(text: str, first_head: str) -> list[list[str]]:
    """Return the rows of the only table whose first column is headed so."""
    tables = [
        [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()]
        for block in re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
    ]
    (found,) = [rows for head, _, *rows in tables if head[0] == first_head]
    return found


def read_spans(cell: str) -> list[str]:
    """Return the code spans of a cell."""
    return re.findall(r"`([^`]+)`", cell)


def read_money(cell: str) -> Decimal:
    """Return dollars."""
    assert cell.startswith("$")
    return Decimal(cell[1:])
