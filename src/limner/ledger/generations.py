"""The ledger as a running server has it: each change a job for the one writer, each question asked at once.

What the changes are is in `claims`, `endings` and their neighbours, which the commands use directly. This module
must not know SQL, HTTP or what is drawn. Everything here is for the event loop's thread.
"""

import logging
from asyncio import Future, get_running_loop
from collections.abc import Callable, Collection, Sequence
from functools import partial
from itertools import count
from operator import itemgetter
from typing import TypeVar

from limner.ledger import claims, endings, lookups, recovery, stored, transfers, turns
from limner.ledger.books import Books
from limner.ledger.database import Database
from limner.ledger.errors import DatabaseError
from limner.ledger.records import (
    Claim,
    Ending,
    Found,
    Fresh,
    GenerationRecord,
    NewGeneration,
    RepeatWindows,
    Scope,
    StoredPicture,
)
from limner.ledger.repeats import note_refusal

T = TypeVar("T")

_Note = tuple[int, Callable[[Database], object]]
"""A job that nobody waits for, and its place among such jobs."""

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
        books: Books,
        *,
        now: Callable[[], float],
        windows: RepeatWindows,
        is_shared: bool = False,
    ) -> None:
        """`is_shared`: files are to be put into a shared store once they are here."""
        self._books = books
        self._now = now
        self._windows = windows
        self._is_shared = is_shared
        self._numbers = count()
        self._late: list[_Note] = []

    async def claim(self, call: Claim) -> claims.Decision:
        """Decide on a call, and write the generation or the client that it becomes.

        A caller that is cancelled while it waits has claimed nothing.

        Raises:
            RateLimited: the key may not ask, or begin a picture, yet.
            InsufficientQuota: the key's budget cannot hold what the call may cost.
            IdempotencyKeyReused: its Idempotency-Key stands for another call.
            DatabaseError: nothing is claimed.
        """
        # Notes that an outage has held up come first: whose client has left is found by its next call.
        self._note_late()
        outcome: claims.Decision | claims.Refused = await self._books.submit(
            lambda database: claims.claim(database, call, self._windows, self._now_ms()),
            is_ordered=True,
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

    async def give_up(self, ending: Ending) -> bool:
        """Write the end of a call that was not sent; False, and nothing, if it is waited for elsewhere."""

        def give_up(database: Database, now_ms: int) -> bool:
            is_wanted = claims.is_wanted_elsewhere(database, ending.generation_id)
            return not is_wanted and endings.end(database, ending, now_ms)

        return await self._submit(give_up)

    async def cancel(self, ending: Ending) -> bool:
        """Write the end of a call that was not sent, whoever waits for it; False, and nothing, if it was, or has ended."""
        return await self._submit(lambda database, now_ms: endings.cancel(database, ending, now_ms))

    async def end(self, ending: Ending) -> bool:
        """Write how a generation ended, its pictures and its money; False, and nothing, if it had ended.

        One that others had given up as unknown, while this process was not to be seen, ends as it truly did.
        """

        def end(database: Database, now_ms: int) -> bool:
            is_written = endings.end(database, ending, now_ms) or (
                ending.cost_micro_usd is not None and endings.settle_unknown(database, ending, now_ms)
            )
            if is_written and ending.folder is not None and self._is_shared:
                transfers.add_upload(database, ending.generation_id, now_ms)
            return is_written

        return await self._submit(end)

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

    async def write_metadata(self, generation_id: str, metadata: bytes | None) -> bool:
        """Put other metadata, JSON, on a stored completion; False if there is none that is kept."""
        return await self._submit(
            lambda database, _: stored.write_metadata(database, generation_id, metadata)
        )

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
        self._note_late()
        await self._books.submit(lambda _database: None, is_ordered=True)

    async def find(self, generation_id: str, scope: Scope) -> GenerationRecord | None:
        """Return the generation if it is within the scope."""
        return await self._books.ask(lambda database: lookups.find(database, generation_id, scope))

    async def list_generations(self, scope: Scope, choice: lookups.Choice) -> list[GenerationRecord]:
        """Return the generations within the scope that the choice names, by time of claim."""
        return await self._books.ask(lambda database: lookups.list_generations(database, scope, choice))

    async def read_pictures(self, generation_id: str) -> list[StoredPicture]:
        """Return the pictures of a generation, in their order."""
        return await self._books.ask(lambda database: lookups.read_pictures(database, generation_id))

    async def find_turns(
        self, sha256s: Collection[str], conversations: Collection[str], scope: Scope
    ) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
        """Return ids of kept generations, newest first: by pictures they drew, and by what they were asked after."""

        def find(database: Database) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
            return (
                turns.find_by_picture(database, sha256s, owner=scope.owner, end_user=scope.end_user or ""),
                turns.find_by_conversation(database, conversations),
            )

        return await self._books.ask(find)

    async def find_picture(self, picture_id: str) -> tuple[StoredPicture, GenerationRecord] | None:
        """Return a kept picture and its generation, whosever they are; None: there is none, or it was let go."""
        return await self._books.ask(lambda database: lookups.find_picture(database, picture_id))

    async def list_orphans(self) -> list[GenerationRecord]:
        """Return the generations that this server left without an end when it last ran."""
        return await self._books.ask(lookups.list_orphans)

    async def list_known(self, generation_ids: Sequence[str]) -> dict[str, lookups.Known]:
        """Return those of the generations that the books have, by id."""
        return await self._books.ask(lambda database: lookups.list_known(database, generation_ids))

    async def find_any(self, generation_id: str) -> GenerationRecord | None:
        """Return the generation, whosever it is: for those who mend, never for those who ask."""
        return await self._books.ask(lambda database: lookups.find_any(database, generation_id))

    async def reset_clients(self) -> None:
        """Write that nobody is being answered: the server has just started."""
        await self._submit(recovery.reset_clients)

    async def adopt(self, found: NewGeneration, ending: Ending) -> bool:
        """Write a generation that only its files know; False, and nothing, if its id is taken."""

        def adopt(database: Database, now_ms: int) -> bool:
            is_written = recovery.adopt(database, found, ending, now_ms)
            if is_written and self._is_shared:
                transfers.add_upload(database, ending.generation_id, now_ms)
            return is_written

        return await self._submit(adopt)

    def _now_ms(self) -> int:
        return int(self._now() * 1000)

    def _submit(self, job: Callable[[Database, int], T], *, is_urgent: bool = True) -> "Future[T]":
        """Queue a job with the time at which it runs: what is written later is never dated earlier."""
        return self._books.submit(lambda database: job(database, self._now_ms()), is_urgent=is_urgent)

    def _give_back(self, call: Claim, outcome: claims.Decision | claims.Refused) -> None:
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
        """Have a job done that nobody waits for, after all such jobs before it, until it is done or the books close."""
        note = (next(self._numbers), job)
        if self._late:
            self._late.append(note)
        else:
            self._note(note)

    def _note(self, note: _Note) -> None:
        if self._books.is_closed:
            return
        future = self._books.submit(note[1], is_urgent=False)
        future.add_done_callback(partial(self._see_to_it, note))

    def _see_to_it(self, note: _Note, future: "Future[object]") -> None:
        error = future.exception()
        if isinstance(error, DatabaseError):
            _logger.warning("a note in the ledger is late: %s", error)
            if not self._late:
                get_running_loop().call_later(_RETRY_SECONDS, self._note_late)
            self._late.append(note)
        elif error is not None:
            _logger.error("a note in the ledger was not made", exc_info=error)

    def _note_late(self) -> None:
        # In their order: a client that is counted as gone before it is counted as there would be there for ever.
        late, self._late = sorted(self._late, key=itemgetter(0)), []
        for note in late:
            self._note(note)
