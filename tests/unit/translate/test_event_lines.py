"""Splitting an event stream: line ends, fields, and JSON that is in no event."""

import pytest
from gemini_bodies import cut
from hypothesis import given, settings
from hypothesis import strategies as st

from limner.translate.event_lines import BareBytes, DataBytes, EventEnds, EventLines

Line = DataBytes | EventEnds | BareBytes


def split(body: bytes, step: int) -> list[Line]:
    """Return what `body` holds with adjacent bytes joined."""
    lines = EventLines()
    merged: list[Line] = []
    for piece in cut(body, [step]):
        for line in lines.feed(piece):
            last = merged[-1] if merged else None
            if isinstance(line, DataBytes) and isinstance(last, DataBytes):
                merged[-1] = DataBytes(last.data + line.data)
            elif isinstance(line, BareBytes) and isinstance(last, BareBytes):
                merged[-1] = BareBytes(last.data + line.data)
            else:
                merged.append(line)
    return merged


@pytest.mark.parametrize("step", [1, 2, 1000])
@pytest.mark.parametrize("newline", [b"\n", b"\r", b"\r\n"])
def test_line_ends(newline: bytes, step: int) -> None:
    """LF, CR and CRLF end lines; a blank line ends an event."""
    body = newline.join([b"data: a", b"", b"data:b", b"data: c", b"", b""])
    assert split(body, step) == [DataBytes(b" a\n"), EventEnds(), DataBytes(b"b\n c\n"), EventEnds()]


@pytest.mark.parametrize("step", [1, 1000])
def test_other_fields_and_comments_are_nothing(step: int) -> None:
    """Comments, other fields and fields whose name only begins like `data` are passed over."""
    body = b": hi\nevent: x\nid: 1\nretry: 5\ndata\ndatum: x\ndat: y\n data: z\ndata: a\n\n"
    assert split(body, step) == [DataBytes(b" a\n"), EventEnds()]


@pytest.mark.parametrize("step", [1, 1000])
def test_unicode_separators_end_no_line(step: int) -> None:
    """Only CR and LF end a line: U+2028, U+2029 and U+0085 stand unescaped in Gemini's data."""
    text = "a\u2028b\u2029c\u0085d\x0be\x0cf".encode()
    assert split(b"data:" + text + b"\n\n", step) == [DataBytes(text + b"\n"), EventEnds()]


@pytest.mark.parametrize("step", [1, 4, 1000])
@pytest.mark.parametrize("opening", [b"{", b"["])
def test_json_at_the_start_of_a_line_is_bare(opening: bytes, step: int) -> None:
    """A line that opens with a bracket is in no event, nor is anything after it."""
    bare = opening + b'\r\n "error": 1\r\n\r\ndata: x\n\n'
    assert split(b"data: a\r\n\r\n" + bare, step) == [DataBytes(b" a\n"), EventEnds(), BareBytes(bare)]


def test_blank_lines_before_anything_end_empty_events() -> None:
    """Blank lines are given out as ends; whoever reads them knows whether an event was there."""
    assert split(b"\n\n", 1) == [EventEnds(), EventEnds()]


def test_a_line_is_not_joined() -> None:
    """The bytes of a long line come out piece by piece as they went in."""
    lines = EventLines()
    list(lines.feed(b"data: "))
    piece = b"A" * 65536
    for _ in range(4):
        (given_out,) = lines.feed(piece)
        assert isinstance(given_out, DataBytes)
        assert given_out.data is piece


@given(st.binary(max_size=80), st.integers(1, 7))
@settings(max_examples=200)
def test_cuts_do_not_matter(body: bytes, step: int) -> None:
    """Any bytes in any cut are split the same."""
    assert split(body, step) == split(body, 1000)
