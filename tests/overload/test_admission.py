"""Slots and room: who gets them, in which order, and that each comes back whatever becomes of its call."""

import asyncio

import pytest
from leavers import Leaver

from limner.errors import GatewayUnavailable
from limner.generation.admission import MOST_WAITING_PER_SLOT, Admission, Departed, Share

MIB = 1024 * 1024
NEVER_SECONDS = 3600.0


def make_admission(
    max_running: int = 1, max_relay_mib: int = 100, patience_seconds: float = NEVER_SECONDS
) -> Admission:
    return Admission(
        max_running=max_running, max_relay_bytes=max_relay_mib * MIB, patience_seconds=patience_seconds
    )


def take_slot(admission: Admission, answer_mib: int = 0) -> Share:
    share = admission.open()
    assert share.try_take_slot(answer_mib * MIB)
    return share


async def let_run() -> None:
    """Let everything happen that can."""
    for _ in range(5):
        await asyncio.sleep(0)


def list_counts(admission: Admission) -> tuple[int, int, int, int]:
    return admission.running, admission.waiting, admission.refused, admission.relay_bytes


def test_slots_are_handed_on_in_order() -> None:
    """A slot that is given back goes to who waited longest, and never to one that has just come."""

    async def run() -> list[int]:
        admission = make_admission()
        first = take_slot(admission)
        got: list[int] = []

        async def wait(number: int) -> None:
            share = admission.open()
            await share.wait_for_slot(0)
            got.append(number)
            assert not admission.open().try_take_slot(0)
            share.close()

        waits = [asyncio.ensure_future(wait(number)) for number in range(4)]
        await let_run()
        assert (got, admission.waiting) == ([], 4)
        first.close()
        assert not admission.open().try_take_slot(0)
        await asyncio.gather(*waits)
        assert list_counts(admission) == (0, 0, 0, 0)
        return got

    assert asyncio.run(run()) == [0, 1, 2, 3]


def test_patience_ends() -> None:
    """Who waits too long is refused, told to come back in some seconds, and has no slot."""

    async def run() -> None:
        admission = make_admission(patience_seconds=0.02)
        held = take_slot(admission)
        share = admission.open()
        with pytest.raises(GatewayUnavailable, match="as many calls under way as it takes") as refused:
            await share.wait_for_slot(0)
        assert (refused.value.code, refused.value.should_retry) == ("gateway_overloaded", True)
        assert 2 <= (refused.value.retry_after_seconds or 0) <= 6
        assert list_counts(admission) == (1, 0, 1, 0)
        held.close()
        assert list_counts(admission) == (0, 0, 1, 0)

    asyncio.run(run())


def test_refusals_are_spread() -> None:
    """Calls that are refused together are told different times to come back."""
    admission = make_admission()
    told = {admission.refuse_call().retry_after_seconds for _ in range(20)}
    assert len(told) == 20


def test_patience_is_for_the_whole_call() -> None:
    """What a call has waited to be read, it waits less for a slot."""

    async def run() -> float:
        admission = make_admission(patience_seconds=0.3)
        held = take_slot(admission, answer_mib=90)
        share = admission.open()
        reading = asyncio.ensure_future(share.take_request(20 * MIB))
        await asyncio.sleep(0.2)
        held.free_answer()
        await reading
        clock = asyncio.get_running_loop().time
        began_at = clock()
        with pytest.raises(GatewayUnavailable):
            await share.wait_for_slot(0)
        return clock() - began_at

    assert asyncio.run(run()) < 0.2


def test_who_leaves_gives_its_place_up() -> None:
    """The wait of a client that has gone ends at once, and the slot goes to the next."""

    async def run() -> None:
        admission = make_admission()
        held, client = take_slot(admission), Leaver()
        left = asyncio.ensure_future(admission.open(client.watch).wait_for_slot(0))
        share = admission.open()
        following = asyncio.ensure_future(share.wait_for_slot(0))
        await let_run()
        client.leave()
        await let_run()
        assert isinstance(left.exception(), Departed)
        assert (admission.waiting, client.callbacks) == (1, [])
        held.close()
        await following
        share.close()
        assert list_counts(admission) == (0, 0, 0, 0)

    asyncio.run(run())


def test_who_leaves_as_it_is_let_in_has_nothing() -> None:
    """A slot that was handed to a client in the moment in which it left is given back."""

    async def run() -> None:
        admission = make_admission()
        held, client = take_slot(admission), Leaver()
        left = asyncio.ensure_future(admission.open(client.watch).wait_for_slot(5))
        await let_run()
        held.close()
        assert admission.running == 1
        client.leave()
        await let_run()
        assert isinstance(left.exception(), Departed)
        assert list_counts(admission) == (0, 0, 0, 0)

    asyncio.run(run())


@pytest.mark.parametrize("is_let_in", [False, True])
def test_who_is_cancelled_has_nothing(*, is_let_in: bool) -> None:
    """A task that is cancelled while it waits, or as it is let in, keeps no slot and no place."""

    async def run() -> None:
        admission = make_admission()
        held = take_slot(admission)
        waiting = asyncio.ensure_future(admission.open().wait_for_slot(5))
        await let_run()
        if is_let_in:
            held.close()
        waiting.cancel()
        await let_run()
        held.close()
        assert waiting.cancelled()
        assert list_counts(admission) == (0, 0, 0, 0)

    asyncio.run(run())


def test_giving_back_twice_is_giving_back_once() -> None:
    """Whoever comes to it first gives a share back; the others do no harm."""
    admission = make_admission(max_running=2)
    share, other = take_slot(admission, 7), take_slot(admission, 8)
    share.hold_request(MIB)
    share.free_call()
    share.free_slot()
    share.close()
    share.close()
    assert list_counts(admission) == (1, 0, 0, 8 * MIB)
    other.close()
    assert list_counts(admission) == (0, 0, 0, 0)


def test_answers_count_with_what_came() -> None:
    """Room is kept for the largest answer until it is known how large it is."""
    admission = make_admission(max_running=2)
    share = take_slot(admission, 90)
    other = admission.open()
    assert not other.try_take_slot(20 * MIB)
    share.hold_answer(3 * MIB)
    assert other.try_take_slot(20 * MIB)
    assert admission.relay_bytes == 23 * MIB


def test_a_call_larger_than_all_room_runs_alone() -> None:
    """One that would never find room is let in when nothing else is there, and no other beside it."""

    async def run() -> None:
        admission = make_admission(max_running=4, max_relay_mib=10)
        share = admission.open()
        await share.take_request(50 * MIB)
        assert share.try_take_slot(40 * MIB)
        assert not admission.open().try_take_slot(MIB)
        small = admission.open()
        reading = asyncio.ensure_future(small.take_request(MIB))
        await let_run()
        assert (reading.done(), admission.waiting) == (False, 1)
        share.close()
        await reading
        small.close()
        assert list_counts(admission) == (0, 0, 0, 0)

    asyncio.run(run())


def test_bodies_leave_room_for_answers() -> None:
    """However many bodies come, a quarter of the room is for answers: what holds a body can go on."""

    async def run() -> None:
        admission = make_admission(max_running=10)
        shares = [admission.open() for _ in range(10)]
        readings = [asyncio.ensure_future(share.take_request(10 * MIB)) for share in shares]
        await let_run()
        assert [reading.done() for reading in readings] == [True] * 7 + [False] * 3
        assert [share.try_take_slot(6 * MIB) for share in shares[:7]] == [True] * 5 + [False] * 2
        for share in shares[:7]:
            share.close()
        await asyncio.gather(*readings)
        assert admission.relay_bytes == 30 * MIB

    asyncio.run(run())


def test_one_answer_may_always_begin() -> None:
    """Where no answer is on its way, one is let in however large it may become and whatever else is held."""
    admission = make_admission(max_running=10)
    share = admission.open()
    share.hold_request(95 * MIB)
    assert share.try_take_slot(40 * MIB)
    assert not admission.open().try_take_slot(0)


def test_small_requests_pass_large_ones_that_wait() -> None:
    """What is counted without waiting is not held up by what waits for room."""

    async def run() -> None:
        admission = make_admission()
        held = take_slot(admission, 90)
        reading = asyncio.ensure_future(admission.open().take_request(20 * MIB))
        await let_run()
        small = admission.open()
        small.hold_request(1000)
        assert admission.relay_bytes == 90 * MIB + 1000
        held.close()
        await reading

    asyncio.run(run())


def test_too_many_do_not_wait() -> None:
    """When so many wait that waiting would end badly, the next is refused at once."""

    async def run() -> None:
        admission = make_admission()
        held = take_slot(admission)
        shares = [admission.open() for _ in range(MOST_WAITING_PER_SLOT)]
        waits = [asyncio.ensure_future(share.wait_for_slot(0)) for share in shares]
        await let_run()
        with pytest.raises(GatewayUnavailable):
            await admission.open().wait_for_slot(0)
        assert list_counts(admission) == (1, MOST_WAITING_PER_SLOT, 1, 0)
        held.close()
        for wait, share in zip(waits, shares, strict=True):
            await wait
            share.close()
        assert list_counts(admission) == (0, 0, 1, 0)

    asyncio.run(run())


def test_an_end_holds_nobody_up() -> None:
    """When the gateway is to end, all who wait go on, to be told so."""

    async def run() -> None:
        admission = make_admission()
        take_slot(admission, 95)
        waits = [
            asyncio.ensure_future(admission.open().wait_for_slot(MIB)),
            asyncio.ensure_future(admission.open().take_request(20 * MIB)),
        ]
        await let_run()
        assert admission.waiting == 2
        admission.close()
        await asyncio.wait_for(asyncio.gather(*waits), 5)
        await admission.open().take_request(900 * MIB)

    asyncio.run(run())


def test_a_storm_of_cancellations_leaves_nothing() -> None:
    """Of hundreds of calls that are cancelled, left and finished at random nothing is left counted."""

    async def call(admission: Admission, number: int) -> None:
        client = Leaver()
        share = admission.open(client.watch)
        asyncio.get_running_loop().call_later(number * 37 % 50 / 1000, client.leave)
        try:
            await share.take_request((number % 30) * MIB)
            if not share.try_take_slot((number % 7) * MIB):
                await share.wait_for_slot((number % 7) * MIB)
            assert admission.running <= 5
            await asyncio.sleep(number % 3 / 1000)
        except (Departed, GatewayUnavailable):
            pass
        finally:
            share.close()

    async def run() -> Admission:
        admission = make_admission(max_running=5, patience_seconds=0.03)
        calls = [asyncio.ensure_future(call(admission, number)) for number in range(400)]
        for number, task in enumerate(calls):
            if number % 4 == 0:
                await asyncio.sleep(0)
                task.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        assert not [task for task in calls if not task.cancelled() and task.exception()]
        return admission

    admission = asyncio.run(run())
    assert (admission.running, admission.waiting, admission.relay_bytes) == (0, 0, 0)
