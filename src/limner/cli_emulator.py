"""The bundled emulator as a child process. This module must not know what it emulates."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer

from limner.cli_failure import CommandFailed

_ANNOUNCEMENT = "Limner's Gemini emulator listens on "
_START_SECONDS = 20.0
_END_SECONDS = 5.0


@contextmanager
def run_emulator() -> Iterator[str]:
    """Run the emulator on a free loopback port, yield its address, and end it.

    Should this process be killed, the pipe to the child closes, and `--exit-with-parent` ends the child too.
    """
    with subprocess.Popen(
        [sys.executable, "-m", "limner.emulator", "--port", "0", "--exit-with-parent"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is for the gateway, which may still need it to finish what runs
    ) as child:
        try:
            yield _read_url(child)
        finally:
            _end(child)


def _read_url(child: subprocess.Popen[str]) -> str:
    deadline = Timer(_START_SECONDS, child.kill)
    deadline.start()
    try:
        line = child.stdout.readline() if child.stdout is not None else ""
    finally:
        deadline.cancel()
    if not line.startswith(_ANNOUNCEMENT):
        raise CommandFailed("the bundled emulator did not start")
    return line.removeprefix(_ANNOUNCEMENT).strip()


def _end(child: subprocess.Popen[str]) -> None:
    if child.stdin is not None:
        child.stdin.close()
    try:
        child.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
