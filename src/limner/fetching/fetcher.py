"""Fetches the picture behind a link, wherever a client may have pointed it.

Each hop is read, its host looked up once, every address checked (`limner.fetching.addresses`), and the connection
made to these addresses and no other: a name that answers differently the next time is never asked a next time. Host,
SNI and certificate stay the name's. What the bytes are is the caller's to find out; knows nothing of who asks.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager, contextmanager
from ipaddress import ip_address

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from limner.fetching.addresses import is_public
from limner.fetching.links import FetchRules, Target, Unfetchable, follow, read_link, to_invalid_request

__all__ = ["FetchRules", "Fetcher", "Resolve"]

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Returns the addresses of a host name for a port. Raises OSError: there are none."""

_READ_BUFFER_BYTES = 256 * 1024
_NAME_THREADS = 8
"""Look-ups cannot be cancelled. In threads of their own, slow name servers delay no other part of the process."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HEADERS = {"Accept": "image/*", "Accept-Encoding": "identity", "User-Agent": "limner"}


class Fetcher:
    """Fetches by one set of rules. `resolve` asks the system's resolver if None."""

    def __init__(self, rules: FetchRules, resolve: Resolve | None = None) -> None:
        self._rules = rules
        self._resolve = resolve or self._ask_system
        self._threads: ThreadPoolExecutor | None = None
        self._context: ssl.SSLContext | None = None

    async def open(self) -> None:
        """Read the system's certificates."""
        self._context = ssl.create_default_context()
        self._threads = ThreadPoolExecutor(_NAME_THREADS, thread_name_prefix="fetch-names")

    async def close(self) -> None:
        """Give up look-ups under way."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    async def fetch(self, url: str, take: Callable[[bytes], None], *, param: str, ends_at: float) -> None:
        """Give the bytes behind a link to `take`, in pieces.

        `ends_at` is the loop time at which all links of a request must be there. Raises InvalidRequest
        (`image_fetch_failed`); what was given to `take` before is then no picture.
        """
        within = min(ends_at, asyncio.get_running_loop().time() + self._rules.seconds)
        deadline = asyncio.timeout_at(within)
        try:
            async with deadline:
                await self._fetch(read_link(url, self._rules), take)
        except TimeoutError:
            if not deadline.expired():
                raise
            limit = f"{self._rules.seconds:g} seconds"
            refusal = Unfetchable(
                "it took too long", f"pictures that are there within {limit}, all of a request together"
            )
            raise to_invalid_request(refusal, url, param) from None
        except Unfetchable as refusal:
            raise to_invalid_request(refusal, url, param) from None

    async def _fetch(self, target: Target, take: Callable[[bytes], None]) -> None:
        location = await self._receive(target, take)
        redirects = 0
        while location is not None:
            redirects += 1
            if redirects > self._rules.max_redirects:
                raise Unfetchable(
                    f"it redirects more than {self._rules.max_redirects} times",
                    "links that lead to a picture",
                )
            try:
                target = follow(target, location, self._rules)
                location = await self._receive(target, take)
            except Unfetchable as refusal:
                raise Unfetchable(
                    f"it redirects, and of the link that it leads to, {refusal.reason}", refusal.accepted
                ) from None

    async def _receive(self, target: Target, take: Callable[[bytes], None]) -> str | None:
        """Give what lies at a target to `take`; or return where it redirects to."""
        async with self._get(target) as response:
            if response.status not in _REDIRECTS:
                await self._take_body(response, take)
                return None
            location = response.headers.get("Location")
        if location is None:
            raise Unfetchable("it redirects to nowhere", "links that lead to a picture")
        return location

    @asynccontextmanager
    async def _get(self, target: Target) -> AsyncIterator[aiohttp.ClientResponse]:
        connector = aiohttp.TCPConnector(
            resolver=_Checked(target.host, await self._find_addresses(target)),
            use_dns_cache=False,
            force_close=True,
            ssl=self._get_context(),
        )
        async with aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=None),
            auto_decompress=False,
            trust_env=False,
            read_bufsize=_READ_BUFFER_BYTES,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=_HEADERS,
        ) as session:
            with _mapped_failures():
                response = await session.get(target.url, allow_redirects=False)
            try:
                yield response
            finally:
                response.close()

    async def _find_addresses(self, target: Target) -> list[str]:
        """Return the addresses that may be dialled; none may be if one is refused."""
        if target.is_address:
            addresses = [target.host]
        else:
            try:
                addresses = await self._resolve(target.host, target.port)
            except OSError:
                addresses = []
        if not addresses:
            raise Unfetchable("its host is not known", "links to hosts on the public internet")
        if not (target.is_allowed or all(map(is_public, addresses))):
            raise Unfetchable("its host is not on the public internet", "links to hosts that are")
        return addresses

    async def _take_body(self, response: aiohttp.ClientResponse, take: Callable[[bytes], None]) -> None:
        if response.status != 200:
            raise Unfetchable(f"its server answered {response.status}", "links that are answered with 200")
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise Unfetchable("its server sent it compressed although asked not to", "pictures as they are")
        limit = self._rules.max_bytes
        too_large = Unfetchable(f"it has more than {limit} bytes", f"pictures of up to {limit} bytes")
        if (response.content_length or 0) > limit:
            raise too_large
        received_bytes = 0
        async with aclosing(_read(response)) as pieces:
            async for piece in pieces:
                received_bytes += len(piece)
                if received_bytes > limit:
                    raise too_large
                take(piece)

    def _get_context(self) -> ssl.SSLContext:
        if self._context is None:
            raise RuntimeError("the fetcher is not open")
        return self._context

    async def _ask_system(self, host: str, port: int) -> list[str]:
        found = await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        return [str(address[0]) for _, _, _, _, address in found]


class _Checked(AbstractResolver):
    """Knows one host, and of it the addresses that were checked."""

    def __init__(self, host: str, addresses: list[str]) -> None:
        self._host = host
        self._addresses = addresses

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 - each address has its own
    ) -> list[ResolveResult]:
        if host != self._host:
            raise OSError("this host was not checked")
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET if ip_address(address).version == 4 else socket.AF_INET6,
                proto=0,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for address in self._addresses
        ]

    async def close(self) -> None:
        """Hold nothing."""


async def _read(response: aiohttp.ClientResponse) -> AsyncGenerator[bytes, None]:
    with _mapped_failures():
        async for piece in response.content.iter_any():
            yield piece


@contextmanager
def _mapped_failures() -> Iterator[None]:
    """Say in our own words what the library below could not do: its own may tell addresses."""
    accepted = "links whose server answers"
    try:
        yield
    except aiohttp.ClientConnectorCertificateError:
        raise Unfetchable(
            "its server's certificate is not valid for its host", "servers with a valid certificate"
        ) from None
    except aiohttp.ClientConnectorError:
        raise Unfetchable("its server cannot be reached", accepted) from None
    except aiohttp.ClientResponseError:
        raise Unfetchable("its server does not speak HTTP as it should", accepted) from None
    except (aiohttp.ClientError, OSError):
        raise Unfetchable("its server broke off", accepted) from None
