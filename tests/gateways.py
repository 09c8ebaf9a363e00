"""Gateways that a test may kill, and start again where they were.

Each has two fixed client keys, so that there is a stranger to every answer.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import Any

from asking import Reply, ask
from places import Place, to_place
from programs import CLIENT_KEY, UPSTREAM_KEY, Gateway, Program, check_log

STRANGER_KEY = "sk-strangers-key-of-the-tests"

_KILLED = 0 if sys.platform == "win32" else -signal.SIGKILL
_DEATH_SECONDS = 30
_started: "list[MortalGateway]" = []


class MortalGateway(Gateway):
    """A gateway at a place; `program` is a module that runs `limner`, itself or with something changed."""

    def __init__(
        self,
        place: Place | Path,
        upstream_url: str,
        *,
        program: str = "limner.cli",
        arguments: tuple[str, ...] = (),
        port: int = 0,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self.place = to_place(place)
        self.folder = self.place.folder
        self.variables = {
            "LIMNER_GEMINI_BASE_URL": upstream_url,
            "GEMINI_API_KEY": UPSTREAM_KEY,
            "LIMNER_API_KEYS": f"{CLIENT_KEY},{STRANGER_KEY}",
            **self.place.variables,
            "PYTHONPATH": os.pathsep.join(sys.path),
            **(variables or {}),
        }
        self.secrets = [CLIENT_KEY, STRANGER_KEY, UPSTREAM_KEY, *self.place.secrets]
        watch(self)
        Program.__init__(
            self,
            program,
            *arguments,
            *("serve", "--port", str(port)),
            folder=self.folder,
            variables=self.variables,
        )

    def kill(self) -> None:
        """End it as nothing can be prepared for."""
        self.process.kill()
        self.wait_until_killed()

    def wait_until_killed(self) -> None:
        """Wait until it has been killed, by itself or from outside."""
        assert self.process.wait(_DEATH_SECONDS) == _KILLED
        assert self.stop() == _KILLED


def watch(process: MortalGateway) -> None:
    """Have `end_left` kill it if it is still there."""
    _started.append(process)


def end_left() -> None:
    """Kill what a test that failed has left running."""
    while _started:
        gateway = _started.pop()
        if gateway.process.poll() is None:
            gateway.process.kill()
            gateway.stop()


@contextmanager
def running(gateway: MortalGateway) -> Iterator[MortalGateway]:
    """Let the block use a gateway, which must end well and have logged nothing it should not."""
    try:
        yield gateway
    except BaseException:
        sys.stderr.write(gateway.said)
        gateway.process.kill()
        gateway.stop()
        raise
    assert gateway.stop() == 0
    check_log(gateway)


def ask_beside(program: Program, body: Mapping[str, Any] | None, **options: Any) -> "Future[Reply]":
    """Ask in a thread of its own; the future gets the answer or what broke it."""
    future: Future[Reply] = Future()

    def wait() -> None:
        try:
            future.set_result(ask(program, body, **options))
        except (HTTPException, OSError) as error:
            future.set_exception(error)

    threading.Thread(target=wait, daemon=True).start()
    return future
