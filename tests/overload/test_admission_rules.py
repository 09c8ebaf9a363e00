"""Slots and room under any order of arrivals, ends, departures and cancellations."""

import asyncio

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from leavers import Leaver

from limner.generation.admission import Admission, Share

MAX_RUNNING = 3
MAX_BYTES = 100

sizes = st.integers(min_value=0, max_value=130)


class _Call:
    """One call: it reads its body, takes a slot, and holds both until it is ended."""

    def __init__(self, admission: Admission) -> None:
        self.has_slot = False
        self.is_over = False
        self.leaver = Leaver()
        self.share: Share = admission.open(self.leaver.watch)
        self.task: asyncio.Task[None] | None = None

    @property
    def is_running(self) -> bool:
        return self.has_slot and not self.is_over

    async def run(self, request_bytes: int, answer_bytes: int) -> None:
        try:
            await self.share.take_request(request_bytes)
            if not self.share.try_take_slot(answer_bytes):
                await self.share.wait_for_slot(answer_bytes)
            self.has_slot = True
        except BaseException:
            self.share.close()
            raise


class Crowd(RuleBasedStateMachine):
    """Calls come and go; the limits hold, nobody waits for what is there, and in the end nothing is counted."""

    @initialize()
    def begin(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.admission = Admission(max_running=MAX_RUNNING, max_relay_bytes=MAX_BYTES, patience_seconds=3600)
        self.calls: list[_Call] = []

    def teardown(self) -> None:
        if not hasattr(self, "loop"):
            return
        while self.calls:
            self._end(self.calls[0])
        counted = (self.admission.running, self.admission.waiting, self.admission.relay_bytes)
        self.loop.close()
        assert counted == (0, 0, 0)

    @rule(request_bytes=sizes, answer_bytes=sizes)
    def arrive(self, request_bytes: int, answer_bytes: int) -> None:
        call = _Call(self.admission)
        call.task = self.loop.create_task(call.run(request_bytes, answer_bytes))
        self.calls.append(call)
        self._settle()

    @precondition(lambda self: self.calls)
    @rule(data=st.data())
    def end_one(self, data: st.DataObject) -> None:
        self._end(data.draw(st.sampled_from(self.calls)))

    @precondition(lambda self: self.calls)
    @rule(data=st.data(), is_first=st.booleans())
    def leave_as_another_ends(self, data: st.DataObject, *, is_first: bool) -> None:
        leaver, ender = (data.draw(st.sampled_from(self.calls)) for _ in range(2))
        if is_first:
            leaver.leaver.leave()
        if ender.has_slot:
            ender.is_over = True
            ender.share.close()
        if not is_first:
            leaver.leaver.leave()
        self._settle()

    @precondition(lambda self: any(call.has_slot for call in self.calls))
    @rule(data=st.data(), size_bytes=sizes)
    def answer(self, data: st.DataObject, size_bytes: int) -> None:
        """It is known how much came; the slot is free, the answer is still read."""
        call = data.draw(st.sampled_from([call for call in self.calls if call.has_slot]))
        call.share.hold_answer(size_bytes)
        call.is_over = True
        call.share.free_call()
        self._settle()

    @invariant()
    def no_more_than_slots(self) -> None:
        if hasattr(self, "admission"):
            assert self.admission.running == sum(call.is_running for call in self.calls) <= MAX_RUNNING

    @invariant()
    def nobody_waits_for_what_is_there(self) -> None:
        if hasattr(self, "admission"):
            for queue in (self.admission.entering, self.admission.reading):
                assert not queue or not next(iter(queue)).fits()

    def _end(self, call: _Call) -> None:
        assert call.task is not None
        call.task.cancel()
        self._settle()
        call.share.close()
        self.calls = [one for one in self.calls if one is not call]
        self._settle()

    def _settle(self) -> None:
        for _ in range(4):
            self.loop.run_until_complete(asyncio.sleep(0))
        for call in tuple(self.calls):
            task = call.task
            if task is not None and task.done() and (task.cancelled() or task.exception()):
                self.calls.remove(call)


def test_admission_rules() -> None:
    """Whatever comes and goes in whatever order, the limits hold and nothing stays counted."""
    run_state_machine_as_test(
        Crowd, settings=settings(max_examples=60, stateful_step_count=40, deadline=None)
    )
