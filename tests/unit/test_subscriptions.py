"""Listeners of a generation: waking, waiting, leaving."""

import asyncio

import pytest

from limner.subscriptions import Audience


def count_empties() -> tuple[Audience, list[int]]:
    """Return an audience and a list that grows each time it empties."""
    empties: list[int] = []
    return Audience(lambda: empties.append(1)), empties


def test_the_last_to_leave_is_noticed() -> None:
    """The audience is told empty when the last listener goes, each time."""
    audience, empties = count_empties()
    seen = [audience.is_empty]
    with audience.join():
        with audience.join():
            seen.append(audience.is_empty)
        assert empties == []
    assert [*seen, audience.is_empty] == [True, False, True]
    assert empties == [1]
    with audience.join():
        pass
    assert empties == [1, 1]


def test_leaving_by_an_error_is_leaving() -> None:
    """A listener that fails has left."""
    audience, empties = count_empties()
    with pytest.raises(RuntimeError), audience.join():
        raise RuntimeError
    assert empties == [1]


def test_all_who_wait_are_woken() -> None:
    """One notification wakes every listener that waits at that time."""

    async def run() -> list[bool]:
        audience, _ = count_empties()
        waiting = [asyncio.ensure_future(audience.wait(60)) for _ in range(3)]
        await asyncio.sleep(0)
        audience.notify()
        return await asyncio.gather(*waiting)

    assert asyncio.run(run()) == [True, True, True]


def test_a_notification_is_for_those_who_wait() -> None:
    """Nothing is kept for who comes later: they look at the transcript first."""

    async def run() -> bool:
        audience, _ = count_empties()
        audience.notify()
        return await audience.wait(0)

    assert asyncio.run(run()) is False


def test_a_wait_ends_by_itself() -> None:
    """When the time passes without a notification the wait says so, and the next works as before."""

    async def run() -> tuple[bool, bool]:
        audience, _ = count_empties()
        first = await audience.wait(0.001)
        second = asyncio.ensure_future(audience.wait(60))
        await asyncio.sleep(0)
        audience.notify()
        return first, await second

    assert asyncio.run(run()) == (False, True)


def test_a_cancelled_wait_leaves_nothing_behind() -> None:
    """A listener cancelled while it waits does not disturb the next notification."""

    async def run() -> bool:
        audience, _ = count_empties()
        gone = asyncio.ensure_future(audience.wait(60))
        stays = asyncio.ensure_future(audience.wait(60))
        await asyncio.sleep(0)
        gone.cancel()
        audience.notify()
        with pytest.raises(asyncio.CancelledError):
            await gone
        return await stays

    assert asyncio.run(run()) is True
