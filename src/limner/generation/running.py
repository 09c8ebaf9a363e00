"""Brings one generation from its claim to its end: send, receive, conclude, store. Or gives it up unsent.

Knows the order of things and what each failure means. Knows no client, but whether there is any.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from limner.errors import (
    GatewayError,
    GatewayUnavailable,
    InternalError,
    InvalidRequest,
    locate,
    no_storage,
)
from limner.generation.calling import ClientLeft, call
from limner.generation.claiming import to_head
from limner.generation.conclusion import Conclusion, conclude, stopped_sent, stopped_unsent
from limner.generation.journal import JournalWriter
from limner.generation.receiving import Receiver
from limner.generation.record import Generation, State
from limner.generation.request_body import PictureBody, build_body
from limner.generation.settling import Settlement, to_ending
from limner.generation.storage import StorageGauge
from limner.generation.stored_request import keep_request
from limner.ledger.errors import DatabaseError
from limner.ledger.generations import Ledger
from limner.ledger.records import Claim
from limner.pictures.spool import PictureSpool
from limner.pictures.store import Draft, PictureStore
from limner.translate.asked import AskedMessage
from limner.translate.failure import is_about_signature
from limner.translate.request import Drawing, Unsigned
from limner.upstream.client import GeminiClient
from limner.wire.openai import Notice

_LOG = logging.getLogger("limner.generation")

_SIGNATURE_REFUSED = Notice(
    "signature_refused", "Gemini refused a thought signature; the call was sent once more without any."
)

UNSEEN_PAUSE_SECONDS = 0.5
"""How long to wait before the books are asked again whether a call may be sent."""


class Runner:
    """Runs generations, each in a task of its own."""

    def __init__(
        self,
        client: GeminiClient,
        ledger: Ledger,
        store: PictureStore,
        storage: StorageGauge,
        settlement: Settlement,
        *,
        new_id: Callable[[str], str],
        now: Callable[[], float],
        may_send: Callable[[], bool],
    ) -> None:
        """`may_send` says whether this process is certainly not given up for dead by others."""
        self._client = client
        self._ledger = ledger
        self._store = store
        self._storage = storage
        self.settlement = settlement
        self._new_id = new_id
        self._now = now
        self._may_send = may_send

    async def run(
        self, generation: Generation, claim: Claim, drawing: Drawing, inputs: Sequence[PictureSpool]
    ) -> None:
        """Bring a generation from its claim to its end; `inputs` are closed once it is sent. Raises nothing."""
        draft = self._store.begin(generation.id)
        journal = JournalWriter(draft, to_head(claim, generation.asked, round(self._now() * 1000)))
        expected_bytes = self._storage.expect(generation.asked.image_size)
        try:
            failure = await self._receive(generation, claim, drawing, inputs, draft, journal)
            conclusion = self._conclude(generation, failure)
            if conclusion.outcome is not None:
                journal.end(failure)
            if not await self.settlement.settle(generation, draft, conclusion) and conclusion.outcome:
                generation.is_unstored = True
                generation.notices.append(
                    Notice(
                        "storage_trouble", "The gateway cannot store the picture now; it came from memory."
                    )
                )
            self._end(generation, conclusion)
        except Exception as error:  # noqa: BLE001 - a task of its own: what is not caught here is never seen
            _LOG.error("generation %s failed: %s", generation.id, locate(error))
            generation.failure = InternalError()
            generation.end(State.UNKNOWN)
        finally:
            self._storage.arrive(expected_bytes)

    async def _receive(
        self,
        generation: Generation,
        claim: Claim,
        drawing: Drawing,
        inputs: Sequence[PictureSpool],
        draft: Draft,
        journal: JournalWriter,
    ) -> GatewayError | None:
        """Send and receive; return what went wrong."""
        receiver = Receiver(generation, draft, journal, self._new_id)
        try:
            if drawing.messages is not None:
                await self._keep_request(generation, draft, drawing.messages, inputs)
            await self._send(generation, drawing, inputs, receiver, is_stream=claim.is_stream)
        except GatewayError as error:
            return error
        except asyncio.CancelledError:
            return stopped_unsent() if generation.state is State.CLAIMED else stopped_sent()
        except Exception as error:  # noqa: BLE001 - whatever it is, the books must be closed
            _LOG.error("generation %s failed: %s", generation.id, locate(error))
            return InternalError()
        finally:
            for spool in inputs:
                spool.close()
        return None

    async def _send(
        self,
        generation: Generation,
        drawing: Drawing,
        inputs: Sequence[PictureSpool],
        receiver: Receiver,
        *,
        is_stream: bool,
    ) -> None:
        """Send and receive, once more if a signature is refused, or give it up unsent. Raises GatewayError."""
        to_send: Drawing | Unsigned = drawing
        while True:
            body = build_body(to_send, inputs)
            try:
                while not await self._call(generation, body, receiver, is_stream=is_stream):
                    _LOG.debug("generation %s is waited for elsewhere, and goes on", generation.id)
            except InvalidRequest as error:
                if drawing.unsigned is None or to_send is drawing.unsigned or not is_about_signature(error):
                    raise
                _LOG.warning("generation %s: Gemini refuses a thought signature; none is sent", generation.id)
                to_send, generation.is_unsigned = drawing.unsigned, True
            else:
                return

    async def _keep_request(
        self,
        generation: Generation,
        draft: Draft,
        messages: Sequence[AskedMessage],
        inputs: Sequence[PictureSpool],
    ) -> None:
        """Put what was asked where the answer will be, if there is room for both. Raises GatewayError."""
        try:
            await keep_request(draft, messages, inputs)
        except OSError as error:
            _LOG.error("what generation %s asks cannot be stored (%s)", generation.id, error.strerror)
            raise no_storage() from error
        if not await self._storage.has_room(generation.asked.image_size):
            raise no_storage()

    async def _call(
        self, generation: Generation, body: bytes | PictureBody, receiver: Receiver, *, is_stream: bool
    ) -> bool:
        """Send and receive, or give it up unsent; False if it has to be sent again. Raises GatewayError."""

        def is_wanted() -> bool:
            return (generation.clients > 0 or generation.is_wanted_elsewhere) and self._may_send()

        try:
            await call(
                generation,
                self._client,
                body,
                receiver,
                is_stream=is_stream,
                mark_sent=lambda: self._mark_sent(generation.id),
                note_receiving=lambda: self._ledger.note_receiving(generation.id),
                is_wanted=is_wanted,
            )
        except ClientLeft:
            return await self._give_up(generation)
        return True

    async def _give_up(self, generation: Generation) -> bool:
        """End a call that was not sent; False if it is wanted after all."""
        if generation.clients > 0:  # this process was not to be seen for a while: others may have ended it
            await asyncio.sleep(UNSEEN_PAUSE_SECONDS)
            return False
        ending = to_ending(generation.id, _give_up_unsent(generation))
        generation.is_given_up = True  # from now on it takes no client here
        try:
            generation.is_given_up = await self._ledger.give_up(ending)
        except DatabaseError as error:
            _LOG.warning("generation %s is given up, and not written down yet: %s", generation.id, error)
        generation.is_wanted_elsewhere = not generation.is_given_up
        return generation.is_given_up

    async def _mark_sent(self, generation_id: str) -> None:
        try:
            may_send = await self._ledger.mark_sent(generation_id)
        except DatabaseError as error:
            raise no_storage() from error
        if not may_send:  # this process was not to be seen for a while, and others have ended its calls
            raise GatewayUnavailable(
                "The gateway was away from its books for a while; nothing was bought. Try again.",
                code="storage_unavailable",
            )

    def _conclude(self, generation: Generation, failure: GatewayError | None) -> Conclusion:
        if generation.is_given_up:
            return _give_up_unsent(generation)
        was_sent = generation.state is not State.CLAIMED
        conclusion = conclude(
            generation.transcript, failure, generation.asked, generation.model, was_sent=was_sent
        )
        if generation.is_unsigned and conclusion.outcome is not None:
            conclusion = replace(conclusion, notices=(_SIGNATURE_REFUSED, *conclusion.notices))
        return replace(conclusion, is_assumed_free=generation.is_assumed_free)

    def _end(self, generation: Generation, conclusion: Conclusion) -> None:
        generation.outcome = conclusion.outcome
        generation.bill = conclusion.bill if conclusion.outcome is not None else None
        generation.failure = conclusion.error
        generation.notices.extend(conclusion.notices)
        generation.end(conclusion.state)


def _give_up_unsent(generation: Generation) -> Conclusion:
    return Conclusion(state=State.FAILED, is_replayable=False, is_assumed_free=generation.is_assumed_free)
