"""Whatever is done to the ledger in whatever order, no budget is passed, no sum is off, nobody sees another's."""

import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from books import DAY, HOUR, Books, broken, make_key, make_picture, settled, unknown
from databases import FIRST, SECOND, connect, make_place
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from msgspec import Struct

from limner.ledger import lookups
from limner.ledger.claims import Refused
from limner.ledger.lookups import Choice
from limner.ledger.records import Found, Fresh, Scope
from postgres import PostgresServer

BUDGET = 500_000
KEYS = [
    make_key("ann", budget_micro_usd=BUDGET, budget_period="total"),
    make_key("bob", budget_micro_usd=BUDGET, budget_period="day"),
    make_key("eve", budget_micro_usd=BUDGET, budget_period="month"),
]

SIDES = st.sampled_from([0, 1])


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
    """Three keys claim, send, end, leave and are resolved on two connections; a dictionary says what should be there."""

    ids = Bundle("ids")

    def __init__(self, server: PostgresServer | None) -> None:
        super().__init__()
        self.stack = ExitStack()
        place = make_place(Path(self.stack.enter_context(tempfile.TemporaryDirectory())), server)
        self.sides = [
            Books(self.stack.enter_context(connect(place, replica_id)), id_prefix=prefix)
            for replica_id, prefix in ((FIRST, "g"), (SECOND, "h"))
        ]
        self.database = self.sides[0].database
        self.calls: dict[str, Call] = {}

    def teardown(self) -> None:
        self.stack.close()

    @rule(
        target=ids,
        side=SIDES,
        key=st.sampled_from(KEYS),
        call=st.integers(0, 2),
        reserved=st.integers(0, 300_000),
        is_retry=st.booleans(),
        is_keyed=st.booleans(),
    )
    def claim(self, *, side: int, key: Any, call: int, reserved: int, is_retry: bool, is_keyed: bool) -> Any:
        """A call becomes a generation only if its owner's budget holds it, and a repeat only of the owner's."""
        fingerprint = f"{key.owner} {call} {is_keyed}".encode()
        generation_id, outcome = self.sides[side].ask(
            has_asked_around=True,
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

    @rule(side=SIDES, generation_id=ids)
    def send(self, side: int, generation_id: str) -> None:
        """Only what has not ended can be sent."""
        call = self.calls[generation_id]
        assert self.sides[side].send(generation_id) == (call.cost is None and not call.is_unknown)

    @rule(side=SIDES, generation_id=ids, cost=st.integers(0, 400_000))
    def settle(self, side: int, generation_id: str, cost: int) -> None:
        """The first end counts, its cost is posted in full."""
        pictures = (make_picture(generation_id),)
        ending = settled(generation_id, cost_micro_usd=cost, pictures=pictures)
        self.finish(side, ending, cost)

    @rule(side=SIDES, generation_id=ids)
    def fail(self, side: int, generation_id: str) -> None:
        """What bought nothing costs nothing."""
        self.finish(side, broken(generation_id, 503, is_replayable=False), 0)

    @rule(side=SIDES, generation_id=ids)
    def lose(self, side: int, generation_id: str) -> None:
        """What nobody knows stays reserved."""
        self.finish(side, unknown(generation_id), None)

    @rule(side=SIDES, generation_id=ids, is_delivered=st.booleans())
    def leave(self, side: int, generation_id: str, *, is_delivered: bool) -> None:
        """Clients leave; no money moves."""
        self.sides[side].leave(generation_id, is_delivered=is_delivered)

    @rule(side=SIDES, generation_id=consumes(ids), is_posted=st.booleans())
    def resolve(self, side: int, generation_id: str, *, is_posted: bool) -> None:
        """An operator may decide on an unknown outcome."""
        call = self.calls[generation_id]
        if call.is_unknown:
            self.sides[side].resolve(generation_id, is_posted=is_posted)
            call.is_unknown, call.cost = False, call.reserved if is_posted else 0

    @rule(milliseconds=st.sampled_from([1, 61_000, HOUR, DAY]))
    def wait(self, milliseconds: int) -> None:
        """Time passes, also over the ends of days and months."""
        for side in self.sides:
            side.now_ms += milliseconds

    @invariant()
    def sums_agree(self) -> None:
        """The books agree with themselves and with the model."""
        self.sides[0].check()
        for key in KEYS:
            own = [call for call in self.calls.values() if call.owner == key.owner]
            expected = sum(call.pending for call in own), sum(call.cost or 0 for call in own)
            assert self.sides[0].read_money(key.id) == expected

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

    def finish(self, side: int, ending: Any, cost: int | None) -> None:
        call = self.calls[ending.generation_id]
        is_running = call.cost is None and not call.is_unknown
        assert self.sides[side].end(ending) == is_running
        if is_running:
            call.cost, call.is_unknown = cost, cost is None

    def sum_up(self, owner: str, period: str) -> int:
        own = [call for call in self.calls.values() if (call.owner, call.period) == (owner, period)]
        return sum(call.pending + (call.cost or 0) for call in own)

    def name_period(self, kind: str) -> str:
        day = f"{datetime.fromtimestamp(self.sides[0].now_ms / 1000, UTC):%Y-%m-%d}"
        return {"total": "total", "month": day[:7], "day": day}[kind]


def test_ledger_rules(database_server: PostgresServer | None) -> None:
    """Whatever two servers do in whatever order, the books are as a simple model of them says."""

    class Rules(LedgerRules):
        def __init__(self) -> None:
            super().__init__(database_server)

    run_state_machine_as_test(
        Rules,
        settings=settings(
            max_examples=25, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
