"""Links that are not as they were signed: refused, each of them, and never an accident."""

import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection

import pytest
from hypothesis import given
from hypothesis.strategies import floats, text
from linking import LINKS, SECRET, assert_refused, draw, get, sign

from limner.pictures.links import PictureLinks, find_picture_id
from programs import Gateway, StartGateway

NOBODYS = f"img_{'0' * 32}"
ID_AT = len("/images/")


@pytest.fixture(scope="module")
def linked(start_gateway: StartGateway) -> Gateway:
    """A gateway whose links a test can sign."""
    return start_gateway(**SECRET)


@pytest.fixture(scope="module")
def picture_id(linked: Gateway) -> str:
    """A picture that is there."""
    return draw(linked)[1]


def list_changed(link: str) -> Iterator[str]:
    """Yield the link with each of its characters behind `/images/` changed, left out and doubled."""
    for place in range(ID_AT, len(link)):
        before, here, after = link[:place], link[place], link[place + 1 :]
        for other in {*"0aZ-_.~%/&=?", here.swapcase()} - {here}:
            yield before + other + after
        yield before + after
        yield before + here + here + after


def is_same(link: str, changed: str) -> bool:
    """Return whether a changed link asks for the same in other words: what its query says twice or besides is left."""
    (path, _, query), (other_path, _, other_query) = link.partition("?"), changed.partition("?")
    return path == other_path and query.split("&") == [part for part in other_query.split("&") if part]


def test_each_byte_counts(linked: Gateway, picture_id: str) -> None:
    """A link with any byte of id, expiry or signature changed, left out or doubled is refused, not once with a picture."""
    link = sign(picture_id)
    seen: dict[int, int] = {}
    with closing(linked.connect()) as connection:
        for changed in list_changed(link):
            status = ask_status(connection, changed)
            seen[status] = seen.get(status, 0) + 1
            if status == 200:
                assert is_same(link, changed), changed
            else:
                assert status in {403, 404}, (changed, status)
        assert ask_status(connection, link) == 200
    assert seen[403] > 1_000


def ask_status(connection: HTTPConnection, path: str) -> int:
    """Ask on a connection that stays; return the status."""
    connection.request("GET", path)
    response = connection.getresponse()
    response.read()
    return response.status


def test_a_link_may_be_cut_nowhere(linked: Gateway, picture_id: str) -> None:
    """Of every beginning of a link none works."""
    link = sign(picture_id)
    with closing(linked.connect()) as connection:
        statuses = {ask_status(connection, link[:length]) for length in range(ID_AT + 1, len(link))}
    assert statuses == {403}


def test_refusals_tell_nothing_of_pictures(linked: Gateway, picture_id: str) -> None:
    """With a wrong signature a picture that is there and one that never was are refused in the same words."""
    expires = int(time.time()) + 60
    replies = [
        get(linked, f"/images/{name}?expires={expires}&signature={'A' * 43}")
        for name in (picture_id, NOBODYS)
    ]
    for reply in replies:
        assert_refused(reply, 403, "invalid_link")
    assert replies[0].body == replies[1].body
    assert picture_id.encode() not in replies[0].body


@pytest.mark.parametrize("name", ["other picture", "other secret", "other secret of ours"])
def test_signatures_of_others(name: str, linked: Gateway, picture_id: str) -> None:
    """A signature for another picture, or made with another key, opens nothing."""
    expires = int(time.time()) + 60
    signers = {
        "other picture": LINKS.sign(draw(linked, "another")[1], expires),
        "other secret": PictureLinks(b"another key").sign(picture_id, expires),
        "other secret of ours": PictureLinks(SECRET["LIMNER_SIGNING_SECRET"].encode()).sign(
            picture_id, expires
        ),
    }
    query = signers[name].partition("?")[2]
    assert_refused(get(linked, f"/images/{picture_id}?{query}"), 403, "invalid_link")


@pytest.mark.parametrize("expires", [0, -1, 1, -(10**12), 10**12, 10**30, 10**300])
def test_signed_expiries_at_the_edge(expires: int, linked: Gateway, picture_id: str) -> None:
    """A time that is over, is none, or has more digits than any, is refused even where its signature is right."""
    assert_refused(get(linked, LINKS.sign(picture_id, expires)), 403, "invalid_link")


def test_the_farthest_expiry(linked: Gateway, picture_id: str) -> None:
    """A link that works for thirty thousand years works, and says how long."""
    reply = get(linked, LINKS.sign(picture_id, 10**12 - 1))
    assert reply.status == 200
    assert "max-age=99" in reply.headers["cache-control"]


def test_ended(linked: Gateway, picture_id: str) -> None:
    """A link that has ended is refused, and one that has not works."""
    assert_refused(get(linked, sign(picture_id, for_seconds=-1)), 403, "invalid_link")
    assert_refused(get(linked, sign(picture_id, for_seconds=-(10**9))), 403, "invalid_link")
    assert get(linked, sign(picture_id, for_seconds=60)).status == 200


@pytest.mark.real_time
def test_a_link_ends_while_it_is_looked_at(linked: Gateway, picture_id: str) -> None:
    """A link works to its last second and not beyond it."""
    link = sign(picture_id, for_seconds=6)
    assert get(linked, link).status == 200
    ends_at = time.monotonic() + 20
    while get(linked, link).status == 200:
        assert time.monotonic() < ends_at
        time.sleep(0.1)
    assert_refused(get(linked, link), 403, "invalid_link")


QUERIES = [
    "", "?", "?expires", "?expires=", "?signature=", "?expires=&signature=", "?expires={expires}",
    "?signature={signature}", "?expires={expires}&signature=", "?expires=&signature={signature}",
    "?expires={expires}&signature={signature}&expires={expires}",
    "?expires={expires}&expires={expires}&signature={signature}",
    "?expires={expires}&signature={signature}&signature={signature}",
    "?expires=%00{expires}&signature={signature}", "?expires={expires}%0a&signature={signature}",
    "?expires=+{expires}&signature={signature}", "?expires=-{expires}&signature={signature}",
    "?expires={expires}.0&signature={signature}", "?expires=0x{expires}&signature={signature}",
    "?expires={expires}&signature={signature}=", "?expires={expires}&signature={signature}%3D",
    "?expires={expires}&signature=%20{signature}", "?expires={expires};signature={signature}",
    "?Expires={expires}&Signature={signature}", "?expires[]={expires}&signature[]={signature}",
    "?expires={expires}&signature=%ff%fe", "?expires=%d9%a3{expires}&signature={signature}",
    "?expires={expires}&signature={signature}%ed%a0%80", "?{expires}&{signature}",
    "?expires={expires}&signature={signature}&a=" + "a" * 5_000,
    "?" + "&" * 30_000, "?" + "expires=1&" * 3_000, "?signature=" + "A" * 30_000,
]  # fmt: skip


@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
def test_other_queries_are_refused(query: str, linked: Gateway, picture_id: str) -> None:
    """Parameters that are absent, empty, twice there or written otherwise make no link."""
    parts = dict(part.split("=") for part in sign(picture_id).partition("?")[2].split("&"))
    path = f"/images/{picture_id}{query.format(**parts)}"
    assert_refused(get(linked, path), 403, "invalid_link")


@pytest.mark.parametrize("more", ["&utm_source=chat", "&expire=1", "&v", "&%ff=%fe", "&"])
def test_what_others_add_does_no_harm(more: str, linked: Gateway, picture_id: str) -> None:
    """Parameters that programs on the way add to links leave them working."""
    assert get(linked, sign(picture_id) + more).status == 200


PATHS = [
    "/images/{upper}", "/images/{bare}", "/images/{id}.jpg", "/images/{id}%00", "/images/{id}%0a", "/images/{id}%20",
    "/images/%2e/{id}", "/images/%2e%2e/{id}", "/images/..%2f{id}", "/images/./{id}", "/images/../{id}",
    "/images//{id}", "/images/{id}/{id}", "/images/{id}%2f..%2f{id}", "/images/%5c{id}", "/images/{id}%23", "/images/{id}%3f",
    "/images/%ff%fe", "/images/%00", "/images/*", "/images/{id},{id}", "/images/" + "a." * 4_000, "/images/%e2%80%8b{id}",
    "/images/etc/passwd", "/images/..%2f..%2fetc%2fpasswd", "/images/journal.jsonl",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS, ids=range(len(PATHS)))
def test_other_paths_are_refused(path: str, linked: Gateway, picture_id: str) -> None:
    """A path that does not name the picture it is signed for leads nowhere, however it is written."""
    bare = picture_id.removeprefix("img_")
    query = sign(picture_id).partition("?")[2]
    filled = path.format(id=picture_id, upper=f"img_{bare.upper()}", bare=bare)
    if filled.endswith(picture_id.upper()):
        pytest.skip("an id without letters is the same in capitals")
    reply = get(linked, f"{filled}?{query}")
    assert (reply.status, reply.error["code"]) in {(403, "invalid_link"), (404, "not_found")}


@pytest.mark.parametrize(
    "path", ["/images", "/images/", "/image/{id}", "/Images/{id}", "/v1/images/{id}", "/{id}"]
)
def test_other_doors(path: str, linked: Gateway, picture_id: str) -> None:
    """There is no list of pictures, and no other door to them."""
    query = sign(picture_id).partition("?")[2]
    assert_refused(get(linked, f"{path.format(id=picture_id)}?{query}"), 404, "not_found")


@pytest.mark.parametrize("path", ["/images/{id}/", "/images/%69mg_{bare}", "/%69mages/{id}"])
def test_same_paths(path: str, linked: Gateway, picture_id: str) -> None:
    """The same path in other words is the same link: with a slash behind it, or percent-encoded."""
    query = sign(picture_id).partition("?")[2]
    filled = path.format(id=picture_id, bare=picture_id.removeprefix("img_"))
    assert get(linked, f"{filled}?{query}").status == 200


@pytest.mark.parametrize(
    ("url", "is_found"),
    [
        (NOBODYS, True),
        (f"/images/{NOBODYS}", True),
        (f"https://draw.example.org/images/{NOBODYS}?a=b#c", True),
        (f"https://draw.example.org/below/images/{NOBODYS}", True),
        (f"http://[::1]:8000/images/{NOBODYS}", True),
        (f"https://draw.example.org/images/{NOBODYS}/", False),
        (f"https://draw.example.org/{NOBODYS}", False),
        (f"https://draw.example.org/?images/{NOBODYS}", False),
        (f"https://draw.example.org/images/{NOBODYS.upper()}", False),
        (f"https://[/images/{NOBODYS}", False),
        (f"{NOBODYS}\n", False),
        (f"/images/{NOBODYS}?{'a' * 5_000}", False),
        ("img_\u0661" + "0" * 31, False),
        ("", False),
    ],
)
def test_links_are_recognised(url: str, *, is_found: bool) -> None:
    """A picture is named by its id or by a URL that ends in its path, and by nothing else."""
    assert (find_picture_id(url) is not None) == is_found


@pytest.mark.parametrize("wrong", ["\ud800", "\0", "é", "\U0001f5bc", "%ed%a0%80", "%"])
def test_no_text_is_too_odd(wrong: str) -> None:
    """A URL in a message may hold any character that JSON can; none makes the check fail but to a no."""
    link = LINKS.sign(NOBODYS, 2_000)
    path, _, query = link.partition("?")
    for url in (
        link + wrong,
        f"{path}?{wrong}{query}",
        f"{path}?expires={wrong}&signature={wrong}",
    ):
        assert not LINKS.is_valid_url(url, 1_000)
        assert not LINKS.was_signed(url)
    assert LINKS.is_valid_url(link, 1_000)
    assert LINKS.is_valid_url(f"{link}#{wrong}", 1_000)


@given(text(), text(), floats(allow_nan=False))
def test_no_query_is_too_odd(picture_id: str, query: str, now_seconds: float) -> None:
    """Whatever stands in place of id and query, it is no link, and checking it breaks nothing."""
    assert LINKS.read_expiry(picture_id, query, now_seconds) is None
    assert find_picture_id(query) is None
    LINKS.is_valid_url(LINKS.sign(NOBODYS, 2_000).replace("&", query, 1), now_seconds)
