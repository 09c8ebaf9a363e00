"""Base64 inside a JSON string: how far it reaches and what its escapes mean."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limner.translate.base64_runs import find_end, is_cut_escape, unescape


@pytest.mark.parametrize(
    ("data", "in_whole", "in_text"),
    [
        (b'QUJD"', 4, 4),
        (b"QUJD", 4, 4),
        (b"QU JD", 5, 2),
        (b'Q-_+/=")', 6, 6),
        (rb"QU\/JD)", 7, 6),
        (rb"QU\u002BJD)", 11, 10),
        (rb"QU\nJD", 6, 2),
        (rb"QU\u00e9JD", 10, 2),
        (rb"QU\"JD", 6, 2),
        (rb"QU\u00ZZ", 2, 2),
        (rb"QU\u00", 2, 2),
        (b"QU\\", 2, 2),
        (rb"QU\\/", 5, 2),
        (b"", 0, 0),
    ],
)
def test_ends(data: bytes, in_whole: int, in_text: int) -> None:
    """A string that is all base64 reaches to its quote, base64 in a text to the first other sign."""
    assert find_end(data, 0, in_text=False) == in_whole
    assert find_end(data, 0, in_text=True) == in_text


def test_the_search_begins_at_the_position() -> None:
    """What stands before the position does not count."""
    assert find_end(b'"\\uZZ QUJD"', 6, in_text=False) == 10
    assert find_end(b'"\\uZZ QUJD)', 6, in_text=True) == 10


@pytest.mark.parametrize("escape", [rb"\n", rb"\/", rb"\u002B", rb"\u4e2d"])
def test_cut_escapes(escape: bytes) -> None:
    """Every beginning of an escape at the end of a piece is a cut one, and a whole one is not."""
    for end in range(1, len(escape)):
        assert is_cut_escape(b"QQ" + escape[:end], 2)
    assert not is_cut_escape(b"QQ" + escape, 2)
    assert not is_cut_escape(rb"QQ\u0Z", 2)


@given(st.text(st.characters(exclude_categories=["Cs"], max_codepoint=0xFFFF)), st.booleans())
@settings(max_examples=200)
def test_unescape_is_what_json_means(text: str, ensure_ascii: bool) -> None:
    """Unescaping the inside of a JSON string gives the string."""
    inside = json.dumps(text, ensure_ascii=ensure_ascii).encode()[1:-1]
    assert unescape(inside) == text.encode()
    assert unescape(inside.replace(b"/", b"\\/").replace(b"+", b"\\u002b")) == text.encode()
