"""An upstream that draws another picture at every call, counts them, and holds them back as a test says.

Every call that it answers with a picture is a charge. It must not know who asks, nor what a gateway does.
"""

import base64
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from upstreams import Answer, Call, Upstream

PATIENCE_SECONDS = 20
SMALL_BYTES = 3000
_USAGE = {"promptTokenCount": 5, "candidatesTokenCount": 1120, "totalTokenCount": 1125}
_PNG_HEAD = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\2\0\0\0\2\0\x08\2\0\0\0"


class Gate:
    """What waits here goes on once it is opened; a gate that nobody opens gives way before the test ends."""

    def __init__(self) -> None:
        self._is_open = threading.Event()

    def open(self) -> None:
        self._is_open.set()

    def wait(self) -> None:
        self._is_open.wait(PATIENCE_SECONDS)


@dataclass
class Painter:
    """How the pictures come. `pictures` are those that were charged, in the order of their calls."""

    size_bytes: int = SMALL_BYTES
    pictures_per_call: int = 1
    delay_seconds: float = 0
    before_answer: Gate | None = None
    """Where a call waits before its status line."""
    before_end: Gate | None = None
    """Where a call waits between its first picture and the rest of its answer."""
    pictures: list[bytes] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    failures: list[Answer] = field(default_factory=list)
    """Answered first, one a call, and not charged."""

    def respond(self, call: Call) -> Answer:
        self.calls.append(call)
        if self.failures:
            return self.failures.pop(0)
        drawn = [
            _PNG_HEAD + os.urandom(self.size_bytes - len(_PNG_HEAD)) for _ in range(self.pictures_per_call)
        ]
        self.pictures += drawn
        time.sleep(self.delay_seconds)
        if self.before_answer is not None:
            self.before_answer.wait()
        if call.is_stream:
            return Answer(self._write_events(drawn), "text/event-stream")
        return Answer(self._write_whole(drawn))

    def wait_for_calls(self, number: int) -> None:
        """Return once so many calls have come."""
        wait_until(lambda: len(self.calls) >= number)

    def _write_events(self, drawn: list[bytes]) -> Iterator[bytes]:
        for number, picture in enumerate(drawn):
            yield _to_event({"candidates": [{"content": {"parts": [_to_part(picture)]}}]})
            if number == 0:
                self._wait_before_end()
        yield _to_event({"candidates": [{"finishReason": "STOP"}], "usageMetadata": _USAGE})

    def _write_whole(self, drawn: list[bytes]) -> Iterator[bytes]:
        yield b'{"candidates":[{"content":{"role":"model","parts":['
        for number, picture in enumerate(drawn):
            yield (b"," if number else b"") + json.dumps(_to_part(picture)).encode()
            if number == 0:
                self._wait_before_end()
        yield b']},"finishReason":"STOP"}],"usageMetadata":' + json.dumps(_USAGE).encode() + b"}"

    def _wait_before_end(self) -> None:
        if self.before_end is not None:
            self.before_end.wait()


def _to_part(picture: bytes) -> dict[str, object]:
    return {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(picture).decode()}}


def _to_event(event: object) -> bytes:
    return f"data: {json.dumps(event)}\r\n\r\n".encode()


def refuse(status: int, retry_after: str | None = None) -> Answer:
    """Return Google's answer that says no, with the wait that it asks for."""
    details = (
        []
        if retry_after is None
        else [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": retry_after}]
    )
    error = {"code": status, "message": "no", "status": "UNAVAILABLE", "details": details}
    return Answer([json.dumps({"error": error}).encode()], status=status)


@contextmanager
def painting(upstream: Upstream, painter: Painter) -> Iterator[Painter]:
    """Let `painter` answer for the length of the block; whatever still waits then goes on."""
    upstream.respond = painter.respond
    try:
        yield painter
    finally:
        for gate in (painter.before_answer, painter.before_end):
            if gate is not None:
                gate.open()


def wait_until(is_so: Callable[[], bool]) -> None:
    """Return once `is_so`; fail if that takes too long."""
    ends_at = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < ends_at
        time.sleep(0.01)
