"""Whatever is done to the ledger in whatever order, no budget is passed, no sum is off, nobody sees another's."""

import tempfile
from pathlib import Path
from typing import Any

from books import DAY, HOUR, Books, broken, make_key, make_picture, settled, unknown
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule
from msgspec import Struct

from limner.ledger import lookups
from limner.ledger.claims import Refused
from limner.ledger.lookups import Choice
from limner.ledger.records import Found, Fresh, Scope
from limner.ledger.sqlite import SqliteDatabase

BUDGET = 500_000
KEYS = [
    make_key("ann", budget_micro_usd=BUDGET, budget_period="total"),
    make_key("bob", budget_micro_usd=BUDGET, budget_period="day"),
    make_key("eve", budget_micro_usd=BUDGET, budget_period="month"),
]


class Call(Struct):
    """What the model knows of one generation."""

    owner: str
    period: str
    reserved: int
    cost: int | None = None
    is_unknown: bool = False

    @property
    def pending(self) -> int:
        return self.reserved if self.cost is None else 0

    @property
    def overrun(self) -> int:
        return max((self.cost or 0) - self.reserved, 0)


class LedgerRules(RuleBasedStateMachine):
    """Three keys claim, send, end, leave and are resolved; a dictionary says what should be there."""

    ids = Bundle("ids")

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.database = SqliteDatabase(Path(self.folder.name))
        self.books = Books(self.database)
        self.calls: dict[str, Call] = {}

    def teardown(self) -> None:
        self.database.close()
        self.folder.cleanup()

    @rule(
        target=ids,
        key=st.sampled_from(KEYS),
        call=st.integers(0, 2),
        reserved=st.integers(0, 300_000),
        is_retry=st.booleans(),
        is_keyed=st.booleans(),
    )
    def claim(self, *, key: Any, call: int, reserved: int, is_retry: bool, is_keyed: bool) -> Any:
        """A call becomes a generation only if its owner's budget holds it, and a repeat only of the owner's."""
        fingerprint = f"{key.owner} {call} {is_keyed}".encode()
        generation_id, outcome = self.books.ask(
            key=key,
            fingerprint=fingerprint,
            idempotency_digest=fingerprint if is_keyed else None,
            reserved_micro_usd=reserved,
            is_retry=is_retry,
        )
        period = self.name_period(key.budget_period)
        room = BUDGET - self.sum_up(key.owner, period)
        if isinstance(outcome, Found):
            assert self.calls[outcome.generation_id].owner == key.owner
            return multiple()
        if isinstance(outcome, Refused):
            assert reserved > room
            return multiple()
        assert outcome == Fresh()
        assert reserved <= room
        self.calls[generation_id] = Call(key.owner, period, reserved)
        return generation_id

    @rule(generation_id=ids)
    def send(self, generation_id: str) -> None:
        """Only what has not ended can be sent."""
        call = self.calls[generation_id]
        assert self.books.send(generation_id) == (call.cost is None and not call.is_unknown)

    @rule(generation_id=ids, cost=st.integers(0, 400_000))
    def settle(self, generation_id: str, cost: int) -> None:
        """The first end counts, its cost is posted in full."""
        pictures = (make_picture(generation_id),)
        self.finish(generation_id, settled(generation_id, cost_micro_usd=cost, pictures=pictures), cost)

    @rule(generation_id=ids)
    def fail(self, generation_id: str) -> None:
        """What bought nothing costs nothing."""
        self.finish(generation_id, broken(generation_id, 503, is_replayable=False), 0)

    @rule(generation_id=ids)
    def lose(self, generation_id: str) -> None:
        """What nobody knows stays reserved."""
        self.finish(generation_id, unknown(generation_id), None)

    @rule(generation_id=ids, is_delivered=st.booleans())
    def leave(self, generation_id: str, *, is_delivered: bool) -> None:
        """Clients leave; no money moves."""
        self.books.leave(generation_id, is_delivered=is_delivered)

    @rule(generation_id=consumes(ids), is_posted=st.booleans())
    def resolve(self, generation_id: str, *, is_posted: bool) -> None:
        """An operator may decide on an unknown outcome."""
        call = self.calls[generation_id]
        if call.is_unknown:
            self.books.resolve(generation_id, is_posted=is_posted)
            call.is_unknown, call.cost = False, call.reserved if is_posted else 0

    @rule(milliseconds=st.sampled_from([1, 61_000, HOUR, DAY]))
    def wait(self, milliseconds: int) -> None:
        """Time passes, also over the ends of days and months."""
        self.books.now_ms += milliseconds

    @invariant()
    def sums_agree(self) -> None:
        """The books agree with themselves and with the model."""
        self.books.check()
        for key in KEYS:
            own = [call for call in self.calls.values() if call.owner == key.owner]
            expected = sum(call.pending for call in own), sum(call.cost or 0 for call in own)
            assert self.books.read_money(key.id) == expected

    @invariant()
    def budgets_hold(self) -> None:
        """No period of a key has more reserved and spent than its budget, but for flagged overruns."""
        flagged = self.database.fetch_all("SELECT id FROM generations WHERE is_overrun = 1 ORDER BY rowid")
        assert flagged == [(name,) for name, call in self.calls.items() if call.overrun]
        for owner, period in {(call.owner, call.period) for call in self.calls.values()}:
            own = [call for call in self.calls.values() if (call.owner, call.period) == (owner, period)]
            assert sum(call.pending + (call.cost or 0) - call.overrun for call in own) <= BUDGET

    @invariant()
    def owners_are_apart(self) -> None:
        """Everybody lists exactly their own."""
        for key in KEYS:
            listed = lookups.list_generations(
                self.database, Scope(owner=key.owner, end_user=None), Choice(limit=1_000)
            )
            own = {generation_id for generation_id, call in self.calls.items() if call.owner == key.owner}
            assert {record.id for record in listed} == own

    def finish(self, generation_id: str, ending: Any, cost: int | None) -> None:
        call = self.calls[generation_id]
        is_running = call.cost is None and not call.is_unknown
        assert self.books.end(ending) == is_running
        if is_running:
            call.cost, call.is_unknown = cost, cost is None

    def sum_up(self, owner: str, period: str) -> int:
        own = [call for call in self.calls.values() if (call.owner, call.period) == (owner, period)]
        return sum(call.pending + (call.cost or 0) for call in own)

    def name_period(self, kind: str) -> str:
        days = self.books.now_ms // DAY
        day = str(self.database.fetch_all("SELECT date(:at, 'unixepoch')", {"at": days * DAY // 1000})[0][0])
        return {"total": "total", "month": day[:7], "day": day}[kind]


LedgerRules.TestCase.settings = settings(
    max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)

TestLedgerRules = LedgerRules.TestCase
