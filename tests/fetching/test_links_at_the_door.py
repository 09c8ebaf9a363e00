"""Links to pictures in calls to a running gateway: fetched where they may be, else refused for nothing."""

import io
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image

from asking import ask, ask_for_answer, chat, get_message
from programs import Gateway, ListCalls, StartGateway


def make_png() -> bytes:
    file = io.BytesIO()
    Image.linear_gradient("L").resize((640, 480)).convert("RGB").save(file, "PNG")
    return file.getvalue()


FILES = {
    "/p.png": make_png(),
    "/page.html": b"<html>not a picture, but a secret</html>",
    "/large.png": make_png() + bytes(16_000_000),
    # A PNG whose header says 20,000 by 20,000 pixels.
    "/vast.png": make_png()[:16] + (20_000).to_bytes(4, "big") * 2 + make_png()[24:],
}


class _Files(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        paths.append(self.path)
        body = FILES.get(self.path.partition("?")[0])
        if self.path == "/to-metadata":
            self.send_response(302)
            self.send_header("Location", "http://169.254.169.254/latest/meta-data/")
        else:
            self.send_response(404 if body is None else 200)
        self.send_header("Content-Type", "image/png")
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as http.server calls it
        """Say nothing."""


paths: list[str] = []
"""What the server was asked for."""


@pytest.fixture(scope="module")
def _server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Files) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def base(_server: str) -> str:
    """The address of a server of pictures that has not been asked for anything yet."""
    paths.clear()
    return _server


@pytest.fixture(scope="module")
def fetching_gateway(start_gateway: StartGateway) -> Gateway:
    """A gateway that fetches from this machine."""
    return start_gateway(LIMNER_FETCH_SCHEMES="https,http", LIMNER_FETCH_ALLOW_HOSTS="127.0.0.1")


def link(url: str) -> list[dict[str, object]]:
    parts = [{"type": "text", "text": "make it blue"}, {"type": "image_url", "image_url": {"url": url}}]
    return [{"role": "user", "content": parts}]


def test_a_link_is_edited(fetching_gateway: Gateway, journal: ListCalls, base: str) -> None:
    """The picture at a link is fetched once and sent to Gemini like one that came with the call."""
    answer = ask_for_answer(fetching_gateway, chat(messages=link(f"{base}/p.png?token=secret")))
    assert "data:image/" in get_message(answer)["content"]
    assert [call["settings"]["inputPictures"] for call in journal()] == [1]
    assert paths == ["/p.png?token=secret"]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/gone.png", "image_fetch_failed"),
        ("/to-metadata", "image_fetch_failed"),
        ("/page.html", "invalid_image"),
        ("/vast.png", "invalid_image"),
    ],
)
def test_a_link_to_no_picture(
    fetching_gateway: Gateway, journal: ListCalls, base: str, path: str, code: str
) -> None:
    """What is at a link and is no picture is a 400 that repeats none of it, and Gemini is not called."""
    reply = ask(fetching_gateway, chat(messages=link(f"{base}{path}")))
    assert reply.status == 400
    assert reply.json()["error"]["code"] == code
    assert reply.json()["error"]["param"] == "messages[0].content[1].image_url.url"
    assert b"secret" not in reply.body
    assert paths == [path]
    assert journal() == []


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]", "169.254.169.254"]
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_link_to_the_inside(
    gateway: Gateway, journal: ListCalls, base: str, host: str, scheme: str
) -> None:
    """Without such settings nothing inside is asked for, with the port or without."""
    for address in (host, f"{host}:{base.rpartition(':')[2]}"):
        reply = ask(gateway, chat(messages=link(f"{scheme}://{address}/p.png")))
        assert reply.status == 400
        assert reply.json()["error"]["code"] == "image_fetch_failed"
    assert paths == []
    assert journal() == []


def test_links_are_bounded_together(fetching_gateway: Gateway, journal: ListCalls, base: str) -> None:
    """Links that are good each by itself are refused where all of them are more than one call can hold."""
    parts = [{"type": "image_url", "image_url": {"url": f"{base}/large.png?{number}"}} for number in range(6)]
    reply = ask(fetching_gateway, chat(messages=[{"role": "user", "content": parts}]))
    assert (reply.status, reply.error["code"]) == (400, "image_fetch_failed")
    assert "75 MB" in reply.error["message"]
    assert journal() == []
