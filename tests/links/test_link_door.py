"""The door to pictures behind links: what is sent, to whom, and what ends it."""

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path

import pytest
from linking import HOUR_SECONDS, SECRET, assert_refused, draw, get, sign, to_answer

from asking import ask, asking, chat, digest
from audits import open_books
from gateways import MortalGateway, running
from nginx import run_nginx
from painting import SMALL_BYTES, wait_until
from places import Place
from programs import Emulator, Gateway, ListCalls, StartGateway
from upstreams import Upstream

MIB = 1024 * 1024
PAGE = "https://chat.example.org"
NOBODYS = f"img_{'0' * 32}"
PNG_HEAD = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x10\0\0\0\x10\0\x08\2\0\0\0"


@pytest.fixture(scope="module")
def linked(start_gateway: StartGateway) -> Gateway:
    """A gateway whose links a test can sign."""
    return start_gateway(**SECRET)


@pytest.fixture(scope="module")
def scripted(start_gateway: StartGateway, upstream_server: Upstream) -> Gateway:
    """The same, before an upstream that answers as a test says."""
    return start_gateway(upstream_server.url, **SECRET)


def test_a_link_shows_the_picture(place: Place, emulator: Emulator) -> None:
    """Whoever has the link gets the bytes that Gemini sent, without a key, as the type they are."""
    with running(MortalGateway(place, emulator.url, variables=SECRET)) as gateway:
        _, picture_id, sha256 = draw(gateway)
        reply = get(gateway, sign(picture_id))
        assert (reply.status, digest(reply.body)) == (200, sha256)
        assert reply.headers["content-type"] == "image/jpeg"
        assert reply.headers["content-length"] == str(len(reply.body))


def test_headers(linked: Gateway) -> None:
    """The answer says how long it may be kept and by whom, and keeps a browser from taking it for anything else."""
    _, picture_id, sha256 = draw(linked)
    reply = get(linked, sign(picture_id))
    control = [part.strip() for part in reply.headers["cache-control"].split(",")]
    assert (control[0], control[2]) == ("private", "immutable")
    name, _, seconds = control[1].partition("=")
    assert name == "max-age"
    assert HOUR_SECONDS - 60 < int(seconds) <= HOUR_SECONDS
    assert {name: reply.headers[name] for name in EXPECTED} == EXPECTED
    assert reply.headers["etag"] == f'"{sha256}"'
    assert reply.headers["content-disposition"] == f'inline; filename="{picture_id}.jpg"'


EXPECTED = {
    "accept-ranges": "bytes",
    "content-security-policy": "default-src 'none'; sandbox",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "cross-origin",
    "set-cookie": None,
    "x-limner-generation-id": None,
}


def test_head_says_what_get_would(linked: Gateway) -> None:
    """HEAD has the headers of GET, whatever range it asks for, and no body."""
    _, picture_id, _ = draw(linked)
    link = sign(picture_id)
    whole, head = get(linked, link), get(linked, link, "HEAD", Range="bytes=0-9")
    assert (head.status, head.body) == (200, b"")
    changing = {"date", "x-request-id", "cache-control"}
    assert {name: value for name, value in head.headers.items() if name not in changing} == {
        name: value for name, value in whole.headers.items() if name not in changing
    }


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_other_methods_are_refused(method: str, linked: Gateway) -> None:
    """A link lets its picture be read, and nothing else."""
    _, picture_id, _ = draw(linked)
    link = sign(picture_id)
    reply = get(linked, link, method)
    assert_refused(reply, 405, "method_not_allowed")
    assert {part.strip() for part in reply.headers["allow"].split(",")} == {"GET", "HEAD"}
    assert get(linked, link).status == 200


def test_deleting_the_answer_ends_its_links(place: Place, emulator: Emulator) -> None:
    """When DELETE has answered, the link is 404, also for those who have the picture and ask whether it is new."""
    with running(MortalGateway(place, emulator.url, variables=SECRET)) as gateway:
        completion_id, picture_id, sha256 = draw(gateway)
        link = sign(picture_id)
        assert get(gateway, link).status == 200
        assert ask(gateway, path=f"/v1/chat/completions/{completion_id}", method="DELETE").status == 200
        for reply in (get(gateway, link), get(gateway, link, If_None_Match=f'"{sha256}"')):
            assert_refused(reply, 404, "not_found")
            assert "cache-control" not in reply.headers
        assert get(gateway, link, "HEAD").status == 404


def test_a_picture_that_never_was(linked: Gateway) -> None:
    """A link that is signed well and leads to no picture is 404."""
    assert_refused(get(linked, sign(NOBODYS)), 404, "not_found")


def test_links_outlive_the_process(place: Place, emulator: Emulator) -> None:
    """A link works on a gateway that is started anew on the same books."""
    with running(MortalGateway(place, emulator.url, variables=SECRET)) as gateway:
        _, picture_id, sha256 = draw(gateway)
        link = sign(picture_id)
    with running(MortalGateway(place, emulator.url, variables=SECRET)) as gateway:
        assert digest(get(gateway, link).body) == sha256


def test_looking_counts_as_nothing(place: Place, emulator: Emulator, journal: ListCalls) -> None:
    """An answer that reached nobody is still undelivered after its picture was looked at, and nothing was bought."""
    with running(MortalGateway(place, emulator.url, variables=SECRET)) as gateway:
        with asking(gateway, chat("a lighthouse [[delay=1s]]")):
            wait_until(lambda: len(journal()) == 1)
        wait_until(lambda: list_pictures(place) != [])
        (picture_id,) = list_pictures(place)
        undelivered = "/v1/chat/completions?undelivered=true"
        before = ask(gateway, path=undelivered).json()["data"]
        assert len(before) == 1
        assert get(gateway, sign(picture_id)).status == 200
        assert ask(gateway, path=undelivered).json()["data"] == before
    assert len(journal()) == 1


def list_pictures(place: Place) -> list[str]:
    """Return the ids of all pictures in the books."""
    with open_books(place) as database:
        return [str(name) for (name,) in database.fetch_all("SELECT id FROM pictures")]


def test_the_log_holds_no_signature(linked: Gateway) -> None:
    """The access log has the path of a link and nothing that would let its reader use it."""
    _, picture_id, _ = draw(linked)
    link = sign(picture_id)
    for method in ("GET", "HEAD", "POST"):
        get(linked, link, method)
    get(linked, link[:-1])
    get(linked, link.replace("?", "%3F"))
    linked.wait_until_said(f"POST /images/{picture_id}")
    signature = link.rpartition("=")[2]
    assert signature[:-1] not in linked.said
    assert "expires=" not in linked.said


def test_a_picture_without_a_known_type_is_only_for_saving(scripted: Gateway, upstream: Upstream) -> None:
    """What no picture begins like is sent as bytes and as an attachment, whatever Gemini called it."""
    page = b"<!doctype html><title>page</title><script>alert(1)</script>" + b" " * SMALL_BYTES
    upstream.respond = lambda call: to_answer(call, [page])
    _, picture_id, sha256 = draw(scripted, "a page")
    reply = get(scripted, sign(picture_id))
    assert (reply.status, digest(reply.body)) == (200, sha256)
    assert reply.headers["content-type"] == "application/octet-stream"
    assert reply.headers["content-disposition"] == f'attachment; filename="{picture_id}.bin"'
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["content-security-policy"] == "default-src 'none'; sandbox"


def test_slow_readers_hold_no_pictures(scripted: Gateway, upstream: Upstream) -> None:
    """Sixteen clients that hardly read their 24 MiB cost less memory than two of these pictures, not sixteen."""
    picture = PNG_HEAD + bytes(24 * MIB)
    upstream.respond = lambda call: to_answer(call, [picture])
    _, picture_id, sha256 = draw(scripted, "a large one")
    link = sign(picture_id)
    assert digest(get(scripted, link).body) == sha256
    before = scripted.measure_rss_bytes()
    with ExitStack() as stack:
        connections = []
        for _ in range(16):
            narrow = stack.enter_context(socket.socket())
            narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
            narrow.settimeout(60)
            narrow.connect(scripted.address)
            connection = HTTPConnection(*scripted.address)
            connection.sock = narrow
            connection.request("GET", link)
            connections.append(connection)
        responses = [stack.enter_context(connection.getresponse()) for connection in connections]
        assert {len(response.read(1024)) for response in responses} == {1024}
        # One who reads beside them has all of it, so each of them had every chance to be read ahead for.
        with ThreadPoolExecutor(4) as threads:
            read = threads.map(lambda _: digest(get(scripted, link).body), range(4))
            assert set(read) == {sha256}
        assert scripted.measure_rss_bytes() - before < 2 * len(picture)
        rest = responses[0].read()
        assert digest(picture[:1024] + rest) == sha256
    assert get(scripted, link, "HEAD").status == 200


def test_a_picture_deleted_while_it_is_read_is_read_to_its_end(scripted: Gateway, upstream: Upstream) -> None:
    """Who had begun to read a picture gets all of it; who comes after the deletion gets none."""
    picture = PNG_HEAD + bytes(24 * MIB)
    upstream.respond = lambda call: to_answer(call, [picture])
    completion_id, picture_id, sha256 = draw(scripted, "one to be deleted")
    link = sign(picture_id)
    with socket.socket() as narrow:
        narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
        narrow.settimeout(60)
        narrow.connect(scripted.address)
        connection = HTTPConnection(*scripted.address)
        connection.sock = narrow
        connection.request("GET", link)
        with connection.getresponse() as response:
            begun = response.read(1024)
            assert ask(scripted, path=f"/v1/chat/completions/{completion_id}", method="DELETE").status == 200
            assert_refused(get(scripted, link), 404, "not_found")
            assert digest(begun + response.read()) == sha256


PREFLIGHT = {
    "Access_Control_Request_Method": "GET",
    "Access_Control_Request_Headers": "range,if-none-match,x-asked",
}


def test_preflight_needs_no_link(linked: Gateway) -> None:
    """A browser's preflight is answered whatever the link is worth, the headers it asks for reflected."""
    for path in (sign(NOBODYS), f"/images/{NOBODYS}"):
        reply = get(linked, path, "OPTIONS", Origin=PAGE, **PREFLIGHT)
        assert (reply.status, reply.body) == (204, b"")
        assert reply.headers["access-control-allow-origin"] == "*"
        assert reply.headers["access-control-allow-methods"] == "GET, HEAD, OPTIONS"
        assert reply.headers["access-control-allow-headers"] == PREFLIGHT["Access_Control_Request_Headers"]
        assert reply.headers["access-control-allow-credentials"] is None


def test_pages_may_read_pictures_and_refusals(linked: Gateway) -> None:
    """A picture, a part of one and a refusal carry what lets a page read them, if it names where it is from."""
    _, picture_id, _ = draw(linked)
    link = sign(picture_id)
    replies = [
        get(linked, link, Origin=PAGE),
        get(linked, link, Origin=PAGE, Range="bytes=0-9"),
        get(linked, link, Origin=PAGE, If_None_Match="*"),
        get(linked, link[:-1], Origin=PAGE),
    ]
    assert [reply.status for reply in replies] == [200, 206, 304, 403]
    for reply in replies:
        assert reply.headers["access-control-allow-origin"] == "*"
        exposed = {name.strip() for name in reply.headers["access-control-expose-headers"].split(",")}
        assert {"content-range", "content-length", "etag", "accept-ranges", "x-request-id"} <= exposed
    assert get(linked, link).headers["access-control-allow-origin"] is None


def test_pages_that_are_not_named_may_not_read(start_gateway: StartGateway) -> None:
    """Where origins are set, others get the picture to show and not to read."""
    named = start_gateway(LIMNER_CORS_ORIGINS=PAGE, **SECRET)
    _, picture_id, _ = draw(named)
    link = sign(picture_id)
    allowed, other = get(named, link, Origin=PAGE), get(named, link, Origin="https://other.example.org")
    assert (allowed.headers["access-control-allow-origin"], allowed.headers["vary"]) == (PAGE, "Origin")
    assert (other.status, other.headers["access-control-allow-origin"]) == (200, None)


def test_behind_nginx(linked: Gateway, tmp_path: Path) -> None:
    """Through `deploy/nginx/nginx.conf` a link works whole and in ranges, and nginx logs no signature either."""
    _, picture_id, sha256 = draw(linked)
    link = sign(picture_id)
    with run_nginx(tmp_path, [linked.url]) as nginx:
        whole = get(nginx, link)
        assert (whole.status, digest(whole.body)) == (200, sha256)
        assert "immutable" in whole.headers["cache-control"]
        part = get(nginx, link, Range="bytes=10-19")
        assert (part.status, part.body) == (206, whole.body[10:20])
        assert (get(nginx, link, "HEAD").status, get(nginx, link, If_None_Match="*").status) == (200, 304)
        assert_refused(get(nginx, link[:-1]), 403, "invalid_link")
        nginx.wait_until_said(f"GET /images/{picture_id} 403")
        assert "expires=" not in nginx.said
