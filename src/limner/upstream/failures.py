"""Turns failures of the HTTP library into the gateway's errors. Knows the library, nothing of what is asked.

What matters is whether a byte of the request may have left: before, nothing was bought; after, nobody knows.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import aiohttp
from aiohttp_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError

from limner.errors import GatewayError, UpstreamFailure, UpstreamTimeout, UpstreamUnavailable

_UNKNOWN = "The picture may have been bought; it is not asked for again."


LIBRARY_ERRORS = (
    aiohttp.ClientError,
    ProxyError,  # of a SOCKS proxy, as the next two, which are no kind of it
    ProxyConnectionError,
    ProxyTimeoutError,
    TimeoutError,
    OSError,
)
"""Whatever the library raises when a call fails."""


@contextmanager
def mapped_failures() -> Iterator[None]:
    """Raise what fails in the block as GatewayError."""
    try:
        yield
    except LIBRARY_ERRORS as error:
        raise to_gateway_error(error) from error


_NOTHING_SENT: Sequence[type[BaseException]] = (
    aiohttp.ClientConnectorError,  # DNS, TCP, TLS handshake, proxy connection
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
    aiohttp.ClientHttpProxyError,
    aiohttp.ServerFingerprintMismatch,
    ProxyError,
    ProxyConnectionError,
    ProxyTimeoutError,
)
_MALFORMED: Sequence[type[BaseException]] = (
    aiohttp.ClientResponseError,
    aiohttp.InvalidUrlClientError,
)


def to_gateway_error(error: BaseException) -> GatewayError:
    """Return the gateway's error for a failure of the library."""
    if isinstance(error, tuple(_NOTHING_SENT)):
        return UpstreamUnavailable(
            "Gemini cannot be reached; nothing was bought. Try again shortly.", code="upstream_unavailable"
        )
    if isinstance(error, TimeoutError):
        return UpstreamTimeout(f"Gemini did not answer in time. {_UNKNOWN}")
    if isinstance(error, tuple(_MALFORMED)):
        return UpstreamFailure(
            f"The upstream does not speak HTTP as it should. {_UNKNOWN}", code="upstream_invalid_response"
        )
    return UpstreamFailure(f"The connection to Gemini was lost. {_UNKNOWN}")
