"""Starts what is measured and what it is measured against: the fake Gemini, and systems in front of it.

All is ended with the stack it was started on. Knows nothing of loads.
"""

import contextlib
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from probe import NotServingError, wait_until_serving
from processes import ending, free_port, list_tree, read_resident_bytes, settle, start
from systems import System, clean_environment

UPSTREAM_PROGRAM = Path(__file__).with_name("upstream.py")
LIFETIME_SECONDS = 7200  # the upstream's, should the program that starts it be killed outright


@dataclass(frozen=True, slots=True)
class Serving:
    """A system that is up."""

    system: System
    process: subprocess.Popen[str]
    port: int
    idle_bytes: int  # resident after its first tiny answers


def start_upstream(stack: contextlib.ExitStack, folder: Path, *, processor: int, delay_ms: float) -> int:
    """Start the fake Gemini; return its port. Raises NotServingError."""
    command = [sys.executable, str(UPSTREAM_PROGRAM), "--lifetime-seconds", str(LIFETIME_SECONDS)]
    command += ["--delay-ms", str(delay_ms)]
    log = folder / "upstream.log"
    process = start(command, processor=processor, folder=folder, log=log, talk=True)
    stack.enter_context(ending(process))
    port = process.stdout.readline() if process.stdout else ""
    if not port:
        raise NotServingError(f"the fake Gemini did not start\n{log.read_text()[-2000:]}")
    return int(port)


def start_system(
    stack: contextlib.ExitStack, system: System, folder: Path, *, upstream_port: int, processor: int
) -> Serving:
    """Start a system in a folder of its own; return it once it delivers pictures. Raises NotServingError."""
    own_folder = Path(tempfile.mkdtemp(prefix="system-", dir=folder))
    port, log = free_port(), own_folder / "output.log"
    process = start(
        system.prepare(own_folder, upstream_port, port),
        processor=processor,
        folder=own_folder,
        log=log,
        environment=clean_environment() | dict(system.environment(own_folder, upstream_port)),
    )
    stack.enter_context(ending(process))
    wait_until_serving(system, port, process, log)
    settle(process.pid)
    return Serving(system, process, port, read_resident_bytes(list_tree(process.pid)))
