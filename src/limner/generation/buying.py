"""Makes the upstream calls of one generation: one for each choice, all at once; or gives all up unsent.

The books come first: nothing leaves before it is written there that it may. Knows no client, but whether there is any.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence

from limner.errors import GatewayError, GatewayUnavailable, InternalError, locate, no_storage
from limner.generation.calling import ClientLeft, Terms, call
from limner.generation.cancellation import read_cancellation
from limner.generation.conclusion import Conclusion, conclude_outcome, stopped_sent, unwanted
from limner.generation.journal import JournalWriter
from limner.generation.receiving import Receiver
from limner.generation.record import Choice, Generation, State
from limner.generation.settling import to_ending
from limner.generation.upstreams import Errand, Upstreams
from limner.ledger.errors import DatabaseError
from limner.ledger.generations import Ledger

_LOG = logging.getLogger("limner.generation")

UNSEEN_PAUSE_SECONDS = 0.5
"""How long to wait before the books are asked again whether a call may be sent."""


class Purchase:
    """The calls of one generation, on their way."""

    def __init__(
        self,
        generation: Generation,
        upstreams: Upstreams,
        ledger: Ledger,
        *,
        errands: Sequence[Errand],
        receivers: Mapping[int, Receiver],
        journal: JournalWriter,
        is_stream: bool,
        may_send: Callable[[], bool],
    ) -> None:
        """`errands` are the model asked and those in its place; `receivers` are by choice; `may_send` says whether this process is certainly not given up for dead."""
        self._generation = generation
        self._upstreams = upstreams
        self._ledger = ledger
        self._errands = errands
        self._receivers = receivers
        self._journal = journal
        self._is_stream = is_stream
        self._may_send = may_send

    async def make(self) -> None:
        """Send and receive until every choice is over, or give all up unsent. Raises GatewayError."""
        generation = self._generation
        waiting: Sequence[Choice] = generation.choices
        while waiting := await self._try(waiting):
            if (
                generation.clients > 0
            ):  # this process was not to be seen for a while: others may have ended it
                await asyncio.sleep(UNSEEN_PAUSE_SECONDS)
            elif len(waiting) < len(generation.choices):
                for choice in waiting:
                    self._end(choice, unwanted())
                return
            elif await self._give_up():
                return
            _LOG.debug("generation %s is waited for elsewhere, and goes on", generation.id)

    async def _try(self, waiting: Sequence[Choice]) -> list[Choice]:
        """Call for choices that were not sent yet; return those that nobody waited for. Raises GatewayError."""
        if not self._is_wanted():
            return list(waiting)
        await self._mark_sent()
        self._generation.state = State.SENT
        await asyncio.gather(*(self._call(choice) for choice in waiting))
        return [choice for choice in waiting if not choice.is_over]

    async def _call(self, choice: Choice) -> None:
        """Make the call for one choice; it is over then, unless nobody waited for it."""
        generation = self._generation
        failure: GatewayError | None = None
        try:
            await call(
                generation,
                choice,
                self._upstreams,
                self._errands,
                self._receivers[choice.index],
                Terms(
                    is_stream=self._is_stream,
                    note_receiving=lambda: self._ledger.note_receiving(generation.id),
                    is_wanted=self._is_wanted,
                ),
            )
        except ClientLeft:
            return
        except GatewayError as error:
            failure = error
        except asyncio.CancelledError:
            failure = stopped_sent()
        except Exception as error:  # noqa: BLE001 - whatever it is, the books must be closed
            _LOG.error("choice %d of generation %s failed: %s", choice.index, generation.id, locate(error))
            failure = InternalError()
        self._end(choice, failure)

    def _end(self, choice: Choice, failure: GatewayError | None) -> None:
        generation = self._generation
        choice.failure = failure
        choice.outcome = conclude_outcome((choice.transcript, failure), generation.asked, generation.model)
        self._journal.end_choice(choice.index, failure)
        generation.audience.notify()

    def _is_wanted(self) -> bool:
        is_wanted = self._generation.clients > 0 or self._generation.is_wanted_elsewhere
        return is_wanted and self._may_send()

    async def _mark_sent(self) -> None:
        try:
            may_send = await self._ledger.mark_sent(self._generation.id)
        except DatabaseError as error:
            raise no_storage() from error
        if not may_send:
            raise await self._find_refusal()

    async def _find_refusal(self) -> GatewayError:
        """Return why a call may not be sent: its owner took it back, or others have ended all calls of this process."""
        try:
            record = await self._ledger.find_any(self._generation.id)
        except DatabaseError:
            return no_storage()
        if record is not None and (taken_back := read_cancellation(record)) is not None:
            return taken_back
        return GatewayUnavailable(
            "The gateway was away from its books for a while; nothing was bought. Try again.",
            code="storage_unavailable",
        )

    async def _give_up(self) -> bool:
        """End a generation of which nothing was sent; False if it is wanted after all."""
        generation = self._generation
        ending = to_ending(generation.id, give_up_unsent(generation))
        generation.is_given_up = True  # from now on it takes no client here
        try:
            generation.is_given_up = await self._ledger.give_up(ending)
        except DatabaseError as error:
            _LOG.warning("generation %s is given up, and not written down yet: %s", generation.id, error)
        generation.is_wanted_elsewhere = not generation.is_given_up
        return generation.is_given_up


def give_up_unsent(generation: Generation) -> Conclusion:
    """Return how a generation ends whose clients have left before it was sent."""
    return Conclusion(state=State.FAILED, is_replayable=False, is_assumed_free=generation.is_assumed_free)
