"""Runs `limner` with one of its functions made deadly: `python -m doomed POINT serve …`.

The process kills itself where POINT says, the first time it comes there. The gateway itself has no hooks for it.
"""

import functools
import importlib
import inspect
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from limner.cli import main

LARGE_BYTES = 1_200_000


def _always(*_: Any) -> bool:
    return True


def _is_half(spool: Any, _: Any) -> bool:
    return bool(spool.size_bytes >= LARGE_BYTES // 2)


def _has_end_marker(draft: Any) -> bool:
    return any(b'"type":"end"' in line for line in draft._lines)  # noqa: SLF001 - where a kill hurts is inside


@dataclass(frozen=True)
class Point:
    """A function, by module and name in it, and whether the process dies before or after it has run."""

    module: str
    name: str
    is_before: bool = False
    is_meant: Callable[..., bool] = _always
    """Asked with the arguments, before the function runs."""


POINTS = {
    "claim-decided": Point("limner.ledger.claims", "claim"),
    "claim-on-disk": Point("limner.ledger.generations", "Ledger.claim"),
    "request-kept": Point("limner.generation.running", "keep_request"),
    "sent-decided": Point("limner.ledger.claims", "mark_sent"),
    "sent-on-disk": Point("limner.ledger.generations", "Ledger.mark_sent"),
    "head-came": Point("limner.generation.receiving", "Receiver.read", is_before=True),
    "picture-begun": Point("limner.pictures.spool", "FileSpool.append"),
    "picture-half": Point("limner.pictures.spool", "FileSpool.append", is_meant=_is_half),
    "picture-in-file": Point("limner.generation.journal", "JournalWriter.flush"),
    "journal-ended": Point("limner.pictures.store", "Draft.flush", is_meant=_has_end_marker),
    "draft-synced": Point("limner.pictures.store", "Draft.write"),
    "folder-renamed": Point("limner.pictures.store", "PictureStore.keep"),
    "end-decided": Point("limner.ledger.endings", "end"),
    "money-undecided": Point("limner.ledger.endings", "post", is_before=True),
    "settled": Point("limner.ledger.generations", "Ledger.end"),
    "picture-handed-over": Point("limner.web.delivery", "Delivery.mark"),
    "answer-handed-over": Point("limner.web.delivery", "Delivery.finish", is_before=True),
}


def doom(point: Point) -> None:
    """Make the function of `point` deadly."""
    owner: Any = importlib.import_module(point.module)
    *path, name = point.name.split(".")
    for part in path:
        owner = getattr(owner, part)
    original = getattr(owner, name)

    @functools.wraps(original)
    def die_in(*arguments: Any, **named: Any) -> Any:
        is_meant = point.is_meant(*arguments)
        if is_meant and point.is_before:
            _die()
        result = original(*arguments, **named)
        if is_meant:
            _die()
        return result

    @functools.wraps(original)
    async def die_in_task(*arguments: Any, **named: Any) -> Any:
        if point.is_before:
            _die()
        result = await original(*arguments, **named)
        _die()
        return result

    setattr(owner, name, die_in_task if inspect.iscoroutinefunction(original) else die_in)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    doom(POINTS[sys.argv.pop(1)])
    main()
