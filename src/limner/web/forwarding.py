"""What a proxy says of the client behind it, where the proxy is trusted: address, scheme and host.

Everybody can write these headers. So they count only as far as trusted proxies wrote them: `X-Forwarded-For` is walked
from its right end, where the nearest proxy writes, as long as the address there is a trusted one; of the others the
value counts that stands as far from the right, or the leftmost if there are fewer, which is where a proxy that
replaces what it got puts its one. What is malformed does not count.
"""

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.datastructures import Headers
from starlette.types import Scope

from limner.web.link_base import HOST

_Address = IPv4Address | IPv6Address
_Network = IPv4Network | IPv6Network

_MAPPED_BITS = 96
_WITH_PORT = re.compile(r"\[(?P<v6>[^\]]+)\](?::[0-9]{1,5})?|(?P<v4>[0-9.]+):[0-9]{1,5}")
_SCHEMES = frozenset({"http", "https"})


class Forwarding:
    """Believes some proxies."""

    def __init__(self, trusted: Iterable[_Network]) -> None:
        """`trusted` are the addresses of proxies."""
        self._trusted = tuple(_unmap_network(network) for network in trusted)

    def apply(self, scope: Scope) -> None:
        """Make address, scheme and host of a request those that its client used, if a trusted proxy says so."""
        peer = _read_address(scope["client"][0]) if scope.get("client") else None
        if peer is None:
            return
        scope["client"] = (str(peer), scope["client"][1])
        if not self._trusts(peer):
            return
        headers = Headers(scope=scope)
        client, hops = self._walk(peer, _list_values(headers, "x-forwarded-for"))
        scope["client"] = (str(client), 0)
        scheme = _choose(_list_values(headers, "x-forwarded-proto"), hops).lower()
        if scheme in _SCHEMES:
            scope["scheme"] = scheme
        host = _choose(_list_values(headers, "x-forwarded-host"), hops)
        if HOST.fullmatch(host):
            others = [(name, value) for name, value in scope["headers"] if name != b"host"]
            scope["headers"] = [(b"host", host.encode()), *others]

    def _walk(self, peer: _Address, given: list[str]) -> tuple[_Address, int]:
        """Return the client, and how many values from the right were written by those who are trusted."""
        client, hops = peer, 0
        for text in reversed(given):
            address = _read_address(text)
            if address is None:
                break
            client, hops = address, hops + 1
            if not self._trusts(address):
                break
        return client, max(hops, 1)

    def _trusts(self, address: _Address) -> bool:
        return any(address in network for network in self._trusted)


def _list_values(headers: Headers, name: str) -> list[str]:
    lines = ",".join(headers.getlist(name))
    return [value for piece in lines.split(",") if (value := piece.strip())]


def _choose(values: list[str], hops: int) -> str:
    return values[-min(hops, len(values))] if values else ""


def _read_address(text: str) -> _Address | None:
    """Return an address, with or without a port; IPv4 in the clothes of IPv6 is IPv4. None: it is none."""
    match = _WITH_PORT.fullmatch(text)
    bare = (match["v6"] or match["v4"]) if match else text
    try:
        address = ip_address(bare)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _unmap_network(network: _Network) -> _Network:
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    if mapped is None or network.prefixlen < _MAPPED_BITS:
        return network
    return ip_network((mapped, network.prefixlen - _MAPPED_BITS))
