"""Reads a link that is to be fetched, and refuses what can be refused by looking at it. Pure: no name is looked up.

One parser (yarl) reads the link, and what it made of it is both checked and dialled; so there is no second opinion
about which host a link names. Spellings that parsers are known to disagree on are refused before.
"""

import re
from ipaddress import ip_address

from msgspec import Struct
from msgspec.structs import force_setattr
from yarl import URL

from limner.errors import InvalidRequest
from limner.translate.shown import shorten

MAX_LINK_CHARACTERS = 8192
"""Signed links of object stores have some 2,000."""

_PORTS = {"https": 443, "http": 80}
_MAX_NAME_CHARACTERS = 253  # RFC 1035 §2.3.4
_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_ENDS_IN_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")
"""Hosts that are addresses to some programs, as in WHATWG's URL standard: 2130706433, 0x7f.1, 127.1."""
_TO_PATH = re.compile(r"(?:[^/?#]*:)?//([^/]*)")
_AUTHORITY = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[^\[\]:%]*)(?::[0-9]*)?")
_USER_INFO = re.compile(r"^([^/\\]*[/\\]*)[^/\\]*@")
_HOST_ACCEPTED = "a host name, or an address as 203.0.113.7 or [2001:db8::7]"


class Unfetchable(Exception):
    """A link, or what it leads to, is refused. Says why and what would be accepted, without naming the link."""

    def __init__(self, reason: str, accepted: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.accepted = accepted


class FetchRules(Struct, frozen=True, kw_only=True):
    """What is fetched. `allowed_hosts` are names or addresses without port that may lead anywhere.

    Raises ValueError: one of these is no host.
    """

    schemes: frozenset[str]
    allowed_hosts: frozenset[str]
    max_bytes: int = 20 * 1024 * 1024
    seconds: float = 20.0
    max_redirects: int = 3

    def __post_init__(self) -> None:
        force_setattr(self, "allowed_hosts", frozenset(map(normalise_host, self.allowed_hosts)))


class Target(Struct, frozen=True, kw_only=True):
    """What a link names: `url` is dialled as it is; `host` is its host, as it was checked."""

    url: URL
    host: str
    port: int
    is_address: bool
    is_allowed: bool
    """The host is one of the rules' own: wherever it leads is right."""


def check_url(url: str, rules: FetchRules, param: str) -> None:
    """Refuse a link that need not be tried. Raises InvalidRequest (`image_fetch_failed`)."""
    try:
        read_link(url, rules)
    except Unfetchable as refusal:
        raise to_invalid_request(refusal, url, param) from None


def to_invalid_request(refusal: Unfetchable, url: str, param: str) -> InvalidRequest:
    """Return the error that says why the link cannot be fetched.

    The link is shown without query, fragment and user: these may be secrets.
    """
    shown = _USER_INFO.sub(r"\1…@", re.split(r"[?#]", url, maxsplit=1)[0])
    return InvalidRequest(
        f"'{param}' is the link {shorten(shown)}, which cannot be fetched: {refusal.reason}; "
        f"accepted: {refusal.accepted}.",
        code="image_fetch_failed",
        param=param,
    )


def read_link(text: str, rules: FetchRules) -> Target:
    """Return what a link names. Raises Unfetchable: scheme, port, host or spelling will not do."""
    check_spelling(text)
    try:
        url = _parse(text)
        port = url.port
    except ValueError:
        raise Unfetchable("it is malformed", _name_schemes(rules)) from None
    if url.scheme not in rules.schemes or url.scheme not in _PORTS:
        reason = f"its scheme is {shorten(url.scheme)}" if url.scheme else "it has no scheme"
        raise Unfetchable(reason, _name_schemes(rules))
    host = url.raw_host or ""
    is_address = _check_host(host)
    is_allowed = host in rules.allowed_hosts
    if not port or (port != _PORTS[url.scheme] and not is_allowed):
        raise Unfetchable(f"its port is {port}", f"port {_PORTS[url.scheme]}")
    return Target(url=url, host=host, port=port, is_address=is_address, is_allowed=is_allowed)


def follow(target: Target, location: str, rules: FetchRules) -> Target:
    """Return what a redirect leads to. Raises Unfetchable."""
    check_spelling(location)
    start = _TO_PATH.match(location)
    if start is not None and not start[1]:
        raise Unfetchable(
            "it names no host", _HOST_ACCEPTED
        )  # some readers would then keep the host they have
    try:
        joined = str(target.url.join(URL(location, encoded=location.isascii())))
    except ValueError:
        raise Unfetchable("it is malformed", _name_schemes(rules)) from None
    return read_link(joined, rules)


def normalise_host(text: str) -> str:
    """Return a host as links are compared with it. Raises ValueError: it is none."""
    name = text.strip().removeprefix("[").removesuffix("]")
    host = URL.build(scheme="https", host=name).raw_host or ""
    try:
        _check_host(host)
    except Unfetchable:
        raise ValueError(f"{text!r} is no host name and no address") from None
    return host


def check_spelling(text: str) -> None:
    """Refuse what programs that read links disagree on. Raises Unfetchable."""
    if len(text) > MAX_LINK_CHARACTERS:
        raise Unfetchable(
            f"it has {len(text)} characters", f"links of up to {MAX_LINK_CHARACTERS} characters"
        )
    if not text.isprintable() or " " in text or "\\" in text:
        raise Unfetchable(
            "white space, a control character or a backslash is in it", "links that are percent-encoded there"
        )
    start = _TO_PATH.match(text)
    to_path = start[1] if start else ""
    if "@" in to_path:
        raise Unfetchable("a user or an @ stands before its path", "links without a user or password")
    authority = re.split(r"[?#]", to_path, maxsplit=1)[0]
    if _AUTHORITY.fullmatch(authority) is None:
        raise Unfetchable(f"{shorten(authority)} is no host", _HOST_ACCEPTED)


def _parse(text: str) -> URL:
    """Return the link with its host normalised, and path and query as they were: a signature may cover them."""
    url = URL(text)
    exact = URL(text, encoded=True) if text.isascii() else url
    return URL.build(
        scheme=url.scheme,
        host=url.host_subcomponent or "",
        port=url.explicit_port,
        path=exact.raw_path,
        query_string=exact.raw_query_string,
        encoded=True,
    )


def _check_host(host: str) -> bool:
    """Return whether a normalised host is an address; otherwise it is a name. Raises Unfetchable: neither."""
    try:
        if str(ip_address(host)) == host and "%" not in host:
            return True
    except ValueError:
        if (
            len(host) <= _MAX_NAME_CHARACTERS
            and _NAME.fullmatch(host)
            and not _ENDS_IN_NUMBER.fullmatch(host)
        ):
            return False
    reason = f"{shorten(host)} is no host" if host else "it names no host"
    raise Unfetchable(reason, _HOST_ACCEPTED)


def _name_schemes(rules: FetchRules) -> str:
    if not rules.schemes:
        return "pictures as data URIs, since no links are fetched here"
    return " and ".join(sorted(rules.schemes, reverse=True)) + " links"
