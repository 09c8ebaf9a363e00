"""`limner draw` as a program, against real gateways on the emulator."""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from programs import CLIENT_KEY, Gateway, ListCalls, scrub_environment

SMALL = ("-m", "nano-banana-2", "--image-size", "512")


def draw(
    folder: Path, *arguments: str, stdin: bytes = b"", variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run `limner draw` in `folder` with no other settings than `variables`."""
    return subprocess.run(
        [sys.executable, "-m", "limner.cli", "draw", *arguments],
        cwd=folder,
        env={**scrub_environment(), **(variables or {})},
        input=stdin,
        capture_output=True,
        check=False,
        timeout=30,
    )


def get_failure(done: subprocess.CompletedProcess[bytes]) -> str:
    """Return the line by which a draw failed, which must be the only one on stderr."""
    assert done.returncode == 1, done.stderr
    said = done.stderr.decode()
    assert said.startswith("limner: ")
    assert said.count("\n") == 1
    assert "Traceback" not in said
    return said.removeprefix("limner: ").rstrip("\n")


@pytest.fixture
def variables(gateway: Gateway) -> dict[str, str]:
    """The variables that lead to the session's gateway."""
    return {"LIMNER_BASE_URL": gateway.url, "LIMNER_API_KEY": CLIENT_KEY}


@pytest.mark.parametrize("option", ["--stream", "--no-stream"])
@pytest.mark.parametrize("output", ["markdown", "images"])
def test_a_picture_and_what_it_cost(
    start_gateway: Any, tmp_path: Path, journal: ListCalls, option: str, output: str
) -> None:
    """Streamed or whole, Markdown or images[], the file has the size asked for and the summary the cost."""
    key = start_gateway().create_key(f"draws{option}-{output}", "--image-output", output)
    done = draw(
        tmp_path,
        *("a lighthouse", "--aspect-ratio", "16:9", "--image-size", "1k", "-o", "drawn", option),
        variables={"LIMNER_BASE_URL": f"{start_gateway().url}/v1/", "LIMNER_API_KEY": key},
    )
    assert done.returncode == 0, done.stderr
    (path,) = tmp_path.iterdir()
    with Image.open(path) as picture:
        assert picture.size == (1376, 768)
    lines = done.stdout.decode().splitlines()
    assert lines[0] == f"drawn.jpg  1376x768  {path.stat().st_size} bytes"
    assert "Here is the picture you asked for" in lines[1]
    said = done.stderr.decode()
    assert said.startswith("drawn in ")
    assert " received, cost $0.0" in said
    assert said.count("\n") == 1
    (call,) = journal()
    assert {"16:9", "1K"} <= set(re.findall(r"[\w:]+", json.dumps(call["settings"])))


def test_several_inputs_and_a_system_message(
    variables: dict[str, str], tmp_path: Path, journal: ListCalls
) -> None:
    """Pictures from files and standard input go before the text, as the bytes they are."""
    made = draw(tmp_path, "a fox", *SMALL, "-o", "fox.png", variables=variables)
    assert made.returncode == 0, made.stderr
    Image.new("RGB", (64, 48), "teal").save(tmp_path / "wall.webp")
    done = draw(
        tmp_path,
        *("put the fox on the wall", *SMALL, "--system", "Paint in oil.", "--json"),
        *("-i", "fox.png", "-i", "-", "-o", "both/"),
        stdin=(tmp_path / "wall.webp").read_bytes(),
        variables=variables,
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    (picture,) = answer["pictures"]
    data = (tmp_path / picture["path"]).read_bytes()
    assert Path(picture["path"]).parent == Path("both")
    assert picture["sha256"] == hashlib.sha256(data).hexdigest()
    assert (picture["bytes"], picture["mime_type"]) == (len(data), "image/jpeg")
    assert answer["cost_usd"] > 0
    assert answer["generation_id"].startswith("gen_")
    assert done.stderr == b""
    assert journal()[-1]["prompt"].endswith("put the fox on the wall")


def test_standard_output(variables: dict[str, str], tmp_path: Path) -> None:
    """-o - writes the bytes alone to standard output; a second picture goes to a file, with a note."""
    done = draw(tmp_path, "-", *SMALL, "-o", "-", stdin=b"a fox [[images=2]]\n", variables=variables)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"\xff\xd8\xff")
    (path,) = tmp_path.iterdir()
    assert path.read_bytes().startswith(b"\xff\xd8\xff")
    assert f"note: a further picture was written to {path.name}" in done.stderr.decode()


def test_names_are_never_taken_twice(variables: dict[str, str], tmp_path: Path) -> None:
    """Two pictures of two calls get four names; --force replaces, but not within one call."""
    for _ in range(2):
        assert (
            draw(tmp_path, "fox [[images=2]]", *SMALL, "-o", "fox.jpg", variables=variables).returncode == 0
        )
    assert {path.name for path in tmp_path.iterdir()} == {"fox.jpg", "fox-2.jpg", "fox-3.jpg", "fox-4.jpg"}
    for path in tmp_path.iterdir():
        path.write_bytes(b"old")
    assert (
        draw(tmp_path, "fox [[images=2]]", *SMALL, "-o", "fox.jpg", "--force", variables=variables).returncode
        == 0
    )
    replaced = {path.name for path in tmp_path.iterdir() if path.read_bytes() != b"old"}
    assert replaced == {"fox.jpg", "fox-2.jpg"}
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.parametrize(
    ("prompt", "options", "reason"),
    [
        ("fox [[finish=IMAGE_SAFETY]]", (), "no picture came: Unable to show the generated image."),
        ("fox [[text-only]]", (), "(stop, cost $0.00"),
        ("fox [[cut=50%]]", (), "the gateway failed: The connection to Gemini was lost."),
        ("fox", ("--image-size", "9K"), "answers HTTP 400: 'image_config.image_size' is '9K'; "),
        ("fox", ("--model", "crayon"), "answers HTTP 404: "),
        ("fox", ("--api-key", "sk-canary-wrong"), "answers HTTP 401: No valid API key"),
        ("fox", ("-i", "missing.png"), "cannot read missing.png (No such file or directory)"),
        ("fox", ("-i", "notes.txt"), "notes.txt is not a PNG, JPEG, WebP or HEIC picture"),
        ("fox", ("-o", "notes.txt/fox.jpg"), "notes.txt is not a folder"),
        ("fox", ("-o", "x" * 300), "(File name too long)"),
    ],
)
def test_failures_are_one_line(
    variables: dict[str, str], tmp_path: Path, prompt: str, options: tuple[str, ...], reason: str
) -> None:
    """What goes wrong ends with 1 and one line with the reason and without the key; nothing is written."""
    (tmp_path / "notes.txt").write_text("no picture")
    said = get_failure(draw(tmp_path, prompt, *options, variables=variables))
    assert reason in said
    assert "canary" not in said
    assert CLIENT_KEY not in said
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((" ",), "the prompt is empty"),
        (("-", "-i", "-"), "standard input (-) can be read only once"),
        (("fox", "-o", "{colour}.png"), "{colour}"),
        (("fox", "-o", "-", "--json"), "both write to standard output"),
        (("fox", "--base-url", "ftp://127.0.0.1"), "--base-url is refused"),
        (("fox", "--base-url", "http://canary@127.0.0.1"), "--base-url is refused"),
        (("fox", "--api-key", "canary canary"), "--api-key (value not shown)"),
        (("fox", "--timeout", "0"), "--timeout"),
    ],
)
def test_wrong_usage(tmp_path: Path, arguments: tuple[str, ...], reason: str) -> None:
    """What was typed wrongly ends with 2 before anything is asked."""
    done = draw(tmp_path, *arguments)
    assert done.returncode == 2
    assert reason in " ".join(done.stderr.decode().replace("│", " ").split())
    assert b"canary" not in done.stderr
    assert done.stdout == b""


def test_the_gateway_of_the_env_file(gateway: Gateway, tmp_path: Path) -> None:
    """`.env` names gateway and key; the environment goes before it, an option before both."""
    (tmp_path / ".env").write_text(
        f"export LIMNER_BASE_URL={gateway.url}\nLIMNER_API_KEY={CLIENT_KEY}\nanother program's line\n"
    )
    assert draw(tmp_path, "fox", *SMALL).returncode == 0
    refused = get_failure(draw(tmp_path, "fox", variables={"LIMNER_BASE_URL": "http://127.0.0.1:1"}))
    assert refused == "cannot connect to http://127.0.0.1:1 (connection refused: does a gateway run there?)"
    asked = draw(
        tmp_path,
        "fox",
        *SMALL,
        "--base-url",
        gateway.url,
        variables={"LIMNER_BASE_URL": "http://127.0.0.1:1"},
    )
    assert asked.returncode == 0
    bad = get_failure(draw(tmp_path, "fox", variables={"LIMNER_BASE_URL": "http://a:canary@b"}))
    assert bad.startswith("LIMNER_BASE_URL is refused")
    assert "canary" not in bad


def test_the_key_may_stand_in_a_file(gateway: Gateway, tmp_path: Path) -> None:
    """LIMNER_API_KEY_FILE names a file with the key; one that cannot be read is named in the line."""
    (tmp_path / "key").write_text(f"{CLIENT_KEY}\n")
    variables = {"LIMNER_BASE_URL": gateway.url, "LIMNER_API_KEY_FILE": "key"}
    assert draw(tmp_path, "a fox", *SMALL, variables=variables).returncode == 0
    said = get_failure(draw(tmp_path, "a fox", *SMALL, variables={**variables, "LIMNER_API_KEY_FILE": "no"}))
    assert said == "LIMNER_API_KEY_FILE is 'no', which cannot be read (No such file or directory)"


def test_without_a_key_the_line_says_how_to_give_one(gateway: Gateway, tmp_path: Path) -> None:
    """A gateway that wants a key and was shown none is answered with the names of option and variable."""
    said = get_failure(draw(tmp_path, "fox", variables={"LIMNER_BASE_URL": gateway.url}))
    assert said.endswith("(no key was given: set LIMNER_API_KEY or --api-key)")


def test_interrupted(variables: dict[str, str], tmp_path: Path, journal: ListCalls) -> None:
    """Ctrl-C ends a draw with 130, one line and no file."""
    process = subprocess.Popen(
        [sys.executable, "-m", "limner.cli", "draw", "fox [[delay=2s]]"],
        cwd=tmp_path,
        env={**scrub_environment(), **variables},
        stderr=subprocess.PIPE,
    )
    while not journal():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert said == b"limner: interrupted; a picture may have been bought all the same\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize("options", [("-o", "fox.jpg"), ("-o", "fox.jpg", "--json"), ("-o", "-")])
def test_standard_output_that_fails(
    variables: dict[str, str], tmp_path: Path, options: tuple[str, ...]
) -> None:
    """Where standard output takes nothing, one line says so and where the picture is."""
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "limner.cli", "draw", "fox", *SMALL, *options],
            cwd=tmp_path,
            env={**scrub_environment(), **variables, "TMPDIR": str(tmp_path)},
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            timeout=30,
        )
    said = get_failure(done)
    assert said.startswith("cannot write to standard output (No space left on device); ")
    (path,) = tmp_path.iterdir()
    assert path.name in said
    assert path.read_bytes().startswith(b"\xff\xd8\xff")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_to(tmp_path: Path) -> None:
    """A folder without leave to write is found out before the gateway is asked."""
    tmp_path.chmod(0o500)
    said = get_failure(
        draw(tmp_path, "fox", "-o", "deep/{n}.png", variables={"LIMNER_BASE_URL": "http://127.0.0.1:1"})
    )
    assert said == "cannot write to deep/{n}.png: the folder . may not be written to"
