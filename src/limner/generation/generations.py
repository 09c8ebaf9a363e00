"""Runs generations as tasks of the process, and finds the one that a repeat belongs to. The imperative shell.

Clients visit a generation and may leave; once it was sent it runs on. Knows nothing of HTTP doors or of
OpenAI's formats.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from msgspec.structs import replace

from limner.errors import GatewayError, GatewayUnavailable, InternalError, NotFound, locate, no_storage
from limner.generation.calling import ClientLeft, call
from limner.generation.claiming import Call, to_claim, to_head
from limner.generation.conclusion import Conclusion, conclude, stopped_sent, stopped_unsent
from limner.generation.journal import JournalWriter
from limner.generation.receiving import Receiver
from limner.generation.record import Asked, Generation, State
from limner.generation.replaying import fetch_generation
from limner.generation.request_body import build_body
from limner.generation.settling import Settlement
from limner.generation.storage import StorageGauge
from limner.generation.visit import Visit
from limner.ledger.errors import DatabaseError
from limner.ledger.generations import Ledger
from limner.ledger.records import Claim, Found, Fresh, GenerationRecord, Occupied, Scope
from limner.pictures.spool import PictureSpool
from limner.pictures.store import Draft, PictureStore
from limner.subscriptions import Audience
from limner.translate.request import Drawing
from limner.upstream.client import GeminiClient
from limner.wire.openai import Notice

_LOG = logging.getLogger("limner.generation")

DEPARTURE_SECONDS = 0.25
"""How long a call waits for the client of an equal one to be seen leaving."""


LAST_WRITES_SECONDS = 10.0
"""How long a gateway that ends tries on to store what it could not store before."""


class Generations:
    """The generations of this process."""

    def __init__(
        self,
        client: GeminiClient,
        ledger: Ledger,
        store: PictureStore,
        storage: StorageGauge,
        *,
        threads: ThreadPoolExecutor,
        fingerprint_key: bytes,
        new_id: Callable[[str], str],
        now: Callable[[], float],
    ) -> None:
        self._client = client
        self._ledger = ledger
        self._store = store
        self._storage = storage
        self._threads = threads
        self._fingerprint_key = fingerprint_key
        self._new_id = new_id
        self._now = now
        self._running: dict[str, Generation] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._departures = Audience(lambda: None)
        self._settlement = Settlement(ledger, store, storage, threads=threads, on_written=self._forget)
        self.is_draining = False
        self._drains_until = 0.0

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs."""
        return not self._tasks

    async def claim(self, call_: Call, drawing: Drawing, inputs: Sequence[PictureSpool]) -> Visit:
        """Return a visit at the generation that answers a call: a new one, or the one it repeats.

        `inputs` are closed once they are needed no more. Raises GatewayError; nothing was bought then.
        """
        is_claimed = False
        try:
            claim, asked = to_claim(
                call_,
                drawing,
                generation_id=self._new_id("gen"),
                now_seconds=self._now(),
                fingerprint_key=self._fingerprint_key,
            )
            while isinstance(result := await self._ask_ledger(claim, drawing.settings.image_size), Found):
                visit = await self._repeat(result.generation_id, call_)
                if visit is not None:
                    return visit
            is_claimed = True
            return self._start(claim, asked, drawing, inputs)
        finally:
            if not is_claimed:
                for spool in inputs:
                    spool.close()

    async def visit(self, record: GenerationRecord) -> Visit:
        """Return a visit at a generation that its owner asks for by name. Raises the error it ended with."""
        with suppress(DatabaseError):
            self._ledger.attach(record.id)
        return await self._open(record.id, Scope(owner=record.owner, end_user=None))

    def begin_draining(self, drain_seconds: float) -> None:
        """Take no new call from now on; what runs has `drain_seconds` to finish, or less if told again."""
        drains_until = time.monotonic() + drain_seconds
        self._drains_until = min(drains_until, self._drains_until) if self.is_draining else drains_until
        self.is_draining = True

    async def drain(self) -> None:
        """Wait for what runs; what is left when the time is over ends as unknown."""
        if self._tasks:
            left_seconds = max(self._drains_until - time.monotonic(), 0)
            _, left = await asyncio.wait(self._tasks, timeout=left_seconds)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
        await self._settlement.finish(timeout_seconds=LAST_WRITES_SECONDS)

    async def _ask_ledger(self, claim: Claim, size: str) -> Fresh | Found:
        if self.is_draining:
            await self._ledger.note_refusal(claim.fingerprint)
            raise GatewayUnavailable(
                "The gateway is shutting down; nothing was bought. Try again shortly.", code="shutting_down"
            )
        if not await self._storage.has_room(size):
            claim = replace(claim, may_buy=False)
        try:
            result = await self._ledger.claim(claim)
            if isinstance(result, Occupied):
                await self._wait_for_departure(claim.fingerprint)
                result = await self._ledger.claim(replace(claim, has_waited=True))
        except DatabaseError as error:
            _LOG.error("nothing can be claimed: %s", error)
            raise no_storage() from error
        if isinstance(result, Occupied):
            raise InternalError
        return result

    async def _wait_for_departure(self, fingerprint: bytes) -> None:
        """Return when the client of an equal running generation has left, or after the time it gets."""
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + DEPARTURE_SECONDS
        while (left_seconds := ends_at - loop.time()) > 0:
            await self._departures.wait(left_seconds)
            if any(g.clients == 0 and g.fingerprint == fingerprint for g in self._running.values()):
                return

    def _start(self, claim: Claim, asked: Asked, drawing: Drawing, inputs: Sequence[PictureSpool]) -> Visit:
        generation = Generation(claim.generation_id, asked, drawing.model, fingerprint=claim.fingerprint)
        self._running[generation.id] = generation
        visit = Visit(generation, is_first=True, is_replayed=False, on_leave=self._leave)
        task = asyncio.get_running_loop().create_task(self._run(generation, claim, drawing, inputs))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return visit

    async def _repeat(self, generation_id: str, call_: Call) -> Visit | None:
        """Return a visit at the generation that a call repeats.

        None: there is nothing to be had from it, and the call is to be claimed again. It is just being given
        up unsent, or its files are not there; then it stands for no repeat any more.
        """
        running = self._running.get(generation_id)
        if running is not None and running.is_given_up:
            self._ledger.leave(generation_id, is_delivered=False)
            await running.wait_until_over()
            return None
        try:
            return await self._open(generation_id, Scope(owner=call_.key.owner, end_user=None))
        except NotFound:
            _LOG.warning("the files of generation %s are not there; its call is bought again", generation_id)
            await self._ledger.stop_replaying(generation_id)
            return None

    async def _open(self, generation_id: str, scope: Scope) -> Visit:
        """Return a visit at a generation that counts one client more already."""
        running = self._running.get(generation_id)
        if running is not None and running.is_given_up:
            await running.wait_until_over()
            running = None
        if running is not None:
            return Visit(running, is_first=False, is_replayed=running.is_over, on_leave=self._leave)
        try:
            loaded = await fetch_generation(generation_id, scope, self._ledger, self._store, self._threads)
        except BaseException:
            self._ledger.leave(generation_id, is_delivered=False)
            raise
        return Visit(loaded, is_first=False, is_replayed=True, on_leave=self._leave)

    def _leave(self, generation: Generation, is_delivered: bool) -> None:
        self._ledger.leave(generation.id, is_delivered=is_delivered)
        self._departures.notify()

    def _forget(self, generation: Generation) -> None:
        self._running.pop(generation.id, None)

    async def _run(
        self, generation: Generation, claim: Claim, drawing: Drawing, inputs: Sequence[PictureSpool]
    ) -> None:
        draft = self._store.begin(generation.id)
        journal = JournalWriter(draft, to_head(claim, generation.asked, round(self._now() * 1000)))
        expected_bytes = self._storage.expect(generation.asked.image_size)
        try:
            failure = await self._receive(generation, claim, drawing, inputs, draft, journal)
            conclusion = self._conclude(generation, failure)
            if conclusion.outcome is not None:
                journal.end(failure)
            if not await self._settlement.settle(generation, draft, conclusion) and conclusion.outcome:
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
        try:
            await call(
                generation,
                self._client,
                build_body(drawing, inputs),
                Receiver(generation, draft, journal, self._new_id),
                is_stream=claim.is_stream,
                mark_sent=lambda: self._mark_sent(generation.id),
                note_receiving=lambda: self._ledger.note_receiving(generation.id),
                is_wanted=lambda: generation.clients > 0,
            )
        except GatewayError as error:
            return error
        except ClientLeft:
            generation.is_given_up = True
        except asyncio.CancelledError:
            return stopped_unsent() if generation.state is State.CLAIMED else stopped_sent()
        except Exception as error:  # noqa: BLE001 - whatever it is, the books must be closed
            _LOG.error("generation %s failed: %s", generation.id, locate(error))
            return InternalError()
        finally:
            for spool in inputs:
                spool.close()
        return None

    async def _mark_sent(self, generation_id: str) -> None:
        try:
            may_send = await self._ledger.mark_sent(generation_id)
        except DatabaseError as error:
            raise no_storage() from error
        if not may_send:
            raise InternalError

    def _conclude(self, generation: Generation, failure: GatewayError | None) -> Conclusion:
        if generation.is_given_up:
            return Conclusion(
                state=State.FAILED, is_replayable=False, is_assumed_free=generation.is_assumed_free
            )
        was_sent = generation.state is not State.CLAIMED
        conclusion = conclude(
            generation.transcript, failure, generation.asked, generation.model, was_sent=was_sent
        )
        return replace(conclusion, is_assumed_free=generation.is_assumed_free)

    def _end(self, generation: Generation, conclusion: Conclusion) -> None:
        generation.outcome = conclusion.outcome
        generation.bill = conclusion.bill if conclusion.outcome is not None else None
        generation.failure = conclusion.error
        generation.notices.extend(conclusion.notices)
        generation.end(conclusion.state)
