"""Scanning JSON: what passes, what is kept, and where the limits are."""

import json
from base64 import b64encode
from collections.abc import Sequence

import msgspec
import pytest
from gemini_bodies import cut
from hypothesis import given, settings
from hypothesis import strategies as st

from limner.translate.passing import Long
from limner.translate.scanner import (
    MAX_DEPTH,
    MAX_NODES,
    DocumentEnds,
    JsonScanner,
    LongBegins,
    LongBytes,
    LongEnds,
    MalformedJson,
    ObjectEnds,
    SkeletonTooLarge,
    Token,
    mark,
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


def scan(scanner: JsonScanner, body: bytes, sizes: Sequence[int]) -> list[Token]:
    """Return the tokens with adjacent bytes joined."""
    merged: list[Token] = []
    for piece in cut(body, sizes):
        for token in scanner.feed(piece):
            last = merged[-1] if merged else None
            if isinstance(token, LongBytes) and isinstance(last, LongBytes):
                merged[-1] = LongBytes(last.base64 + token.base64)
            else:
                merged.append(token)
    return merged


def passed_strings(tokens: Sequence[Token]) -> list[str]:
    passed: list[str] = []
    for token in tokens:
        if isinstance(token, LongBegins):
            passed.append("")
        elif isinstance(token, LongBytes):
            passed[-1] += token.base64.decode()
    return passed


def scan_texts(body: bytes, sizes: Sequence[int]) -> list[Token]:
    return scan(JsonScanner(max_skeleton_bytes=10**6, passes=lambda _: Long.IN_TEXT), body, sizes)


@given(
    st.lists(json_values) | st.dictionaries(st.text(max_size=4), json_values),
    st.booleans(),
    st.integers(1, 9),
)
@settings(max_examples=200, deadline=None)
def test_nothing_passes_by_itself(value: object, ensure_ascii: bool, step: int) -> None:
    """Without rules the skeleton is the document itself, in any cut."""
    body = json.dumps(value, ensure_ascii=ensure_ascii, indent=1).encode("utf-8", "surrogatepass")
    scanner = JsonScanner(max_skeleton_bytes=10**6)
    assert scan(scanner, body, [step]) == [DocumentEnds(body)]
    assert scanner.is_done


def test_paths_are_told_by_keys_and_array_signs() -> None:
    """A rule is asked with the keys around a string value and `[]` for any index, never for a key."""
    asked: list[tuple[str, ...]] = []

    def passes(path: Sequence[str]) -> Long:
        asked.append(tuple(path))
        return Long.NONE

    body = b'{"a" : "1", "b":["2",["3"], {"c"\n:"4"},5] ,\t"d":{"e":6,"f":"7"}}'
    scan(JsonScanner(max_skeleton_bytes=1000, passes=passes), body, [1])
    expected = [("a",), ("b", "[]"), ("b", "[]", "[]"), ("b", "[]", "c"), ("d", "f")]
    assert asked == expected


def test_a_bare_string_has_an_empty_path() -> None:
    """A document may be a string alone; it never closes and is read from the skeleton."""
    scanner = JsonScanner(max_skeleton_bytes=1000, passes=lambda path: Long.NONE if path else Long.WHOLE)
    assert scan(scanner, b'"QUJD"', [1]) == [LongBegins(0, ()), LongBytes(b"QUJD"), LongEnds(0)]
    assert (scanner.is_done, scanner.is_open, scanner.is_empty) == (False, False, False)
    assert msgspec.json.decode(scanner.skeleton) == mark(0)


def test_whole_strings_leave_a_mark() -> None:
    """A passing string is replaced by NUL and its number; the numbers count up."""
    scanner = JsonScanner(
        max_skeleton_bytes=1000, passes=lambda path: Long.WHOLE if path[-1] == "data" else Long.NONE
    )
    tokens = scan(scanner, b'{"data":"QQ==","x":{"data":""},"text":"data"}', [3])
    skeleton = b'{"data":"\\u00000","x":{"data":"\\u00001"},"text":"data"}'
    assert tokens == [
        LongBegins(0, ("data",)),
        LongBytes(b"QQ=="),
        LongEnds(0),
        LongBegins(1, ("x", "data")),
        LongEnds(1),
        DocumentEnds(skeleton),
    ]
    assert msgspec.json.decode(skeleton)["x"]["data"] == mark(1)


def test_objects_are_handed_out_as_they_close() -> None:
    """An object that was asked for comes out with its own JSON and stands as `{}` in what holds it."""
    scanner = JsonScanner(
        max_skeleton_bytes=1000, hands_out=lambda path: tuple(path) in {("a", "[]"), ("b",)}
    )
    tokens = scan(scanner, b'{"a":[{"x":{"y":1}},{}],"b":{"a":[{}]}}', [2])
    assert tokens == [
        ObjectEnds(("a", "[]"), b'{"x":{"y":1}}'),
        ObjectEnds(("a", "[]"), b"{}"),
        ObjectEnds(("b",), b'{"a":[{}]}'),
        DocumentEnds(b'{"a":[{},{}],"b":{}}'),
    ]


def test_the_open_object_is_the_innermost_that_is_handed_out() -> None:
    """While an object is open, what came of it can be read."""
    scanner = JsonScanner(max_skeleton_bytes=1000, hands_out=lambda path: path == ["a"])
    list(scanner.feed(b'{"a":{"x":{"y":'))
    assert scanner.open_object == b'{"x":{"y":'
    assert scanner.is_open


@pytest.mark.parametrize(
    ("text", "passing", "kept"),
    [
        ("data:image/png;base64,QUJD", ["QUJD"], "data:image/png;base64,\0000"),
        ("![x](data:image/png;base64,QUJD) two", ["QUJD"], "![x](data:image/png;base64,\0000) two"),
        ("<data:;BASE64,QUJD>", ["QUJD"], "<data:;BASE64,\0000>"),
        ("<img src='data:;base64,QUJD'>", ["QUJD"], "<img src='data:;base64,\0000'>"),
        ('<img src="data:;base64,QUJD">', ["QUJD"], '<img src="data:;base64,\0000">'),
        ("data:;base64,QUJD\nmake it red", ["QUJD"], "data:;base64,\0000\nmake it red"),
        ("data:;base64,QUJD改成红色", ["QUJD"], "data:;base64,\0000改成红色"),
        ("a;base64,QQ==;base64,Qg==.", ["QQ==", "Qg=="], "a;base64,\0000;base64,\0001."),
        (";base64,", [""], ";base64,\0000"),
        (";base6;base64;;base64,QQ", ["QQ"], ";base6;base64;;base64,\0000"),
        ("back\\slash;base64,Q\\Q", ["Q"], "back\\slash;base64,\0000\\Q"),
        ("no marker; base64,QUJD", [], "no marker; base64,QUJD"),
    ],
)
@pytest.mark.parametrize("ensure_ascii", [True, False])
@pytest.mark.parametrize("step", [1, 2, 1000])
def test_base64_passes_after_its_marker(
    text: str, passing: list[str], kept: str, ensure_ascii: bool, step: int
) -> None:
    """In a text the base64 after each marker passes, up to the first sign that is not base64."""
    tokens = scan_texts(json.dumps([text], ensure_ascii=ensure_ascii).encode(), [step])
    assert passed_strings(tokens) == passing
    last = tokens[-1]
    assert isinstance(last, DocumentEnds)
    assert msgspec.json.decode(last.skeleton) == [kept]


def test_all_after_the_marker_passes_in_a_uri() -> None:
    """Where a string is a data URI and nothing else, all that follows the marker passes, line breaks too."""
    scanner = JsonScanner(max_skeleton_bytes=1000, passes=lambda _: Long.AFTER_MARKER)
    tokens = scan(scanner, rb'["data:image\/png;base64,QUJD\r\nQUJE (x)"]', [1])
    assert tokens == [
        LongBegins(0, ("[]",)),
        LongBytes(b"QUJD\r\nQUJE (x)"),
        LongEnds(0),
        DocumentEnds(rb'["data:image\/png;base64,\u00000"]'),
    ]


@pytest.mark.parametrize("step", [1, 3, 1000])
@pytest.mark.parametrize("rule", [Long.WHOLE, Long.AFTER_MARKER, Long.IN_TEXT])
def test_escaped_base64_is_unescaped(rule: Long, step: int) -> None:
    """Every way in which JSON may write base64's own characters gives the characters."""
    scanner = JsonScanner(max_skeleton_bytes=1000, passes=lambda _: rule)
    head = "" if rule is Long.WHOLE else "x;base64,"
    every = "".join(f"\\u{ord(sign):04x}\\u{ord(sign):04X}" for sign in "AZaz09+/=-_OPop")
    tokens = scan(scanner, f'["{head}{every}\\/plain"]'.encode(), [step])
    (passed,) = [token.base64 for token in tokens if isinstance(token, LongBytes)]
    assert passed == b"".join(sign * 2 for sign in map(str.encode, "AZaz09+/=-_OPop")) + b"/plain"


@pytest.mark.parametrize(
    ("escaped", "plain"),
    [
        (rb"\"", b'"'),
        (rb"\\", b"\\"),
        (rb"\b\f\n\r\t", b"\b\f\n\r\t"),
        (rb"\u4e2d", "中".encode()),
        (rb"\ud83d", b"?"),
    ],
)
@pytest.mark.parametrize("step", [1, 1000])
def test_other_escapes_pass_where_the_whole_string_does(escaped: bytes, plain: bytes, step: int) -> None:
    """What is no base64 passes unescaped: whoever decodes it says that it is wrong."""
    scanner = JsonScanner(max_skeleton_bytes=1000, passes=lambda _: Long.WHOLE)
    tokens = scan(scanner, b'["QQ' + escaped + b'QQ"]', [step])
    assert tokens[1] == LongBytes(b"QQ" + plain + b"QQ")


@pytest.mark.parametrize("step", [1, 1000])
@pytest.mark.parametrize("rule", [Long.WHOLE, Long.AFTER_MARKER])
def test_a_wrong_escape_is_malformed(rule: Long, step: int) -> None:
    r"""`\u` without four hexadecimal digits is not JSON."""
    scanner = JsonScanner(max_skeleton_bytes=1000, passes=lambda _: rule)
    with pytest.raises(MalformedJson, match="escape"):
        scan(scanner, rb'[";base64,QQ\u00g1"]', [step])


PICTURE_HEADS = {
    "PNG": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "JPEG": b"\xff\xd8\xff\xe0\0\x10JFIF\0",
    "WebP": b"RIFF\x24\0\0\0WEBPVP8 ",
    "HEIC": b"\0\0\0\x18ftypheic\0\0\0\0",
    "HEIF": b"\0\0\0\x1cftypmif1\0\0\0\0",
    "GIF": b"GIF89a\1\0\1\0",
}


@pytest.mark.parametrize("step", [1, 5, 1000])
@pytest.mark.parametrize("escape", ["none", "slash", "all", "blank"])
@pytest.mark.parametrize("kind", PICTURE_HEADS)
def test_bare_pictures_pass_by_their_head(kind: str, escape: str, step: int) -> None:
    """Where the head decides, base64 of every kind of picture passes whole, escaped and cut however it is."""
    base64 = b64encode(PICTURE_HEADS[kind] + bytes(200)).decode()
    written = {
        "none": base64,
        "slash": base64.replace("/", "\\/"),
        "all": "".join(f"\\u{ord(sign):04x}" for sign in base64),
        "blank": f"\\n {base64}",
    }[escape]
    scanner = JsonScanner(max_skeleton_bytes=100, passes=lambda _: Long.BY_HEAD)
    tokens = scan(scanner, b'{"a":"%b","b":"x"}' % written.encode(), [step])
    assert [passed.strip() for passed in passed_strings(tokens)] == [base64]
    assert isinstance(tokens[-1], DocumentEnds)
    assert msgspec.json.decode(tokens[-1].skeleton) == {"a": mark(0), "b": "x"}


@pytest.mark.parametrize("step", [1, 5, 1000])
@pytest.mark.parametrize(
    ("text", "kept", "passed"),
    [
        ("https://example.com/a.png", "https://example.com/a.png", []),
        ("data:image/png;base64,QUJD", f"data:image/png;base64,{mark(0)}", ["QUJD"]),
        ("/9/j", "/9/j", []),
        ("", "", []),
        ("AAAA" * 50, "AAAA" * 50, []),
        ('"\\u00e9\n', '"\\u00e9\n', []),
    ],
)
def test_what_is_no_bare_picture_is_a_uri_or_text(text: str, kept: str, passed: list[str], step: int) -> None:
    """Where the head decides, a data URI passes after its marker and any other string stays."""
    scanner = JsonScanner(max_skeleton_bytes=1000, passes=lambda _: Long.BY_HEAD)
    tokens = scan(scanner, json.dumps([text]).encode(), [step])
    assert passed_strings(tokens) == passed
    assert isinstance(tokens[-1], DocumentEnds)
    assert msgspec.json.decode(tokens[-1].skeleton) == [kept]


@pytest.mark.parametrize("step", [1, 50, 100_000])
def test_long_strings_are_dropped_where_only_short_ones_count(step: int) -> None:
    """A rule may keep what is short and let go of the rest, which then counts for no limit and leaves no mark."""
    scanner = JsonScanner(max_skeleton_bytes=200, passes=lambda _: Long.IF_SHORT)
    long = "x\\/\\u00e9\\n" * 5000
    (end,) = scan(scanner, f'["gen_1","{long}","","{long}","y"]'.encode(), [step])
    assert isinstance(end, DocumentEnds)
    assert msgspec.json.decode(end.skeleton) == ["gen_1", "", "", "", "y"]


def test_a_marker_in_a_key_is_no_marker() -> None:
    """Keys never pass."""
    body = b'{"x;base64,QUJD":[{"y;base64,QUJD":1}]}'
    assert scan_texts(body, [1]) == [DocumentEnds(body)]


@given(st.text(st.sampled_from('ab;base64,\\"/+= \n)'), max_size=60), st.integers(1, 12))
@settings(max_examples=300, deadline=None)
def test_text_around_base64_is_never_lost(text: str, step: int) -> None:
    """Putting what passed back in the place of its marks gives the text again."""
    tokens = scan_texts(json.dumps([text]).encode(), [step])
    last = tokens[-1]
    assert isinstance(last, DocumentEnds)
    (kept,) = msgspec.json.decode(last.skeleton, type=list[str])
    for number, base64 in enumerate(passed_strings(tokens)):
        kept = kept.replace(mark(number), base64, 1)
    assert kept == text


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_depth_is_limited(opening: bytes) -> None:
    """A hundred levels are read, one more is refused."""
    scanner = JsonScanner(max_skeleton_bytes=10_000)
    list(scanner.feed(opening * MAX_DEPTH))
    with pytest.raises(MalformedJson, match="nested deeper than 100"):
        list(scanner.feed(opening))


def test_the_skeleton_is_limited() -> None:
    """More than the limit besides what passes is refused; what passes does not count."""
    scanner = JsonScanner(max_skeleton_bytes=100, passes=lambda _: Long.WHOLE)
    list(scanner.feed(b'["' + b"A" * 1000 + b'",'))
    with pytest.raises(SkeletonTooLarge, match="more than 100 bytes"):
        list(scanner.feed(b" " * 100))


@pytest.mark.parametrize("body", [b"}", b"]", b"[}", b'{"a":]', b"{} {", b"[]x"])
def test_brackets_must_match(body: bytes) -> None:
    """Brackets that do not match, and anything after the last, are malformed."""
    with pytest.raises(MalformedJson):
        list(JsonScanner(max_skeleton_bytes=100).feed(body))


def test_white_space_around_a_document_is_nothing() -> None:
    """White space before leaves a scanner empty and after leaves it done."""
    scanner = JsonScanner(max_skeleton_bytes=100)
    list(scanner.feed(b" \r\n\t"))
    assert scanner.is_empty
    assert len(list(scanner.feed(b"{}"))) == 1
    assert list(scanner.feed(b"\n \n")) == []
    assert scanner.is_done
    assert not scanner.is_empty


@pytest.mark.parametrize("filler", [b'"",', b"[],", b"{},"])
def test_nodes_are_limited(filler: bytes) -> None:
    """Very many small strings, objects or arrays are refused: they cost time out of proportion."""
    scanner = JsonScanner(max_skeleton_bytes=10**7)
    list(scanner.feed(b"[" + filler * (MAX_NODES - 1)))
    with pytest.raises(MalformedJson, match="more than 250000 strings, objects and arrays"):
        list(scanner.feed(filler))


@pytest.mark.parametrize("sign", [b";", b";b", b"\\\\", b'","', b"[],", b":,"])
def test_texts_full_of_signs_take_linear_time(sign: bytes) -> None:
    """A text made of nothing but what the scanner looks for is read, not pondered over."""
    scanner = JsonScanner(max_skeleton_bytes=10**7, passes=lambda _: Long.IN_TEXT)
    body = b'["' + sign * 100_000 if sign[:1] != b"[" else b"[" + sign * 100_000
    assert list(scanner.feed(body)) == []
    assert not scanner.is_done
