"""Stands between gateway and emulator and writes down what was asked and answered, part by part.

It changes nothing: what a test reads here is what Gemini would have got. Pictures and signatures are told by digests.
"""

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import pybase64

from programs import UPSTREAM_KEY, Emulator
from upstreams import Answer, Call, run_upstream

_HOLD_SECONDS = 60


@dataclass(frozen=True)
class Part:
    """A part of a turn: `picture` is the SHA-256 of its bytes, `signature` of its signature's; None where it has none."""

    text: str
    picture: str | None
    signature: str | None


@dataclass(frozen=True)
class Content:
    """A turn, as the upstream got or gave it."""

    role: str
    parts: tuple[Part, ...]

    @property
    def pictures(self) -> list[str]:
        return [part.picture for part in self.parts if part.picture is not None]

    @property
    def signed(self) -> list[tuple[str | None, str]]:
        """The signed parts in order: their picture, or None for text, and their signature."""
        return [(part.picture, part.signature) for part in self.parts if part.signature is not None]

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts)


@dataclass(frozen=True)
class Exchange:
    """A call to the upstream: the turns it got, the ratio asked for, and its answer's status and turn."""

    model: str
    ratio: str | None
    asked: tuple[Content, ...]
    status: int
    answered: Content


class Recorder:
    """What passed since `forget`. `url` is the emulator's for a gateway."""

    def __init__(self, url: str, emulator: Emulator) -> None:
        self.url = url
        self.exchanges: list[Exchange] = []
        self._emulator = emulator
        self._may_answer = threading.Event()
        self._may_answer.set()

    def forget(self) -> None:
        self.exchanges.clear()

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Answer nothing for the length of the block."""
        self._may_answer.clear()
        try:
            yield
        finally:
            self._may_answer.set()

    def pass_on(self, call: Call) -> Answer:
        """Ask the emulator the same, and answer the same."""
        assert self._may_answer.wait(_HOLD_SECONDS)
        headers = {"content-type": "application/json", "x-goog-api-key": UPSTREAM_KEY}
        with closing(self._emulator.connect()) as connection:
            connection.request("POST", call.path, body=call.body, headers=headers)
            response = connection.getresponse()
            body = response.read()
        said = json.loads(call.body)
        self.exchanges.append(
            Exchange(
                model=call.path.partition("/models/")[2].partition(":")[0],
                ratio=said.get("generationConfig", {}).get("imageConfig", {}).get("aspectRatio"),
                asked=tuple(read_content(content) for content in said["contents"]),
                status=response.status,
                answered=_read_answer(body),
            )
        )
        return Answer([body], response.headers["content-type"], response.status)


@contextmanager
def recording(emulator: Emulator) -> Iterator[Recorder]:
    """Run a recorder for the length of the block."""
    with run_upstream() as server:
        recorder = Recorder(server.url, emulator)
        server.respond = recorder.pass_on
        yield recorder


def read_content(content: Mapping[str, Any]) -> Content:
    """Read a turn in Gemini's form."""
    return Content(content.get("role", ""), tuple(_read_part(part) for part in content.get("parts", ())))


def _read_part(part: Mapping[str, Any]) -> Part:
    blob = part.get("inlineData")
    signature = part.get("thoughtSignature")
    return Part(
        text=part.get("text", ""),
        picture=None if blob is None else _digest_base64(blob["data"]),
        signature=None if signature is None else _digest_base64(signature),
    )


def _digest_base64(data: str) -> str:
    return hashlib.sha256(pybase64.b64decode(data, validate=True)).hexdigest()


def _read_answer(body: bytes) -> Content:
    """Put the turn of an answer together, from one object or from the events of a stream."""
    lines = [line[5:] for line in body.splitlines() if line.startswith(b"data:")]
    parts: list[Part] = []
    for event in [json.loads(line) for line in lines or [body]]:
        for candidate in event.get("candidates", ()):
            parts += read_content(candidate.get("content", {})).parts
    return Content("model", tuple(parts))
