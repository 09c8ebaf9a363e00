"""A process among others on shared books: it says that it lives, knows whether others believe it, and buries the dead.

Others give up for dead who was not seen for `LEASE_SECONDS`. A process that was stopped for longer, or cut off from
the books, must not go on as if nothing had happened: it asks the books before it sends anything. Knows no call.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress

from limner.errors import locate
from limner.generation.recovery import conclude_abandoned
from limner.ledger.clock import read_steady_seconds
from limner.ledger.errors import DatabaseError, LedgerError
from limner.ledger.replicas import LEASE_SECONDS, Replica
from limner.ledger.upkeep import Upkeep

_LOG = logging.getLogger("limner.generation")

RENEWAL_SECONDS = 3.0
# How often it is looked for a sign of life that was asked for.
_FIRST_PAUSE_SECONDS = 0.01
_LONGEST_PAUSE_SECONDS = 0.5
# A connection to books that are away, or slow, must not make a process look dead to itself for longer than this.
_LATEST_SECONDS = LEASE_SECONDS - RENEWAL_SECONDS


class Membership:
    """One process's place."""

    def __init__(
        self,
        upkeep: Upkeep,
        replica: Replica,
        epoch: int,
        *,
        clock: Callable[[], float] = read_steady_seconds,
    ) -> None:
        """`epoch` is what the process was given when it registered, just now; `clock` goes on while it is stopped."""
        self._upkeep = upkeep
        self._replica = replica
        self._on_replaced: Callable[[], None] = _do_nothing
        self._clock = clock
        self._epoch = epoch
        self._seen_at = self._steady_since = clock()
        self._is_asked = asyncio.Event()
        self._is_replaced = False
        self._is_away = False
        self._task: asyncio.Task[None] | None = None

    def is_certain(self) -> bool:
        """Return whether nobody can have given this process up for dead."""
        return self._clock() < self._seen_at + _LATEST_SECONDS

    def start(self, *, on_replaced: Callable[[], None]) -> None:
        """Keep the place from now on; `on_replaced` is called if another process takes it on a copy of the folder."""
        self._on_replaced = on_replaced
        self._task = asyncio.get_running_loop().create_task(self._go_on())

    async def leave(self) -> None:
        """Give it back."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        try:
            await self._upkeep.leave(self._replica, self._epoch)
        except DatabaseError as error:
            _LOG.warning("the others are not told that this process ends: %s", error)

    def give_sign(self) -> None:
        """Say soon that this process lives: somebody wants to know."""
        self._is_asked.set()

    async def are_settled(self, replica_ids: Sequence[str]) -> bool:
        """Return whether each of these gateways either lives or has been struck out; waits for that as long as it may take.

        False: nobody knows, within the time it takes to give one up for dead. Raises DatabaseError.
        """
        gives_up_at = self._clock() + 2 * LEASE_SECONDS + RENEWAL_SECONDS
        pause_seconds = _FIRST_PAUSE_SECONDS
        since_seconds = await self._upkeep.ask_for_signs(replica_ids)
        while silent := await self._upkeep.list_silent(replica_ids, since_seconds):
            if self._clock() > gives_up_at:
                _LOG.warning("gateways %s give no sign of life and are not given up yet", ", ".join(silent))
                return False
            await asyncio.sleep(pause_seconds)
            pause_seconds = min(pause_seconds * 2, _LONGEST_PAUSE_SECONDS)
        return True

    async def bury_dead(self) -> None:
        """End what dead gateways have left. Raises DatabaseError.

        Not when this process itself was not seen for a while: after an outage of the books all look dead.
        """
        if self._clock() < self._steady_since + LEASE_SECONDS:
            return
        for generation_id, state in await self._upkeep.bury_dead(conclude_abandoned):
            _LOG.warning("generation %s of a gateway that is gone ended as %s", generation_id, state)

    async def _go_on(self) -> None:
        while not self._is_replaced:
            try:
                await self._renew()
                await self.bury_dead()
            except LedgerError as error:
                self._note_outage(error)
            except Exception as error:  # noqa: BLE001 - a task of its own: what is not caught here is never seen
                _LOG.error("this process cannot keep its place among others: %s", locate(error))
            else:
                self._note_outage(None)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._is_asked.wait(), RENEWAL_SECONDS)

    async def _renew(self) -> None:
        self._is_asked.clear()
        at = self._clock()
        if not await self._upkeep.renew(self._replica, self._epoch):
            if await self._upkeep.is_replaced(self._replica, self._epoch):
                _LOG.critical(
                    "another limner works on a copy of this data folder; this one takes no more calls"
                )
                self._is_replaced = True
                self._on_replaced()
                return
            _LOG.warning("this process was given up for dead, and takes its place again")
            self._epoch = await self._upkeep.register(self._replica)
        if at > self._seen_at + LEASE_SECONDS:
            self._steady_since = at
        self._seen_at = at

    def _note_outage(self, error: LedgerError | None) -> None:
        """Say once that the others cannot be told, and once that they can again."""
        if error is not None and not self._is_away:
            _LOG.warning("the others cannot be told that this process lives: %s", error)
        elif error is None and self._is_away:
            _LOG.info("the others can be told again that this process lives")
        self._is_away = error is not None


def _do_nothing() -> None:
    """Be called when nobody has asked to be."""
