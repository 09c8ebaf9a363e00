"""Runs `limner` with one step of the move made deadly: `python -m doomed_move POINT database migrate …`.

The process kills itself where POINT says. The move itself has no hooks for it. POSIX only.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from limner.cli import main
from limner.ledger import moving
from limner.ledger.sqlite import SqliteDatabase

_VALUES_BEFORE_DEATH = 300
"""In the middle of the generations: of the keys there are fewer."""


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _doom_function(name: str, *, is_before: bool = False) -> None:
    original: Callable[..., Any] = getattr(moving, name)

    def die_in(*arguments: Any, **named: Any) -> Any:
        if is_before:
            _die()
        result = original(*arguments, **named)
        _die()
        return result

    setattr(moving, name, die_in)


def _doom_copy() -> None:
    original, calls = moving._to_postgres, count()  # noqa: SLF001 - where a kill hurts is inside

    def die_later(value: Any) -> Any:
        if next(calls) == _VALUES_BEFORE_DEATH:
            _die()
        return original(value)

    moving._to_postgres = die_later  # noqa: SLF001 - as above


def _doom_end(*, is_before: bool) -> None:
    original = SqliteDatabase.transaction

    @contextmanager
    def die_at_end(self: SqliteDatabase) -> Iterator[None]:
        with original(self):
            yield
            if is_before:
                _die()
        _die()

    SqliteDatabase.transaction = die_at_end  # type: ignore[method-assign] # that is what this program is for


POINTS: dict[str, Callable[[], None]] = {
    "marked": lambda: _doom_function("_mark"),
    "half-copied": _doom_copy,
    "copied": lambda: _doom_function("_compare", is_before=True),
    "compared": lambda: _doom_function("_compare"),
    "final-there": lambda: _doom_end(is_before=True),
    "final-here": lambda: _doom_end(is_before=False),
}

if __name__ == "__main__":
    POINTS[sys.argv.pop(1)]()
    main()
