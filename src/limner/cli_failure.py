"""How a command fails: its reason on stderr, exit code 1. This module must not know any command."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer


class CommandFailed(Exception):
    """A command cannot do what was asked; the message is one line, for the one who typed it."""


@contextmanager
def reported_failures() -> Iterator[None]:
    """Turn the failures an operator can do something about into their line and exit code 1."""
    from limner.config import SettingsError  # noqa: PLC0415 - heavy, and not needed for help
    from limner.ledger.errors import LedgerError  # noqa: PLC0415 - as above

    try:
        yield
    except (CommandFailed, SettingsError, LedgerError) as failure:
        for line in str(failure).splitlines():
            print(f"limner: {line}", file=sys.stderr)
        raise typer.Exit(1) from None
