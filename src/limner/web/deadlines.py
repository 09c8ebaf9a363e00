"""By when a request must have come, and whether it is late. Told the time and the bytes; knows no socket.

A slow sender holds a connection, a task and what has come so far; this is what bounds how many it can hold for
how long. Time in which the gateway itself does not read is not counted against the client.
"""

from collections import deque
from collections.abc import Callable
from enum import Enum, auto

from msgspec import Struct

_TIMER_SLACK_SECONDS = 0.005
"""uvloop counts whole milliseconds; a timer that fires a little early would wait once more for nothing."""


class Deadlines(Struct, frozen=True, kw_only=True):
    """How long a client may take."""

    headers_seconds: float = 10.0
    """From the connection, or on one in use from a request's first byte, to the end of its headers."""
    body_window_seconds: float = 20.0
    body_bytes_per_second: int = 32 * 1024
    """What a body keeps, over any window."""
    body_seconds: float = 600.0
    """For the whole body."""
    acknowledgement_seconds: float = 10.0
    """To acknowledge more of an answer when the connection is about to be closed."""
    drain_seconds: float = 2.0
    """To read why a request was refused: what is closed while bytes arrive is reset, and the answer lost."""

    @property
    def look_seconds(self) -> float:
        """How often a body is looked at: often enough beside the window, never for each piece of it."""
        return min(1.0, self.body_window_seconds / 20)


class Phase(Enum):
    """What is being received."""

    NOTHING = auto()
    HEADERS = auto()
    BODY = auto()


class Reception:
    """What one client is sending."""

    def __init__(self, deadlines: Deadlines, clock: Callable[[], float]) -> None:
        self._deadlines = deadlines
        self._clock = clock
        self._paused_at: float | None = None
        self._paused_seconds = 0.0
        self._started = 0.0
        self._received_bytes = 0
        self._looks: deque[tuple[float, int]] = deque()
        self._was_slow = False
        self.phase = Phase.NOTHING
        self.has_begun = False
        """Whether anything of the request has come but empty lines."""
        self.header_bytes = 0
        """Of headers that are not complete, what came since the read in which they began."""

    def await_headers(self) -> None:
        """Expect a request."""
        self.phase = Phase.HEADERS
        self._started = self._clock()
        self.has_begun = False
        self.header_bytes = 0

    def await_body(self) -> None:
        """Expect the rest of it."""
        self.phase = Phase.BODY
        self._was_slow = False
        self._started = self._read_clock()
        self._looks = deque([(self._started, self._received_bytes)])

    def finish(self) -> None:
        """Expect nothing."""
        self.phase = Phase.NOTHING

    def receive(self, size_bytes: int) -> None:
        """Count what has come."""
        if self.phase is Phase.NOTHING:
            self.await_headers()
        if self.phase is Phase.HEADERS:
            self.header_bytes += size_bytes
        self._received_bytes += size_bytes

    def pause(self) -> None:
        """Stop the client's clock."""
        if self._paused_at is None:
            self._paused_at = self._clock()

    def resume(self) -> None:
        """Let it go on."""
        if self._paused_at is not None:
            self._paused_seconds += self._clock() - self._paused_at
            self._paused_at = None

    def excuse(self) -> None:
        """Count nothing so far against the body: the client was not yet asked for it."""
        if self.phase is Phase.BODY:
            self.await_body()

    @property
    def wait_seconds(self) -> float:
        """How long until the next look."""
        if self.phase is Phase.HEADERS:
            left_seconds = self._started + self._deadlines.headers_seconds - self._clock()
            if left_seconds > 0:
                return left_seconds + _TIMER_SLACK_SECONDS
        return self._deadlines.look_seconds

    def is_late(self) -> bool:
        """Look whether a deadline has passed."""
        if self.phase is Phase.HEADERS:
            return self._clock() - self._started >= self._deadlines.headers_seconds
        if self.phase is Phase.BODY:
            now = self._read_clock()
            return now - self._started >= self._deadlines.body_seconds or self._is_slow(now)
        return False

    def _is_slow(self, now: float) -> bool:
        """Two looks in a row must say so: what has arrived is read after the timer that looks."""
        if self._paused_at is not None:
            return False
        window_seconds, looks = self._deadlines.body_window_seconds, self._looks
        while len(looks) > 1 and now - looks[1][0] >= window_seconds:
            looks.popleft()
        since, before_bytes = looks[0]
        due_bytes = window_seconds * self._deadlines.body_bytes_per_second
        is_slow = now - since >= window_seconds and self._received_bytes - before_bytes < due_bytes
        looks.append((now, self._received_bytes))
        was_slow, self._was_slow = self._was_slow, is_slow
        return is_slow and was_slow

    def _read_clock(self) -> float:
        """Return the client's clock, which stands while nothing is read."""
        now = self._clock() if self._paused_at is None else self._paused_at
        return now - self._paused_seconds
