r"""Finds how far base64 reaches in a JSON string and undoes JSON's escapes in it. Knows nothing of documents.

Facts:
  * JSON writers may escape what base64 contains: PHP writes `\/`, .NET `\u002B`, Google's older Java writer
    `\u003d` (RFC 8259 section 7 allows all of these).
  * Some clients break base64 into lines of 76, which costs JSON two bytes a line.

Measured 2026-11 in pieces of 64 KiB: 32 MB without escapes take 3 ms, with `\u002B` in every 64 characters
0.3 s. A class of many characters matches faster than `[^"\\]`, hence base64 is tried first.
"""

import re

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_-"
_CODES = rb"u00(?:2[bBdDfF]|3[0-9dD]|[46][1-9a-fA-F]|[57][0-9aA]|5[fF])"
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/=_\-]++|\\/|\\" + _CODES + rb")*+")
_BASE64_LINES = re.compile(rb"(?:[A-Za-z0-9+/=_\-]++|\\[/nr]|\\" + _CODES + rb")*+")
_TO_QUOTE = re.compile(rb'(?:[^"\\]++|\\u[0-9a-fA-F]{4}|\\[^u])*+', re.DOTALL)
_CUT_ESCAPE = re.compile(rb"\\(?:u[0-9a-fA-F]{0,3})?")
_ESCAPE = re.compile(rb"\\(?:u[0-9a-fA-F]{4}|.)", re.DOTALL)
_USUAL_ESCAPES = {
    b"\\/": b"/",
    b"\\n": b"\n",
    b"\\r": b"\r",
    b"\\t": b"\t",
    b"\\b": b"\b",
    b"\\f": b"\f",
    b"\\u002B": b"+",
    b"\\u002b": b"+",
}


def find_end(data: bytes, position: int, *, in_text: bool) -> int:
    """Return where what passes stops: at the closing quote, at an escape that is cut or wrong, or at the end.

    `in_text` says that text may follow the base64 in the same string; then it also stops at the first
    character that is not base64, white space included.
    """
    end = data.find(b'"', position)
    end = len(data) if end < 0 else end
    escape = data.find(b"\\", position, end)
    if in_text:
        is_all = escape < 0 and not data[position:end].translate(None, _ALPHABET)
        return end if is_all else _match(_BASE64, data, position)
    if escape < 0:
        return end
    stop = _match(_BASE64_LINES, data, escape)
    return stop if data[stop : stop + 1] in {b'"', b""} else _match(_TO_QUOTE, data, stop)


def is_cut_escape(data: bytes, position: int) -> bool:
    """Return whether `data` ends inside the escape at `position`."""
    return _CUT_ESCAPE.fullmatch(data, position) is not None


def unescape(run: bytes) -> bytes:
    """Return `run`, all of whose escapes are whole, without JSON's escapes."""
    return _ESCAPE.sub(_to_character, run) if b"\\" in run else run


def _match(pattern: re.Pattern[bytes], data: bytes, position: int) -> int:
    found = pattern.match(data, position)
    return found.end() if found else position


def _to_character(found: re.Match[bytes]) -> bytes:
    escape = found[0]
    usual = _USUAL_ESCAPES.get(escape)
    if usual is not None:
        return usual
    return chr(int(escape[-4:], 16)).encode("utf-8", "replace") if len(escape) > 2 else escape[1:]
