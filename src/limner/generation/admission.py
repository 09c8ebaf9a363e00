"""How much a gateway takes on at once: slots for calls under way, and room for the bytes these hold.

Who finds none waits in order, for as long as its call may wait in all, and is then refused with nothing bought. Repeats
need neither. Knows numbers; not what is drawn, no books and no connection, but that a client may leave.

A call that waits for a slot holds its body. So bodies never fill all the room, and where no answer is on its way one may
always be begun: what is under way ends by itself, and nothing waits for ever.
"""

import asyncio
import random
from asyncio import AbstractEventLoop, Future, get_running_loop
from collections import OrderedDict
from collections.abc import Callable

from limner.errors import GatewayUnavailable

PATIENCE_SECONDS = 10.0
"""How long a call waits in all."""

MOST_WAITING_PER_SLOT = 16
"""How many calls wait for each slot there is; beyond, waiting would hardly end well, and each that waits takes memory."""

_LEAST_RETRY_SECONDS = 2.0
_MOST_RETRY_SECONDS = 6.0
"""Who is refused together shall not come back together."""

Watch = Callable[[Callable[[], None]], Callable[[], None]]
"""Has something called when the client has left; returns what takes that back."""


class Departed(Exception):
    """The client left while its call waited; nothing was claimed."""


class _Wait:
    """One call that waits. `future` gets whether it was let in, and then `take` has been called."""

    __slots__ = ("fits", "future", "take")

    def __init__(self, fits: Callable[[], bool], take: Callable[[], None]) -> None:
        self.fits = fits
        self.take = take
        self.future: Future[bool] = get_running_loop().create_future()


_Queue = OrderedDict[_Wait, None]
"""In order, and anyone can step out."""


class Admission:
    """The limits of one gateway, and what is under way."""

    def __init__(
        self, *, max_running: int, max_relay_bytes: int, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        self._max_running = max_running
        self._max_relay_bytes = max_relay_bytes
        self._patience_seconds = patience_seconds
        self._is_open = True
        self._loop: AbstractEventLoop | None = None
        self.entering: _Queue = OrderedDict()
        """Calls that wait for a slot."""
        self.reading: _Queue = OrderedDict()
        """Requests that wait to be read."""
        self.running = 0
        """Calls that have a slot."""
        self.refused = 0
        """Calls refused since the start because there was no place."""
        self.request_bytes = 0
        """Of requests that are read, wait or are under way."""
        self.answer_bytes = 0
        """Of answers on their way: what may come, and from their end on what came."""

    @property
    def waiting(self) -> int:
        """Calls that wait for a slot or for room."""
        return len(self.entering) + len(self.reading)

    @property
    def relay_bytes(self) -> int:
        """All bytes that are held."""
        return self.request_bytes + self.answer_bytes

    def open(self, watch: Watch | None = None) -> "Share":
        """Return the share of one call, empty yet."""
        return Share(self, self._patience_seconds, watch)

    def close(self) -> None:
        """Hold nobody up any more: what comes is refused elsewhere. May be called by a signal."""
        self._is_open = False
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self.admit_waiting)

    def fits_call(self, answer_bytes: int) -> bool:
        """Return whether one more call can be begun."""
        if not self._is_open:
            return True
        has_room = self.answer_bytes == 0 or self.relay_bytes + answer_bytes <= self._max_relay_bytes
        return self.running < self._max_running and has_room

    def fits_request(self, size_bytes: int, held_bytes: int) -> bool:
        """Return whether a request that holds so much may hold that much more; alone it always may."""
        if not self._is_open or self.relay_bytes == held_bytes:
            return True
        most_bytes = self._max_relay_bytes
        return (
            self.relay_bytes + size_bytes <= most_bytes
            and self.request_bytes + size_bytes <= most_bytes * 3 // 4
        )

    def admit_waiting(self) -> None:
        """Let in who is next, as far as there is room; those first that hold their body already."""
        for queue in (self.entering, self.reading):
            while queue and (wait := next(iter(queue))).fits():
                del queue[wait]
                if not wait.future.done():
                    wait.take()
                    wait.future.set_result(True)

    async def wait(self, queue: _Queue, wait: _Wait, patience_seconds: float, watch: Watch | None) -> bool:
        """Return whether a call was let in. Raises Departed; then, or if cancelled, it may have been let in all the same."""
        if patience_seconds <= 0 or self.waiting >= self._max_running * MOST_WAITING_PER_SLOT:
            return False
        self._loop = get_running_loop()
        has_left = False

        def leave() -> None:
            nonlocal has_left
            has_left = True
            self._step_out(queue, wait)

        queue[wait] = None
        timer = self._loop.call_later(patience_seconds, self._step_out, queue, wait)
        forget = watch(leave) if watch is not None else None
        try:
            is_admitted = await wait.future
        except asyncio.CancelledError:
            self._step_out(queue, wait)
            raise
        finally:
            timer.cancel()
            if forget is not None:
                forget()
        if has_left:
            raise Departed
        return is_admitted

    def _step_out(self, queue: _Queue, wait: _Wait) -> None:
        if wait in queue:
            del queue[wait]
            if not wait.future.done():
                wait.future.set_result(False)
            self.admit_waiting()  # the next may need less room

    def refuse_call(self) -> GatewayUnavailable:
        """Return the refusal of a call that got no slot, or found no room for its answer."""
        if self.running < self._max_running:
            return self.refuse_request()
        return self._refuse(
            f"as many calls under way as it takes at once ({self._max_running}, LIMNER_MAX_CONCURRENT)"
        )

    def refuse_request(self) -> GatewayUnavailable:
        """Return the refusal of a call that found no room."""
        mib = self._max_relay_bytes // 1024**2
        return self._refuse(f"as much in hand as it takes at once ({mib} MiB, LIMNER_MAX_RELAY_MIB)")

    def _refuse(self, full: str) -> GatewayUnavailable:
        self.refused += 1
        return GatewayUnavailable(
            f"The gateway has {full}, and there was no place for one more in time; nothing was bought. Try again.",
            code="gateway_overloaded",
            retry_after_seconds=random.uniform(_LEAST_RETRY_SECONDS, _MOST_RETRY_SECONDS),  # noqa: S311 - it hides nothing
        )


class Share:
    """What one call has of it. Each part is given back once, by whoever comes to it first; giving back twice does nothing."""

    def __init__(self, admission: Admission, patience_seconds: float, watch: Watch | None) -> None:
        self._admission = admission
        self._patience_seconds = patience_seconds
        self._watch = watch
        self._has_slot = False
        self._answer_bytes = 0
        self.request_bytes = 0
        """What its request is counted with."""
        self.is_under_way = False
        """Whether a generation runs on it, and gives it back."""

    def hold_request(self, size_bytes: int) -> None:
        """Count a request with so much from now on, whether there is room or not."""
        self._count_request(size_bytes - self.request_bytes)

    async def take_request(self, size_bytes: int) -> None:
        """Count so much more of a request once there is room. Raises GatewayUnavailable, or Departed."""
        admission = self._admission

        def fits() -> bool:
            return admission.fits_request(size_bytes, self.request_bytes)

        if not admission.reading and fits():
            self._count_request(size_bytes)
        elif not await self._wait(admission.reading, _Wait(fits, lambda: self._count_request(size_bytes))):
            raise admission.refuse_request()

    def try_take_slot(self, answer_bytes: int) -> bool:
        """Take a slot, and room for an answer, if that can be had at once."""
        if self._admission.entering or not self._admission.fits_call(answer_bytes):
            return False
        self._take_slot(answer_bytes)
        return True

    async def wait_for_slot(self, answer_bytes: int) -> None:
        """Take a slot, and room for an answer, when they are to be had.

        Raises GatewayUnavailable, or Departed: no slot was taken.
        """
        admission = self._admission
        wait = _Wait(lambda: admission.fits_call(answer_bytes), lambda: self._take_slot(answer_bytes))
        try:
            is_admitted = await self._wait(admission.entering, wait)
        except BaseException:
            self.free_slot()
            self.free_answer()
            raise
        if not is_admitted:
            raise admission.refuse_call()

    def hold_answer(self, size_bytes: int) -> None:
        """Count an answer with what came of it."""
        self._count_answer(size_bytes - self._answer_bytes)

    def free_request(self) -> None:
        """Count its request no more."""
        self._count_request(-self.request_bytes)

    def free_slot(self) -> None:
        """Let another call begin."""
        if self._has_slot:
            self._has_slot = False
            self._admission.running -= 1
            self._admission.admit_waiting()

    def free_call(self) -> None:
        """Give back what only a call under way needs; its answer may still be read."""
        self.free_request()
        self.free_slot()

    def free_answer(self) -> None:
        """Count its answer no more."""
        self._count_answer(-self._answer_bytes)

    def close(self) -> None:
        """Give everything back."""
        self.free_call()
        self.free_answer()

    async def _wait(self, queue: _Queue, wait: _Wait) -> bool:
        clock = get_running_loop().time
        began_at = clock()
        try:
            return await self._admission.wait(queue, wait, self._patience_seconds, self._watch)
        finally:
            self._patience_seconds -= clock() - began_at

    def _take_slot(self, answer_bytes: int) -> None:
        self._has_slot = True
        self._answer_bytes += answer_bytes
        self._admission.running += 1
        self._admission.answer_bytes += answer_bytes

    def _count_request(self, size_bytes: int) -> None:
        self.request_bytes += size_bytes
        self._admission.request_bytes += size_bytes
        if size_bytes < 0:
            self._admission.admit_waiting()

    def _count_answer(self, size_bytes: int) -> None:
        self._answer_bytes += size_bytes
        self._admission.answer_bytes += size_bytes
        if size_bytes < 0:
            self._admission.admit_waiting()
