"""The emulator as a program: what it prints, and how it ends."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from http.client import IncompleteRead
from pathlib import Path

import pytest
from calling import ask, ask_path, prompt_payload

from programs import Program


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    """An emulator of the test's own, tied to its standard input."""
    program = Program("limner.emulator", "--port", "0", "--exit-with-parent", folder=tmp_path, variables={})
    yield program
    program.stop()


def test_it_prints_its_address_and_nothing_else(program: Program) -> None:
    """One line tells the address; broken answers, gone clients and SIGTERM add nothing, and it ends with 0."""
    ask(program.url, prompt_payload("a fox [[finish=NO_IMAGE]]"))
    with pytest.raises(IncompleteRead):
        ask(program.url, prompt_payload("a fox [[cut=50%]]"))
    assert ask_path(program.url, "GET", "/emulator/journal").status == 200
    assert program.stop() == 0
    assert program.lines == [f"Limner's Gemini emulator listens on {program.url}\n"]


def test_it_ends_quickly_in_the_middle_of_an_answer(program: Program) -> None:
    """SIGINT ends it within seconds and quietly although a client still waits."""
    source = (
        "import sys, urllib.request; urllib.request.urlopen(urllib.request.Request(sys.argv[1], "
        'data=b\'{"contents": [{"parts": [{"text": "a fox [[stall=60s]]"}]}]}\', headers={"x-goog-api-key": "k"}))'
        ".read(20000); print('began', flush=True); import time; time.sleep(60)"
    )
    address = f"{program.url}/v1/models/gemini-2.5-flash-image:generateContent"
    with subprocess.Popen([sys.executable, "-c", source, address], stdout=subprocess.PIPE) as client:
        assert client.stdout is not None
        assert client.stdout.readline() == b"began\n"
        program.process.send_signal(signal.SIGINT)
        assert program.process.wait(5) == 0
        client.kill()
    program.stop()
    assert len(program.lines) == 1


def test_it_ends_with_its_parent(program: Program) -> None:
    """With --exit-with-parent the end of standard input ends it with exit code 0."""
    assert program.process.stdin is not None
    program.process.stdin.close()
    assert program.process.wait(5) == 0


def test_a_taken_port_is_told_in_one_line(program: Program, tmp_path: Path) -> None:
    """A port that is taken ends the program with status 1 and one line on standard error."""
    port = str(program.address[1])
    done = subprocess.run(
        [sys.executable, "-m", "limner.emulator", "--port", port],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert port in done.stderr
