"""Keeps the list of the models that the upstream has, and asks for it anew when it is old. Knows no client and no price."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from limner.errors import GatewayError

_LOG = logging.getLogger(__name__)

KEPT_SECONDS = 300.0
_FAILURE_KEPT_SECONDS = 30.0
"""How long nobody asks again after the list could not be had."""


class ModelList:
    """The list, asked for by one at a time and only if somebody wants to know."""

    def __init__(
        self,
        fetch: Callable[[], Awaitable[frozenset[str]]],
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._now = now
        self._lock = asyncio.Lock()
        self._ids: frozenset[str] = frozenset()
        self._fresh_until = float("-inf")

    async def has(self, model_id: str) -> bool:
        """Return whether the upstream has the model. Where its list cannot be had, what was last known of it counts."""
        async with self._lock:
            if self._now() >= self._fresh_until:
                await self._renew()
        return model_id in self._ids

    async def _renew(self) -> None:
        try:
            self._ids = await self._fetch()
            self._fresh_until = self._now() + KEPT_SECONDS
        except GatewayError as error:
            _LOG.warning("the upstream's list of models cannot be had: %s", error.message)
            self._fresh_until = self._now() + _FAILURE_KEPT_SECONDS
