"""Ranges and conditions: downloads that go on where they broke off, and pictures that a client has already."""

import secrets
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis.strategies import from_regex, integers, lists, none, sampled_from, text
from linking import SECRET, assert_refused, draw, get, sign, to_answer
from msgspec import Struct

from asking import Reply
from limner.web.conditions import Unsatisfiable, find_range, has_it
from programs import Gateway, StartGateway
from upstreams import Upstream

SIZE = 700_001
PNG_HEAD = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x10\0\0\0\x10\0\x08\2\0\0\0"
ETAG = '"etag"'

WHOLE = None
NOTHING = "416"

# Of a picture of 1,000 bytes. RFC 9110, 14.1.2 and 14.2: what cannot be read is ignored.
RANGES: list[tuple[str, tuple[int, int] | str | None]] = [
    ("bytes=0-", (0, 1_000)),
    ("bytes=0-0", (0, 1)),
    ("bytes=0-499", (0, 500)),
    ("bytes=500-999", (500, 1_000)),
    ("bytes=999-999", (999, 1_000)),
    ("bytes=999-", (999, 1_000)),
    ("bytes=9-1000", (9, 1_000)),
    ("bytes=9-999999999999", (9, 1_000)),
    ("bytes=007-0009", (7, 10)),
    ("bytes=-1", (999, 1_000)),
    ("bytes=-1000", (0, 1_000)),
    ("bytes=-1001", (0, 1_000)),
    ("bytes=-999999999999", (0, 1_000)),
    ("BYTES=0-9", (0, 10)),
    ("bytes= 0-9 ", (0, 10)),
    ("bytes=-0", NOTHING),
    ("bytes=1000-", NOTHING),
    ("bytes=1000-1000", NOTHING),
    ("bytes=1000-2000", NOTHING),
    ("bytes=999999999999-", NOTHING),
    ("bytes=500-499", WHOLE),
    ("bytes=1001-1000", WHOLE),
    ("bytes=0-9,20-29", WHOLE),
    ("bytes=0-9,", WHOLE),
    ("bytes=0-999,0-999", WHOLE),
    ("bytes=1000-,2000-", WHOLE),
    ("bytes=" + ",".join(f"{n}-{n}" for n in range(1_000)), WHOLE),
    ("bytes=" + "0-," * 1_000, WHOLE),
    ("bytes=" + "-" * 1_000, WHOLE),
    ("bytes=" + "9" * 5_000 + "-", WHOLE),
    ("bytes=0-" + "9" * 5_000, WHOLE),
    ("bytes=-" + "9" * 5_000, WHOLE),
    ("bytes=-", WHOLE),
    ("bytes=", WHOLE),
    ("bytes", WHOLE),
    ("", WHOLE),
    ("bytes=a-b", WHOLE),
    ("bytes=1-b", WHOLE),
    ("bytes=0x1-0x2", WHOLE),
    ("bytes=+1-2", WHOLE),
    ("bytes=1--2", WHOLE),
    ("bytes=--1", WHOLE),
    ("bytes=1.0-2", WHOLE),
    ("bytes=1_0-20", WHOLE),
    ("bytes=1 0-20", WHOLE),
    ("bytes=0-9 20-29", WHOLE),
    ("bytes=\u0661-\u0662", WHOLE),
    ("bytes =0-9", WHOLE),
    ("byte=0-9", WHOLE),
    ("items=0-9", WHOLE),
    ("seconds=0-9", WHOLE),
    ("bytes=0-9;q=1", WHOLE),
]


def find(
    ranges: Sequence[str], if_range: str | None = None, size: int = 1_000
) -> tuple[int, int] | str | None:
    """Return what is to be sent."""
    try:
        return find_range(ranges, if_range, ETAG, size)
    except Unsatisfiable:
        return NOTHING


@pytest.mark.parametrize(("header", "expected"), RANGES, ids=[header[:30] for header, _ in RANGES])
def test_ranges(header: str, expected: tuple[int, int] | str | None) -> None:
    """One range that can be read is sent, one that lies outside is refused, anything else means all of it."""
    assert find([header]) == expected


@pytest.mark.parametrize(
    ("ranges", "if_range", "size", "expected"),
    [
        ([], None, 1_000, WHOLE),
        (["bytes=0-9", "bytes=0-9"], None, 1_000, WHOLE),
        (["bytes=0-9"], ETAG, 1_000, (0, 10)),
        (["bytes=0-9"], f"W/{ETAG}", 1_000, WHOLE),
        (["bytes=0-9"], '"another"', 1_000, WHOLE),
        (["bytes=0-9"], "etag", 1_000, WHOLE),
        (["bytes=0-9"], "", 1_000, WHOLE),
        (["bytes=0-9"], "*", 1_000, WHOLE),
        (["bytes=0-9"], "Wed, 25 Nov 2026 14:00:00 GMT", 1_000, WHOLE),
        (["bytes=2000-"], '"another"', 1_000, WHOLE),
        (["bytes=2000-"], ETAG, 1_000, NOTHING),
        (["bytes=0-"], None, 0, NOTHING),
        (["bytes=-5"], None, 0, NOTHING),
        (["bytes=0-"], None, 1, (0, 1)),
    ],
)
def test_ranges_depend(ranges: list[str], if_range: str | None, size: int, expected: object) -> None:
    """A range counts once, of the same bytes only, and of a file that has any."""
    assert find(ranges, if_range, size) == expected


RANGE_LIKE = from_regex(r"(bytes)?=?[0-9]{0,22}-?[0-9]{0,22}[,; ]{0,2}", fullmatch=True) | text()


@given(lists(RANGE_LIKE, max_size=2), none() | sampled_from([ETAG, '"b"', ""]), integers(0, 2**40))
def test_no_range_is_too_odd(ranges: list[str], if_range: str | None, size: int) -> None:
    """Whatever a Range says, what is sent lies in the picture and is not empty, and nothing breaks."""
    found = find(ranges, if_range, size)
    if isinstance(found, tuple):
        assert 0 <= found[0] < found[1] <= size
    else:
        assert found in {WHOLE, NOTHING}


@given(lists(text(), max_size=3))
def test_no_condition_is_too_odd(headers: list[str]) -> None:
    """Whatever If-None-Match says, a client has the bytes only if their tag is in it, or a star alone."""
    expected = any(ETAG in value or value.strip() == "*" for value in headers)
    assert has_it(headers, ETAG) <= expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], False),
        ([ETAG], True),
        ([f"W/{ETAG}"], True),
        (["*"], True),
        ([" * "], True),
        ([f'"a", {ETAG}'], True),
        ([f'"a",W/{ETAG}, "b"'], True),
        (['"a"', ETAG], True),
        (['"a", "b"'], False),
        (["etag"], False),
        (['"etag'], False),
        (["", ",", '"'], False),
        (['"*"'], False),
        (['"a' * 10_000], False),
    ],
)
def test_what_a_client_has(headers: list[str], *, expected: bool) -> None:
    """If-None-Match names the bytes that a client has, strongly or weakly, in one header or several, or any."""
    assert has_it(headers, ETAG) == expected


class Shown(Struct, frozen=True):
    """A picture that is there, and a link to it."""

    gateway: Gateway
    data: bytes
    etag: str
    link: str

    def get(self, method: str = "GET", **headers: str) -> Reply:
        return get(self.gateway, self.link, method, **headers)


@pytest.fixture(scope="module")
def shown(start_gateway: StartGateway, upstream_server: Upstream) -> Shown:
    """A picture of several pieces behind a link."""
    data = PNG_HEAD + secrets.token_bytes(SIZE - len(PNG_HEAD))
    upstream_server.respond = lambda call: to_answer(call, [data])
    gateway = start_gateway(upstream_server.url, **SECRET)
    _, picture_id, sha256 = draw(gateway, "something to be read in ranges")
    return Shown(gateway, data, f'"{sha256}"', sign(picture_id))


@pytest.mark.parametrize(
    ("header", "begin", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-", 0, SIZE),
        ("bytes=262143-262144", 262_143, 262_145),
        ("bytes=1000-600000", 1_000, 600_001),
        ("bytes=600000-9999999", 600_000, SIZE),
        ("bytes=-1", SIZE - 1, SIZE),
    ],
)
def test_a_range_is_sent(header: str, begin: int, end: int, shown: Shown) -> None:
    """Exactly these bytes come, the answer says which of how many, and has all headers of the whole."""
    reply = shown.get(Range=header)
    assert reply.status == 206
    assert reply.body == shown.data[begin:end]
    assert reply.headers["content-range"] == f"bytes {begin}-{end - 1}/{SIZE}"
    assert reply.headers["content-length"] == str(end - begin)
    whole = shown.get()
    assert (whole.status, whole.body == shown.data, whole.headers["content-range"]) == (200, True, None)
    for name in ("etag", "content-type", "content-security-policy", "content-disposition", "accept-ranges"):
        assert reply.headers[name] == whole.headers[name]


def test_nothing_lies_there(shown: Shown) -> None:
    """A range behind the end is refused, and the refusal says how long the picture is."""
    for header in (f"bytes={SIZE}-", "bytes=-0"):
        reply = shown.get(Range=header)
        assert_refused(reply, 416, "range_not_satisfiable")
        assert reply.headers["content-range"] == f"bytes */{SIZE}"
        assert str(SIZE) in reply.error["message"]


def test_a_thousand_ranges_are_one_answer(shown: Shown) -> None:
    """A header with a thousand ranges costs no more than one without."""
    reply = shown.get(Range="bytes=" + ",".join(f"{n}-" for n in range(1_000)))
    assert (reply.status, reply.body == shown.data) == (200, True)


def test_a_download_goes_on(shown: Shown) -> None:
    """A client that was cut off gets the rest of the same bytes, and all where they were others."""
    begun = shown.get(Range="bytes=0-299999").body
    rest = shown.get(Range="bytes=300000-", If_Range=shown.etag)
    assert (rest.status, begun + rest.body == shown.data) == (206, True)
    other = shown.get(Range="bytes=300000-", If_Range='"of another picture"')
    assert (other.status, other.body == shown.data) == (200, True)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_a_client_has_is_not_sent(method: str, shown: Shown) -> None:
    """A client that names what it has gets 304 without a body, even if it asks for a range of it."""
    for headers in (
        {"If_None_Match": shown.etag},
        {"If_None_Match": f'W/{shown.etag}, "a"', "Range": "bytes=0-9"},
    ):
        reply = shown.get(method, **headers)
        assert (reply.status, reply.body) == (304, b"")
        assert reply.headers["etag"] == shown.etag
        assert "immutable" in reply.headers["cache-control"]
    other = shown.get(method, If_None_Match='"of another picture"')
    assert other.status == 200


def test_dates_say_nothing(shown: Shown) -> None:
    """There is no date to compare with, so conditions on it do not count."""
    for name in ("If_Modified_Since", "If_Unmodified_Since"):
        for year in (1990, 2050):
            reply = shown.get(**{name: f"Sat, 01 Jan {year} 00:00:00 GMT"})
            assert (reply.status, reply.headers["last-modified"]) == (200, None)
