"""`limner serve` as a program: what it refuses, what it says, how it ends."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPResponse
from pathlib import Path

import pytest

KEY = {"LIMNER_API_KEYS": "sk-fixed-key-of-the-test"}


@contextmanager
def serving(
    folder: Path, *arguments: str, **variables: str
) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """Run `limner serve` in `folder` until it listens; yield the process, its address and what it said."""
    kept = {
        name: value for name, value in os.environ.items() if "LIMNER" not in name and "GEMINI" not in name
    }
    with subprocess.Popen(
        [sys.executable, "-m", "limner.cli", "serve", "--port", "0", *arguments],
        cwd=folder,
        env=kept | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            said = ""
            assert process.stderr is not None
            while "Limner listens on" not in said and (line := process.stderr.readline()):
                said += line
            address = re.search(r"^Limner listens on (\S+)$", said, re.MULTILINE)
            yield process, address[1] if address else "", said
        finally:
            process.kill()


def fetch(url: str, **headers: str) -> HTTPResponse:
    """Ask the gateway, which is on loopback."""
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - a URL of ours
    answer = urllib.request.urlopen(request, timeout=10)  # noqa: S310 - as above
    assert isinstance(answer, HTTPResponse)
    return answer


def refusal(folder: Path, *arguments: str, **variables: str) -> str:
    """Return the one line with which `limner serve` ends at once."""
    with serving(folder, *arguments, **variables) as (process, address, said):
        assert process.wait(20) == 1
        assert address == ""
        assert said.count("\n") == 1
        return said


def test_without_a_gemini_key_it_refuses(tmp_path: Path) -> None:
    """No credential and no emulator: the line says what to set, and nothing is made."""
    said = refusal(tmp_path, **KEY)
    assert said == "limner: no Gemini key: set GEMINI_API_KEY, or try the bundled emulator with --emulator\n"
    assert list(tmp_path.iterdir()) == []


def test_a_port_in_use_is_refused(tmp_path: Path) -> None:
    """A port somebody listens on ends the start with one line."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        said = refusal(tmp_path, "--port", str(port), GEMINI_API_KEY="x", **KEY)
    assert said == f"limner: cannot listen on 127.0.0.1 port {port} (Address already in use)\n"


def test_an_unknown_host_is_refused(tmp_path: Path) -> None:
    """An address that is not this machine's ends the start with one line."""
    assert "cannot listen on 192.0.2.1 port 0" in refusal(
        tmp_path, "--host", "192.0.2.1", GEMINI_API_KEY="x", **KEY
    )


def test_beyond_loopback_a_client_key_is_needed(tmp_path: Path) -> None:
    """Without any client key no other address than loopback is served, and no key is made."""
    said = refusal(tmp_path, "--host", "0.0.0.0", GEMINI_API_KEY="x")
    assert "`limner keys create NAME`, or set LIMNER_API_KEYS" in said


def test_the_first_key_is_made_and_shown_once(tmp_path: Path) -> None:
    """On loopback an admin key `first` is made when there is none, and not shown at the next start."""
    with serving(tmp_path, GEMINI_API_KEY="canary") as (_, address, said):
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", address)
        (secret,) = re.findall(r"'first', shown only now: (sk-limner-\w{43})$", said, re.MULTILINE)
        with fetch(f"{address}/v1/models", Authorization=f"Bearer {secret}") as answer:
            assert answer.status == 200
            assert "server" not in answer.headers
        assert "Upstream: generativelanguage.googleapis.com\n" in said
        assert f"Data folder: {tmp_path / 'limner-data'}\n" in said
        assert "canary" not in said
    with serving(tmp_path, GEMINI_API_KEY="x") as (_, _, said):
        assert "sk-limner-" not in said


def test_warnings(tmp_path: Path) -> None:
    """Beyond loopback without host names, and with a proxy variable that is not used, the banner warns."""
    variables = {"GEMINI_API_KEY": "x", "HTTPS_PROXY": "http://proxy:3128", **KEY}
    with serving(tmp_path, "--host", "0.0.0.0", **variables) as (_, address, said):
        assert address.startswith("http://0.0.0.0:")
        assert "set LIMNER_PUBLIC_URL or LIMNER_ALLOWED_HOSTS" in said
        assert "set LIMNER_UPSTREAM_PROXY" in said
    settled = {
        "LIMNER_ALLOWED_HOSTS": "draw.example.org",
        "LIMNER_UPSTREAM_PROXY": "http://me:canary@proxy:3128",
    }
    with serving(tmp_path, "--host", "0.0.0.0", **variables, **settled) as (_, _, said):
        assert "Warning" not in said
        assert "canary" not in said


def test_it_says_where_to_go(tmp_path: Path) -> None:
    """A person is told to open the studio in a browser, at an address that is the page's."""
    with serving(tmp_path, "--emulator", **KEY) as (_, address, said):
        (studio,) = re.findall(r"^Studio: open (\S+) in a browser$", said, re.MULTILINE)
        assert studio == f"{address}/"
        with fetch(studio) as answer:
            assert b"/studio/main.js" in answer.read()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it_and_its_emulator(tmp_path: Path, number: signal.Signals) -> None:
    """With --emulator /healthz names it; a signal ends both, with exit code 0 and no more to say."""
    with serving(tmp_path, "--emulator", GEMINI_API_KEY="real-key") as (process, address, said):
        (emulator,) = re.findall(r"bundled emulator at (http://127\.0\.0\.1:\d+):", said)
        with fetch(f"{address}/healthz") as answer:
            assert json.load(answer)["emulator"] == emulator
        process.send_signal(number)
        assert process.wait(15) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert is_closed(emulator)


def test_a_killed_gateway_leaves_no_emulator(tmp_path: Path) -> None:
    """When the gateway is killed its emulator ends by itself."""
    with serving(tmp_path, "--emulator") as (process, _, said):
        (emulator,) = re.findall(r"bundled emulator at (http://127\.0\.0\.1:\d+):", said)
        process.kill()
        process.wait(10)
    assert is_closed(emulator)


def is_closed(url: str) -> bool:
    """Whether nothing listens at `url`, or stops within some seconds."""
    port = int(url.rpartition(":")[2])
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            return True
        time.sleep(0.05)
    return False
