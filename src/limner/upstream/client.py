"""Sends calls to Gemini with the credential it is handed, and hands their answers on as they come.

Every failure of the library below becomes one of the gateway's errors (`failures`). Knows nothing of what is asked, nor
which credential is chosen.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import aiohttp

from limner.errors import UpstreamFailure
from limner.upstream.call_body import CallBody
from limner.upstream.connection import Connections, is_wanted
from limner.upstream.credential import Credential, find_url, hide_key
from limner.upstream.failures import mapped_failures, to_gateway_error
from limner.upstream.free_calls import count_tokens, list_models
from limner.upstream.tokens import TokenSource, load_google_credentials

IDLE_TIMEOUT_SECONDS = 120.0
"""Longest silence once the answer has begun."""

_IDLE_CHECK_SECONDS = 5.0
"""How exactly the silence is measured: moving a deadline at every piece would cost more than reading it."""

MAX_ANSWER_BYTES = 512 * 1024 * 1024
"""A 4K PNG with its signature is under 40 MB of base64; several together stay far below this."""


class Answer:
    """An answer whose head has come."""

    def __init__(self, response: aiohttp.ClientResponse, deadline: asyncio.Timeout, ends_at: float) -> None:
        self._response = response
        self._deadline = deadline
        self._ends_at = ends_at
        self.status = response.status
        self.is_event_stream = response.content_type == "text/event-stream"

    async def read(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes. Raises GatewayError."""
        if self._response.headers.get("Content-Encoding", "identity") != "identity":
            raise UpstreamFailure(
                "The upstream compressed its answer although asked not to.", code="upstream_invalid_response"
            )
        loop = asyncio.get_running_loop()
        received_bytes = 0
        moved_at = 0.0
        with mapped_failures():
            async for data in self._response.content.iter_any():
                received_bytes += len(data)
                if received_bytes > MAX_ANSWER_BYTES:
                    raise UpstreamFailure(
                        f"The upstream's answer passes {MAX_ANSWER_BYTES} bytes.",
                        code="upstream_invalid_response",
                    )
                if loop.time() >= moved_at + _IDLE_CHECK_SECONDS:
                    moved_at = loop.time()
                    self._deadline.reschedule(min(self._ends_at, moved_at + IDLE_TIMEOUT_SECONDS))
                yield data


class GeminiClient:
    """Holds the connections to Gemini, and the tokens of credentials that need one."""

    def __init__(self, credentials: Sequence[Credential], *, timeout_seconds: float) -> None:
        """`timeout_seconds` is how long one call may take, attempts and waits included. Raises NoCredentials."""
        self.timeout_seconds = timeout_seconds
        self._connections = Connections()
        self._tokens: dict[str, TokenSource] = {}
        self.prepare(credentials)

    def prepare(self, credentials: Sequence[Credential]) -> None:
        """Make ready for credentials; those that were there before stay. Raises NoCredentials."""
        for credential in credentials:
            if credential.key is None and credential.id not in self._tokens:
                google_credentials = load_google_credentials(credential)
                self._tokens[credential.id] = TokenSource(credential, google_credentials, self._connections)

    async def close(self) -> None:
        """Close all connections."""
        for source in self._tokens.values():
            await source.close()
        await self._connections.close()

    @asynccontextmanager
    async def generate(
        self,
        credential: Credential,
        model_id: str,
        body: bytes | CallBody,
        *,
        is_stream: bool,
        ends_at: float,
        is_wanted_now: Callable[[], bool],
    ) -> AsyncIterator[Answer]:
        """Send one generateContent call and yield its answer once its head has come. Raises GatewayError.

        `ends_at` is the loop time at which the answer must be complete. `is_wanted_now` is asked before the first
        byte leaves; CallUnwanted is raised if it says no.
        """
        is_wanted.set(is_wanted_now)
        method = "streamGenerateContent?alt=sse" if is_stream else "generateContent"
        url = find_url(credential, model_id, method)
        try:
            async with asyncio.timeout_at(ends_at) as deadline:
                with mapped_failures():
                    response = await self._post(credential, url, body)
                async with response:
                    yield Answer(response, deadline, ends_at)
        except TimeoutError as error:
            raise to_gateway_error(error) from error

    async def list_models(self, credential: Credential) -> frozenset[str]:
        """Return the ids of all models that answer generateContent. Raises GatewayError."""
        is_wanted.set(lambda: True)
        return await list_models(self._connections, credential, await self._authorize(credential))

    async def count_tokens(
        self, credential: Credential, model_id: str, body: bytes | CallBody
    ) -> tuple[int, bytes]:
        """Return status and body of Gemini's answer to a countTokens call. Raises GatewayError."""
        is_wanted.set(lambda: True)
        url = find_url(credential, model_id, "countTokens")
        headers = await self._authorize(credential)
        status, answer = await count_tokens(self._connections, credential, url, body, headers)
        return status, answer if status == 200 else hide_key(credential, answer)

    async def _post(self, credential: Credential, url: str, body: bytes | CallBody) -> aiohttp.ClientResponse:
        """Send, and once more with a new token if Google takes the old one no more: a 401 has bought nothing."""
        headers = await self._authorize(credential)
        response = await self._connections.post(credential, url, body, headers)
        source = self._tokens.get(credential.id) if credential.key is None else None
        if response.status != 401 or source is None:
            return response
        response.close()
        source.refuse(headers["Authorization"].removeprefix("Bearer "))
        return await self._connections.post(credential, url, body, await self._authorize(credential))

    async def _authorize(self, credential: Credential) -> dict[str, str]:
        """Return the headers by which Google knows a credential. Raises UpstreamUnavailable."""
        if credential.key is not None:
            return {"x-goog-api-key": credential.key}
        return {"Authorization": f"Bearer {await self._tokens[credential.id].get()}"}
