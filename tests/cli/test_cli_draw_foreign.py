"""`limner draw` as a program, against gateways of other makes: a server that answers byte by byte as a test says."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from test_cli_draw import draw, get_failure
from test_cli_draw_reading import (
    DONE,
    ENTRY,
    MARKDOWN,
    PNG,
    event,
    make_picture,
    to_events,
    to_images,
    to_uri,
    to_whole,
)

from programs import scrub_environment

KEY = "sk-canary-of-the-foreign-gateways"
DOOR = "/v1/chat/completions"
LARGE = make_picture("PNG", 400, 300)


@dataclass
class Answer:
    """What goes back; the connection's end ends it. A cut one has promised a byte more."""

    pieces: Iterable[bytes] = ()
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    is_cut: bool = False


@dataclass
class Foreign:
    """The running server: what it answers by path, and what it was asked."""

    url: str
    answers: dict[str, Answer] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def run_foreign() -> Iterator[Foreign]:
    """Run a server for the length of the block."""

    class Handler(BaseHTTPRequestHandler):
        place: ClassVar[Foreign]

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.place.calls.append((self.path, headers, body))
            answer = self.place.answers.get(self.path, Answer(status=404))
            pieces = answer.pieces
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.is_cut:
                pieces = [b"".join(pieces)]
                self.send_header("Content-Length", str(len(pieces[0]) + 1))
            self.end_headers()
            for piece in pieces:
                self.wfile.write(piece)

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Handler.place = Foreign(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield Handler.place
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def foreign() -> Iterator[Foreign]:
    with run_foreign() as server:
        yield server


def ask(foreign: Foreign, folder: Path, *options: str) -> subprocess.CompletedProcess[bytes]:
    """Ask the foreign gateway for a fox."""
    return draw(folder, "a fox", "--base-url", foreign.url, *options, variables={"LIMNER_API_KEY": KEY})


@pytest.mark.parametrize(
    "body",
    [
        to_images(ENTRY, ENTRY).replace(b"\n", b"\r\n"),
        b": OPENROUTER PROCESSING\n\n" + to_events(MARKDOWN, 100),
        to_whole({"content": MARKDOWN, "images": [{"image_url": ENTRY["image_url"]}]}),
    ],
    ids=["images, twice, CRLF", "Markdown, comments", "plain JSON, both places"],
)
def test_foreign_answers(foreign: Foreign, tmp_path: Path, body: bytes) -> None:
    """Streams and plain JSON of other gateways give one file with the true bytes, type and size."""
    foreign.answers[DOOR] = Answer([body])
    done = ask(foreign, tmp_path, "-o", "{width}x{height}")
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["48x27.png"]
    assert (tmp_path / "48x27.png").read_bytes() == PNG
    assert b"base64" not in done.stdout + done.stderr
    assert b"cost unknown" in done.stderr


def test_what_is_sent(foreign: Foreign, tmp_path: Path) -> None:
    """The call is OpenAI's, with modalities and image_config at the top, and no other field."""
    foreign.answers["/api/v1/chat/completions"] = Answer([to_images(ENTRY)])
    options = ("--aspect-ratio", "16:9", "--image-size", "2k", "-m", "google/nano")
    done = draw(
        tmp_path, "a fox", *options, "--base-url", f"{foreign.url}/api/v1/", variables={"LIMNER_API_KEY": KEY}
    )
    assert done.returncode == 0, done.stderr
    assert b"note: asked for 16:9 at 2K, got 48x27\n" in done.stderr.replace(b"2k", b"2K")
    ((_, headers, body),) = foreign.calls
    assert headers["authorization"] == f"Bearer {KEY}"
    assert json.loads(body) == {
        "model": "google/nano",
        "messages": [{"role": "user", "content": "a fox"}],
        "modalities": ["image", "text"],
        "image_config": {"aspect_ratio": "16:9", "image_size": "2K"},
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_links_are_downloaded(foreign: Foreign, tmp_path: Path) -> None:
    """A link of the gateway's own origin is asked with the key, another's without, nor after a redirect."""
    with run_foreign() as elsewhere:
        foreign.answers[DOOR] = Answer(
            [to_events(f"![a]({foreign.url}/a.png) ![b]({elsewhere.url}/b.png) ![c]({foreign.url}/c.png)")]
        )
        foreign.answers["/a.png"] = Answer([PNG])
        foreign.answers["/c.png"] = Answer(status=302, headers={"Location": f"{elsewhere.url}/c.png"})
        elsewhere.answers["/b.png"] = Answer([make_picture("WEBP", 9, 7)])
        elsewhere.answers["/c.png"] = Answer([make_picture("JPEG", 8, 8)])
        done = ask(foreign, tmp_path, "-o", "{n}.{ext}")
    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"1.png", "2.webp", "3.jpg"}
    assert {path: headers.get("authorization") == f"Bearer {KEY}" for path, headers, _ in foreign.calls} == {
        "/a.png": True,
        "/c.png": True,
        DOOR: True,
    }
    assert [headers.get("authorization") for _, headers, _ in elsewhere.calls] == [None, None]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (
            Answer([event({"images": [ENTRY]}), b'data: {"error": {"message": "full"}}\n\n']),
            "the gateway failed: full",
        ),
        (
            Answer([event({"images": [ENTRY]})]),
            "the answer broke off before its end; a picture on its way is lost",
        ),
        (
            Answer([event({"images": [ENTRY]})], is_cut=True),
            "broke off or is not HTTP; a picture may have been",
        ),
        (Answer([to_images(ENTRY, "/relative.png")]), "neither data URI nor link: /relative.png"),
        (Answer([to_images(ENTRY, "http://127.0.0.1:1/x.png")]), "cannot connect to http://127.0.0.1:1 "),
    ],
    ids=["error", "end", "cut", "odd picture", "dead link"],
)
def test_a_picture_that_came_is_written_all_the_same(
    foreign: Foreign, tmp_path: Path, answer: Answer, reason: str
) -> None:
    """An answer that fails after a complete picture ends with 1 and its line, and with the picture's file."""
    foreign.answers[DOOR] = answer
    done = ask(foreign, tmp_path, "-o", "fox")
    assert reason in get_failure(done)
    assert (tmp_path / "fox.png").read_bytes() == PNG
    assert done.stdout.startswith(b"fox.png  48x27  ")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (
            Answer([b"<html><title>502 Bad Gateway</title>"], 502, {"Content-Type": "text/html"}),
            "HTTP 502: an HTML page titled '502 Bad Gateway'",
        ),
        (
            Answer([b'{"detail": "slow down"}'], 429, {"Retry-After": "7"}),
            "HTTP 429: slow down (try again in 7 s)",
        ),
        (
            Answer([f'{{"error": {{"message": "{KEY} is unknown"}}}}'.encode()], 401),
            "HTTP 401: … is unknown",
        ),
        (Answer([b"x"], 301, {"Location": "https://b.example/v1"}), "it sends on to https://b.example/v1"),
        (Answer([to_events("I\nwill not.")]), "no picture came, only text (stop, cost unknown)"),
        (
            Answer([to_images("http://[x/y.png")]),
            "the picture at http://[x/y.png cannot be had: that is no address",
        ),
        (Answer(iter([b": one\n\n", b"x" * (1 << 20)]), is_cut=True), "broke off"),
    ],
    ids=["HTML", "retry-after", "key", "redirect", "text", "bad link", "cut"],
)
def test_foreign_failures(foreign: Foreign, tmp_path: Path, answer: Answer, reason: str) -> None:
    """Whatever goes wrong is one line, without the key; the gateway is asked once and no file is left."""
    foreign.answers[DOOR] = answer
    done = ask(foreign, tmp_path)
    said = get_failure(done)
    assert reason in said
    assert "canary" not in said
    assert [path for path, *_ in foreign.calls] == [DOOR]
    assert list(tmp_path.iterdir()) == []


def trickle() -> Iterator[bytes]:
    """Answer slowly enough to be seen drawing and receiving."""
    yield b": heartbeat\n\n"
    time.sleep(0.8)
    body = to_images({"image_url": {"url": to_uri(LARGE)}})
    yield body[:60_000]
    time.sleep(0.8)
    yield body[60_000:] + DONE


def test_a_slow_answer_times_out(foreign: Foreign, tmp_path: Path) -> None:
    """--timeout ends the wait with a line that says so."""
    foreign.answers[DOOR] = Answer(trickle())
    said = get_failure(ask(foreign, tmp_path, "--timeout", "1"))
    assert (
        said == f"{foreign.url} was not done in time (--timeout); a picture may have been bought all the same"
    )


def test_progress_on_a_terminal(foreign: Foreign, tmp_path: Path) -> None:
    """On a terminal a line shows what happens with seconds and bytes, and is gone when the picture is there."""
    foreign.answers[DOOR] = Answer(trickle())
    master, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "limner.cli", "draw", "a fox", "--base-url", foreign.url, "-o", "fox"],
        cwd=tmp_path,
        env=scrub_environment() | {"TERM": "xterm", "COLUMNS": "100", "PYTHONUTF8": "1"},
        stdout=subprocess.PIPE,
        stderr=terminal,
    )
    os.close(terminal)
    shown = read_terminal(master)
    stdout, _ = process.communicate(timeout=20)
    assert process.returncode == 0, shown
    assert re.search(r"drawing  \d\.\d s  1\d B received", shown)
    assert re.search(r"receiving  \d\.\d s  60 kB received", shown)
    assert re.search(r"drawn in \d\.\d s, \d+ kB received, cost unknown\s*$", shown)
    assert stdout == f"fox.png  400x300  {len(LARGE)} bytes\n".encode()


def read_terminal(master: int) -> str:
    """Return all that was written to a terminal until its last writer is gone."""
    said = b""
    try:
        while piece := os.read(master, 65_536):
            said += piece
    except OSError:  # Linux's way of saying that nobody holds the other side
        pass
    finally:
        os.close(master)
    return said.decode()


def test_interrupted_on_a_terminal(foreign: Foreign, tmp_path: Path) -> None:
    """Ctrl-C takes the progress line away, shows the cursor again and ends with 130."""
    foreign.answers[DOOR] = Answer(trickle())
    master, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "limner.cli", "draw", "a fox", "--base-url", foreign.url],
        cwd=tmp_path,
        env=scrub_environment() | {"TERM": "xterm"},
        stdout=subprocess.DEVNULL,
        stderr=terminal,
    )
    os.close(terminal)
    while not foreign.calls:
        assert process.poll() is None
        time.sleep(0.01)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    shown = read_terminal(master)
    assert process.wait(20) == 130
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")
    assert shown.endswith("limner: interrupted; a picture may have been bought all the same\r\n")
    assert "Traceback" not in shown
