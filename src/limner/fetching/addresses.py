"""Says which internet addresses anybody may ask this machine to call. Pure; knows no names and no connections.

`ipaddress.is_global` alone is no such filter: Python 3.11 calls translated addresses (NAT64, 6to4), the old
spellings of IPv4 in IPv6, multicast and the metadata addresses of some clouds global (measured 2026-11). Hence the
table below: IANA's special-purpose registries (read 2026-11) without their exceptions, and what they leave out.
"""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_GLOBAL_UNICAST = ip_network("2000::/3")
"""All of IPv6 that is given out. Outside of it lie loopback, mapped, compatible and translated IPv4
(`::/96`, `::ffff:0:0:0/96`, `64:ff9b::/96`, `64:ff9b:1::/48`), `5f00::/16`, `fc00::/7`, `fe80::/10`, `fec0::/10`
and multicast."""

_DENIED = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",  # this network; connects to loopback on Linux
            "10.0.0.0/8",
            "100.64.0.0/10",  # carriers' NAT; Alibaba's metadata server
            "127.0.0.0/8",
            "168.63.129.16/32",  # Azure's wire server, in the midst of public space
            "169.254.0.0/16",  # link-local; metadata servers of most clouds
            "172.16.0.0/12",
            "192.0.0.0/24",  # protocol assignments; Oracle's metadata server
            "192.0.2.0/24",
            "192.31.196.0/24",  # AS112, answered by whoever is near
            "192.52.193.0/24",  # AMT relays
            "192.88.99.0/24",  # 6to4 relays
            "192.168.0.0/16",
            "192.175.48.0/24",  # AS112
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, and broadcast
            "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarks, anycast
            "2001:db8::/32",
            "2002::/16",  # 6to4: an IPv4 address inside
            "2620:4f:8000::/48",  # AS112
            "3fff::/20",  # documentation
        ),
    )
)


def is_public(address: str) -> bool:
    """Return whether `address`, in its usual spelling, is a host on the public internet.

    What is no address, or has a scope id, is not.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return _is_public(parsed)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None and address.scope_id is None:
            return _is_public(address.ipv4_mapped)
        if address.scope_id is not None or address not in _GLOBAL_UNICAST:
            return False
    return address.is_global and not any(address in network for network in _DENIED)
