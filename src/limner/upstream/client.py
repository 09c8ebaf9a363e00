"""Sends calls to Gemini's Developer API and hands their answers on as they come; asks it which models there are.

Every failure of the library below becomes one of the gateway's errors (`failures`). Knows nothing of what is asked.

Measured 2026-11: aiohttp with identity encoding is the cheapest of the well-kept async clients at 20 MB (18 to
23 ms CPU); httpx costs 3.5 times as much.
"""

import asyncio
import itertools
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from limner.errors import UpstreamFailure
from limner.upstream.connection import CallBody, Upstream
from limner.upstream.failures import mapped_failures, to_gateway_error
from limner.upstream.free_calls import count_tokens, list_models

READ_BUFFER_BYTES = 256 * 1024
"""Each piece costs some 20 microseconds of Python on its way, so pieces should be few (measured 2026-11)."""

CONNECT_TIMEOUT_SECONDS = 15.0
IDLE_TIMEOUT_SECONDS = 120.0
"""Longest silence once the answer has begun."""

_IDLE_CHECK_SECONDS = 5.0
"""How exactly the silence is measured: moving a deadline at every piece would cost more than reading it."""

MAX_ANSWER_BYTES = 512 * 1024 * 1024
"""A 4K PNG with its signature is under 40 MB of base64; several together stay far below this."""

KEEP_ALIVE_SECONDS = 30.0
"""Shorter than Google's own: a call sent into a connection that just closed has an unknown outcome."""


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


class CallUnwanted(Exception):
    """Nobody waits for the answer any more, and no byte of the call has left."""


_is_wanted: ContextVar[Callable[[], bool]] = ContextVar("_is_wanted")


class _Connector(aiohttp.TCPConnector):
    """Gives out no connection for a call that nobody wants by the time there is one."""

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[aiohttp.tracing.Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - as the library calls it
    ) -> aiohttp.connector.Connection:
        connection = await super().connect(req, traces, timeout)
        if not _is_wanted.get()():
            connection.close()
            raise CallUnwanted
        return connection


class GeminiClient:
    """Holds the connections to one upstream."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._keys = itertools.cycle(upstream.api_keys)
        self._session: aiohttp.ClientSession | None = None
        self.address = urlsplit(upstream.base_url).netloc
        """The host, with its port if it has one of its own."""
        self.watchers: list[Any] = []
        """Who is told of each call; see `generation.watching`."""

    @property
    def timeout_seconds(self) -> float:
        """How long one call may take, attempts and waits included."""
        return self._upstream.timeout_seconds

    async def open(self) -> None:
        """Make the connection pool; call it once inside the running loop."""
        context = ssl.create_default_context(cafile=self._upstream.ca_file)
        self._session = aiohttp.ClientSession(
            connector=_Connector(limit=0, keepalive_timeout=KEEP_ALIVE_SECONDS, ssl=context),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT_SECONDS),
            auto_decompress=False,
            trust_env=False,
            read_bufsize=READ_BUFFER_BYTES,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Accept-Encoding": "identity", "User-Agent": "limner"},
        )

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    @asynccontextmanager
    async def generate(
        self,
        model_id: str,
        body: bytes | CallBody,
        *,
        is_stream: bool,
        ends_at: float,
        is_wanted: Callable[[], bool],
    ) -> AsyncIterator[Answer]:
        """Send one generateContent call and yield its answer once its head has come. Raises GatewayError.

        `ends_at` is the loop time at which the answer must be complete. `is_wanted` is asked before the first
        byte leaves; CallUnwanted is raised if it says no.
        """
        _is_wanted.set(is_wanted)
        try:
            async with asyncio.timeout_at(ends_at) as deadline:
                with mapped_failures():
                    response = await self._post(model_id, body, is_stream=is_stream)
                async with response:
                    yield Answer(response, deadline, ends_at)
        except TimeoutError as error:
            raise to_gateway_error(error) from error

    async def list_models(self) -> frozenset[str]:
        """Return the ids of all models that answer generateContent. Raises GatewayError."""
        _is_wanted.set(lambda: True)
        return await list_models(self._get_session(), self._upstream, self._keys)

    async def count_tokens(self, model_id: str, body: bytes | CallBody) -> tuple[int, bytes]:
        """Return status and body of Gemini's answer to a countTokens call. Raises GatewayError."""
        _is_wanted.set(lambda: True)
        key = next(self._keys)
        status, answer = await count_tokens(self._get_session(), self._upstream, key, model_id, body)
        return status, answer if status == 200 else self.hide_keys(answer)

    def hide_keys(self, body: bytes) -> bytes:
        """Return the body of a refusal without our keys: relays quote the one that they refuse."""
        for key in self._upstream.api_keys:
            body = body.replace(key.encode(), b"...")
        return body

    def _get_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("the client is not open")
        return self._session

    async def _post(
        self, model_id: str, body: bytes | CallBody, *, is_stream: bool
    ) -> aiohttp.ClientResponse:
        method = "streamGenerateContent?alt=sse" if is_stream else "generateContent"
        data, length = (body, len(body)) if isinstance(body, bytes) else (body.read(), body.length)
        return await self._get_session().post(
            f"{self._upstream.base_url}/v1beta/models/{model_id}:{method}",
            data=data,
            headers={
                "Content-Type": "application/json",
                "Content-Length": str(length),
                "x-goog-api-key": next(self._keys),
            },
            proxy=self._upstream.proxy,
            allow_redirects=False,
        )
