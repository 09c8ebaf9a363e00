"""Whose word counts on the address, scheme and host of a client: a matrix of what proxies and liars send."""

from ipaddress import ip_network
from typing import Any

import pytest

from limner.web.forwarding import Forwarding

PROXIES = ("10.0.0.0/8", "2001:db8:1::/48", "::ffff:192.0.2.0/120")


def forward(peer: str | None, *headers: tuple[str, str], trusted: tuple[str, ...] = PROXIES) -> Any:
    """Return what becomes of a request: its client's address, scheme and host."""
    scope: dict[str, Any] = {
        "type": "http",
        "client": None if peer is None else (peer, 1234),
        "scheme": "http",
        "headers": [
            (b"host", b"inside:8000"),
            *((name.lower().encode(), value.encode()) for name, value in headers),
        ],
    }
    Forwarding([ip_network(network) for network in trusted]).apply(scope)
    (host,) = [value.decode() for name, value in scope["headers"] if name == b"host"]
    return scope["client"] and scope["client"][0], scope["scheme"], host


def said(by: str, proto: str = "https", host: str = "draw.example.org") -> tuple[tuple[str, str], ...]:
    """Return the three headers."""
    return (("X-Forwarded-For", by), ("X-Forwarded-Proto", proto), ("X-Forwarded-Host", host))


@pytest.mark.parametrize("peer", ["203.0.113.9", "2001:db8:2::1", "11.0.0.1", "::ffff:203.0.113.9"])
def test_nobody_else_is_believed(peer: str) -> None:
    """Whoever is not a trusted proxy says nothing about itself that counts."""
    client, scheme, host = forward(peer, *said("10.0.0.1"))
    assert (client, scheme, host) == (peer.removeprefix("::ffff:"), "http", "inside:8000")


def test_without_proxies_nobody_is_believed() -> None:
    """Without LIMNER_TRUSTED_PROXIES the headers mean nothing, not even from this machine."""
    assert forward("127.0.0.1", *said("1.1.1.1"), trusted=()) == ("127.0.0.1", "http", "inside:8000")


def test_without_a_peer_nobody_is_believed() -> None:
    """A connection without an address, as through a Unix socket, is nobody's."""
    assert forward(None, *said("1.1.1.1")) == (None, "http", "inside:8000")


@pytest.mark.parametrize(
    "peer", ["10.1.2.3", "::ffff:10.1.2.3", "2001:db8:1::7", "192.0.2.9", "::ffff:192.0.2.9"]
)
def test_a_trusted_proxy_is_believed(peer: str) -> None:
    """Address, scheme and host are the client's where a trusted proxy says so, however its address is written."""
    assert forward(peer, *said("203.0.113.9")) == ("203.0.113.9", "https", "draw.example.org")


@pytest.mark.parametrize(
    ("given", "client"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("203.0.113.9:4711", "203.0.113.9"),
        ("2001:db8:9::1", "2001:db8:9::1"),
        ("[2001:db8:9::1]:4711", "2001:db8:9::1"),
        ("[2001:db8:9::1]", "2001:db8:9::1"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("1.1.1.1, 203.0.113.9", "203.0.113.9"),
        ("1.1.1.1, 203.0.113.9, 10.0.0.2, 10.0.0.3", "203.0.113.9"),
        ("10.9.9.9, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.7, 10.0.0.8", "10.0.0.7"),
        ("1.1.1.1, unknown, 10.0.0.2", "10.0.0.2"),
        ("1.1.1.1, unknown", "10.0.0.1"),
        ("203.0.113.9,", "203.0.113.9"),
        ("", "10.0.0.1"),
        ("_hidden", "10.0.0.1"),
        ("999.1.1.1", "10.0.0.1"),
        ("<script>", "10.0.0.1"),
        ("203.0.113.9 forged=1", "10.0.0.1"),
    ],
)
def test_the_chain_is_walked_from_the_right(given: str, client: str) -> None:
    """The client is the first who is not trusted, seen from here; behind a malformed entry nobody is."""
    assert forward("10.0.0.1", ("X-Forwarded-For", given))[0] == client


def test_several_lines_are_one_chain() -> None:
    """Entries in headers of their own are read in their order."""
    lines = (
        ("X-Forwarded-For", "1.1.1.1"),
        ("X-Forwarded-For", "203.0.113.9"),
        ("X-Forwarded-For", "10.0.0.2"),
    )
    assert forward("10.0.0.1", *lines)[0] == "203.0.113.9"


@pytest.mark.parametrize(
    ("proto", "scheme"),
    [
        ("https", "https"),
        ("HTTPS", "https"),
        ("http", "http"),
        ("https, http", "http"),
        ("http, https", "https"),
        ("javascript", "http"),
        ("wss", "http"),
        ("", "http"),
    ],
)
def test_which_scheme_counts(proto: str, scheme: str) -> None:
    """Of several schemes the one that the trusted proxy added counts; what is none of HTTP's does not."""
    assert forward("10.0.0.1", *said("203.0.113.9", proto=proto))[1] == scheme


def test_values_go_with_their_hops() -> None:
    """Where two trusted proxies each add a value, that of the one the client talked to counts."""
    headers = said(
        "6.6.6.6, 203.0.113.9, 10.0.0.2", "http, https, http", "evil.example, draw.example.org, inner"
    )
    assert forward("10.0.0.1", *headers) == ("203.0.113.9", "https", "draw.example.org")


@pytest.mark.parametrize(
    ("given", "host"),
    [
        ("draw.example.org:8443", "draw.example.org:8443"),
        ("[2001:db8::1]:8443", "[2001:db8::1]:8443"),
        ("evil.example, draw.example.org", "draw.example.org"),
        ("draw.example.org/path", "inside:8000"),
        ("user@draw.example.org", "inside:8000"),
        ("draw example", "inside:8000"),
        ("](https://evil.example", "inside:8000"),
        ("draw.example.org:123456", "inside:8000"),
        ("", "inside:8000"),
    ],
)
def test_which_host_counts(given: str, host: str) -> None:
    """A host is one that can stand in an address, or it does not count."""
    assert forward("10.0.0.1", ("X-Forwarded-Host", given))[2] == host
