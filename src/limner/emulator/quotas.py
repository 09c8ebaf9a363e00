"""Quotas: how many calls a holder may make of a model in a sliding window. It must not know requests or errors."""

import math
import time
from collections import defaultdict, deque
from collections.abc import Callable


class Quotas:
    """The calls let through of late, by holder and model. `clock` gives seconds and never goes back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._passed: defaultdict[tuple[str, str], deque[float]] = defaultdict(deque)

    def claim(self, holder: str, model: str, calls: int, window_seconds: float) -> float | None:
        """Let a call through and return None, or the seconds until one will be, whole milliseconds rounded up.

        In no window of `window_seconds`, wherever it begins, are more than `calls` let through.
        """
        now = self._clock()
        passed = self._passed[holder, model]
        while passed and passed[0] <= now - window_seconds:
            passed.popleft()
        if len(passed) < calls:
            passed.append(now)
            return None
        wait_seconds = passed[-calls] + window_seconds - now if calls else window_seconds
        return math.ceil(wait_seconds * 1000) / 1000

    def clear(self) -> None:
        """Forget all calls."""
        self._passed.clear()
