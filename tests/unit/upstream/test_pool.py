"""The pool by itself: shares by weight, rests, early trials and the way back, on a clock that the test moves."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limner.upstream.credential import Credential
from limner.upstream.gate import Park
from limner.upstream.pool import Lease, Pool, Spared
from limner.upstream.standing import Trouble

MODEL = "gemini-nano-banana-2.1"
Check = Callable[["Bench"], Coroutine[Any, Any, None]]


class Bench:
    """A pool of credentials named by letters, and its clock."""

    def __init__(self, **weights: int) -> None:
        self.now = 1_000_000.0
        self.told: list[tuple[str, str, Park | None]] = []
        self.pool = Pool(
            [Credential(id=name, name=name, key=name, weight=weight) for name, weight in weights.items()],
            now=lambda: self.now,
            on_park=lambda *told: self.told.append(told),
        )

    async def lease(
        self, *failed: str, model_id: str = MODEL, avoided: tuple[str, ...] = (), **options: Any
    ) -> Lease | None:
        """Ask for leave, at once."""
        given = {"kind": None, "may_try_parked": True, **options}
        async with asyncio.timeout(1):
            return await self.pool.lease(model_id, failed=failed, avoided=avoided, **given)

    async def take(self, *failed: str, **options: Any) -> Lease:
        """Ask for leave, which there is."""
        lease = await self.lease(*failed, **options)
        assert lease is not None
        return lease

    async def fail(
        self, trouble: Trouble, told_seconds: float | None = None, *failed: str, **options: Any
    ) -> str:
        """Have one call fail, and return with whom."""
        lease = await self.take(*failed, **options)
        lease.fail(trouble, told_seconds, RuntimeError(trouble))
        return lease.credential.id


def run(check: Coroutine[Any, Any, None]) -> None:
    asyncio.run(check)


async def ask(bench: Bench, times: int) -> str:
    """Return who was asked, one after the other."""
    asked = []
    for _ in range(times):
        lease = await bench.take()
        lease.succeed()
        asked.append(lease.credential.id)
    return "".join(asked)


def test_turns_are_smooth() -> None:
    """A heavy credential's turns are spread among those of the others."""

    async def check() -> None:
        assert await ask(Bench(a=5, b=1, c=1), 7) == "aabacaa"
        assert await ask(Bench(a=1, b=1, c=1), 6) == "abcabc"

    run(check())


@settings(max_examples=50, deadline=None)
@given(weights=st.lists(st.integers(1, 20), min_size=1, max_size=6), rounds=st.integers(1, 3))
def test_shares_are_exact_over_a_round(weights: list[int], rounds: int) -> None:
    """Over as many calls as all weights together, each credential gets just its weight."""

    async def check() -> None:
        bench = Bench(**{f"c{number}": weight for number, weight in enumerate(weights)})
        asked: Counter[str] = Counter()
        for _ in range(sum(weights) * rounds):
            lease = await bench.take()
            lease.succeed()
            asked[lease.credential.id] += 1
        assert asked == {f"c{number}": weight * rounds for number, weight in enumerate(weights)}

    run(check())


def test_a_quota_parks_one_model_of_one_credential() -> None:
    """After a told wait the credential is left alone for that model until its end, and asked for others meanwhile."""

    async def check() -> None:
        bench = Bench(a=1, b=1)
        parked = await bench.fail(Trouble.RATE, 34)
        assert parked == "a"
        assert await ask(bench, 4) == "bbbb"
        assert "a" in {(await bench.take(model_id="other")).credential.id for _ in range(2)}
        bench.now += 33.9
        assert await ask(bench, 2) == "bb"
        bench.now += 0.2
        assert "a" in await ask(bench, 2)
        assert [(told[0], told[1], told[2] is None) for told in bench.told] == [
            ("a", MODEL, False),
            ("a", MODEL, True),
        ]

    run(check())


def test_a_bad_key_is_left_alone_for_all_models() -> None:
    """What is wrong with the credential itself parks it for every model."""

    async def check() -> None:
        bench = Bench(a=1, b=1)
        assert await bench.fail(Trouble.KEY) == "a"
        assert {(await bench.take(model_id=f"m{number}")).credential.id for number in range(4)} == {"b"}
        assert [(parked.upstream, parked.model, parked.trouble) for parked in bench.pool.list_parked()] == [
            ("a", "", "key")
        ]

    run(check())


def test_an_overloaded_model_is_asked_last_elsewhere_first() -> None:
    """A rest that is no park only puts a credential behind the others."""

    async def check() -> None:
        bench = Bench(a=1, b=1)
        assert await bench.fail(Trouble.OVERLOADED) == "a"
        assert await ask(bench, 3) == "bbb"
        assert (await bench.take("b")).credential.id == "a"
        assert bench.told == []

    run(check())


def test_an_answer_to_an_older_call_lifts_no_rest() -> None:
    """A call that was under way when its credential was parked does not bring that back by ending well."""

    async def check() -> None:
        bench = Bench(a=1, b=1)
        earlier = await bench.take()
        assert earlier.credential.id == "a"
        bench.now += 1
        await bench.fail(Trouble.RATE, 60, "b")
        bench.now += 1
        earlier.succeed()
        assert await ask(bench, 2) == "bb"

    run(check())


def test_calls_side_by_side_count_once() -> None:
    """Ten calls that fail together double no rest; ten that fail one after the other do."""

    async def check() -> None:
        bench = Bench(a=1)
        together = [await bench.take() for _ in range(10)]
        bench.now += 1
        for lease in together:
            lease.fail(Trouble.KEY, None, RuntimeError())
        park = bench.told[-1][2]
        assert park is not None
        assert park.failures == 1
        bench.now += 301
        await bench.fail(Trouble.KEY)
        park = bench.told[-1][2]
        assert park is not None
        assert (park.failures, park.until - park.since) == (2, 600)

    run(check())


def test_a_credential_that_cannot_be_reached_is_left_alone_after_five_failures() -> None:
    """The circuit opens after five failures in a row, and half closes when its time is over."""

    async def check() -> None:
        bench = Bench(a=1)
        for _ in range(5):
            await bench.fail(Trouble.UNREACHABLE)
            bench.now += 0.1
        assert [parked.trouble for parked in bench.pool.list_parked()] == ["unreachable"]
        bench.now += 10
        assert not list(bench.pool.list_parked())

    run(check())


def test_what_comes_back_comes_back_slowly() -> None:
    """When a rest is over one call is let through, then two at a time, four and so on: never all that waited."""

    async def check() -> None:
        bench = Bench(a=1)
        await bench.fail(Trouble.RATE, 10)
        bench.now += 10.1
        waiting = [asyncio.ensure_future(bench.lease()) for _ in range(40)]
        sizes = []
        while waiting:
            await asyncio.sleep(0.01)
            ready = [task for task in waiting if task.done()]
            waiting = [task for task in waiting if not task.done()]
            sizes.append(len(ready))
            for lease in [task.result() for task in ready]:
                assert lease is not None
                lease.succeed()
        assert sizes == [1, 2, 4, 8, 16, 9]

    run(check())


def test_one_call_at_a_time_tries_what_rests() -> None:
    """With every credential parked for long, one is tried early by one call, and the others learn from it."""

    async def check() -> None:
        bench = Bench(a=1)
        await bench.fail(Trouble.QUOTA_ZERO)
        trial = await bench.take()
        assert trial.is_early
        others = [asyncio.ensure_future(bench.lease()) for _ in range(20)]
        await asyncio.sleep(0.02)
        assert not any(task.done() for task in others)
        trial.fail(Trouble.QUOTA_ZERO, None, RuntimeError("still"))
        done = await asyncio.gather(*others, return_exceptions=True)
        assert {type(one) for one in done} == {Spared}

    run(check())


def test_a_trial_that_succeeds_opens_the_way() -> None:
    """An early trial that is answered ends the rest for all."""

    async def check() -> None:
        bench = Bench(a=1)
        await bench.fail(Trouble.BILLING)
        trial = await bench.take()
        other = asyncio.ensure_future(bench.lease())
        await asyncio.sleep(0.01)
        trial.succeed()
        lease = await other
        assert lease is not None
        assert not lease.is_early
        assert not list(bench.pool.list_parked())

    run(check())


def test_early_trials_become_rare() -> None:
    """After ten early trials in vain there is one in a second; calls in between hear what the last one found."""

    async def check() -> None:
        bench = Bench(a=1)
        await bench.fail(Trouble.KEY)
        for _ in range(10):
            bench.now += 0.01
            assert (await bench.fail(Trouble.KEY)) == "a"
        with pytest.raises(Spared):
            await bench.lease()
        bench.now += 1.01
        assert (await bench.take()).is_early

    run(check())


def test_a_call_that_has_tried_does_not_try_what_rests_again() -> None:
    """Leave to try early is asked for; without it there is nobody to ask."""

    async def check() -> None:
        bench = Bench(a=1, b=1)
        await bench.fail(Trouble.KEY)
        await bench.fail(Trouble.KEY)
        assert await bench.lease(may_try_parked=False) is None
        assert (await bench.take("a")).credential.id == "b"
        assert await bench.lease("a", "b") is None

    run(check())


def test_kind_and_failures_decide_among_the_free() -> None:
    """Who has failed this call comes last, then who is of another kind than asked for."""

    async def check() -> None:
        pool = Pool(
            [
                Credential(id="g", name="g", key="k", weight=9),
                Credential(id="v", name="v", kind="vertex", key="k"),
            ],
            now=lambda: 0.0,
        )

        async def choose(**options: Any) -> str:
            given = {"failed": (), "avoided": (), "kind": None, "may_try_parked": True, **options}
            lease = await pool.lease(MODEL, **given)
            assert lease is not None
            return lease.credential.id

        assert [await choose(kind="vertex") for _ in range(3)] == ["v", "v", "v"]
        assert await choose(kind="vertex", avoided=("v",)) == "g"

    run(check())


def test_models_of_a_credential_are_all_it_is_asked_for() -> None:
    """A credential with a list of models is asked for these alone."""

    async def check() -> None:
        pool = Pool([Credential(id="a", name="a", models=frozenset({"x"}))], now=lambda: 0.0)
        options: dict[str, Any] = {"failed": (), "avoided": (), "kind": None, "may_try_parked": True}
        assert await pool.lease("y", **options) is None
        assert await pool.lease("x", **options) is not None

    run(check())


def test_what_others_found_out_holds_here() -> None:
    """A rest that another gateway wrote down is kept here; one that it ended ends here, unless it is this one's newest."""

    async def check() -> None:
        bench = Bench(a=1, b=1)
        park = Park(trouble=Trouble.KEY, failures=1, since=bench.now - 1, until=bench.now + 300, is_hard=True)
        bench.pool.take_over({("a", ""): park})
        assert await ask(bench, 3) == "bbb"
        await bench.fail(Trouble.RATE, 60)  # b, this moment: not in the books yet
        bench.now += 10
        bench.pool.take_over({("b", MODEL): park})
        assert await ask(bench, 2) == "aa"

    run(check())


def test_other_credentials_rest_in_nothing() -> None:
    """After an exchange every credential is free, those that were there before as well."""

    async def check() -> None:
        bench = Bench(a=1)
        await bench.fail(Trouble.KEY)
        bench.pool.replace([Credential(id="a", name="a", key="a"), Credential(id="n", name="n", key="n")])
        assert await ask(bench, 2) == "an"

    run(check())


def test_the_newest_told_wait_counts() -> None:
    """A wait that Gemini tells an early trial takes the place of a longer one that it told before; a day's quota stays."""

    async def check() -> None:
        bench = Bench(a=1)
        await bench.fail(Trouble.RATE, 90)
        bench.now += 1
        await bench.fail(Trouble.RATE, 2)
        assert [parked.seconds for parked in bench.pool.list_parked()] == [2]
        bench.now += 3
        await bench.fail(Trouble.QUOTA_ZERO)
        bench.now += 1
        await bench.fail(Trouble.RATE, 2)
        assert [parked.trouble for parked in bench.pool.list_parked()] == ["quota_zero"]

    run(check())


def test_one_call_s_own_failure_is_told_to_nobody() -> None:
    """An early trial that meets an error of its own leaves the way to the next one that waits."""

    async def check() -> None:
        bench = Bench(a=1)
        await bench.fail(Trouble.QUOTA_ZERO)
        trial = await bench.take()
        other = asyncio.ensure_future(bench.lease())
        await asyncio.sleep(0.01)
        trial.fail(Trouble.BROKEN, None, RuntimeError("its own"))
        lease = await other
        assert lease is not None
        assert lease.is_early

    run(check())
