"""Tells whether a client got its picture: the last of its bytes acknowledged by the client's kernel.

It is noted before the client counts as gone, so that its next equal call is a new picture and the call of one
who got nothing is not. Knows connections and visits, not what is sent.
"""

import asyncio

from starlette.requests import ClientDisconnect
from starlette.types import Scope

from limner.generation.visit import Visit
from limner.web.connection import Connection

_FIRST_PAUSE_SECONDS = 0.001
_LONGEST_PAUSE_SECONDS = 0.25


class Deliveries:
    """The deliveries of this process that wait for acknowledgement."""

    def __init__(self) -> None:
        self._waiting: set[Delivery] = set()

    def begin(self, visit: Visit, scope: Scope) -> "Delivery":
        """Watch the client of `scope` from now on."""
        return Delivery(visit, scope.get("limner.connection"), self._waiting)

    def check(self) -> None:
        """Note all that has arrived by now; done before a new call is compared with earlier ones."""
        for delivery in tuple(self._waiting):
            delivery.check()


class Delivery:
    """One client's answer on its way. Without a `connection`, what was handed over counts as arrived."""

    def __init__(self, visit: Visit, connection: Connection | None, waiting: "set[Delivery]") -> None:
        self._visit = visit
        self._connection = connection
        self._waiting = waiting
        self._mark: int | None = None
        self._marked_pictures = 0
        self._is_complete = False
        self._waker = asyncio.Event()
        self._is_late = False
        self.is_gone = connection is not None and connection.is_lost
        self._stop_watching = connection.on_lost(self._lose) if connection is not None else _nothing
        visit.generation.call_when_over(self._waker.set)

    async def wait_until_over(self) -> None:
        """Return when the generation is over. Raises ClientDisconnect if the client leaves before."""
        if not (self.is_gone or self._visit.generation.is_over):
            await self._waker.wait()
        self.check_there()

    def check_there(self) -> None:
        """Return if the client is there. Raises ClientDisconnect."""
        if self.is_gone:
            raise ClientDisconnect

    def mark(self, pictures: int) -> None:
        """Note that the last byte of that many pictures of the answer has been handed over."""
        self._mark = 0 if self._connection is None else self._connection.written_bytes
        self._marked_pictures = pictures

    async def finish(self) -> None:
        """Wait for the arrival of the answer, all of which has been handed over."""
        self._is_complete = True
        if self._mark is None:
            self.mark(0)
        self._waiting.add(self)
        pause_seconds = _FIRST_PAUSE_SECONDS
        while not (self.check() or self._visit.has_left):
            await asyncio.sleep(pause_seconds)
            pause_seconds = min(pause_seconds * 2, _LONGEST_PAUSE_SECONDS)

    def check(self) -> bool:
        """Return whether the answer has arrived, and note it if so."""
        if self._is_complete and not self._visit.has_left and self._has_arrived():
            self._visit.leave(is_delivered=True)
        if self._visit.has_left:
            self._waiting.discard(self)
        return self._visit.has_left

    def close(self) -> None:
        """Stop watching; a client that was not seen to get its answer did not."""
        if not self._is_late:
            self._leave()
        self._stop_watching()
        self._waiting.discard(self)

    def _has_arrived(self) -> bool:
        if self._mark is None:
            return False
        return self._connection is None or self._connection.acknowledged_bytes() >= self._mark

    def _lose(self) -> None:
        self.is_gone = True
        generation = self._visit.generation
        if self._marked_pictures and not generation.is_over and self._has_arrived():
            # It has all pictures so far. Whether that is all there are, the end will tell.
            self._is_late = True
            generation.call_when_over(self._leave)
        else:
            self._leave()
        self._waker.set()
        generation.audience.notify()

    def _leave(self) -> None:
        if self._visit.has_left:
            return
        generation = self._visit.generation
        due = generation.count_due() if generation.is_over else None
        has_all = self._is_complete or (due is not None and 0 < due <= self._marked_pictures)
        self._visit.leave(is_delivered=has_all and self._has_arrived())


def _nothing() -> None:
    """Do nothing."""
