"""One credential for one model: whether it may be asked now, and by how many at once. Does no I/O.

Open, everybody may. After a failure that parks it nobody may, until its time is over or somebody has to try it early;
then one may, two when nothing was heard against it, and so on: never do all that waited rush at it at once. What one
finds out is found out for all that wait.
"""

import asyncio
from collections.abc import Callable

from msgspec import Struct

from limner.upstream.standing import Trouble

PRESUMED_SECONDS = 2.0
"""A refusal comes sooner (0.1 to 0.9 s, 2026-09), a picture later: who has heard nothing for so long is being served."""

MANY_EARLY_FAILURES = 10
EARLY_PAUSE_SECONDS = 1.0
"""How far apart early trials are after so many have failed in a row."""

_OPEN_FROM = 32
"""Once so many were admitted at a time, all are."""


class Park(Struct, frozen=True, kw_only=True):
    """A rest that was ordered. Times are epoch seconds."""

    trouble: Trouble
    failures: int
    """In a row."""
    since: float
    until: float
    is_hard: bool


class Gate:
    """The gate to one credential for one model, or to one for all models."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self.park: Park | None = None
        self.last_failure: Exception | None = None
        """What the last trial found, for those that wait."""
        self.found = 0
        """How many failures it was told of."""
        self.opened_at = float("-inf")
        """When a rest was lifted last."""
        self._failed_at = float("-inf")
        self._limit: int | None = None
        self._fresh: set[object] = set()
        """Those admitted of whom nothing is known yet."""
        self._early_failures = 0
        self._changed = asyncio.Event()

    @property
    def is_parked(self) -> bool:
        """Whether its time of rest is not over."""
        return self.park is not None and self.park.is_hard and self._now() < self.park.until

    @property
    def is_resting(self) -> bool:
        """Whether another should be asked rather."""
        return self.park is not None and self._now() < self.park.until

    @property
    def has_room(self) -> bool:
        """Whether one more may be admitted, its time of rest aside."""
        return self._limit is None or len(self._fresh) < self._limit

    @property
    def has_all_room(self) -> bool:
        """Whether any number may be admitted."""
        return self._limit is None

    @property
    def is_tried_enough(self) -> bool:
        """Whether an early trial has failed a moment ago, after many: what it found still holds."""
        is_recent = self._now() < self._failed_at + EARLY_PAUSE_SECONDS
        return is_recent and self._early_failures >= MANY_EARLY_FAILURES

    def admit(self, who: object) -> None:
        """Let somebody through."""
        if self._limit is not None:
            self._fresh.add(who)

    def pass_on(self, who: object, began_at: float, *, is_certain: bool) -> None:
        """Note that nothing was heard against it; `is_certain` if it has answered as it should.

        An answer to what was asked before it was parked does not lift that.
        """
        if is_certain and (self.park is None or began_at >= self.park.since):
            if self.park is not None:
                self.opened_at = self._now()
            self.park, self._early_failures = None, 0
        if who in self._fresh:
            self._fresh.discard(who)
            # One more for each that went well, so twice as many a round, as TCP begins.
            self._limit = None if self._limit is None or self._limit >= _OPEN_FROM else self._limit + 1
        self._wake()

    def let_go(self, who: object) -> None:
        """Note that somebody went away without having learnt anything."""
        self._fresh.discard(who)
        self._wake()

    def close(self, who: object, park: Park, failure: Exception | None) -> None:
        """Note a failure, and rest; those that wait learn of it, unless (None) it may be one call's own."""
        is_early = self.is_parked
        self._fresh.discard(who)
        if park.is_hard and failure is not None:
            self._early_failures = self._early_failures + 1 if is_early else 0
            self._limit = 1
            self.last_failure = failure
            self.found += 1
            self._failed_at = self._now()
        self.park = park
        self._wake()

    def take_over(self, park: Park | None) -> None:
        """Rest, or be open, because others found out so."""
        if park is None:
            self._limit, self._early_failures = None, 0
            self._fresh.clear()
        elif park.is_hard and (self.park is None or not self.park.is_hard):
            self._limit = 1
        self.park = park
        self._wake()

    async def wait(self, seconds: float) -> None:
        """Return when something has changed, or after some seconds."""
        try:
            await asyncio.wait_for(self._changed.wait(), max(seconds, 0.01))
        except TimeoutError:
            return

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
