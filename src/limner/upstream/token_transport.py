"""How Google's library asks for tokens: over the gateway's own connections, through the same proxy, trusting the same CA.

Knows the library's transport, and nothing of tokens.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import google.auth.exceptions
from google.auth.transport import Request, Response

from limner.upstream.connection import Connections, is_wanted
from limner.upstream.credential import Credential
from limner.upstream.failures import LIBRARY_ERRORS

_TIMEOUT_SECONDS = 20.0
_MAX_ANSWER_BYTES = 1024 * 1024


class _Answer(Response):
    """An answer as the library wants it."""

    def __init__(self, status: int, headers: Mapping[str, str], data: bytes) -> None:
        self._status = status
        self._headers = headers
        self._data = data

    @property
    def status(self) -> int:
        return self._status

    @property
    def headers(self) -> Mapping[str, str]:
        return self._headers

    @property
    def data(self) -> bytes:
        return self._data


class TokenTransport(Request):
    """Sends what the library asks, from the thread it runs in, by the event loop of the gateway."""

    def __init__(self, credential: Credential, connections: Connections) -> None:
        self._credential = credential
        self._connections = connections
        self.loop: asyncio.AbstractEventLoop | None = None

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002 - the signature is the library's
        **_: Any,
    ) -> _Answer:
        """Return the answer. Raises TransportError."""
        if self.loop is None:
            raise _fail("there is no event loop")
        asked = asyncio.run_coroutine_threadsafe(self._ask(url, method, body, headers or {}), self.loop)
        try:
            return asked.result()
        except LIBRARY_ERRORS as error:
            raise _fail(type(error).__name__) from None

    async def _ask(self, url: str, method: str, body: bytes | None, headers: Mapping[str, str]) -> _Answer:
        is_wanted.set(lambda: True)
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            response = await self._connections.request(
                self._credential, method, url, data=body, headers=dict(headers)
            )
            async with response:
                data = bytearray()
                async for piece in response.content.iter_any():
                    data += piece
                    if len(data) > _MAX_ANSWER_BYTES:
                        break
        return _Answer(response.status, dict(response.headers), bytes(data))


def _fail(what: str) -> google.auth.exceptions.TransportError:
    return google.auth.exceptions.TransportError(what)  # type: ignore[no-untyped-call] # the library has no types
