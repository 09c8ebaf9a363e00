"""An upstream whose answer comes in steps, each when the test lets it. Knows no gateway.

Its picture is noise of 512 pixels square, a real PNG of some 790 KB, so that a browser shows it.
"""

import base64
import io
import json
import os
from collections.abc import Iterator

from PIL import Image

from painting import Gate
from upstreams import Answer, Call

STEPS = 3


class Stepper:
    """Answers every call with the same picture in equal steps. `calls` is what came."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.before_answer = Gate()
        self.before_answer.open()
        self.gates = [Gate() for _ in range(STEPS - 1)]
        """What stands between the steps."""
        file = io.BytesIO()
        Image.frombytes("RGB", (512, 512), os.urandom(512 * 512 * 3)).save(file, "png")
        self.picture = file.getvalue()

    def open(self) -> None:
        """Let all that waits go on, and what comes later pass."""
        for gate in (self.before_answer, *self.gates):
            gate.open()

    def respond(self, call: Call) -> Answer:
        self.calls.append(call)
        self.before_answer.wait()
        part = {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(self.picture).decode()}}
        answer = json.dumps({"candidates": [{"content": {"parts": [part]}, "finishReason": "STOP"}]}).encode()
        if call.is_stream:
            return Answer(self._step(b"data: %b\r\n\r\n" % answer), "text/event-stream")
        return Answer(self._step(answer))

    def _step(self, body: bytes) -> Iterator[bytes]:
        length = len(body) // STEPS
        for number, gate in enumerate(self.gates):
            yield body[number * length : (number + 1) * length]
            gate.wait()
        yield body[(STEPS - 1) * length :]
