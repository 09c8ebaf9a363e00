"""Which addresses anybody may have this machine call."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner.fetching.addresses import is_public

DENIED_NETWORKS = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "168.63.129.16/32",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/96",
    "::ffff:0:0:0/96",
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "100:0:0:1::/64",
    "2001::/32",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "2620:4f:8000::/48",
    "3fff::/20",
    "4000::/2",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
]

PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "93.184.215.14",
    "1.0.0.0",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.254",
    "100.128.0.1",
    "126.255.255.255",
    "128.0.0.1",
    "168.63.129.15",
    "168.63.129.17",
    "169.253.255.255",
    "169.255.0.1",
    "172.15.255.255",
    "172.32.0.1",
    "191.255.255.255",
    "192.0.1.1",
    "192.0.3.1",
    "192.31.195.255",
    "192.31.197.1",
    "192.88.98.255",
    "192.88.100.1",
    "192.167.255.255",
    "192.169.0.1",
    "198.17.255.255",
    "198.20.0.1",
    "198.51.99.255",
    "198.51.101.1",
    "203.0.112.255",
    "203.0.114.1",
    "223.255.255.255",
    "::ffff:8.8.8.8",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2001:db7:ffff::1",
    "2001:db9::1",
    "2003::1",
    "2606:2800:220:1::1",
    "2620:4f:7fff::1",
    "2620:4f:8001::1",
    "3ffe:ffff::1",
]

CALLED_GLOBAL = [
    "64:ff9b::a00:1",
    "2002:7f00:1::",
    "::127.0.0.1",
    "::ffff:0:127.0.0.1",
    "192.0.0.192",
    "224.0.0.1",
    "ff0e::1",
    "fec0::1",
    "168.63.129.16",
]
"""What `is_global` of Python 3.11.7 lets pass, measured 2026-11."""

EXCEPTIONS = [
    "192.0.0.9",
    "192.0.0.10",
    "2001:1::1",
    "2001:1::2",
    "2001:3::1",
    "2001:4:112::1",
    "2001:20::1",
    "2001:30::1",
]
"""What IANA calls global within networks that are not; newer Pythons agree."""


@pytest.mark.parametrize("network", DENIED_NETWORKS)
def test_denied_networks(network: str) -> None:
    """The first and the last address of every network that is not for everybody are refused."""
    found = ip_network(network)
    assert not is_public(str(found[0]))
    assert not is_public(str(found[-1]))


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses(address: str) -> None:
    """Public addresses pass, those just outside of what is refused too."""
    assert is_public(address)


@pytest.mark.parametrize("address", CALLED_GLOBAL + EXCEPTIONS)
def test_what_python_calls_global(address: str) -> None:
    """Addresses that some Python calls global although they lead inside, or to whoever is near, are refused."""
    assert not is_public(address)


def test_is_global_is_no_filter() -> None:
    """Python still calls some of them global: a table of our own is needed."""
    assert any(ip_address(address).is_global for address in CALLED_GLOBAL)


@pytest.mark.parametrize("network", [name for name in DENIED_NETWORKS if "." in name])
def test_mapped_addresses(network: str) -> None:
    """An IPv4 address that is refused is refused as it stands in IPv6."""
    assert not is_public(f"::ffff:{ip_network(network)[-1]}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "localhost",
        "127.1",
        "2130706433",
        "0x7f.0.0.1",
        "1.1.1.1 ",
        "1.1.1.01",
        "1.1.1.1.",
        "[2606:2800:220:1::1]",
        "2606:2800:220:1::1%eth0",
        "fe80::1%1",
        "::ffff:8.8.8.8%1",
        "1.1.1.1/32",
        "example.com",
    ],
)
def test_what_is_no_plain_address(text: str) -> None:
    """What is no address in its usual spelling, or names an interface, is not public."""
    assert not is_public(text)


@given(st.ip_addresses())
def test_public_is_stricter_than_global(address: IPv4Address | IPv6Address) -> None:
    """Nothing that Python does not call global is public, but for public addresses in their mapped spelling."""
    is_mapped = isinstance(address, IPv6Address) and address.ipv4_mapped is not None
    assert is_mapped or not is_public(str(address)) or address.is_global
