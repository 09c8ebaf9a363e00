"""Finds out what a call is before anything is begun: asks the books, and waits for what has to be known or free first.

That is whether clients of equal calls live at other gateways, whether one of them is just leaving, whether a picture could
be stored, and a place among the calls under way. Knows no door, and starts nothing.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from msgspec.structs import replace

from limner.errors import GatewayUnavailable, InternalError, no_storage
from limner.generation.admission import Share
from limner.generation.record import Asked
from limner.generation.storage import StorageGauge, expect_bytes
from limner.ledger.errors import DatabaseError
from limner.ledger.generations import Ledger
from limner.ledger.records import Claim, Crowded, Doubtful, Found, Fresh, Occupied
from limner.subscriptions import Audience

_LOG = logging.getLogger("limner.generation")

DEPARTURE_SECONDS = 0.25
"""How long a call waits for the client of an equal one to be seen leaving."""


class Clearance:
    """Clears calls, until it is told to stop."""

    def __init__(
        self,
        ledger: Ledger,
        storage: StorageGauge,
        *,
        are_settled: Callable[[Sequence[str]], Awaitable[bool]],
    ) -> None:
        """`are_settled` waits until it is known of other gateways whether they live, if that can be known."""
        self._ledger = ledger
        self._storage = storage
        self._are_settled = are_settled
        self._departures = Audience(lambda: None)
        self._is_stopped = False

    def stop(self) -> None:
        """Clear no call from now on: the gateway is shutting down."""
        self._is_stopped = True

    def note_departure(self) -> None:
        """Tell that a client has left."""
        self._departures.notify()

    async def clear(
        self, claim: Claim, asked: Asked, share: Share, *, is_free: Callable[[], bool]
    ) -> Fresh | Found:
        """Return what a call is; if it is a new one, it has its slot and room for its answer in `share`.

        `is_free` says whether a generation equal to it runs here that nobody listens to. Raises GatewayError, or Departed.
        """
        answer_bytes = expect_bytes(asked.image_size) * asked.n if asked.draws else 0
        is_admitted = share.try_take_slot(answer_bytes)
        result = await self._ask(replace(claim, is_admitted=is_admitted), asked.image_size, is_free)
        if isinstance(result, Crowded):
            await self._wait_for_slot(claim, share, answer_bytes)
            result = await self._ask(claim, asked.image_size, is_free)
        if isinstance(result, Found):
            share.free_slot()
            share.free_answer()
        elif not isinstance(result, Fresh):
            raise InternalError
        return result

    async def _wait_for_slot(self, claim: Claim, share: Share, answer_bytes: int) -> None:
        try:
            await share.wait_for_slot(answer_bytes)
        except GatewayUnavailable:
            if claim.idempotency_digest is None:
                await self._ledger.note_refusal(claim.fingerprint)
            raise

    async def _ask(
        self, claim: Claim, size: str, is_free: Callable[[], bool]
    ) -> Fresh | Found | Crowded | Occupied | Doubtful:
        if self._is_stopped:
            await self._ledger.note_refusal(claim.fingerprint)
            raise GatewayUnavailable(
                "The gateway is shutting down; nothing was bought. Try again shortly.", code="shutting_down"
            )
        if not await self._storage.has_room(size):
            claim = replace(claim, may_buy=False)
        try:
            result = await self._ledger.claim(claim)
            if isinstance(result, Doubtful):
                await self._ask_around(result)
                claim = replace(claim, has_asked_around=True)
                result = await self._ledger.claim(claim)
            if isinstance(result, Occupied):
                await self._wait_for_departure(is_free)
                result = await self._ledger.claim(replace(claim, has_waited=True))
        except DatabaseError as error:
            _LOG.error("nothing can be claimed: %s", error)
            raise no_storage() from error
        return result

    async def _ask_around(self, doubtful: Doubtful) -> None:
        """Return when it is known whether clients of equal calls are there at other gateways."""
        if not await self._are_settled(doubtful.replica_ids):
            raise GatewayUnavailable(
                "An equal call runs on another gateway, which gives no sign of life; nothing was bought. Try again.",
                code="storage_unavailable",
            )

    async def _wait_for_departure(self, is_free: Callable[[], bool]) -> None:
        """Return when the client of an equal running generation has left, or after the time it gets."""
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + DEPARTURE_SECONDS
        while (left_seconds := ends_at - loop.time()) > 0:
            await self._departures.wait(left_seconds)
            if is_free():
                return
