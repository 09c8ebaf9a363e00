"""Splits an event stream into the bytes of its `data` fields, in any cut. Knows nothing of what they say.

Facts:
  * WHATWG HTML, "Server-sent events" (2026-10): lines end in LF, CR or CRLF; a blank line ends an event;
    other fields and comments may stand anywhere.
  * Gemini sends `data: {json}` and CRLF twice, a picture whole in one line of up to 30 MB, and separators
    such as U+2028 unescaped, so only CR and LF end a line (google-genai 3.4.0, `_SseLineDecoder`).
  * An error in mid-stream may come as bare lines of JSON without `data:` (recorded from Vertex AI, 2025).

A line is never joined: its bytes are given out as they come.
"""

from collections.abc import Generator, Iterator
from enum import Enum, auto

from msgspec import Struct

_DATA = b"data:"
_LF = 0x0A
_CR = 0x0D


class DataBytes(Struct, frozen=True):
    """Bytes of the current event's data."""

    data: bytes


class EventEnds(Struct, frozen=True):
    """The current event is complete."""


class BareBytes(Struct, frozen=True):
    """Bytes outside any event: JSON that is not wrapped in one. Everything after is bare too."""

    data: bytes


class _State(Enum):
    LINE_START = auto()
    DATA = auto()
    OTHER_FIELD = auto()
    BARE = auto()


class EventLines:
    """Feed it bytes; it holds at most the first five of a line."""

    def __init__(self) -> None:
        self._state = _State.LINE_START
        self._head = b""
        self._skips_lf = False

    def feed(self, data: bytes) -> Iterator[DataBytes | EventEnds | BareBytes]:
        """Yield what the next bytes hold."""
        position = 0
        while position < len(data):
            if self._skips_lf:
                self._skips_lf = False
                if data[position] == _LF:
                    position += 1
                    continue
            if self._state is _State.BARE:
                yield BareBytes(data[position:])
                return
            if self._state is _State.LINE_START:
                position = yield from self._read_line_start(data, position)
            else:
                position = yield from self._read_field(data, position)

    def _read_line_start(self, data: bytes, position: int) -> Generator[EventEnds | BareBytes, None, int]:
        sign = data[position]
        if sign in {_LF, _CR}:
            if not self._head:
                yield EventEnds()
            self._end_line(sign)
            return position + 1
        self._head += data[position : position + 1]
        if self._head in {b"{", b"["}:
            self._state = _State.BARE
            yield BareBytes(self._head)
        elif self._head == _DATA:
            self._state = _State.DATA
        elif not _DATA.startswith(self._head):
            self._state = _State.OTHER_FIELD
        return position + 1

    def _read_field(self, data: bytes, position: int) -> Generator[DataBytes, None, int]:
        lf = data.find(b"\n", position)
        end = len(data) if lf < 0 else lf
        cr = data.find(b"\r", position, end)
        end = end if cr < 0 else cr
        if self._state is _State.DATA:
            if end > position:
                yield DataBytes(data if end - position == len(data) else data[position:end])
            if end < len(data):
                yield DataBytes(b"\n")
        if end < len(data):
            self._end_line(data[end])
            return end + 1
        return end

    def _end_line(self, sign: int) -> None:
        self._state = _State.LINE_START
        self._head = b""
        self._skips_lf = sign == _CR
