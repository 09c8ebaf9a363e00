"""Says how much of a JSON string passes, where its field alone does not. Knows nothing of documents.

Some clients send a picture's base64 bare where others send a data URI or a link (Portkey's and Ollama's forms, 2026-11).
What it is shows in its first characters: those of base64 are fixed by the first bytes of PNG, JPEG, WebP, HEIF and GIF.
Others send back thought signatures of other gateways, up to 3 MB each, which nobody here reads.
"""

import re
from enum import Enum, auto

from limner.translate.base64_runs import unescape

_HEAD_BYTES = 96
"""Enough for twelve characters of base64, each of them an escape, and white space before them."""

_PICTURE = re.compile(rb"\s*(?:iVBORw0KGgo|[/_]9j[/_]|UklGR|R0lGOD[dl]|AAAA[A-Za-z0-9+/_\-]{2}Z0eX)")


class Long(Enum):
    """How much of a string value passes."""

    NONE = auto()
    """Nothing: it stays in the skeleton."""
    WHOLE = auto()
    """All of it is base64."""
    AFTER_MARKER = auto()
    """All that follows `;base64,`, as in a data URI."""
    IN_TEXT = auto()
    """The base64 that follows each `;base64,`, as in Markdown; text may stand around it."""
    DROPPED = auto()
    """Nothing, and none of it is kept."""
    BY_HEAD = auto()
    """All of it if it begins as a picture's base64 does, else what follows `;base64,`."""
    IF_SHORT = auto()
    """Nothing if it is short; else it is dropped."""
    IF_LONG = auto()
    """Nothing if it is short; else all of it."""


UNDECIDED = frozenset({Long.BY_HEAD, Long.IF_SHORT, Long.IF_LONG})


def decide(rule: Long, data: bytes, position: int) -> Long:
    """Return what an undecided rule means for the string that begins at `position`; itself if more has to come."""
    head = data[position : position + _HEAD_BYTES]
    quote = head.find(b'"')
    if quote < 0 and len(head) < _HEAD_BYTES:
        return rule
    if rule is Long.IF_SHORT:
        return Long.DROPPED if quote < 0 else Long.NONE
    if rule is Long.IF_LONG:
        return Long.WHOLE if quote < 0 else Long.NONE
    is_picture = _PICTURE.match(unescape(head if quote < 0 else head[:quote]))
    return Long.WHOLE if is_picture else Long.AFTER_MARKER
