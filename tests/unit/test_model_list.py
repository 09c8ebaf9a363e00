"""The upstream's list of models: asked for when it is old, by one at a time, and kept where it cannot be had."""

import asyncio

from limner.errors import UpstreamFailure
from limner.upstream.model_list import KEPT_SECONDS, ModelList


class Source:
    """A list that changes, counts how often it is asked for, and can fail; with a clock of its own."""

    def __init__(self, *ids: str) -> None:
        self.ids = frozenset(ids)
        self.asked = 0
        self.fails = False
        self.seconds = 0.0
        self.list = ModelList(self.fetch, now=lambda: self.seconds)

    async def fetch(self) -> frozenset[str]:
        self.asked += 1
        await asyncio.sleep(0)
        if self.fails:
            raise UpstreamFailure("no list")
        return self.ids


def test_the_list_is_asked_for_once_for_all() -> None:
    """Many who ask at once, and all who ask while it is fresh, share one list."""

    async def ask() -> list[bool]:
        found = await asyncio.gather(*(source.list.has(name) for name in ("a", "b", "c") for _ in range(10)))
        source.seconds = KEPT_SECONDS - 1
        return [*found, await source.list.has("a")]

    source = Source("a", "b")
    assert asyncio.run(ask()) == [True] * 20 + [False] * 10 + [True]
    assert source.asked == 1


def test_an_old_list_is_asked_for_anew() -> None:
    """What the upstream takes up or lets go shows once the list is old."""

    async def ask() -> list[bool]:
        found = [await source.list.has("a"), await source.list.has("b")]
        source.ids = frozenset({"b"})
        source.seconds = KEPT_SECONDS
        return [*found, await source.list.has("a"), await source.list.has("b")]

    source = Source("a")
    assert asyncio.run(ask()) == [True, False, False, True]
    assert source.asked == 2


def test_a_list_that_cannot_be_had_is_the_last_one() -> None:
    """While the upstream gives no list the last one counts, and it is not asked again at once."""

    async def ask() -> list[bool]:
        found = [await source.list.has("a")]
        source.fails = True
        source.seconds = KEPT_SECONDS
        found += [await source.list.has("a") for _ in range(5)]
        source.fails = False
        source.ids = frozenset({"b"})
        source.seconds += 60
        return [*found, await source.list.has("b")]

    source = Source("a")
    assert asyncio.run(ask()) == [True] * 7
    assert source.asked == 3
