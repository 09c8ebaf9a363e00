"""Server-sent events out of bytes as they arrive. This module must not know what the events say.

A picture's line may have 30 MB and come in thousands of pieces, so a line grows in one buffer and each byte is
looked at once. Format: WHATWG HTML, "Server-sent events"; a lone CR, which no gateway sends, ends no line here.
"""

from collections.abc import Iterator
from typing import NamedTuple

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Event(NamedTuple):
    """One event: its name, empty for most, and its data lines joined."""

    name: bytes
    data: bytes


class EventReader:
    """Reads events; comments, ids and retry times are passed over."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._name = b""
        self._data: list[bytes] = []
        self._is_first = True

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """Yield the events that `chunk` completes."""
        start = 0
        while (end := chunk.find(b"\n", start)) >= 0:
            self._line += chunk[start:end]
            start = end + 1
            line, self._line = self._line, bytearray()
            if line.endswith(b"\r"):
                del line[-1:]
            if line:
                self._take(line)
            else:
                yield from self._dispatch()
        self._line += chunk[start:]

    def close(self) -> Iterator[Event]:
        """Yield the event that no blank line ended: some gateways leave it out behind the last one."""
        line, self._line = self._line, bytearray()
        if line.strip():
            self._take(line.rstrip(b"\r"))
        yield from self._dispatch()

    def _take(self, line: bytearray) -> None:
        if self._is_first:
            self._is_first = False
            if line.startswith(_BYTE_ORDER_MARK):
                del line[: len(_BYTE_ORDER_MARK)]
        head = line[:6]
        if head.startswith(b"data:"):
            self._data.append(bytes(memoryview(line)[6 if head == b"data: " else 5 :]))
        elif head == b"event:":
            self._name = bytes(line[6:]).strip()

    def _dispatch(self) -> Iterator[Event]:
        if self._data:
            yield Event(self._name, b"\n".join(self._data) if len(self._data) > 1 else self._data[0])
        self._data = []
        self._name = b""
