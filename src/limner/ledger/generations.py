"""The ledger as a running server has it: each change a job for the one writer, each question asked at once.

What the changes are is in `claims`, `endings` and their neighbours, which the commands use directly. This module
must not know SQL, HTTP or what is drawn. Everything here is for the event loop's thread.
"""

import logging
from asyncio import Future, get_running_loop
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from limner.ledger import claims, endings, lookups, recovery, retention
from limner.ledger.errors import DatabaseError
from limner.ledger.records import (
    Claim,
    Ending,
    Found,
    Fresh,
    GenerationRecord,
    NewGeneration,
    Occupied,
    RepeatWindows,
    Retention,
    Scope,
    StoredPicture,
)
from limner.ledger.repeats import note_refusal
from limner.ledger.sqlite import Database
from limner.ledger.writer import Writer

T = TypeVar("T")

_logger = logging.getLogger(__name__)

# What nobody waits for is tried again after a pause: a client that is never counted as gone would hide its
# picture from the repeat that should get it.
_RETRY_SECONDS = 2.0


class Ledger:
    """Every generation, its money and its repeats.

    What is awaited is on disk when it returns, and raises DatabaseError if it cannot be written.
    """

    def __init__(
        self,
        writer: Writer,
        reader: Database,
        *,
        now: Callable[[], float],
        windows: RepeatWindows,
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._now = now
        self._windows = windows

    async def claim(self, call: Claim) -> Fresh | Found | Occupied:
        """Decide on a call, and write the generation or the client that it becomes.

        A caller that is cancelled while it waits has claimed nothing.

        Raises:
            RateLimited: the key may not ask, or begin a picture, yet.
            InsufficientQuota: the key's budget cannot hold what the call may cost.
            IdempotencyKeyReused: its Idempotency-Key stands for another call.
            DatabaseError: nothing is claimed.
        """
        outcome: Fresh | Found | Occupied | claims.Refused = await self._writer.submit(
            lambda database: claims.claim(database, call, self._windows, self._now_ms()),
            on_abandoned=partial(self._give_back, call),
        )
        if isinstance(outcome, claims.Refused):
            raise outcome.error
        return outcome

    async def mark_sent(self, generation_id: str) -> bool:
        """Write, before it happens, that the first byte leaves; False if the generation has ended."""
        return await self._submit(lambda database, now_ms: claims.mark_sent(database, generation_id, now_ms))

    def note_receiving(self, generation_id: str) -> None:
        """Write soon that the answer has begun."""
        self._change(lambda database: claims.note_receiving(database, generation_id))

    async def end(self, ending: Ending) -> bool:
        """Write how a generation ended, its pictures and its money; False, and nothing, if it had ended."""
        return await self._submit(lambda database, now_ms: endings.end(database, ending, now_ms))

    def attach(self, generation_id: str) -> None:
        """Count soon one client more."""
        self._change(lambda database: claims.attach(database, generation_id))

    def leave(self, generation_id: str, *, is_delivered: bool) -> None:
        """Count soon one client less, and whether the answer has reached it now."""
        at_ms = self._now_ms()
        self._change(lambda database: claims.leave(database, generation_id, at_ms, is_delivered=is_delivered))

    async def stop_replaying(self, generation_id: str) -> None:
        """Write that no repeat is answered from this generation any more."""
        await self._submit(lambda database, _: claims.stop_replaying(database, generation_id))

    async def note_refusal(self, fingerprint: bytes) -> None:
        """Remember that a call was told 503 before it could be claimed; what cannot be written is let go."""
        try:
            await self._submit(
                lambda database, now_ms: note_refusal(database, fingerprint, now_ms), is_urgent=False
            )
        except DatabaseError as error:
            _logger.warning("a refusal could not be noted: %s", error)

    async def catch_up(self) -> None:
        """Return when everything noted before can be read. Raises DatabaseError."""
        await self._writer.submit(lambda _database: None)

    def find(self, generation_id: str, scope: Scope) -> GenerationRecord | None:
        """Return the generation if it is within the scope."""
        return lookups.find(self._reader, generation_id, scope)

    def list_generations(self, scope: Scope, choice: lookups.Choice) -> list[GenerationRecord]:
        """Return the generations within the scope that the choice names, by time of claim."""
        return lookups.list_generations(self._reader, scope, choice)

    def read_pictures(self, generation_id: str) -> list[StoredPicture]:
        """Return the pictures of a generation, in their order."""
        return lookups.read_pictures(self._reader, generation_id)

    def list_running(self) -> list[GenerationRecord]:
        """Return everybody's generations that have not ended."""
        return lookups.list_running(self._reader)

    def list_folders(self) -> set[str]:
        """Return the folders there should be."""
        return lookups.list_folders(self._reader)

    def find_any(self, generation_id: str) -> GenerationRecord | None:
        """Return the generation, whosever it is: for those who mend, never for those who ask."""
        return lookups.find_any(self._reader, generation_id)

    async def reset_clients(self) -> None:
        """Write that nobody is being answered: the server has just started."""
        await self._submit(recovery.reset_clients)

    async def adopt(self, found: NewGeneration, ending: Ending) -> bool:
        """Write a generation that only its files know; False, and nothing, if its id is taken."""
        return await self._submit(lambda database, now_ms: recovery.adopt(database, found, ending, now_ms))

    async def settle_unknown(self, ending: Ending) -> bool:
        """Write the true end of one that had ended unknown; False, and nothing, if it had not."""
        return await self._submit(lambda database, now_ms: endings.settle_unknown(database, ending, now_ms))

    def list_expired(self, kept: Retention, limit: int) -> list[tuple[str, str]]:
        """Return ids and folders of some generations whose files nobody may ask for any more."""
        return retention.list_expired(self._reader, kept, self._windows, self._now_ms(), limit)

    def read_stored_bytes(self) -> int:
        """Return how much all files take."""
        return retention.read_stored_bytes(self._reader)

    def list_evictable(self, limit: int) -> list[tuple[str, str]]:
        """Return ids and folders of the oldest generations that may go when room is needed."""
        return retention.list_evictable(self._reader, self._windows, self._now_ms(), limit)

    async def forget_files(self, generation_ids: Sequence[str]) -> None:
        """Write that the files have gone, and with them the text of the answers."""
        await self._submit(lambda database, _: retention.forget_files(database, generation_ids))

    async def resolve_old_unknowns(self, policy: str, before_ms: int) -> int:
        """Decide by policy on outcomes unknown since before then; return how many."""
        return await self._submit(
            lambda database, now_ms: retention.resolve_old_unknowns(database, policy, before_ms, now_ms)
        )

    def _now_ms(self) -> int:
        return int(self._now() * 1000)

    def _submit(self, job: Callable[[Database, int], T], *, is_urgent: bool = True) -> "Future[T]":
        """Queue a job with the time at which it runs: what is written later is never dated earlier."""
        return self._writer.submit(lambda database: job(database, self._now_ms()), is_urgent=is_urgent)

    def _give_back(self, call: Claim, outcome: Fresh | Found | Occupied | claims.Refused) -> None:
        """Undo the claim of a caller that was cancelled."""
        if isinstance(outcome, Fresh):
            ending = Ending(
                generation_id=call.generation_id, state="failed", cost_micro_usd=0, is_replayable=False
            )
            self._change(lambda database: endings.end(database, ending, self._now_ms()))
            self.leave(call.generation_id, is_delivered=False)
        elif isinstance(outcome, Found):
            self.leave(outcome.generation_id, is_delivered=False)

    def _change(self, job: Callable[[Database], object]) -> None:
        """Have a job done that nobody waits for, until it is done or the writer closes."""
        if self._writer.is_closed:
            return
        future = self._writer.submit(job, is_urgent=False)
        future.add_done_callback(partial(self._see_to_it, job))

    def _see_to_it(self, job: Callable[[Database], object], future: "Future[object]") -> None:
        error = future.exception()
        if isinstance(error, DatabaseError):
            _logger.warning("a note in the ledger is late: %s", error)
            get_running_loop().call_later(_RETRY_SECONDS, self._change, job)
        elif error is not None:
            _logger.error("a note in the ledger was not made", exc_info=error)
