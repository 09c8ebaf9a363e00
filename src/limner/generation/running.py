"""Brings one generation from its claim to its end: send, receive, conclude, store. Or gives it up unsent.

Knows the order of things and what each failure means. Knows no client, but whether there is any.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from limner.errors import GatewayError, InternalError, locate, no_storage
from limner.generation.buying import Purchase, give_up_unsent
from limner.generation.claiming import to_head
from limner.generation.conclusion import Conclusion, conclude, stopped_sent, stopped_unsent
from limner.generation.journal import ChoiceWriter, JournalWriter
from limner.generation.receiving import Receiver
from limner.generation.record import Choice, Generation, State
from limner.generation.request_body import build_bodies
from limner.generation.settling import Settlement
from limner.generation.storage import StorageGauge
from limner.generation.stored_request import keep_request
from limner.generation.upstreams import Errand, Upstreams
from limner.ledger.generations import Ledger
from limner.ledger.records import Claim
from limner.pictures.spool import PictureSpool
from limner.pictures.store import Draft, PictureStore
from limner.translate.asked import AskedMessage
from limner.translate.request import Drawing
from limner.wire.openai import Notice

_LOG = logging.getLogger("limner.generation")

NewReceiver = Callable[[Generation, Choice, Draft, ChoiceWriter], Receiver]
"""Returns what receives the answer of one choice."""

_SIGNATURE_REFUSED = Notice(
    "signature_refused", "Gemini refused a thought signature; the call was sent once more without any."
)


class Runner:
    """Runs generations, each in a task of its own."""

    def __init__(
        self,
        upstreams: Upstreams,
        ledger: Ledger,
        store: PictureStore,
        storage: StorageGauge,
        settlement: Settlement,
        *,
        new_receiver: NewReceiver,
        now: Callable[[], float],
        may_send: Callable[[], bool],
    ) -> None:
        """`may_send` says whether this process is certainly not given up for dead by others."""
        self._upstreams = upstreams
        self._ledger = ledger
        self._store = store
        self._storage = storage
        self.settlement = settlement
        self._new_receiver = new_receiver
        self._now = now
        self._may_send = may_send

    async def run(
        self, generation: Generation, claim: Claim, drawing: Drawing, inputs: Sequence[PictureSpool]
    ) -> None:
        """Bring a generation from its claim to its end; `inputs` are closed once it is sent. Raises nothing."""
        draft = self._store.begin(generation.id)
        journal = JournalWriter(draft, to_head(claim, generation.asked, round(self._now() * 1000)))
        expected_bytes = sum(self._storage.expect(generation.asked.image_size) for _ in generation.choices)
        try:
            await self._receive(generation, claim, drawing, inputs, draft, journal)
            conclusion = self._conclude(generation)
            if conclusion.is_answer:
                journal.end(generation.choices[0].failure)
            if not await self.settlement.settle(generation, draft, conclusion) and conclusion.is_answer:
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
    ) -> None:
        """Send and receive; what goes wrong stands in the choices."""
        failure: GatewayError | None = None
        try:
            if drawing.messages is not None:
                await self._keep_request(generation, draft, drawing.messages, inputs)
            await self._to_purchase(generation, claim, drawing, inputs, draft, journal).make()
        except GatewayError as error:
            failure = error
        except asyncio.CancelledError:
            failure = stopped_unsent() if generation.state is State.CLAIMED else stopped_sent()
        except Exception as error:  # noqa: BLE001 - whatever it is, the books must be closed
            _LOG.error("generation %s failed: %s", generation.id, locate(error))
            failure = InternalError()
        finally:
            for spool in inputs:
                spool.close()
        for choice in generation.choices:
            if not choice.is_over:
                choice.failure = failure

    def _to_purchase(
        self,
        generation: Generation,
        claim: Claim,
        drawing: Drawing,
        inputs: Sequence[PictureSpool],
        draft: Draft,
        journal: JournalWriter,
    ) -> Purchase:
        return Purchase(
            generation,
            self._upstreams,
            self._ledger,
            errands=[_to_errand(each, inputs) for each in (drawing, *drawing.alternatives)],
            receivers={
                choice.index: self._new_receiver(
                    generation, choice, draft, ChoiceWriter(journal, choice.index)
                )
                for choice in generation.choices
            },
            journal=journal,
            is_stream=claim.is_stream,
            may_send=self._may_send,
        )

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

    def _conclude(self, generation: Generation) -> Conclusion:
        if generation.is_given_up:
            return give_up_unsent(generation)
        conclusion = conclude(
            [(choice.transcript, choice.failure) for choice in generation.choices],
            generation.asked,
            generation.model,
            was_sent=generation.state is not State.CLAIMED,
        )
        if generation.is_unsigned and conclusion.is_answer:
            conclusion = replace(conclusion, notices=(_SIGNATURE_REFUSED, *conclusion.notices))
        return replace(conclusion, is_assumed_free=generation.is_assumed_free)

    def _end(self, generation: Generation, conclusion: Conclusion) -> None:
        for choice, outcome in zip(generation.choices, conclusion.outcomes, strict=False):
            choice.outcome = outcome
        generation.bill = conclusion.bill if conclusion.is_answer else None
        generation.failure = conclusion.error
        generation.notices.extend(conclusion.notices)
        generation.end(conclusion.state)


def _to_errand(drawing: Drawing, inputs: Sequence[PictureSpool]) -> Errand:
    build, build_unsigned = build_bodies(drawing, inputs)
    return Errand(
        model_id=drawing.model.id, kind=drawing.preferred_kind, build=build, build_unsigned=build_unsigned
    )
