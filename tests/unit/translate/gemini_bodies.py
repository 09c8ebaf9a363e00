"""Bodies as Gemini sends them, and the reading of them, for the tests of this folder."""

import base64
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from limner.translate.events import (
    Event,
    Finish,
    PictureBegins,
    PictureBytes,
    PictureEnds,
    PictureSettled,
    SignatureBytes,
    SignatureEnds,
    Text,
    Usage,
)
from limner.translate.reader import AnswerReader, InvalidAnswer, TruncatedAnswer

ESCAPES = {
    "none": {},
    "php": {"/": "\\/"},
    ".net": {"+": "\\u002B", "=": "\\u003D"},
    "java": {"=": "\\u003d", "/": "\\u002f"},
}

TRICKY_TEXTS = (
    '"thought": true',
    '{"thought":true,"mimeType":"image/gif"}',
    "data:image/png;base64,AAAA",
    "line\u2028separator\u2029and\x85next",
    'quotes " and \\ backslashes \\" \\u0041',
    "\x00\x01\x1f control",
    "🗼 astral",
    "]}],[{",
    "\r\n\r\ndata: {}",
)


def to_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@dataclass(frozen=True)
class PartSketch:
    """One part of an answer: what it holds and in which order it says so."""

    text: str | None = None
    is_thought: bool = False
    picture: bytes | None = None
    mime_type: str | None = "image/png"
    signature: bytes | None = None
    order: Sequence[str] = ("thought", "text", "inlineData", "thoughtSignature")
    mime_type_first: bool = True

    def to_fields(self) -> dict[str, Any]:
        inline: dict[str, Any] = {}
        if self.picture is not None:
            inline = {"data": f"<{to_base64(self.picture)}>"}
            if self.mime_type is not None:
                inline = (
                    {"mimeType": self.mime_type, **inline}
                    if self.mime_type_first
                    else {**inline, "mimeType": self.mime_type}
                )
        fields: dict[str, Any] = {
            "thought": True if self.is_thought else None,
            "text": self.text,
            "inlineData": inline or None,
            "thoughtSignature": f"<{to_base64(self.signature)}>" if self.signature is not None else None,
        }
        return {name: fields[name] for name in self.order if fields[name] is not None}


@dataclass(frozen=True)
class AnswerSketch:
    """One answer and how it is written."""

    parts: Sequence[PartSketch]
    is_stream: bool = False
    indent: int | None = None
    newline: str = "\r\n"
    escapes: str = "none"
    ensure_ascii: bool = False
    prompt_tokens: int = 7
    finish_reason: str = "STOP"
    extra: dict[str, Any] = field(default_factory=dict)

    def to_body(self) -> bytes:
        if not self.is_stream:
            return self._write(self._document(self.parts, is_last=True)).encode()
        events = [self._document([part], is_last=False) for part in self.parts]
        events.append(self._document([], is_last=True))
        return "".join(self._frame(self._write(event)) for event in events).encode()

    def _document(self, parts: Sequence[PartSketch], *, is_last: bool) -> dict[str, Any]:
        candidate: dict[str, Any] = {"content": {"parts": [part.to_fields() for part in parts]}, "index": 0}
        document: dict[str, Any] = {"candidates": [candidate], **self.extra}
        if is_last:
            candidate["finishReason"] = self.finish_reason
            document["usageMetadata"] = {"promptTokenCount": self.prompt_tokens}
        return document

    def _write(self, document: dict[str, Any]) -> str:
        written = json.dumps(document, indent=self.indent, ensure_ascii=self.ensure_ascii)
        for part in self.parts:
            for long in (part.picture, part.signature):
                if long is not None:
                    plain = to_base64(long)
                    escaped = "".join(ESCAPES[self.escapes].get(sign, sign) for sign in plain)
                    written = written.replace(f'"<{plain}>"', f'"{escaped}"')
        return written

    def _frame(self, document: str) -> str:
        lines = "".join(f"data: {line}{self.newline}" for line in document.split("\n"))
        return lines + self.newline


def answer_sketches() -> st.SearchStrategy[AnswerSketch]:
    """Answers of every make."""
    texts = st.one_of(
        st.sampled_from(TRICKY_TEXTS), st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    )
    longs = st.binary(max_size=90)
    parts = st.builds(
        PartSketch,
        text=st.none() | texts,
        is_thought=st.booleans(),
        picture=st.none() | longs,
        mime_type=st.sampled_from(["image/png", "image/jpeg", None]),
        signature=st.none() | longs,
        order=st.permutations(["thought", "text", "inlineData", "thoughtSignature"]),
        mime_type_first=st.booleans(),
    )
    return st.builds(
        AnswerSketch,
        parts=st.lists(parts, max_size=5),
        is_stream=st.booleans(),
        indent=st.sampled_from([None, 2]),
        newline=st.sampled_from(["\r\n", "\n", "\r"]),
        escapes=st.sampled_from(sorted(ESCAPES)),
        ensure_ascii=st.booleans(),
        prompt_tokens=st.integers(0, 10**6),
        finish_reason=st.sampled_from(["STOP", "MAX_TOKENS", "IMAGE_SAFETY"]),
    )


def cut(body: bytes, sizes: Iterable[int]) -> Iterator[bytes]:
    """Yield `body` in pieces of `sizes`, the last size again and again."""
    position, size = 0, len(body) or 1
    steps = iter(sizes)
    while position < len(body):
        size = next(steps, size)
        yield body[position : position + size]
        position += size


def read(pieces: Iterable[bytes], *, is_stream: bool) -> list[Event]:
    """Return the events of an answer that must be complete."""
    reader = AnswerReader(is_stream=is_stream)
    events = [event for piece in pieces for event in reader.feed(piece)]
    reader.close()
    return merge(events)


def read_to_end(pieces: Iterable[bytes], *, is_stream: bool) -> tuple[list[Event], str]:
    """Return the events and how the answer ended: `complete`, `truncated` or `invalid`."""
    reader = AnswerReader(is_stream=is_stream)
    events: list[Event] = []
    try:
        for piece in pieces:
            events.extend(reader.feed(piece))
        reader.close()
    except TruncatedAnswer:
        return merge(events), "truncated"
    except InvalidAnswer:
        return merge(events), "invalid"
    return merge(events), "complete"


def merge(events: Iterable[Event]) -> list[Event]:
    """Return the events with adjacent bytes of one string joined: where they are cut means nothing."""
    merged: list[Event] = []
    for event in events:
        last = merged[-1] if merged else None
        if isinstance(event, PictureBytes) and isinstance(last, PictureBytes):
            merged[-1] = PictureBytes(event.part, last.base64 + event.base64)
        elif isinstance(event, SignatureBytes) and isinstance(last, SignatureBytes):
            merged[-1] = SignatureBytes(event.part, last.base64 + event.base64)
        else:
            merged.append(event)
    return merged


def expected_events(sketch: AnswerSketch) -> list[Event]:
    """Return what `sketch` must be read as, written down without looking at its JSON."""
    events: list[Event] = []
    for number, part in enumerate(sketch.parts):
        fields = [name for name in part.order if name in part.to_fields()]
        for name in fields:
            if name == "inlineData" and part.picture is not None:
                announced = part.is_thought and fields.index("thought") < fields.index(name)
                known = part.mime_type if part.mime_type_first else None
                events.append(PictureBegins(number, announced, known))
                if part.picture:
                    events.append(PictureBytes(number, to_base64(part.picture).encode()))
                events.append(PictureEnds(number))
            elif name == "thoughtSignature" and part.signature is not None:
                if part.signature:
                    events.append(SignatureBytes(number, to_base64(part.signature).encode()))
                events.append(SignatureEnds(number))
        if part.text is not None:
            events.append(Text(number, part.text, part.is_thought))
        if part.picture is not None:
            events.append(PictureSettled(number, part.is_thought, part.mime_type))
    return events


def ending(events: Sequence[Event]) -> tuple[str | None, int | None]:
    """Return the finish reason and the prompt's tokens."""
    reasons = [event.reason for event in events if isinstance(event, Finish)]
    counts = [event.metadata.prompt_token_count for event in events if isinstance(event, Usage)]
    return (reasons[-1] if reasons else None), (counts[-1] if counts else None)
