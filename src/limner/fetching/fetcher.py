"""Fetches pictures that links lead to, from checked addresses only."""

from collections.abc import Callable

from msgspec import Struct

from limner.errors import InvalidRequest


class FetchRules(Struct, frozen=True, kw_only=True):
    """What is fetched."""

    schemes: frozenset[str]
    allowed_hosts: frozenset[str]
    max_bytes: int = 20 * 1024 * 1024
    seconds: float = 20.0
    max_redirects: int = 3


class Fetcher:
    """Fetches."""

    def __init__(self, rules: FetchRules) -> None:
        self._rules = rules

    async def open(self) -> None:
        """Be ready."""

    async def close(self) -> None:
        """Let everything go."""

    async def fetch(self, url: str, take: Callable[[bytes], None], *, param: str, ends_at: float) -> None:
        """Give a picture's bytes to `take`. Raises InvalidRequest."""
        raise InvalidRequest(f"'{param}' cannot be fetched.", code="image_fetch_failed", param=param)
