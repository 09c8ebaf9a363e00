"""The books as housekeeping has them: what may go, what the shared store has to be told, who lives and who has died.

This module must not know SQL, files or the store. Everything here is for the event loop's thread.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from limner.ledger import endings, lookups, replicas, retention, transfers
from limner.ledger.books import Books
from limner.ledger.database import Database
from limner.ledger.key_secrets import sweep_previous
from limner.ledger.limits import sweep_requests
from limner.ledger.records import Ending, GenerationRecord, RepeatWindows, Retention
from limner.ledger.replicas import Kind, Replica
from limner.ledger.standing import Standing, read_standing

T = TypeVar("T")

_ABANDONED_AT_ONCE = 200


class Upkeep:
    """What is awaited is on disk when it returns. Everything raises DatabaseError."""

    def __init__(
        self, books: Books, *, now: Callable[[], float], windows: RepeatWindows, is_shared: bool = False
    ) -> None:
        """`is_shared`: there is a shared store, which has to be told of files that go."""
        self._books = books
        self._now = now
        self._windows = windows
        self._is_shared = is_shared

    async def list_expired(self, kept: Retention, limit: int) -> list[tuple[str, str]]:
        """Return ids and folders of some generations whose files nobody may ask for any more."""
        return await self._ask(
            lambda database, now_ms: retention.list_expired(database, kept, self._windows, now_ms, limit)
        )

    async def read_stored_bytes(self) -> int:
        """Return how much all files take."""
        return await self._books.ask(retention.read_stored_bytes)

    async def read_standing(self, since_ms: int) -> Standing:
        """Return how the books stand; answers that reached nobody count from those that ended then."""
        return await self._books.ask(lambda database: read_standing(database, since_ms))

    async def list_evictable(self, limit: int) -> list[tuple[str, str]]:
        """Return ids and folders of the oldest generations that may go when room is needed."""
        return await self._ask(
            lambda database, now_ms: retention.list_evictable(database, self._windows, now_ms, limit)
        )

    async def forget_files(self, found: Sequence[tuple[str, str]]) -> None:
        """Write that the files of generations, given as id and folder, go, and with them the text of the answers."""

        def forget(database: Database, now_ms: int) -> None:
            retention.forget_files(database, [generation_id for generation_id, _ in found])
            if self._is_shared:
                for generation_id, folder in found:
                    transfers.add_removal(database, generation_id, folder, now_ms)

        await self._submit(forget)

    async def forget_prompts(self, kept: Retention, limit: int) -> int:
        """Let go some prompts of calls that have no files to go with them; return how many."""
        return await self._submit(
            lambda database, now_ms: retention.forget_prompts(database, kept, self._windows, now_ms, limit)
        )

    async def resolve_old_unknowns(self, policy: str, before_ms: int) -> int:
        """Decide by policy on outcomes unknown since before then; return how many."""
        return await self._submit(
            lambda database, now_ms: retention.resolve_old_unknowns(database, policy, before_ms, now_ms)
        )

    async def sweep_requests(self) -> None:
        """Forget the requests that no limit counts any more, and the secrets that open no key any more."""

        def sweep(database: Database, now_ms: int) -> None:
            sweep_requests(database, now_ms)
            sweep_previous(database, now_ms // 1000)

        await self._submit(sweep)

    async def find_any(self, generation_id: str) -> GenerationRecord | None:
        """Return the generation, whosever it is."""
        return await self._books.ask(lambda database: lookups.find_any(database, generation_id))

    async def list_known(self, generation_ids: Sequence[str]) -> dict[str, lookups.Known]:
        """Return those of the generations that the books have, by id."""
        return await self._books.ask(lambda database: lookups.list_known(database, generation_ids))

    async def add_missing_uploads(self, replica_id: str) -> int:
        """Note that all files of a replica that never were in the shared store go there; return how many."""
        return await self._submit(
            lambda database, now_ms: transfers.add_missing_uploads(database, replica_id, now_ms)
        )

    async def take_due(
        self, kind: transfers.Kind, *, replica_id: str = "", limit: int = 1
    ) -> list[tuple[str, str]]:
        """Return ids and folders of some transfers that are due; those not finished are due again later."""
        return await self._submit(
            lambda database, now_ms: transfers.take_due(
                database, kind, now_ms, replica_id=replica_id, limit=limit
            )
        )

    async def note_upload(self, generation_id: str) -> bool:
        """Write that files are in the shared store; False if they were deleted while they were put there."""
        return await self._submit(
            lambda database, now_ms: transfers.note_upload(database, generation_id, now_ms)
        )

    async def remove_transfer(self, generation_id: str, kind: transfers.Kind) -> None:
        """Write that a transfer is done, or needed no more."""
        await self._submit(lambda database, _: transfers.remove(database, generation_id, kind))

    async def register(self, replica: Replica) -> int:
        """Write that a process starts; return its epoch. Raises LedgerError: it does not fit in with others."""
        return await self._submit(lambda database, _: replicas.register(database, replica))

    async def renew(self, replica: Replica, epoch: int) -> bool:
        """Write that a process lives; False if it was given up for dead, or another has taken its place."""
        return await self._submit(lambda database, _: replicas.renew(database, replica, epoch))

    async def is_replaced(self, replica: Replica, epoch: int) -> bool:
        """Return whether another process has taken its place."""
        return await self._books.ask(lambda database: replicas.is_replaced(database, replica, epoch))

    async def leave(self, replica: Replica, epoch: int) -> None:
        """Write that a process ends."""
        await self._submit(lambda database, _: replicas.leave(database, replica, epoch))

    async def has_live(self, kind: Kind, replica_id: str | None = None) -> bool:
        """Return whether one of the kind lives, on a folder or on any."""
        return await self._books.ask(lambda database: replicas.has_live(database, kind, replica_id))

    async def ask_for_signs(self, replica_ids: Sequence[str]) -> float:
        """Ask gateways to say that they live; return the books' time after which that counts."""
        return await self._submit(lambda database, _: replicas.ask_for_signs(database, replica_ids))

    async def list_silent(self, replica_ids: Sequence[str], since_seconds: float) -> list[str]:
        """Return which of the gateways have not been seen since then; of those not there, no client is there."""

        def find(database: Database, _: int) -> list[str]:
            silent, missing = replicas.list_silent(database, replica_ids, since_seconds)
            if missing:
                replicas.reset_clients_of_dead(database)
            return silent

        return await self._submit(find)

    async def bury_dead(self, decide: Callable[[GenerationRecord], Ending | None]) -> list[tuple[str, str]]:
        """End what gateways have left that are not there, as decided; return those generations' ids and states.

        One process at a time does it, the others find nothing. A gateway that comes back in this moment waits
        and finds itself struck out.
        """

        def bury(database: Database, now_ms: int) -> list[tuple[str, str]]:
            if not database.try_lock("reconcile"):
                return []
            dead = replicas.take_dead(database)
            ended = []
            for record in replicas.list_abandoned(database)[:_ABANDONED_AT_ONCE]:
                ending = decide(record)
                if ending is not None and endings.end(database, ending, now_ms):
                    ended.append((record.id, ending.state))
            if dead:
                replicas.reset_clients_of_dead(database)
            return ended

        return await self._submit(bury)

    def _submit(self, job: Callable[[Database, int], T]) -> Awaitable[T]:
        return self._books.submit(lambda database: job(database, int(self._now() * 1000)))

    async def _ask(self, question: Callable[[Database, int], T]) -> T:
        return await self._books.ask(lambda database: question(database, int(self._now() * 1000)))
