"""The time that the books go by: the machine's at start, and from then on what a steady clock adds.

Someone setting the machine's time, or a wrong time server, then neither ends a budget's day early nor makes a
call from a second ago look like an old one. Knows nothing of what is dated.
"""

import time


class SteadyClock:
    """Seconds since the epoch that never jump while the process lives.

    On Linux the boot clock counts on while the machine sleeps; elsewhere the monotonic one is the nearest.
    """

    def __init__(self, started: float | None = None) -> None:
        """`started` is the time now; None: this machine's."""
        self._started = time.time() if started is None else started
        self._started_steady = read_steady_seconds()

    def __call__(self) -> float:
        """Return the time."""
        return self._started + read_steady_seconds() - self._started_steady


def read_steady_seconds() -> float:
    """Return seconds since some moment, by a clock that cannot be set and goes on while the process is stopped."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()
