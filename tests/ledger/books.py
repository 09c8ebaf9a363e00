"""A ledger for tests: a real database, a clock that is turned by hand, and claims with sensible contents."""

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from databases import FIRST, connect, make_place
from msgspec.structs import replace

from limner.ledger import claims, endings, lookups
from limner.ledger.database import Database
from limner.ledger.keys import ApiKey
from limner.ledger.records import (
    Claim,
    Ending,
    Found,
    Fresh,
    GenerationRecord,
    RepeatWindows,
    Scope,
    StoredPicture,
)
from limner.ledger.repeats import note_refusal
from limner.ledger.sums import check_sums
from postgres import PostgresServer

START_MS = 1_795_780_800_000  # 2026-11-27 12:00 UTC
SECOND = 1_000
HOUR = 3_600_000
DAY = 24 * HOUR

FINGERPRINT = b"f" * 32
OTHER_FINGERPRINT = b"g" * 32
DIGEST = b"d" * 32

RESERVED = 100_000
COST = 60_000


def make_key(name: str = "ann", **changes: Any) -> ApiKey:
    """Return a key whose owner is named like it."""
    values: dict[str, Any] = {
        "id": f"key_{name}",
        "name": name,
        "owner": name,
        "is_admin": False,
        "models": None,
        "image_output": None,
        "expires_at": None,
        "created_at": 0,
    }
    return ApiKey(**values | changes)


ANN = make_key()

CLAIM = Claim(
    generation_id="",
    door="chat",
    key=ANN,
    end_user="",
    fingerprint=FINGERPRINT,
    idempotency_digest=None,
    model="gemini-2.5-flash-image",
    asked=b'{"model": "nano-banana"}',
    is_stream=False,
    store=None,
    reserved_micro_usd=RESERVED,
    is_retry=False,
    is_always_new=False,
    has_waited=True,
)


def make_picture(generation_id: str, number: int = 0, **changes: Any) -> StoredPicture:
    """Return one stored picture."""
    picture = StoredPicture(
        id=f"picture-{generation_id}-{number}",
        number=number,
        is_thought=False,
        file_name=f"{number}.png",
        sha256="0" * 64,
        mime_type="image/png",
        width=1024,
        height=1024,
        size_bytes=1_000,
    )
    return replace(picture, **changes)


def settled(generation_id: str, **changes: Any) -> Ending:
    """Return the end of a call that got its picture."""
    ending = Ending(
        generation_id=generation_id,
        state="settled",
        cost_micro_usd=COST,
        answer=b'{"text": "here"}',
        is_replayable=True,
        input_tokens=10,
        output_tokens=1_290,
        pictures=(make_picture(generation_id),),
        folder=f"2026-11-27/{generation_id}",
        stored_bytes=1_000,
    )
    return replace(ending, **changes)


def broken(generation_id: str, status: int, *, is_replayable: bool, state: str = "failed") -> Ending:
    """Return the end of a call that got an error; it costs nothing, or nobody knows what."""
    return Ending(
        generation_id=generation_id,
        state=state,
        cost_micro_usd=None if state == "unknown" else 0,
        error=b'{"code": "upstream_error"}',
        error_status=status,
        is_replayable=is_replayable,
    )


def unknown(generation_id: str) -> Ending:
    """Return the end of a call whose outcome nobody knows."""
    return broken(generation_id, 502, is_replayable=True, state="unknown")


Outcome = claims.Decision | claims.Refused


async def until(is_so: Callable[[], bool]) -> None:
    """Return when it is so, which must not take long."""
    gives_up_at = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < gives_up_at
        await asyncio.sleep(0.01)


class Books:
    """The statements of the ledger, each in a transaction of its own, at the time `now_ms`."""

    def __init__(self, database: Database, *, id_prefix: str = "g") -> None:
        """`id_prefix` is what ids of generations begin with, other than those of a replica beside this one."""
        self.database = database
        self.now_ms = START_MS
        self.windows = RepeatWindows()
        self._id_prefix = id_prefix
        self._claims = 0

    def ask(self, **changes: Any) -> tuple[str, Outcome]:
        """Claim, and return the id that a new generation would get, and what came of it."""
        self._claims += 1
        call = replace(CLAIM, **{"generation_id": f"{self._id_prefix}{self._claims}"} | changes)
        with self.database.transaction():
            return call.generation_id, claims.claim(self.database, call, self.windows, self.now_ms)

    def claim(self, **changes: Any) -> str:
        """Claim what must become a new generation, and return its id."""
        generation_id, outcome = self.ask(**changes)
        assert outcome == Fresh()
        return generation_id

    def find_repeat(self, **changes: Any) -> str | None:
        """Claim, and return the id of the generation it repeats; None if it is a new one."""
        _, outcome = self.ask(**changes)
        if outcome == Fresh():
            return None
        assert isinstance(outcome, Found), outcome
        return outcome.generation_id

    def refuse(self, **changes: Any) -> Any:
        """Claim what must be refused, and return the error."""
        _, outcome = self.ask(**changes)
        assert isinstance(outcome, claims.Refused), outcome
        return outcome.error

    def send(self, generation_id: str) -> bool:
        """Write that a call was sent."""
        with self.database.transaction():
            return claims.mark_sent(self.database, generation_id, self.now_ms)

    def end(self, ending: Ending) -> bool:
        """Write how a call ended."""
        with self.database.transaction():
            return endings.end(self.database, ending, self.now_ms)

    def leave(self, generation_id: str, *, is_delivered: bool = False) -> None:
        """Write that a client left."""
        with self.database.transaction():
            claims.leave(self.database, generation_id, self.now_ms, is_delivered=is_delivered)

    def resolve(self, generation_id: str, *, is_posted: bool) -> None:
        """Decide on an unknown outcome."""
        with self.database.transaction():
            endings.resolve(self.database, generation_id, self.now_ms, is_posted=is_posted)

    def note_refusal(self) -> None:
        """Write that a call was told 503 before it could be claimed."""
        with self.database.transaction():
            note_refusal(self.database, FINGERPRINT, self.now_ms)

    def draw(self, *, is_delivered: bool = True, **changes: Any) -> str:
        """Claim, send, end and leave a call that got its picture, and return its id."""
        generation_id = self.claim(**changes)
        self.send(generation_id)
        self.end(settled(generation_id))
        self.leave(generation_id, is_delivered=is_delivered)
        return generation_id

    def break_off(self, ending_of: Any = unknown, **changes: Any) -> str:
        """Claim and send a call that ends as `ending_of` says, its client told so, and return its id."""
        generation_id = self.claim(**changes)
        self.send(generation_id)
        self.end(ending_of(generation_id))
        self.leave(generation_id, is_delivered=True)
        return generation_id

    def find(self, generation_id: str, owner: str = "ann", end_user: str | None = None) -> GenerationRecord:
        """Return a generation that must be there."""
        found = lookups.find(self.database, generation_id, Scope(owner=owner, end_user=end_user))
        assert found is not None
        return found

    def count_clients(self, generation_id: str) -> int:
        """Return how many clients a generation has."""
        return self.database.fetch_integer(
            "SELECT clients FROM generations WHERE id = :id", {"id": generation_id}
        )

    def read_money(self, key: str = "key_ann", period: str = "total") -> tuple[int, int]:
        """Return what is pending and what is posted."""
        rows = self.database.fetch_all(
            "SELECT pending_micro_usd, posted_micro_usd FROM accounts WHERE key_id = :key AND period = :period",
            {"key": key, "period": period},
        )
        ((pending, posted),) = rows or [(0, 0)]
        assert isinstance(pending, int)
        assert isinstance(posted, int)
        return pending, posted

    def read_entries(self, generation_id: str) -> list[tuple[Any, ...]]:
        """Return kind, change of pending, change of posted and note of each entry, in order."""
        return self.database.fetch_all(
            "SELECT kind, pending_micro_usd, posted_micro_usd, note FROM ledger_entries "
            "WHERE generation_id = :id ORDER BY step",
            {"id": generation_id},
        )

    def check(self) -> None:
        """Fail if the books do not agree with themselves."""
        assert check_sums(self.database) == []


def open_books(tmp_path: Path, database_server: PostgresServer | None) -> Iterator[Books]:
    """Give a test a new ledger on each database, which must agree with itself at the end. A fixture where it is used."""
    with connect(make_place(tmp_path, database_server), FIRST) as database:
        books = Books(database)
        yield books
        books.check()
