"""Is a system up, and does its answer hold the very picture? Asked before anything is measured.

Reads any answer, Gemini's or OpenAI's shape, whole or streamed, by the picture inside. Keeps no connection.
"""

import base64
import binascii
import http.client
import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from answers import PNG_SIGNATURE, Picture
from scenarios import Scenario
from systems import Call, System

_PICTURE_START = base64.b64encode(PNG_SIGNATURE)[:8].decode()


class NotServingError(Exception):
    """A system did not start, or answers without the picture. Its message says what it said."""


def wait_until_serving(system: System, port: int, process: subprocess.Popen[str], log: Path) -> None:
    """Return once the system delivers a tiny picture whole and streamed.

    Raises NotServingError when it ends or its start takes too long, with the end of its log.
    """
    deadline = time.monotonic() + system.start_seconds
    while True:
        try:
            for streamed in (False, True):
                _check(system, port, Scenario("tiny", 1, streamed=streamed))
        except (OSError, http.client.HTTPException, NotServingError) as failure:
            if process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.1)
                continue
            ended = "" if process.returncode is None else f" (it ended with {process.returncode})"
            raise NotServingError(f"{system.name}: {failure}{ended}\n{log.read_text()[-2000:]}") from failure
        return


def _check(system: System, port: int, scenario: Scenario) -> None:
    status, text = _post(port, system.ask(scenario))
    mode = "streamed" if scenario.streamed else "whole"
    if status != 200:
        raise NotServingError(f"a {mode} answer has status {status}: {text[:300]}")
    if not holds_picture(text, scenario.picture):
        raise NotServingError(f"a {mode} answer is without its picture: {text[:300]}")


def _post(port: int, call: Call) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        headers = {"Content-Type": "application/json", **dict(line.split(": ", 1) for line in call.headers)}
        connection.request("POST", call.path, call.body, headers)
        response = connection.getresponse()
        return response.status, response.read().decode("utf-8", "replace")
    finally:
        connection.close()


def holds_picture(text: str, picture: Picture) -> bool:
    """Whether the answer holds the picture unbroken: every byte there and base64 throughout."""
    strings = "".join(_strings(text))
    start = strings.find(_PICTURE_START)
    if start < 0:
        return False
    encoded = strings[start : start + picture.base64_characters]
    try:
        return len(base64.b64decode(encoded, validate=True)) == picture.file_bytes
    except binascii.Error:
        return False


def _strings(text: str) -> Iterator[str]:
    """Every string of the JSON document, or of the documents of an event stream, in order."""
    waiting: list[object] = []
    if text.startswith("data:"):
        lines = (line.removeprefix("data:").strip() for line in text.splitlines())
        waiting += [json.loads(line) for line in lines if line.startswith("{")]
    else:
        waiting.append(json.loads(text))
    waiting.reverse()
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            waiting += reversed(value.values())
        elif isinstance(value, list):
            waiting += reversed(value)
