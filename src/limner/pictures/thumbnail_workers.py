"""Has thumbnails made by processes of their own, a few at a time, and ends those that take too long.

A process lives for many pictures: to start one takes longer than to make one. Knows open files and sizes, no
picture by its id and nobody who asks. Blocks.
"""

import socket
import subprocess
import sys
import time
from collections import deque
from threading import Lock

from limner.pictures.thumbnail_protocol import ANSWER, REQUEST

PATIENCE_SECONDS = 15.0
"""For one picture, the start of a process included."""

_PROGRAM = "limner.pictures.thumbnail_program"
_LARGEST_BYTES = 1024 * 1024


class _Ended(Exception):
    """The process has ended, or does not answer."""


class _Worker:
    """One process, and this side of its socket."""

    def __init__(self) -> None:
        self._channel, other = socket.socketpair()
        with other:
            # Nothing of the environment: there are keys in it.
            self._process = subprocess.Popen(  # noqa: S603 - this program's own
                [sys.executable, "-I", "-m", _PROGRAM],
                stdin=other.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={},
                start_new_session=True,
            )
        self.has_answered = False

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def make(self, descriptor: int, side_pixels: int, ends_at: float) -> bytes:
        """Return a thumbnail, b"" if none can be made. Raises _Ended."""
        try:
            self._channel.settimeout(max(ends_at - time.monotonic(), 0.01))
            socket.send_fds(self._channel, [REQUEST.pack(side_pixels)], [descriptor])
            (length,) = ANSWER.unpack(self._receive(ANSWER.size, ends_at))
            made = self._receive(length, ends_at) if length <= _LARGEST_BYTES else b""
        except OSError as error:
            raise _Ended from error
        self.has_answered = True
        return made

    def kill(self) -> None:
        self._process.kill()

    def close(self) -> None:
        self._channel.close()
        self._process.kill()
        self._process.wait()

    def _receive(self, size: int, ends_at: float) -> bytes:
        pieces = bytearray()
        while len(pieces) < size:
            self._channel.settimeout(max(ends_at - time.monotonic(), 0.01))
            piece = self._channel.recv(size - len(pieces))
            if not piece:
                raise _Ended
            pieces += piece
        return bytes(pieces)


class ThumbnailWorkers:
    """As many processes as threads ask at once; those that nobody asks end by themselves."""

    def __init__(self, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._patience_seconds = patience_seconds
        self._idle: deque[_Worker] = deque()
        self._busy: set[_Worker] = set()
        self._lock = Lock()
        self._is_closed = False

    def make(self, descriptor: int, side_pixels: int) -> bytes:
        """Return a small WebP of the picture in an open file; b"" if none can be made, or not in time."""
        ends_at = time.monotonic() + self._patience_seconds
        while (worker := self._take()) is not None:
            try:
                made = worker.make(descriptor, side_pixels, ends_at)
            except _Ended:
                self._end(worker)
                # One that had worked before may just have gone because nobody asked; a fresh one died of this picture.
                if not worker.has_answered or time.monotonic() >= ends_at:
                    break
            except BaseException:
                self._end(worker)
                raise
            else:
                self._give_back(worker)
                return made
        return b""

    def tidy(self) -> None:
        """Let go of processes that have ended by themselves."""
        with self._lock:
            idle = list(self._idle)
            self._idle = deque(worker for worker in idle if not worker.has_ended)
        for worker in idle:
            if worker.has_ended:
                worker.close()

    def close(self) -> None:
        """End all processes; what they are at is not made."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = list(self._idle), deque()
            for worker in self._busy:
                worker.kill()
        for worker in idle:
            worker.close()

    def _take(self) -> _Worker | None:
        """Return a process that nobody asks anything; None: none is to be asked any more."""
        with self._lock:
            if self._is_closed:
                return None
            worker = self._idle.pop() if self._idle else _Worker()
            self._busy.add(worker)
        return worker

    def _give_back(self, worker: _Worker) -> None:
        with self._lock:
            if not self._is_closed:
                self._busy.discard(worker)
                self._idle.append(worker)
                return
        self._end(worker)

    def _end(self, worker: _Worker) -> None:
        with self._lock:
            self._busy.discard(worker)
        worker.close()
