"""Links that lead to other links: each is checked like the first."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trustme
from attempts import fetch, make_rules, refuse
from name_server import NameServer
from picture_server import PICTURE, PictureServer, answer, redirect, running_picture_server
from test_fetching import Dials, make_context

pytestmark = pytest.mark.usefixtures("_trust")

NAMES = {
    "pictures.test": [["127.0.0.1"]],
    "store.test": [["127.0.0.1"]],
    "inside.test": [["127.0.0.1"]],
    "metadata.test": [["CNAME metadata.google.internal"]],
    "metadata.google.internal": [["169.254.169.254"]],
}
ALLOWED = ("pictures.test", "store.test")


@asynccontextmanager
async def running(authority: trustme.CA, names: NameServer) -> AsyncIterator[tuple[PictureServer, str]]:
    names.answers = NAMES
    async with running_picture_server(make_context(authority, *NAMES)) as server:
        yield server, f"https://pictures.test:{server.port}"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "location",
    ["/p.png", "p.png", "./p.png?x", "//pictures.test:{port}/p.png", "https://store.test:{port}/p.png#a"],
)
def test_redirects(authority: trustme.CA, names: NameServer, status: int, location: str) -> None:
    """Every redirect is followed with a GET, wherever it leads from, and its body is no picture."""

    async def run() -> None:
        async with running(authority, names) as (server, base):
            server.answers["/a"] = redirect(location.format(port=server.port), status, b"not this" * 1000)
            server.answers["/p.png"] = answer()
            body = await fetch(make_rules(*ALLOWED), f"{base}/a", resolve=names.look_up)
            assert body == PICTURE
            assert [request.split(" ")[0] for request in server.requests] == ["GET", "GET"]

    asyncio.run(run())


def test_nothing_is_carried_along(authority: trustme.CA, names: NameServer) -> None:
    """The next server learns neither where a redirect came from nor a cookie of it, and is looked up for itself."""

    async def run() -> None:
        async with running(authority, names) as (server, base):
            server.answers["/a"] = answer(
                b"", "302 Elsewhere", Location=f"https://store.test:{server.port}/b", Set_Cookie="a=b; Path=/"
            )
            server.answers["/b"] = redirect(f"{base}/c")
            server.answers["/c"] = answer()
            await fetch(make_rules(*ALLOWED), f"{base}/a?secret", resolve=names.look_up)
            assert names.asked == ["pictures.test", "store.test", "pictures.test"]
            assert server.names == names.asked
            for request in server.requests[1:]:
                assert "secret" not in request
                assert "cookie" not in request.lower()
                assert "referer" not in request.lower()

    asyncio.run(run())


def test_three_redirects(authority: trustme.CA, names: NameServer) -> None:
    """Three redirects are followed, a fourth is not."""

    async def run() -> None:
        async with running(authority, names) as (server, base):
            for number in range(4):
                server.answers[f"/{number}"] = redirect(f"/{number + 1}")
            server.answers["/4"] = answer()
            rules = make_rules(*ALLOWED)
            assert await fetch(rules, f"{base}/1", resolve=names.look_up) == PICTURE
            server.requests.clear()
            message = await refuse(rules, f"{base}/0", resolve=names.look_up)
            assert "it redirects more than 3 times" in message
            assert len(server.requests) == 4

    asyncio.run(run())


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_loop(authority: trustme.CA, names: NameServer, status: int) -> None:
    """A link that redirects to itself ends after four requests."""

    async def run() -> None:
        async with running(authority, names) as (server, base):
            server.answers["/a"] = redirect("/a", status)
            message = await refuse(make_rules(*ALLOWED), f"{base}/a", resolve=names.look_up)
            assert "it redirects more than 3 times" in message
            assert len(server.requests) == 4

    asyncio.run(run())


INSIDE = [
    "https://127.0.0.1/p.png",
    "https://127.0.0.1:{port}/p.png",
    "https://127.1/p.png",
    "https://2130706433/p.png",
    "https://[::1]/p.png",
    "https://[::ffff:127.0.0.1]/p.png",
    "https://169.254.169.254/latest/meta-data/",
    "https://localhost/p.png",
    "https://inside.test/p.png",
    "https://inside.test:{port}/p.png",
    "https://metadata.test/computeMetadata/v1/",
    "//inside.test/p.png",
    "//127.0.0.1/p.png",
    "https:\\\\127.0.0.1\\p.png",
    "/\\127.0.0.1/p.png",
    "\\\\127.0.0.1/p.png",
    "https://pictures.test@127.0.0.1/p.png",
    "https://user:secret@pictures.test:{port}/p.png",
    "//user:secret@pictures.test:{port}/p.png",
    "http://pictures.test:{port}/p.png",
    "http://127.0.0.1/p.png",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_INFO",
    "ftp://pictures.test/p.png",
    "dict://127.0.0.1:11211/stats",
    "data:image/png;base64,iVBORw0KGgo=",
    "javascript:alert(1)",
    "unix:/run/docker.sock",
    "https:///p.png",
    "https://",
    "/a b",
    "/\ta",
]


@pytest.mark.parametrize("status", [301, 308])
@pytest.mark.parametrize("location", INSIDE)
def test_redirects_to_the_inside(
    authority: trustme.CA, names: NameServer, location: str, status: int, dials: Dials
) -> None:
    """Where a first link would be refused, a redirect is: nothing but the first server is dialled or told of."""

    async def run() -> None:
        async with running(authority, names) as (server, base):
            server.answers["/a"] = redirect(location.format(port=server.port), status, b"<a href=secret>")
            server.answers["/p.png"] = answer()

            async def resolve(host: str, port: int) -> list[str]:
                return ["127.0.0.1"] if host == "localhost" else await names.look_up(host, port)

            message = await refuse(make_rules(*ALLOWED), f"{base}/a", resolve=resolve)
            assert "it redirects, and " in message
            assert "secret" not in message
            assert dials == [("127.0.0.1", server.port)]
            assert len(server.requests) == 1

    asyncio.run(run())


def test_a_redirect_to_nowhere(authority: trustme.CA, names: NameServer) -> None:
    """A redirect that does not say where to is refused."""

    async def run() -> None:
        async with running(authority, names) as (server, base):
            server.answers["/a"] = answer(b"", "302 Elsewhere")
            message = await refuse(make_rules(*ALLOWED), f"{base}/a", resolve=names.look_up)
            assert "it redirects to nowhere" in message

    asyncio.run(run())


def test_from_an_allowed_host_to_its_address(authority: trustme.CA, names: NameServer, dials: Dials) -> None:
    """What is allowed for the name of one hop is not for the next."""

    async def run() -> None:
        async with running(authority, names) as (server, _base):
            server.answers["/a"] = redirect(f"https://store.test:{server.port}/p.png")
            server.answers["/p.png"] = answer()
            url = f"https://pictures.test:{server.port}/a"
            message = await refuse(make_rules("pictures.test"), url, resolve=names.look_up)
            assert f"its port is {server.port}" in message
            server.answers["/a"] = redirect("https://store.test/p.png")
            message = await refuse(make_rules("pictures.test"), url, resolve=names.look_up)
            assert "its host is not on the public internet" in message
            assert dials == [("127.0.0.1", server.port)] * 2

    asyncio.run(run())
