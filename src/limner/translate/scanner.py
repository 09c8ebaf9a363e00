r"""Reads one JSON document in any cut: base64 strings pass through, all else is kept as a small skeleton.

Knows JSON's punctuation and where it is in the document, nothing of what the fields mean: two rules given at
construction say which strings pass and which objects are handed out as they close. Syntax beyond punctuation
is judged by whoever decodes the skeleton.

A passing string costs one search for its closing quote per piece and is never joined. In the skeleton it is
replaced by a mark, NUL and its number (`"\u00000"`), so several in one document can be told apart.

Facts: JSON writers may escape what base64 contains: PHP writes `\\/`, .NET `\\u002B`, Google's older Java
writer `\\u003d` (RFC 8259 section 7 allows all of these).
"""

import re
from collections.abc import Callable, Generator, Iterator, Sequence
from enum import Enum, auto

import msgspec

ARRAY = "[]"
"""Stands for any index in a path."""

MAX_DEPTH = 100
"""Nesting allowed; the deepest real document, a grounded answer, has 12."""

_TO_PUNCTUATION = re.compile(rb'[^"{}\[\],:]*+')
_TO_QUOTE = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
_TO_QUOTE_OR_SEMICOLON = re.compile(rb'(?:[^"\\;]++|\\.)*+', re.DOTALL)
_BASE64_MARKER = b";base64,"
_ESCAPE = re.compile(rb"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=_\-\s]")
_BASE64_ESCAPES = (
    (b"\\/", b"/"),
    (b"\\u002B", b"+"),
    (b"\\u002b", b"+"),
    (b"\\u002F", b"/"),
    (b"\\u002f", b"/"),
    (b"\\u003D", b"="),
    (b"\\u003d", b"="),
)
_PLAIN_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


class Long(Enum):
    """How much of a string value passes."""

    NONE = auto()
    """Nothing: it stays in the skeleton."""
    WHOLE = auto()
    """All of it is base64."""
    AFTER_MARKER = auto()
    """What follows each `;base64,`, as in data URIs and Markdown around them."""


class MalformedJson(Exception):
    """The bytes are not one JSON document within the limits; the message says what is wrong."""


class SkeletonTooLarge(MalformedJson):
    """There is more besides pictures than is held."""


class LongBegins(msgspec.Struct, frozen=True):
    """A base64 string begins; `mark` is its number in this document, `path` where it stands."""

    mark: int
    path: tuple[str, ...]


class LongBytes(msgspec.Struct, frozen=True):
    """A piece of the base64 string that began last, unescaped; cut anywhere."""

    base64: bytes


class LongEnds(msgspec.Struct, frozen=True):
    """The base64 string that began last is complete."""

    mark: int


class ObjectEnds(msgspec.Struct, frozen=True):
    """An object that was asked for has closed; `skeleton` is its JSON."""

    path: tuple[str, ...]
    skeleton: bytes


class DocumentEnds(msgspec.Struct, frozen=True):
    """The document has closed; objects handed out before stand in it as `{}`."""

    skeleton: bytes


Token = LongBegins | LongBytes | LongEnds | ObjectEnds | DocumentEnds


class _Frame:
    """One open object or array."""

    __slots__ = ("handed_out_from", "is_object", "key", "wants_key")

    def __init__(self, *, is_object: bool, handed_out_from: int) -> None:
        self.is_object = is_object
        self.wants_key = is_object
        self.key = "" if is_object else ARRAY
        self.handed_out_from = handed_out_from


class _State(Enum):
    STRUCTURE = auto()
    STRING = auto()
    LONG = auto()
    DONE = auto()


def _pass_nothing(_path: Sequence[str]) -> Long:
    return Long.NONE


def _hand_out_nothing(_path: Sequence[str]) -> bool:
    return False


def mark(number: int) -> str:
    """Return what stands in the decoded skeleton for the long string `number`."""
    return f"\0{number}"


class JsonScanner:
    """Feed it bytes until `DocumentEnds`; one instance reads one document.

    `passes` says of a string value's path how much of it passes. `hands_out` says of an object's path whether
    it is given out when it closes. `max_skeleton_bytes` bounds what is held.
    """

    def __init__(
        self,
        *,
        max_skeleton_bytes: int,
        passes: Callable[[Sequence[str]], Long] = _pass_nothing,
        hands_out: Callable[[Sequence[str]], bool] = _hand_out_nothing,
    ) -> None:
        self._max_skeleton_bytes = max_skeleton_bytes
        self._passes = passes
        self._hands_out = hands_out
        self._state = _State.STRUCTURE
        self._skeleton = bytearray()
        self._frames: list[_Frame] = []
        self._path: list[str] = []
        self._string_from = 0
        self._is_key = False
        self._long = Long.NONE
        self._escape = b""
        self._marker_matched = 0
        self._marks = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing but white space has come."""
        return self._state is _State.STRUCTURE and not self._frames and not self._skeleton.strip()

    @property
    def is_done(self) -> bool:
        """Whether the document has closed."""
        return self._state is _State.DONE

    @property
    def skeleton(self) -> bytes:
        """What is held now; a document that is a bare string or number never closes and is read here."""
        return bytes(self._skeleton)

    @property
    def open_object(self) -> bytes:
        """The JSON, as far as it came, of the innermost open object that is handed out at its close."""
        begins = next((f.handed_out_from for f in reversed(self._frames) if f.handed_out_from >= 0), 0)
        return bytes(self._skeleton[begins:])

    def feed(self, data: bytes) -> Iterator[Token]:
        """Yield what the next bytes complete. Raises MalformedJson."""
        position = smoothed_to = 0
        while position < len(data):
            if self._state is _State.LONG:
                if position >= smoothed_to and not self._escape:
                    data, smoothed_to = _smooth(data, position)
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
        found = _TO_PUNCTUATION.match(data, position)
        stop = found.end() if found else position
        self._skeleton += data[position : stop + 1]
        if stop == len(data):
            return stop
        sign = data[stop]
        if sign == 0x22:  # "
            yield from self._open_string()
        elif sign in b"{[":
            self._open(is_object=sign == 0x7B)
        elif sign in b"}]":
            yield from self._close()
        elif self._frames:
            self._frames[-1].wants_key = sign == 0x2C and self._frames[-1].is_object
        return stop + 1

    def _open(self, *, is_object: bool) -> None:
        if len(self._frames) == MAX_DEPTH:
            raise MalformedJson(f"nested deeper than {MAX_DEPTH}")
        handed_out = is_object and self._hands_out(self._path)
        frame = _Frame(is_object=is_object, handed_out_from=len(self._skeleton) - 1 if handed_out else -1)
        self._frames.append(frame)
        self._path.append(frame.key)

    def _close(self) -> Iterator[Token]:
        if not self._frames:
            raise MalformedJson("a bracket closes that was never opened")
        frame = self._frames.pop()
        self._path.pop()
        if frame.handed_out_from >= 0:
            skeleton = bytes(self._skeleton[frame.handed_out_from :])
            del self._skeleton[frame.handed_out_from :]
            self._skeleton += b"{}"
            yield ObjectEnds(tuple(self._path), skeleton)
        if not self._frames:
            self._state = _State.DONE
            yield DocumentEnds(bytes(self._skeleton))

    def _open_string(self) -> Iterator[Token]:
        self._string_from = len(self._skeleton)
        self._is_key = bool(self._frames) and self._frames[-1].wants_key
        self._long = Long.NONE if self._is_key else self._passes(self._path)
        self._state = _State.STRING
        self._marker_matched = 0
        if self._long is Long.WHOLE:
            yield self._begin_long()

    def _begin_long(self) -> Token:
        self._state = _State.LONG
        self._skeleton += b"\\u0000%d" % self._marks
        self._marks += 1
        return LongBegins(self._marks - 1, tuple(self._path))

    def _read_string(self, data: bytes, position: int) -> Generator[Token, None, int]:
        if self._escape:
            self._escape = b""
            self._skeleton += data[position : position + 1]
            return position + 1
        if self._marker_matched:
            if data[position] | 0x20 == _BASE64_MARKER[self._marker_matched] | 0x20:
                self._skeleton += data[position : position + 1]
                self._marker_matched += 1
                if self._marker_matched == len(_BASE64_MARKER):
                    self._marker_matched = 0
                    yield self._begin_long()
                return position + 1
            self._marker_matched = 0
        pattern = _TO_QUOTE_OR_SEMICOLON if self._long is Long.AFTER_MARKER else _TO_QUOTE
        found = pattern.match(data, position)
        stop = found.end() if found else position
        self._skeleton += data[position : stop + 1]
        if stop == len(data):
            return stop
        if data[stop] == 0x5C:  # a backslash that this piece ends with
            self._escape = b"\\"
        elif data[stop] == 0x3B:  # ;
            self._marker_matched = 1
        else:
            self._close_string()
        return stop + 1

    def _close_string(self) -> None:
        self._state = _State.STRUCTURE
        if self._is_key:
            key = bytes(self._skeleton[self._string_from : -1]).decode("utf-8", "replace")
            self._frames[-1].key = self._path[-1] = key

    def _read_long(self, data: bytes, position: int) -> Generator[Token, None, int]:
        if self._escape:
            position = yield from self._read_escape(data, position)
            return position
        stop = self._find_end(data, position)
        if stop > position:
            yield LongBytes(data if stop - position == len(data) else data[position:stop])
        if stop == len(data):
            return stop
        if data[stop] == 0x5C:  # backslash
            self._escape = b"\\"
            return stop + 1
        yield LongEnds(self._marks - 1)
        self._state = _State.STRING
        return stop

    def _find_end(self, data: bytes, position: int) -> int:
        """Return where the run of plain base64 stops: at the quote, an escape, or what ends a data URI."""
        end = data.find(b'"', position)
        signs: tuple[bytes, ...] = (b"\\", b")", b" ") if self._long is Long.AFTER_MARKER else (b"\\",)
        end = len(data) if end < 0 else end
        for sign in signs:
            found = data.find(sign, position, end)
            end = found if found >= 0 else end
        return end

    def _read_escape(self, data: bytes, position: int) -> Generator[Token, None, int]:
        needed = 6 if (self._escape + data[position : position + 1])[1:2] == b"u" else 2
        taken = min(needed - len(self._escape), len(data) - position)
        escape = self._escape + data[position : position + taken]
        position += taken
        if len(escape) < needed:
            self._escape = escape
            return position
        self._escape = b""
        character = _unescape(escape)
        if self._long is Long.AFTER_MARKER and _NOT_BASE64.search(character):
            yield LongEnds(self._marks - 1)
            self._state = _State.STRING
            self._skeleton += escape
        else:
            yield LongBytes(character)
        return position


def _smooth(data: bytes, position: int) -> tuple[bytes, int]:
    """Undo all escapes of base64's own characters in the string at `position`; return data and its end.

    One by one they would cost a token each, and a writer that escapes `+` does so in every 64th character.
    """
    if data.find(b"\\", position) < 0:
        return data, len(data)
    found = _TO_QUOTE.match(data, position)
    end = found.end() if found else len(data)
    double = data.find(b"\\\\", position, end)
    end = end if double < 0 else double
    segment = data[position:end]
    for escaped, plain in _BASE64_ESCAPES:
        segment = segment.replace(escaped, plain)
    return data[:position] + segment + data[end:], position + len(segment)


def _unescape(escape: bytes) -> bytes:
    found = _ESCAPE.fullmatch(escape)
    if found is None:
        raise MalformedJson(f"a string has the escape {escape.decode('ascii', 'replace')!r}")
    code, plain = found.groups()
    if code is not None:
        return chr(int(code, 16)).encode("utf-8", "replace")
    return _PLAIN_ESCAPES.get(plain, plain)
