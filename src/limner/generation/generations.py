"""Runs generations as tasks of the process, and finds the one that a repeat belongs to. The imperative shell.

Clients visit a generation and may leave; once it was sent it runs on. Knows nothing of HTTP doors or of
OpenAI's formats.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from limner.errors import InternalError, NotFound, no_storage
from limner.generation.admission import Admission, Share
from limner.generation.archive import Archive
from limner.generation.claiming import Call, to_claim
from limner.generation.clearance import Clearance
from limner.generation.record import Asked, Generation, State
from limner.generation.replaying import raise_stored_error
from limner.generation.running import Runner
from limner.generation.visit import Visit
from limner.ledger.errors import DatabaseError
from limner.ledger.generations import Ledger
from limner.ledger.records import Claim, Found, GenerationRecord
from limner.pictures.spool import FileSpool, PictureSpool
from limner.translate.request import Drawing

_LOG = logging.getLogger("limner.generation")

OPENING_SECONDS = 5.0
"""How long a stored answer may take to come from elsewhere before its client is told that it is coming."""

LAST_WRITES_SECONDS = 10.0
"""How long a gateway that ends tries on to store what it could not store before."""


class GivenUp(Exception):
    """A call repeats one that was given up unsent in this moment."""


class Generations:
    """The generations of this process."""

    def __init__(
        self,
        runner: Runner,
        ledger: Ledger,
        clearance: Clearance,
        archive: Archive,
        admission: Admission,
        *,
        fingerprint_key: bytes,
        new_id: Callable[[str], str],
        now: Callable[[], float],
    ) -> None:
        self._runner = runner
        self._ledger = ledger
        self._clearance = clearance
        self._archive = archive
        self._admission = admission
        self._fingerprint_key = fingerprint_key
        self._new_id = new_id
        self._now = now
        self._running: dict[str, Generation] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        runner.settlement.call_when_written(self._forget)
        self.is_draining = False
        self._drains_until = 0.0

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs."""
        return not self._tasks and self._archive.is_idle

    async def claim(
        self, call_: Call, drawing: Drawing, inputs: Sequence[PictureSpool], share: Share | None = None
    ) -> Visit:
        """Return a visit at the generation that answers a call: a new one, or the one it repeats.

        `inputs` are closed once they are needed no more, and so is the call's `share` of what the gateway takes at once.
        Raises GatewayError, or Departed; nothing was bought then.
        """
        is_claimed = False
        share = share or self._admission.open()
        try:
            # Pictures that were fetched are not counted yet.
            spooled_bytes = sum(spool.size_bytes for spool in inputs if isinstance(spool, FileSpool))
            share.hold_request(max(share.request_bytes, spooled_bytes))
            claim, asked = to_claim(
                call_,
                drawing,
                generation_id=self._new_id("gen"),
                now_seconds=self._now(),
                fingerprint_key=self._fingerprint_key,
            )
            is_free = partial(self._is_free, claim.fingerprint)
            while isinstance(
                result := await self._clearance.clear(claim, asked, share, is_free=is_free), Found
            ):
                visit = await self._repeat(result.generation_id)
                if visit is not None:
                    return visit
            is_claimed = True
            return self._start(claim, asked, drawing, inputs, share)
        finally:
            if not is_claimed:
                share.close()
                for spool in inputs:
                    spool.close()

    async def visit(self, record: GenerationRecord) -> Visit:
        """Return a visit at a generation that its owner asks for by name. Raises the error it ended with."""
        with suppress(DatabaseError):
            self._ledger.attach(record.id)
        return await self._open(record.id)

    def measure_received(self, generation_id: str) -> int | None:
        """Return how many bytes of its pictures a generation has from Gemini; None: none that runs here has this id."""
        running = self._running.get(generation_id)
        return None if running is None or running.is_over else running.received_bytes

    def begin_draining(self, drain_seconds: float) -> None:
        """Take no new call from now on; what runs has `drain_seconds` to finish, or less if told again."""
        drains_until = time.monotonic() + drain_seconds
        self._drains_until = min(drains_until, self._drains_until) if self.is_draining else drains_until
        self.is_draining = True
        self._clearance.stop()
        self._admission.close()

    async def drain(self) -> None:
        """Wait for what runs; what is left when the time is over ends as unknown."""
        if self._tasks:
            _, left = await asyncio.wait(self._tasks, timeout=self._get_drain_seconds())
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
        await self._archive.drain(self._get_drain_seconds())
        await self._runner.settlement.finish(timeout_seconds=LAST_WRITES_SECONDS)

    def _get_drain_seconds(self) -> float:
        return max(self._drains_until - time.monotonic(), 0)

    def _is_free(self, fingerprint: bytes) -> bool:
        """Return whether a generation for equal calls runs that nobody listens to."""
        return any(g.clients == 0 and g.fingerprint == fingerprint for g in self._running.values())

    def _start(
        self,
        claim: Claim,
        asked: Asked,
        drawing: Drawing,
        inputs: Sequence[PictureSpool],
        share: Share,
    ) -> Visit:
        generation = Generation(claim.generation_id, asked, drawing.model, fingerprint=claim.fingerprint)
        self._running[generation.id] = generation
        visit = Visit(generation, is_first=True, is_replayed=False, on_leave=self._leave)
        share.is_under_way = True
        generation.call_when_over(lambda: share.hold_answer(_count_bytes(generation)))
        generation.call_when_let_go(share.free_answer)
        task = asyncio.get_running_loop().create_task(self._runner.run(generation, claim, drawing, inputs))
        task.add_done_callback(lambda _: share.free_call())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return visit

    async def _repeat(self, generation_id: str) -> Visit | None:
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
            return await self._open(generation_id)
        except NotFound:
            _LOG.warning("the files of generation %s are not there; its call is bought again", generation_id)
            await self._ledger.stop_replaying(generation_id)
        except GivenUp:
            _LOG.debug("generation %s was given up in this moment", generation_id)
        return None

    async def _open(self, generation_id: str) -> Visit:
        """Return a visit at a generation that counts one client more already."""
        running = self._running.get(generation_id)
        if running is not None and running.is_given_up:
            await running.wait_until_over()
            running = None
        if running is not None:
            return Visit(running, is_first=False, is_replayed=running.is_over, on_leave=self._leave)
        visit = None
        try:
            record = await self._look_up(generation_id)
            if (stored := await self._archive.load(record)) is not None:
                return Visit(stored, is_first=False, is_replayed=True, on_leave=self._leave)
            followed = self._archive.follow(record)
            visit = Visit(followed, is_first=False, is_replayed=record.is_over, on_leave=self._leave)
            if record.is_over:
                await self._wait_for_opening(followed)
        except BaseException:
            if visit is None:
                self._ledger.leave(generation_id, is_delivered=False)
            else:
                visit.leave(is_delivered=False)
            raise
        return visit

    async def _look_up(self, generation_id: str) -> GenerationRecord:
        try:
            record = await self._ledger.find_any(generation_id)
        except DatabaseError as error:
            raise no_storage() from error
        if record is None:
            raise InternalError
        raise_stored_error(record)
        if record.state == State.FAILED:
            raise GivenUp
        return record

    async def _wait_for_opening(self, followed: Generation) -> None:
        """Return when an answer from elsewhere is here, or is taking long. Raises NotFound if it is nowhere."""
        with suppress(TimeoutError):
            await asyncio.wait_for(followed.wait_until_over(), OPENING_SECONDS)
        if isinstance(followed.failure, NotFound):
            raise followed.failure

    def _leave(self, generation: Generation, is_delivered: bool) -> None:
        self._ledger.leave(generation.id, is_delivered=is_delivered)
        self._clearance.note_departure()

    def _forget(self, generation: Generation) -> None:
        self._running.pop(generation.id, None)


def _count_bytes(generation: Generation) -> int:
    return sum(spool.size_bytes for spool in generation.spools.values())
