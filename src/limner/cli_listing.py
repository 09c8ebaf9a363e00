"""How commands print what they list: tables, JSON, times and dollars. No command is named here.

Dollars are made from integers of micro-dollars, digit by digit: nothing is lost in a float, in JSON neither. What a
client wrote into a cell reaches the terminal without the characters a terminal obeys.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from limner.ledger.records import MICRO_USD_PER_USD

_ENCODER = msgspec.json.Encoder(decimal_format="number")


def print_table(rows: Sequence[Sequence[str]], *, numeric: Collection[int] = ()) -> None:
    """Print rows in columns, the `numeric` ones to the right."""
    shown = [[_to_printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    for row in shown:
        cells = [
            cell.rjust(width) if number in numeric else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())


def print_json(value: object) -> None:
    """Print a document of plain values; a Decimal becomes a number with just its digits."""
    print(msgspec.json.format(_ENCODER.encode(value), indent=2).decode())


def format_time(epoch_seconds: float) -> str:
    """Return a moment to the minute."""
    return datetime.fromtimestamp(epoch_seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def to_iso(epoch_ms: int) -> str:
    """Return a moment as JSON has it."""
    seconds, milliseconds = divmod(epoch_ms, 1000)
    moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=milliseconds * 1000)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def format_usd(micro_usd: int) -> str:
    """Return dollars for a sentence: cents at least, and further digits where there are some."""
    digits = format_exact_usd(micro_usd)
    return digits[:-4] + digits[-4:].rstrip("0")


def format_exact_usd(micro_usd: int) -> str:
    """Return dollars for a column: always six decimals."""
    whole, rest = divmod(micro_usd, MICRO_USD_PER_USD)
    return f"${whole}.{rest:06}"


def to_usd(micro_usd: int) -> Decimal:
    """Return dollars for `print_json`, without needless zeros."""
    whole, rest = divmod(micro_usd, MICRO_USD_PER_USD)
    return Decimal(f"{whole}.{rest:06}".rstrip("0").rstrip("."))


def _to_printable(text: str) -> str:
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
    )
