"""The connections to Gemini: one pool of them for all credentials, each through its own proxy and trusted by its own CA.

Knows the HTTP library; must not know what is asked, nor which credential is chosen.

Measured 2026-11: aiohttp with identity encoding is the cheapest of the well-kept async clients at 20 MB (18 to
23 ms CPU); httpx costs 3.5 times as much.
"""

import ssl
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any
from urllib.parse import unquote, urlsplit

import aiohttp
from aiohttp_socks import ProxyConnector, ProxyType

from limner.upstream.call_body import CallBody
from limner.upstream.credential import Credential

READ_BUFFER_BYTES = 256 * 1024
"""Each piece costs some 20 microseconds of Python on its way, so pieces should be few (measured 2026-11)."""

CONNECT_TIMEOUT_SECONDS = 15.0

KEEP_ALIVE_SECONDS = 30.0
"""Shorter than Google's own: a call sent into a connection that just closed has an unknown outcome."""


class CallUnwanted(Exception):
    """Nobody waits for the answer any more, and no byte of the call has left."""


is_wanted: ContextVar[Callable[[], bool]] = ContextVar("is_wanted")
"""Says, before the first byte of a call leaves, whether anybody waits for its answer."""


class _Connector(aiohttp.TCPConnector):
    """Gives out no connection for a call that nobody wants by the time there is one."""

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[aiohttp.tracing.Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - as the library calls it
    ) -> aiohttp.connector.Connection:
        connection = await super().connect(req, traces, timeout)
        if not is_wanted.get()():
            connection.close()
            raise CallUnwanted
        return connection


class _SocksConnector(ProxyConnector, _Connector):
    """The same through a SOCKS proxy, which looks names up itself."""


class Connections:
    """Sessions of the HTTP library: one, and one for each SOCKS proxy."""

    def __init__(self) -> None:
        self._sessions: dict[str | None, aiohttp.ClientSession] = {}
        self._contexts: dict[str | None, ssl.SSLContext] = {}

    async def close(self) -> None:
        """Close all connections."""
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()

    async def request(
        self, credential: Credential, method: str, url: str, *, headers: dict[str, str], **options: Any
    ) -> aiohttp.ClientResponse:
        """Return an answer once its head has come; `options` are the library's, and so is what is raised."""
        session, chosen = self._find(credential)
        return await session.request(method, url, headers=headers, allow_redirects=False, **chosen, **options)

    async def post(
        self, credential: Credential, url: str, body: bytes | CallBody, headers: dict[str, str]
    ) -> aiohttp.ClientResponse:
        """Send a body of JSON and return the answer once its head has come. Raises what the library raises."""
        data, length = (body, len(body)) if isinstance(body, bytes) else (body.read(), body.length)
        sent = {"Content-Type": "application/json", "Content-Length": str(length), **headers}
        return await self.request(credential, "POST", url, headers=sent, data=data)

    def _find(self, credential: Credential) -> tuple[aiohttp.ClientSession, dict[str, Any]]:
        """Return the session for a credential, and what is said with each of its calls."""
        proxy = credential.proxy
        is_socks = proxy is not None and proxy.startswith("socks5h:")
        name = proxy if is_socks else None
        session = self._sessions.get(name)
        if session is None:
            session = self._sessions[name] = _open_session(_to_socks(proxy or "") if is_socks else _Connector)
        options: dict[str, Any] = {"ssl": self._find_context(credential.ca_file)}
        if proxy is not None and not is_socks:
            options["proxy"] = proxy
        return session, options

    def _find_context(self, ca_file: str | None) -> ssl.SSLContext:
        context = self._contexts.get(ca_file)
        if context is None:
            context = self._contexts[ca_file] = ssl.create_default_context(cafile=ca_file)
        return context


def _open_session(build: Callable[..., aiohttp.TCPConnector]) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=build(limit=0, keepalive_timeout=KEEP_ALIVE_SECONDS),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT_SECONDS),
        auto_decompress=False,
        trust_env=False,
        read_bufsize=READ_BUFFER_BYTES,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"Accept-Encoding": "identity", "User-Agent": "limner"},
    )


def _to_socks(url: str) -> Callable[..., aiohttp.TCPConnector]:
    parts = urlsplit(url)

    def build(**options: Any) -> aiohttp.TCPConnector:
        return _SocksConnector(
            parts.hostname or "",
            parts.port or 1080,
            ProxyType.SOCKS5,
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            rdns=True,
            **options,
        )

    return build
