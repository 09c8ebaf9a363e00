r"""Reads one JSON document in any cut: base64 strings pass through, all else is kept as a small skeleton.

Knows JSON's punctuation and where it is in the document, nothing of what the fields mean: rules given at
construction say which strings pass and which objects are handed out as they close; a third, which of these stay in
the document as well. Syntax beyond punctuation is judged by whoever decodes the skeleton.

A passing string costs one search for its closing quote per piece and is never joined. In the skeleton it is
replaced by a mark, NUL and its number (`"\u00000"`), so several in one document can be told apart.
"""

import re
from collections.abc import Callable, Generator, Iterator, Sequence
from enum import Enum, auto

import msgspec

from limner.translate.base64_runs import find_end, is_cut_escape, unescape
from limner.translate.passing import UNDECIDED, Long, decide
from limner.translate.tokens import (
    ARRAY,
    DocumentEnds,
    LongBegins,
    LongBytes,
    LongEnds,
    MalformedJson,
    ObjectEnds,
    SkeletonTooLarge,
    Token,
    encode_mark,
    mark,
)

__all__ = [
    "ARRAY",
    "MAX_DEPTH",
    "MAX_NODES",
    "DocumentEnds",
    "JsonScanner",
    "LongBegins",
    "LongBytes",
    "LongEnds",
    "MalformedJson",
    "ObjectEnds",
    "SkeletonTooLarge",
    "Token",
    "mark",
]

MAX_DEPTH = 100
"""Nesting allowed; the deepest real document, a grounded answer, has 12."""

MAX_NODES = 250_000
"""Strings, objects and arrays in one document; each takes 2 microseconds, and real documents have hundreds."""

_TO_PUNCTUATION = re.compile(rb'[^"{}\[\]]*+')
_TO_QUOTE = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
_OPENING = frozenset((b"{", b"["))
_FROM_START = frozenset({Long.WHOLE, Long.DROPPED})
_MARKER_BYTES = len(b";base64,")
_TO_QUOTE_OR_MARKER = re.compile(
    rb'(?:[^"\\;]++|\\.|;(?![bB][aA][sS][eE]64,|(?:[bB](?:[aA](?:[sS](?:[eE](?:64?)?)?)?)?)?\Z))*+', re.DOTALL
)
"""Stops at `;base64,` and at as much of it as the piece ends with."""


class _Frame(msgspec.Struct, frozen=True):
    """One open object or array; `handed_out_from` is where it begins in the skeleton if it is handed out."""

    is_object: bool
    handed_out_from: int


class _State(Enum):
    STRUCTURE = auto()
    STRING = auto()
    LONG = auto()
    DONE = auto()


class JsonScanner:
    """Feed it bytes until `DocumentEnds`; one instance reads one document.

    `passes` says of a string value's path how much of it passes. `hands_out` says of an object's path whether
    it is given out when it closes; in the document `{}` stands in its place then, unless `keeps` says that it stays.
    `max_skeleton_bytes` bounds what is held.
    """

    def __init__(
        self,
        *,
        max_skeleton_bytes: int,
        passes: Callable[[Sequence[str]], Long] = lambda _path: Long.NONE,
        hands_out: Callable[[Sequence[str]], bool] = lambda _path: False,
        keeps: Callable[[Sequence[str]], bool] = lambda _path: False,
    ) -> None:
        self._max_skeleton_bytes = max_skeleton_bytes
        self._passes = passes
        self._hands_out = hands_out
        self._keeps = keeps
        self._state = _State.STRUCTURE
        self._skeleton = bytearray()
        self._frames: list[_Frame] = []
        self._path: list[str] = []
        self._string_from = 0
        self._is_key = False
        self._long = Long.NONE
        self._held = b""
        self._marks = 0
        self._nodes = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing but white space has come."""
        return self._state is _State.STRUCTURE and not self._frames and not self._skeleton.strip()

    @property
    def is_open(self) -> bool:
        """Whether an object or array has opened and not closed."""
        return bool(self._frames)

    @property
    def is_done(self) -> bool:
        """Whether the document has closed."""
        return self._state is _State.DONE

    @property
    def skeleton(self) -> bytes:
        """What is held now; a document that is a bare string or number never closes and is read here."""
        return bytes(self._skeleton)

    @property
    def kept_bytes(self) -> int:
        """The length of what is held now."""
        return len(self._skeleton)

    @property
    def open_object(self) -> bytes:
        """The JSON, as far as it came, of the innermost open object that is handed out at its close."""
        begins = next((f.handed_out_from for f in reversed(self._frames) if f.handed_out_from >= 0), 0)
        return bytes(self._skeleton[begins:])

    def feed(self, data: bytes) -> Iterator[Token]:
        """Yield what the next bytes complete. Raises MalformedJson."""
        if self._held:
            data, self._held = self._held + data, b""
        position = 0
        while position < len(data):
            if self._state is _State.LONG:
                position = yield from self._read_long(data, position)
            elif self._state is _State.STRING:
                position = yield from self._read_string(data, position)
            elif self._state is _State.STRUCTURE:
                position = yield from self._read_structure(data, position)
            elif data[position:].isspace():
                return
            else:
                raise MalformedJson("there is more after the end of the JSON document")
            if len(self._skeleton) > self._max_skeleton_bytes:
                raise SkeletonTooLarge(
                    f"more than {self._max_skeleton_bytes} bytes besides pictures in one document"
                )

    def _read_structure(self, data: bytes, position: int) -> Generator[Token, None, int]:
        while position < len(data) and self._state is _State.STRUCTURE:
            found = _TO_PUNCTUATION.match(data, position)
            stop = found.end() if found else position
            self._skeleton += data[position : stop + 1]
            position = stop + 1
            sign = data[stop:position]
            if sign == b'"':
                self._open_string()
                if self._long in _FROM_START:
                    yield from self._begin_long()
                elif self._long not in UNDECIDED:
                    position = self._read_short_string(data, position)
            elif sign in _OPENING:
                self._open(is_object=sign == b"{")
            elif sign:
                yield from self._close(is_object=sign == b"}")
        return position

    def _count_node(self) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise MalformedJson(f"more than {MAX_NODES} strings, objects and arrays")

    def _open(self, *, is_object: bool) -> None:
        self._count_node()
        if len(self._frames) == MAX_DEPTH:
            raise MalformedJson(f"nested deeper than {MAX_DEPTH}")
        handed_out = is_object and self._hands_out(self._path)
        self._frames.append(
            _Frame(is_object=is_object, handed_out_from=len(self._skeleton) - 1 if handed_out else -1)
        )
        self._path.append("" if is_object else ARRAY)

    def _close(self, *, is_object: bool) -> list[Token]:
        if not self._frames or self._frames[-1].is_object is not is_object:
            raise MalformedJson("a bracket closes that was never opened")
        frame = self._frames.pop()
        self._path.pop()
        tokens: list[Token] = []
        if frame.handed_out_from >= 0:
            skeleton = bytes(self._skeleton[frame.handed_out_from :])
            if not self._keeps(self._path):
                del self._skeleton[frame.handed_out_from :]
                self._skeleton += b"{}"
            tokens.append(ObjectEnds(tuple(self._path), skeleton))
        if not self._frames:
            self._state = _State.DONE
            tokens.append(DocumentEnds(bytes(self._skeleton)))
        return tokens

    def _open_string(self) -> None:
        self._count_node()
        self._state = _State.STRING
        self._string_from = len(self._skeleton)
        self._is_key = bool(self._frames) and self._frames[-1].is_object and self._follows_brace_or_comma()
        self._long = Long.NONE if self._is_key else self._passes(self._path)

    def _follows_brace_or_comma(self) -> bool:
        before = self._string_from - 2
        while self._skeleton[before] in b" \t\r\n":
            before -= 1
        return self._skeleton[before] in b"{,"

    def _begin_long(self) -> Iterator[Token]:
        self._state = _State.LONG
        if self._long is Long.DROPPED:
            return
        self._skeleton += encode_mark(self._marks)
        self._marks += 1
        yield LongBegins(self._marks - 1, tuple(self._path))

    def _read_short_string(self, data: bytes, position: int) -> int:
        """Read a string that ends in these bytes and has nothing that passes, as nearly all do."""
        found = (_TO_QUOTE if self._long is Long.NONE else _TO_QUOTE_OR_MARKER).match(data, position)
        stop = (found.end() if found else position) + 1
        if data[stop - 1 : stop] != b'"':
            return position
        self._skeleton += data[position:stop]
        self._close_string()
        return stop

    def _read_string(self, data: bytes, position: int) -> Generator[Token, None, int]:
        if self._long in UNDECIDED:
            self._long = decide(self._long, data, position)
            if self._long in UNDECIDED:
                self._held = data[position:]
                return len(data)
            if self._long in _FROM_START:
                yield from self._begin_long()
                return position
        pattern = _TO_QUOTE if self._long is Long.NONE else _TO_QUOTE_OR_MARKER
        found = pattern.match(data, position)
        stop = found.end() if found else position
        if data[stop : stop + 1] == b'"':
            return self._read_short_string(data, position)
        if data[stop : stop + 1] == b";" and len(data) - stop >= _MARKER_BYTES:
            stop += _MARKER_BYTES
            self._skeleton += data[position:stop]
            yield from self._begin_long()
            return stop
        self._skeleton += data[position:stop]
        self._held = data[stop:]  # a backslash, or what may become a marker
        return len(data)

    def _close_string(self) -> None:
        self._state = _State.STRUCTURE
        if self._is_key:
            self._path[-1] = self._skeleton[self._string_from : -1].decode("utf-8", "replace")

    def _read_long(self, data: bytes, position: int) -> Generator[Token, None, int]:
        stop = find_end(data, position, in_text=self._long is Long.IN_TEXT)
        if stop > position and self._long is not Long.DROPPED:
            yield LongBytes(unescape(data if stop - position == len(data) else data[position:stop]))
        if stop == len(data):
            return stop
        if is_cut_escape(data, stop):
            self._held = data[stop:]
            return len(data)
        if data[stop] == 0x5C and self._long is not Long.IN_TEXT:  # backslash
            raise MalformedJson("a string has an escape that JSON does not know")
        if self._long is not Long.DROPPED:
            yield LongEnds(self._marks - 1)
        self._state = _State.STRING
        return stop
