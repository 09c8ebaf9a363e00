"""Runs generations as tasks of the process, and finds the one that a repeat belongs to. The imperative shell.

Clients visit a generation and may leave; once it was sent it runs on. Knows nothing of HTTP doors or of
OpenAI's formats.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from msgspec.structs import replace

from limner.errors import GatewayUnavailable, InternalError, NotFound, no_storage
from limner.generation.archive import Archive
from limner.generation.claiming import Call, to_claim
from limner.generation.record import Asked, Generation, State
from limner.generation.replaying import raise_stored_error
from limner.generation.running import Runner
from limner.generation.storage import StorageGauge
from limner.generation.visit import Visit
from limner.ledger.errors import DatabaseError
from limner.ledger.generations import Ledger
from limner.ledger.records import Claim, Doubtful, Found, Fresh, GenerationRecord, Occupied
from limner.pictures.spool import PictureSpool
from limner.subscriptions import Audience
from limner.translate.request import Drawing

_LOG = logging.getLogger("limner.generation")

DEPARTURE_SECONDS = 0.25
"""How long a call waits for the client of an equal one to be seen leaving."""


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
        storage: StorageGauge,
        archive: Archive,
        *,
        fingerprint_key: bytes,
        new_id: Callable[[str], str],
        now: Callable[[], float],
        are_settled: Callable[[Sequence[str]], Awaitable[bool]],
    ) -> None:
        """`are_settled` waits until it is known of other gateways whether they live, if that can be known."""
        self._runner = runner
        self._ledger = ledger
        self._storage = storage
        self._archive = archive
        self._fingerprint_key = fingerprint_key
        self._new_id = new_id
        self._now = now
        self._are_settled = are_settled
        self._running: dict[str, Generation] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._departures = Audience(lambda: None)
        runner.settlement.call_when_written(self._forget)
        self.is_draining = False
        self._drains_until = 0.0

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs."""
        return not self._tasks and self._archive.is_idle

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
                visit = await self._repeat(result.generation_id)
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
        return await self._open(record.id)

    def begin_draining(self, drain_seconds: float) -> None:
        """Take no new call from now on; what runs has `drain_seconds` to finish, or less if told again."""
        drains_until = time.monotonic() + drain_seconds
        self._drains_until = min(drains_until, self._drains_until) if self.is_draining else drains_until
        self.is_draining = True

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
            if isinstance(result, Doubtful):
                await self._ask_around(result)
                claim = replace(claim, has_asked_around=True)
                result = await self._ledger.claim(claim)
            if isinstance(result, Occupied):
                await self._wait_for_departure(claim.fingerprint)
                result = await self._ledger.claim(replace(claim, has_waited=True))
        except DatabaseError as error:
            _LOG.error("nothing can be claimed: %s", error)
            raise no_storage() from error
        if isinstance(result, Occupied | Doubtful):
            raise InternalError
        return result

    async def _ask_around(self, doubtful: Doubtful) -> None:
        """Return when it is known whether clients of equal calls are there at other gateways."""
        if not await self._are_settled(doubtful.replica_ids):
            raise GatewayUnavailable(
                "An equal call runs on another gateway, which gives no sign of life; nothing was bought. Try again.",
                code="storage_unavailable",
            )

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
        task = asyncio.get_running_loop().create_task(self._runner.run(generation, claim, drawing, inputs))
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
        self._departures.notify()

    def _forget(self, generation: Generation) -> None:
        self._running.pop(generation.id, None)
