"""Finds the thought signatures of a kept answer in its journal. Knows lines and a file.

A signature is up to 3 MB of base64 (recorded 2026-07) and is not read here: it is sent from the journal.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from limner.pictures.store import JOURNAL_NAME
from limner.pictures.stored import StoredBase64
from limner.translate.transcript import name_signature

_HEAD = b'{"type":"signature","part":'
_SIGNATURE = re.compile(re.escape(_HEAD) + rb'([0-9]{1,9}),"base64":"')
_TAIL = b'"}'


class Range(Struct, frozen=True):
    """Where a signature's base64 begins in the journal, and how long it is decoded."""

    offset: int
    size_bytes: int


def read_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a journal, each with where it begins. Raises OSError."""
    offset = 0
    with path.open("rb") as file:
        for line in file:
            yield offset, line.rstrip(b"\n")
            offset += len(line)


def is_signature(line: bytes) -> bool:
    """Return whether a line is one of a signature."""
    return line.startswith(_HEAD)


def find_signature(line: bytes, offset: int) -> tuple[int, Range] | None:
    """Return the part and the place of the signature in a line that begins at `offset`; None: it cannot be sent."""
    head = _SIGNATURE.match(line)
    if head is None or not line.endswith(_TAIL):  # the file was cut here
        return None
    length = len(line) - head.end() - len(_TAIL)
    if length <= 0 or length % 4:  # not as Gemini writes it; it could not be sent in pieces
        return None
    padding = line[-len(_TAIL) - 2 : -len(_TAIL)].count(b"=")
    return int(head[1]), Range(offset + head.end(), length // 4 * 3 - padding)


def open_signatures(folder: Path) -> dict[str, StoredBase64]:
    """Return all signatures of an only choice by their names; one that is empty has none. Blocks. Raises OSError."""
    path = folder / JOURNAL_NAME
    lines = [(offset, line) for offset, line in read_lines(path) if is_signature(line)]
    found = {name_signature(n): find_signature(line, offset) for n, (offset, line) in enumerate(lines)}
    return {
        name: StoredBase64(path, offset=place[1].offset, size_bytes=place[1].size_bytes)
        for name, place in found.items()
        if place is not None
    }
