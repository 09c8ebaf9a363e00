"""Processes under measurement: started on one processor, read from /proc, ended with what they started.

Linux only: `/proc` and processor affinity are what it reads and sets. Knows nothing of HTTP.
"""

import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_PROC = Path("/proc")
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGESIZE")

SAMPLE_SECONDS = 0.02
STOP_SECONDS = 8


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process tree has used so far; differences of two are what a scenario used."""

    user_seconds: float
    system_seconds: float
    minor_faults: int  # pages mapped in: the mark of an allocator that gives memory back too eagerly

    def __sub__(self, earlier: "Usage") -> "Usage":
        return Usage(
            self.user_seconds - earlier.user_seconds,
            self.system_seconds - earlier.system_seconds,
            self.minor_faults - earlier.minor_faults,
        )


def choose_processors() -> tuple[int, int]:
    """One processor for the system measured and one for upstream and load; the same where there is one."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[0], allowed[-1]


def free_port() -> int:
    """A loopback port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start(
    command: Sequence[str],
    *,
    processor: int,
    folder: Path,
    log: Path,
    environment: Mapping[str, str] | None = None,
    talk: bool = False,
) -> subprocess.Popen[str]:
    """Start a program pinned to a processor, its stderr (and stdout unless `talk`) going to `log`.

    A child inherits the affinity of the thread that starts it, so that every thread and process it will
    ever start is pinned too.
    """
    before = os.sched_getaffinity(0)
    with log.open("a") as output:
        os.sched_setaffinity(0, {processor})
        try:
            return subprocess.Popen(
                command,
                cwd=folder,
                env=None if environment is None else dict(environment),
                stdin=subprocess.PIPE if talk else subprocess.DEVNULL,
                stdout=subprocess.PIPE if talk else output,
                stderr=output,
                text=True,
                start_new_session=True,  # a Ctrl-C reaches us alone, and we end them in order
            )
        finally:
            os.sched_setaffinity(0, before)


@contextlib.contextmanager
def ending(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    """End the process and all it started when the block is left, however it is left."""
    try:
        yield process
    finally:
        stop(process)


def stop(process: subprocess.Popen[str]) -> None:
    """Ask the process to end; after a while end whatever is left of its tree."""
    members = list_tree(process.pid)
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
    # Its children share its session, which tells them from strangers that got their numbers since.
    for member in members:
        with contextlib.suppress(ProcessLookupError):
            if os.getsid(member) == process.pid:
                os.kill(member, signal.SIGKILL)
    process.wait(STOP_SECONDS)
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def list_tree(root: int) -> list[int]:
    """The process and its living descendants."""
    children: dict[int, list[int]] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit() and (fields := _read_stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    tree, waiting = [], [root]
    while waiting:
        member = waiting.pop()
        tree.append(member)
        waiting += children.get(member, [])
    return tree


def read_usage(root: int) -> Usage:
    """User and system time and page faults of a tree, children it has already buried included."""
    user_ticks = system_ticks = minor_faults = 0
    for member in list_tree(root):
        if fields := _read_stat(member):
            minor_faults += int(fields[7]) + int(fields[8])
            user_ticks += int(fields[11]) + int(fields[13])
            system_ticks += int(fields[12]) + int(fields[14])
    return Usage(user_ticks / _TICKS_PER_SECOND, system_ticks / _TICKS_PER_SECOND, minor_faults)


def settle(root: int, *, quiet_seconds: float = 0.15, limit_seconds: float = 3) -> Usage:
    """Wait until a tree uses no more processor time: what it does behind an answer belongs to it."""
    deadline = time.monotonic() + limit_seconds
    usage, quiet_since = read_usage(root), time.monotonic()
    while time.monotonic() - quiet_since < quiet_seconds and time.monotonic() < deadline:
        time.sleep(0.03)
        now = read_usage(root)
        if (now.user_seconds, now.system_seconds) != (usage.user_seconds, usage.system_seconds):
            quiet_since = time.monotonic()
        usage = now
    return usage


def read_resident_bytes(members: Sequence[int]) -> int:
    """Resident memory of these processes together."""
    pages = 0
    for member in members:
        with contextlib.suppress(OSError):
            pages += int((_PROC / str(member) / "statm").read_text().split()[1])
    return pages * _PAGE_BYTES


class Sampler(threading.Thread):
    """Takes a look at an interval while its block runs."""

    def __init__(self, interval_seconds: float) -> None:
        super().__init__(daemon=True)
        self._interval_seconds = interval_seconds
        self._ended = threading.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self.join()

    def run(self) -> None:
        """Sample until told to end."""
        while not self._ended.wait(self._interval_seconds):
            self.take()

    def take(self) -> None:
        """Look once."""
        raise NotImplementedError


class PeakSampler(Sampler):
    """Watches a tree's resident memory every 20 ms; `peak_bytes` afterwards."""

    def __init__(self, root: int) -> None:
        super().__init__(SAMPLE_SECONDS)
        self._root = root
        self._members, self._looked_up_at = list_tree(root), time.monotonic()
        self.peak_bytes = 0

    def take(self) -> None:
        """Look once; the tree's members are looked up twice a second."""
        if time.monotonic() - self._looked_up_at > 0.5:
            self._members, self._looked_up_at = list_tree(self._root), time.monotonic()
        self.peak_bytes = max(self.peak_bytes, read_resident_bytes(self._members))


def _read_stat(member: int) -> list[str]:
    """The fields of /proc/N/stat from the third on (state, parent, …); empty where it has ended."""
    try:
        # The second field is a name in parentheses and may hold anything, more parentheses too.
        return (_PROC / str(member) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
