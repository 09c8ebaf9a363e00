"""Pictures fetched over HTTPS from servers on this machine, which the rules allow by name."""

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme
from attempts import fetch, make_rules, opened, refuse
from name_server import NameServer
from picture_server import PICTURE, PictureServer, answer, running_picture_server

pytestmark = pytest.mark.usefixtures("_trust")

Dials = list[tuple[str, int]]


def make_context(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


@asynccontextmanager
async def running(
    authority: trustme.CA, names: NameServer, *certified: str
) -> AsyncIterator[tuple[PictureServer, str]]:
    """Run a picture server whose certificate is for `certified`, `pictures.test` if none; with its address."""
    names.answers = {"pictures.test": [["127.0.0.1"]]}
    async with running_picture_server(make_context(authority, *(certified or ("pictures.test",)))) as server:
        yield server, f"https://pictures.test:{server.port}"


def test_a_picture(authority: trustme.CA, names: NameServer, dials: Dials) -> None:
    """A picture comes as its server has it, from the address that its name was asked for once, with TLS for its name."""

    async def run() -> None:
        async with running(authority, names) as (server, base):
            server.answers["/p.png"] = answer()
            body = await fetch(make_rules("pictures.test"), f"{base}/p.png", resolve=names.look_up)
            assert body == PICTURE
            assert dials == [("127.0.0.1", server.port)]
            assert names.asked == ["pictures.test"]
            assert server.names == ["pictures.test"]
            assert f"Host: pictures.test:{server.port}\r\n" in server.requests[0]

    asyncio.run(run())


def test_what_is_sent(
    authority: trustme.CA, names: NameServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dials: Dials
) -> None:
    """One GET goes out, path and query as written, with no cookie, no credential, no proxy and nothing compressed."""
    netrc = tmp_path / "netrc"
    netrc.write_text("default login secret password secret")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")

    async def run() -> None:
        async with running(authority, names) as (server, base):
            server.answers["/a%2Fb/%7e.png"] = answer(Set_Cookie="a=b")
            rules = make_rules("pictures.test")
            async with opened(rules, names.look_up) as fetcher:
                for _ in range(2):
                    ends_at = asyncio.get_running_loop().time() + 60
                    url = f"{base}/a%2Fb/%7e.png?sig=a%2Bb%3d#fragment"
                    await fetcher.fetch(url, lambda _: None, param="p", ends_at=ends_at)
            assert set(dials) == {("127.0.0.1", server.port)}
            for request in server.requests:
                first, *headers = request.strip().split("\r\n")
                assert first == "GET /a%2Fb/%7e.png?sig=a%2Bb%3d HTTP/1.1"
                assert sorted(headers) == [
                    "Accept-Encoding: identity",
                    "Accept: image/*",
                    "Connection: close",
                    f"Host: pictures.test:{server.port}",
                    "User-Agent: limner",
                ]

    asyncio.run(run())


def test_no_connection_is_used_twice(authority: trustme.CA, names: NameServer) -> None:
    """Each fetch looks the name up and dials anew, so that no connection outlives its check."""

    async def run() -> None:
        async with running(authority, names) as (server, base):
            server.answers["/p.png"] = answer(Connection="keep-alive")
            async with opened(make_rules("pictures.test"), names.look_up) as fetcher:
                for _ in range(3):
                    ends_at = asyncio.get_running_loop().time() + 60
                    await fetcher.fetch(f"{base}/p.png", lambda _: None, param="p", ends_at=ends_at)
            assert server.connections == 3
            assert names.asked == ["pictures.test"] * 3

    asyncio.run(run())


@pytest.mark.parametrize("name", ["other.test", "*.pictures.test", "127.0.0.1"])
def test_the_certificate_of_another_name(authority: trustme.CA, names: NameServer, name: str) -> None:
    """A server whose certificate is for another name is sent nothing."""

    async def run() -> None:
        async with running(authority, names, name) as (server, base):
            server.answers["/p.png"] = answer()
            message = await refuse(make_rules("pictures.test"), f"{base}/p.png", resolve=names.look_up)
            assert "its server's certificate is not valid for its host" in message
            assert server.requests == []

    asyncio.run(run())


def test_a_certificate_of_nobody_known(names: NameServer) -> None:
    """A server whose certificate was signed by nobody known is sent nothing."""

    async def run() -> None:
        async with running(trustme.CA(), names) as (server, base):
            message = await refuse(make_rules("pictures.test"), f"{base}/p.png", resolve=names.look_up)
            assert "its server's certificate is not valid for its host" in message
            assert server.requests == []

    asyncio.run(run())


def test_an_allowed_address(authority: trustme.CA, names: NameServer) -> None:
    """An allowed address may be named by itself, with any port, and its certificate is checked against it."""

    async def run() -> None:
        async with running(authority, names, "127.0.0.1") as (server, _base):
            server.answers["/p.png"] = answer()
            url = f"https://127.0.0.1:{server.port}/p.png"
            assert await fetch(make_rules("127.0.0.1"), url) == PICTURE

    asyncio.run(run())


def test_allowed_is_the_name_in_the_link(authority: trustme.CA, names: NameServer, dials: Dials) -> None:
    """An allowed name does not allow its address, and an allowed address none of its names."""

    async def run() -> None:
        async with running(authority, names, "127.0.0.1", "pictures.test") as (server, _base):
            await refuse(make_rules("pictures.test"), "https://127.0.0.1/p.png")
            await refuse(make_rules("127.0.0.1"), "https://pictures.test/p.png", resolve=names.look_up)
            await refuse(make_rules("127.0.0.1"), "https://[::ffff:127.0.0.1]/p.png")
            await refuse(make_rules("test"), "https://pictures.test/p.png", resolve=names.look_up)
            assert server.connections == 0
            assert dials == []

    asyncio.run(run())


def test_plain_http(dials: Dials) -> None:
    """Plain HTTP is fetched where it is one of the schemes, and else refused before anything is dialled."""

    async def run() -> None:
        async with running_picture_server(None) as server:
            server.answers["/p.png"] = answer()
            url = f"http://127.0.0.1:{server.port}/p.png"
            await refuse(make_rules("127.0.0.1"), url)
            assert dials == []
            assert await fetch(make_rules("127.0.0.1", schemes=("http",)), url) == PICTURE
            await refuse(make_rules("127.0.0.1", schemes=("http",)), url.replace("http", "https"))

    asyncio.run(run())


SECRET = b"what the server said"

FAILURES = {
    "404": (answer(SECRET, "404 Not Found"), "its server answered 404"),
    "401": (answer(SECRET, "401 No", WWW_Authenticate="Basic realm=a"), "its server answered 401"),
    "407": (answer(SECRET, "407 No", Proxy_Authenticate="Basic realm=a"), "its server answered 407"),
    "500": (answer(SECRET, "500 Broken"), "its server answered 500"),
    "206": (answer(SECRET, "206 Partial Content"), "its server answered 206"),
    "204": (answer(b"", "204 No Content", Content_Length=""), "its server answered 204"),
    "300": (answer(SECRET, "300 Choices", Location="/p.png"), "its server answered 300"),
    "304": (answer(b"", "304 Not Modified", Location="/p.png"), "its server answered 304"),
    "305": (answer(SECRET, "305 Proxy", Location="https://127.0.0.1/"), "its server answered 305"),
    "gzip": (answer(gzip.compress(SECRET), Content_Encoding="gzip"), "its server sent it compressed"),
    "br": (answer(SECRET, Content_Encoding="br"), "its server sent it compressed"),
    "cut": (answer(SECRET, Content_Length="1000"), "its server broke off"),
    "cut chunks": (
        answer(b"14\r\n" + SECRET + b"\r\n", Content_Length="", Transfer_Encoding="chunked"),
        "its server broke off",
    ),
    "no answer": (b"", "its server broke off"),
    "no HTTP": (b"SSH-2.0-" + SECRET + b"\r\n\r\n", "its server does not speak HTTP as it should"),
    "long header": (answer(SECRET, X_Long="a" * 100_000), "its server does not speak HTTP as it should"),
    "many": (answer(b"", Content_Length="5001"), "it has more than 5000 bytes; accepted: pictures of up to"),
    "many chunks": (
        answer(
            (b"3e8\r\n" + b"a" * 1000 + b"\r\n") * 6 + b"0\r\n\r\n",
            Content_Length="",
            Transfer_Encoding="chunked",
        ),
        "it has more than 5000 bytes; accepted: pictures of up to",
    ),
    "many until the end": (answer(b"a" * 5001, Content_Length=""), "it has more than 5000 bytes"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_what_is_no_picture(authority: trustme.CA, names: NameServer, name: str) -> None:
    """What a server answers other than a whole picture is refused, and not a word of it is repeated."""
    given, reason = FAILURES[name]

    async def run() -> None:
        async with running(authority, names) as (server, base):
            server.answers["/p.png"] = given
            rules = make_rules("pictures.test", max_bytes=5000)
            message = await refuse(rules, f"{base}/p.png?token=secret", resolve=names.look_up)
            assert reason in message
            assert f"the link '{base}/p.png', which" in message
            assert SECRET.decode() not in message
            assert "127.0.0.1" not in message

    asyncio.run(run())


@pytest.mark.parametrize("headers", [{}, {"Content_Length": ""}], ids=["told", "until the end"])
def test_the_largest_picture(authority: trustme.CA, names: NameServer, headers: dict[str, str]) -> None:
    """A picture of exactly the largest size comes whole, its length told or not."""

    async def run() -> None:
        async with running(authority, names) as (server, base):
            server.answers["/p.png"] = answer(b"a" * 5000, **headers)
            rules = make_rules("pictures.test", max_bytes=5000)
            assert await fetch(rules, f"{base}/p.png", resolve=names.look_up) == b"a" * 5000

    asyncio.run(run())


def test_no_more_is_taken_than_allowed(authority: trustme.CA, names: NameServer) -> None:
    """Of a picture that turns out too large, no more than the limit is handed on."""

    async def run() -> None:
        async with running(authority, names) as (server, base):
            server.answers["/p.png"] = answer(b"a" * 2_000_000, Content_Length="")
            pieces: list[bytes] = []
            rules = make_rules("pictures.test", max_bytes=1_000_000)
            with pytest.raises(Exception, match="more than 1000000 bytes"):
                await fetch(rules, f"{base}/p.png", resolve=names.look_up, take=pieces.append)
            assert sum(map(len, pieces)) <= 1_000_000

    asyncio.run(run())


@pytest.mark.parametrize("given", [b"", answer(b"a", Content_Length="1000")], ids=["head", "body"])
def test_a_server_that_falls_silent(authority: trustme.CA, names: NameServer, given: bytes) -> None:
    """A server that says nothing more is given up at the deadline, wherever it stopped."""

    async def run() -> None:
        async with running(authority, names) as (server, base):
            server.answers["/p.png"] = given
            server.is_silent = True
            rules = make_rules("pictures.test")
            message = await refuse(rules, f"{base}/p.png", resolve=names.look_up, seconds=1)
            assert "it took too long; accepted: pictures that are there within 60 seconds" in message
            rules = make_rules("pictures.test", seconds=1)
            message = await refuse(rules, f"{base}/p.png", resolve=names.look_up, seconds=1000)
            assert "it took too long; accepted: pictures that are there within 1 seconds" in message

    asyncio.run(run())


def test_a_deadline_that_has_passed(authority: trustme.CA, names: NameServer) -> None:
    """A link whose turn comes after the deadline of its request is refused."""

    async def run() -> None:
        async with running(authority, names, "127.0.0.1") as (server, _base):
            server.answers["/p.png"] = answer()
            url = f"https://127.0.0.1:{server.port}/p.png"
            assert "it took too long" in await refuse(make_rules("127.0.0.1"), url, seconds=-1)
            assert server.requests == []

    asyncio.run(run())


@pytest.mark.parametrize("error", [OSError("disk full"), TimeoutError(), ValueError(), KeyError("a")])
def test_trouble_of_the_taker(authority: trustme.CA, names: NameServer, error: Exception) -> None:
    """What goes wrong where the bytes are taken to is not mistaken for the link's fault."""

    def take(_: bytes) -> None:
        raise error

    async def run() -> None:
        async with running(authority, names) as (server, base):
            server.answers["/p.png"] = answer()
            with pytest.raises(type(error)) as raised:
                await fetch(make_rules("pictures.test"), f"{base}/p.png", resolve=names.look_up, take=take)
            assert raised.value is error

    asyncio.run(run())


def test_nobody_listens(authority: trustme.CA, names: NameServer) -> None:
    """A link to where nobody listens is refused."""

    async def run() -> None:
        async with running(authority, names) as (_server, _base):
            rules = make_rules("pictures.test")
            async with running_picture_server(None) as other:
                port = other.port
            url = f"https://pictures.test:{port}/p.png"
            assert "its server cannot be reached" in await refuse(rules, url, resolve=names.look_up)

    asyncio.run(run())
