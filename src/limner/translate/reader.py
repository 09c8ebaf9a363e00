"""Reads Gemini's answers: bytes in any cut go in, events come out. Knows no network, no client and no model.

The answer of generateContent and the stream of streamGenerateContent go through the same rules, so they
cannot drift apart. Pictures and signatures pass as they come and are never joined, whatever the order of the
fields around them; what is held is the largest other part, within a limit.

Where the answer is to be given out as it is, each document of it is an event too, with nothing but its long strings
taken out.

Facts (recorded traffic 2025-10 to 2026-07; google-genai 3.4.0): an answer is over when a finish reason, a
block of the prompt or an error was seen. Anything that stops before is cut, however politely it ended.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

import msgspec

from limner.translate.event_lines import BareBytes, DataBytes, EventLines
from limner.translate.events import (
    Blocked,
    Document,
    Event,
    Finish,
    PictureBegins,
    PictureBytes,
    PictureEnds,
    PictureSettled,
    ResponseNamed,
    SignatureBytes,
    SignatureEnds,
    Text,
    UpstreamError,
    Usage,
)
from limner.translate.passing import Long
from limner.translate.scanner import JsonScanner
from limner.translate.tokens import (
    ARRAY,
    DocumentEnds,
    LongBegins,
    LongBytes,
    LongEnds,
    MalformedJson,
    ObjectEnds,
    Token,
    encode_mark,
)
from limner.wire.gemini import GenerateContentResponse, Part, PromptFeedback

MAX_SKELETON_BYTES = 16 * 1024 * 1024
"""Text, thoughts and grounding of one answer; a model's whole output limit of text is under 1 MiB."""

_PART = ("candidates", ARRAY, "content", "parts", ARRAY)
_DATA = (*_PART, "inlineData", "data")
_SIGNATURE = (*_PART, "thoughtSignature")
_LONG_KEYS = frozenset({_DATA[-1], _SIGNATURE[-1]})
_THOUGHT = re.compile(rb'"thought"\s*:\s*true')
_MIME_TYPE = re.compile(rb'"mimeType"\s*:\s*"([^"\\]+)"')

_GONE = b"{}"
"""Stands in an array for a document that was read."""

_Record = TypeVar("_Record")


class _Place(NamedTuple):
    """Where a long string is missing in what the scanner held: its field, and the length and the end of its mark."""

    field: str
    mark_bytes: int
    ends: int


class TruncatedAnswer(Exception):
    """The bytes ended before the answer did."""


class InvalidAnswer(Exception):
    """The bytes are complete and not what Gemini answers."""


class AnswerReader:
    """Reads one answer. `feed` it what comes, then `close` it: only then is its end an end."""

    def __init__(
        self,
        *,
        is_stream: bool,
        keeps_documents: bool = False,
        max_skeleton_bytes: int = MAX_SKELETON_BYTES,
    ) -> None:
        """`keeps_documents` has each document given out as it is, too."""
        self._lines = EventLines() if is_stream else None
        self._keeps_documents = keeps_documents
        self._max_skeleton_bytes = max_skeleton_bytes
        self._places: list[_Place] = []
        self._scanner = self._new_scanner()
        self._part = 0
        self._long: PictureBegins | None = None
        self._has_ended = False

    def _new_scanner(self) -> JsonScanner:
        return JsonScanner(
            max_skeleton_bytes=self._max_skeleton_bytes,
            passes=_passes,
            hands_out=_hands_out,
            keeps=_keeps if self._keeps_documents else _keeps_nothing,
        )

    def feed(self, data: bytes) -> Iterator[Event]:
        """Yield the events that the next bytes complete. Raises InvalidAnswer."""
        try:
            if self._lines is None:
                yield from self._scan(data)
                return
            for line in self._lines.feed(data):
                if isinstance(line, DataBytes | BareBytes):
                    yield from self._scan(line.data)
                elif not self._scanner.is_empty:
                    self._end_event()
        except MalformedJson as error:
            raise InvalidAnswer(f"Gemini's answer is not the JSON it should be: {error}") from error

    def close(self) -> None:
        """Say that no bytes follow. Raises TruncatedAnswer or InvalidAnswer unless the answer was complete."""
        if self._scanner.is_open:
            raise TruncatedAnswer("Gemini's answer stopped in the middle")
        if not (self._scanner.is_empty or self._scanner.is_done):
            raise InvalidAnswer("Gemini's answer is not the JSON it should be")
        if self._has_ended:
            return
        if self._lines is None and self._scanner.is_done:
            raise InvalidAnswer("Gemini's answer has neither a finish reason nor a reason for a block")
        raise TruncatedAnswer("Gemini's answer stopped before its finish reason")

    def _end_event(self) -> None:
        if not self._scanner.is_done:
            raise MalformedJson("an event ended inside its JSON document")
        self._scanner = self._new_scanner()

    def _scan(self, data: bytes) -> Iterator[Event]:
        for token in self._scanner.feed(data):
            yield from self._read(token)

    def _read(self, token: Token) -> Iterator[Event]:
        match token:
            case LongBytes(base64):
                if self._long is not None:
                    yield PictureBytes(self._part, base64)
                else:
                    yield SignatureBytes(self._part, base64)
            case LongBegins(number, path):
                if self._keeps_documents:
                    self._places.append(_Place(path[-1], len(encode_mark(number)), self._scanner.kept_bytes))
                if path[-1] == "data":
                    before = self._scanner.open_object
                    mime_type = _MIME_TYPE.search(before)
                    self._long = PictureBegins(
                        self._part,
                        is_thought=_THOUGHT.search(before) is not None,
                        mime_type=mime_type[1].decode("utf-8", "replace") if mime_type else None,
                    )
                    yield self._long
            case LongEnds():
                yield SignatureEnds(self._part) if self._long is None else PictureEnds(self._part)
                self._long = None
            case ObjectEnds(path, skeleton):
                yield from self._read_object(path, skeleton)
            case DocumentEnds(skeleton):
                if skeleton.lstrip().startswith(b"["):  # an array of documents that were read one by one
                    _decode(skeleton, list[dict[str, Any]])
                else:
                    yield from self._read_document(skeleton, 0)

    def _read_object(self, path: tuple[str, ...], skeleton: bytes) -> Iterator[Event]:
        if path == (ARRAY,):
            yield from self._read_document(skeleton, self._scanner.kept_bytes - len(_GONE))
            return
        part = _decode(skeleton, Part)
        is_thought = bool(part.thought)
        if part.text is not None:
            yield Text(self._part, part.text, is_thought)
        if part.inline_data is not None:
            yield PictureSettled(self._part, is_thought, part.inline_data.mime_type)
        self._part += 1

    def _read_document(self, skeleton: bytes, begins: int) -> Iterator[Event]:
        """Read a document that began at that place of what the scanner held."""
        answer = _decode(skeleton, GenerateContentResponse)
        places, self._places = self._places, []
        if self._keeps_documents and answer.error is None:  # an error is told in the gateway's own words
            yield _to_document(skeleton, begins, places, is_last=_is_last(answer))
        if answer.response_id:
            yield ResponseNamed(answer.response_id)
        if answer.usage_metadata is not None:
            yield Usage(answer.usage_metadata)
        if answer.error is not None:
            self._has_ended = True
            yield UpstreamError(
                answer.error.code or 500, answer.error.status or "", answer.error.message or ""
            )
        feedback = answer.prompt_feedback
        if feedback is not None and _is_block(feedback):
            self._has_ended = True
            yield Blocked(feedback.block_reason or "BLOCK_REASON_UNSPECIFIED", feedback.block_reason_message)
        for candidate in answer.candidates or ():
            if candidate.finish_reason:
                self._has_ended = True
                yield Finish(candidate.finish_reason, candidate.finish_message)


def _passes(path: Sequence[str]) -> Long:
    if not path or path[-1] not in _LONG_KEYS:  # nearly all strings, and a tuple each would cost
        return Long.NONE
    inside = tuple(path[1:] if path[0] == ARRAY else path)
    return Long.WHOLE if inside in {_DATA, _SIGNATURE} else Long.NONE


def _hands_out(path: Sequence[str]) -> bool:
    if path and path[0] == ARRAY:
        return len(path) == 1 or tuple(path[1:]) == _PART
    return tuple(path) == _PART


def _keeps(path: Sequence[str]) -> bool:
    """Parts stay in their document; documents of an array do not stay in the array."""
    return tuple(path) != (ARRAY,)


def _keeps_nothing(_path: Sequence[str]) -> bool:
    return False


def _to_document(skeleton: bytes, begins: int, places: Sequence[_Place], *, is_last: bool) -> Document:
    """Return a document, cut where its long strings were."""
    pieces: list[bytes] = []
    position = 0
    for place in places:
        ends = place.ends - begins
        pieces.append(skeleton[position : ends - place.mark_bytes])
        position = ends
    pieces.append(skeleton[position:])
    pieces[0] = pieces[0].lstrip()
    longs = "".join("p" if place.field == _DATA[-1] else "s" for place in places)
    return Document(tuple(pieces), longs, is_last=is_last)


def _is_last(answer: GenerateContentResponse) -> bool:
    has_finish = any(candidate.finish_reason for candidate in answer.candidates or ())
    return has_finish or (answer.prompt_feedback is not None and _is_block(answer.prompt_feedback))


def _is_block(feedback: PromptFeedback) -> bool:
    return bool(feedback.block_reason or feedback.block_reason_message)


def _decode(skeleton: bytes, shape: type[_Record]) -> _Record:
    try:
        return msgspec.json.decode(skeleton, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:  # its text is the library's and not passed on
        raise MalformedJson("a field is not of its type, or there is a fault in the syntax") from error
