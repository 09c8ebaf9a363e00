"""How tests fetch."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager

import pytest

from limner.errors import InvalidRequest
from limner.fetching.fetcher import Fetcher, FetchRules, Resolve

PARAM = "messages[0].content[1].image_url.url"


def make_rules(
    *allowed_hosts: str,
    schemes: Collection[str] = ("https",),
    max_bytes: int = 1024 * 1024,
    seconds: float = 60.0,
) -> FetchRules:
    """Return rules that differ from the usual ones as told."""
    return FetchRules(
        schemes=frozenset(schemes),
        allowed_hosts=frozenset(allowed_hosts),
        max_bytes=max_bytes,
        seconds=seconds,
    )


@asynccontextmanager
async def opened(rules: FetchRules, resolve: Resolve | None = None) -> AsyncIterator[Fetcher]:
    """Open a fetcher for a while."""
    fetcher = Fetcher(rules, resolve)
    await fetcher.open()
    try:
        yield fetcher
    finally:
        await fetcher.close()


async def fetch(
    rules: FetchRules,
    url: str,
    *,
    resolve: Resolve | None = None,
    take: Callable[[bytes], None] | None = None,
    seconds: float = 60.0,
) -> bytes:
    """Return what lies behind a link."""
    pieces: list[bytes] = []
    async with opened(rules, resolve) as fetcher:
        ends_at = asyncio.get_running_loop().time() + seconds
        await fetcher.fetch(url, take or pieces.append, param=PARAM, ends_at=ends_at)
    return b"".join(pieces)


async def refuse(
    rules: FetchRules, url: str, *, resolve: Resolve | None = None, seconds: float = 60.0
) -> str:
    """Return the message with which a link is refused; the test fails if it is not, or is not by a 400."""
    async with opened(rules, resolve) as fetcher:
        return await refuse_with(fetcher, url, seconds)


async def refuse_with(fetcher: Fetcher, url: str, seconds: float = 60.0) -> str:
    """The same, with a fetcher that is open."""
    ends_at = asyncio.get_running_loop().time() + seconds
    with pytest.raises(InvalidRequest) as refusal:
        await fetcher.fetch(url, lambda _: None, param=PARAM, ends_at=ends_at)
    error = refusal.value
    assert (error.status, error.code, error.param) == (400, "image_fetch_failed", PARAM)
    assert not error.should_retry
    assert error.message.startswith(f"'{PARAM}' is the link ")
    assert "; accepted: " in error.message
    return error.message
