"""Asks the gateway over HTTP and downloads the pictures it only links to; every failure becomes one line.

A call is sent once: a second one might buy a second picture. This module must not know what the bodies say.
"""

import io
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from ipaddress import ip_address
from typing import Protocol
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from yarl import URL

from limner import __version__
from limner.cli_draw_gateway import Gateway
from limner.cli_draw_progress import Progress
from limner.cli_draw_wording import describe_status, to_line
from limner.cli_failure import CommandFailed

_CONNECT_SECONDS = 30.0
_LONGEST_ERROR_BYTES = 1_048_576
_MAX_REDIRECTS = 3


class AnswerBroke(CommandFailed):
    """The connection ended or stalled after the call was on its way."""


class Receiver(Protocol):
    """Who reads an answer."""

    def open(self, headers: Mapping[str, str]) -> None:
        """Take the headers."""

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes; may raise CommandFailed."""


@asynccontextmanager
async def open_session(progress: Progress, timeout_seconds: float) -> AsyncIterator[aiohttp.ClientSession]:
    """Open what requests are made with; what they send is counted in `progress`."""
    trace = aiohttp.TraceConfig()

    async def count(_session: object, _context: object, sent: aiohttp.TraceRequestChunkSentParams) -> None:
        progress.sent_bytes += len(sent.chunk)

    trace.on_request_chunk_sent.append(count)
    # trust_env would also send passwords of ~/.netrc to whoever a picture's link names.
    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=timeout_seconds, sock_connect=_CONNECT_SECONDS),
        headers={"User-Agent": f"limner/{__version__}"},
        trace_configs=[trace],
        trust_env=False,
    ) as session:
        yield session


async def ask(
    session: aiohttp.ClientSession,
    gateway: Gateway,
    body: bytes,
    progress: Progress,
    receiver: Receiver,
) -> None:
    """Send the call and hand on what comes back.

    Raises:
        CommandFailed: the gateway cannot be asked or refuses; or the receiver raised it.
        AnswerBroke: the connection ended too early.
    """
    headers = {"Content-Type": "application/json", **gateway.headers}
    with _worded_failures(gateway.url, "a picture may have been bought all the same"):
        async with session.post(
            gateway.url,
            data=io.BytesIO(body),
            headers=headers,
            allow_redirects=False,
            proxy=_find_proxy(gateway.url),
        ) as response:
            if response.status != 200:
                said = await response.content.read(_LONGEST_ERROR_BYTES)
                lower = {name.lower(): value for name, value in response.headers.items()}
                reason = describe_status(response.status, lower, said, with_key=gateway.key is not None)
                raise CommandFailed(f"{_name(gateway.url)} answers {reason}")
            receiver.open(response.headers)
            async for chunk in response.content.iter_any():
                progress.received_bytes += len(chunk)
                receiver.feed(chunk)


async def download(
    session: aiohttp.ClientSession, gateway: Gateway, link: str, *, progress: Progress
) -> tuple[bytes, str]:
    """Return what is behind a picture's link, and its type; only the gateway's own origin is shown the key.

    Raises:
        CommandFailed: it cannot be had; the line holds the link, by which it may be had later.
    """
    progress.is_downloading = True
    data = bytearray()
    place = f"the picture at {to_line(link)}"
    try:
        url = URL(link)
        is_own = not urlsplit(link).username and url.origin() == URL(gateway.url).origin()
    except ValueError:
        raise CommandFailed(f"{place} cannot be had: that is no address") from None
    with _worded_failures(link, f"{place} is not saved"):
        async with session.get(
            url,
            headers=gateway.headers if is_own else {},
            max_redirects=_MAX_REDIRECTS,
            proxy=_find_proxy(link),
        ) as response:
            if response.status != 200:
                raise CommandFailed(f"{place} cannot be had: HTTP {response.status}")
            async for chunk in response.content.iter_any():
                progress.received_bytes += len(chunk)
                data += chunk
            return bytes(data), response.content_type


@contextmanager
def _worded_failures(url: str, consequence: str) -> Iterator[None]:
    name = _name(url)
    try:
        yield
    except aiohttp.ConnectionTimeoutError:
        raise CommandFailed(f"cannot connect to {name} (no answer in {_CONNECT_SECONDS:g} s)") from None
    except TimeoutError:
        raise AnswerBroke(f"{name} was not done in time (--timeout); {consequence}") from None
    except aiohttp.ClientProxyConnectionError as error:
        reason = _word_refusal(error.os_error)
        raise CommandFailed(f"cannot connect to the proxy on the way to {name} ({reason})") from None
    except aiohttp.ClientConnectorCertificateError as error:
        raise CommandFailed(f"cannot connect to {name} ({_word_certificate(error)})") from None
    except aiohttp.ClientConnectorError as error:
        hint = ": does a gateway run there?" if isinstance(error.os_error, ConnectionRefusedError) else ""
        raise CommandFailed(f"cannot connect to {name} ({_word_refusal(error.os_error)}{hint})") from None
    except aiohttp.ClientHttpProxyError as error:
        raise CommandFailed(f"the proxy does not let through to {name} (HTTP {error.status})") from None
    except aiohttp.TooManyRedirects:
        raise CommandFailed(f"{name} sends from one address to the next; {consequence}") from None
    except aiohttp.InvalidURL:
        raise CommandFailed(f"{to_line(url)} is no address that can be asked; {consequence}") from None
    except (aiohttp.ClientResponseError, aiohttp.ClientPayloadError):
        raise AnswerBroke(f"the answer of {name} broke off or is not HTTP; {consequence}") from None
    except (aiohttp.ClientError, OSError):
        raise AnswerBroke(f"the connection to {name} broke; {consequence}") from None


def _word_certificate(error: aiohttp.ClientConnectorCertificateError) -> str:
    reason = error.certificate_error
    said = reason.verify_message if isinstance(reason, ssl.SSLCertVerificationError) else str(reason)
    return to_line(f"its certificate is not accepted: {said}")


def _word_refusal(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    reason = error.strerror or str(error) or type(error).__name__
    return to_line(reason.partition(" [")[0])


def _find_proxy(url: str) -> str | None:
    """Return the proxy that HTTP_PROXY, HTTPS_PROXY and NO_PROXY name for `url`; none leads to this machine."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    is_here = host == "localhost" or (_is_address(host) and ip_address(host).is_loopback)
    proxy = None if is_here or proxy_bypass(host) else getproxies().get(parts.scheme)
    if proxy and not proxy.startswith(("http://", "https://")):
        variable = f"{parts.scheme.upper()}_PROXY"
        raise CommandFailed(f"{variable} (value not shown) is no http:// or https:// address of a proxy")
    return proxy


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _name(url: str) -> str:
    parts = urlsplit(url)
    return to_line(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}")
