"""Pages of other sites: which doors they may call from a browser, and what they may read. Knows headers, no door.

Facts: the Fetch standard's CORS protocol (2026-10) - a preflight carries no credentials, so it needs no key. What a
browser got without an `Origin`, for an `<img>`, it may give from its cache to a page that asks with one; so every
answer says that it varies by it. Chromium asked local servers with `Access-Control-Request-Private-Network`
(developer.chrome.com, "Private Network Access", 2024); here the key decides, not where the page is from.
"""

from collections.abc import Collection

from msgspec import Struct
from starlette.datastructures import Headers, MutableHeaders

_EXPOSED = (
    "x-request-id, x-limner-generation-id, retry-after, retry-after-ms, x-should-retry, Idempotent-Replayed"
)
_MAX_AGE_SECONDS = 86_400


class _Place(Struct, frozen=True):
    beginning: str
    methods: str
    exposed: str


_PLACES = (
    _Place("/v1/", "GET, POST, DELETE, OPTIONS", _EXPOSED),
    _Place("/v1beta/", "GET, POST, OPTIONS", _EXPOSED),
    _Place(
        "/images/",
        "GET, HEAD, OPTIONS",
        "x-request-id, retry-after, accept-ranges, content-length, content-range, etag",
    ),
)
"""The methods and the headers that pages of other sites may use, by where doors lie."""

_OWN_PAGES_ONLY = "/v1/limner"


class Cors:
    """Lets pages in."""

    def __init__(self, origins: Collection[str]) -> None:
        """`origins` may call; `*` for all."""
        self._origins = frozenset(origins)

    def add_headers(self, method: str, path: str, asked: Headers, headers: MutableHeaders) -> None:
        """Add to an answer's headers what a browser has to know."""
        place = _find_place(path)
        if place is None:
            return
        origin = asked.get("origin")
        headers.add_vary_header("Origin")
        if origin is None or not self._origins & {origin, "*"}:
            return
        headers["access-control-allow-origin"] = "*" if "*" in self._origins else origin
        headers["access-control-expose-headers"] = place.exposed
        if is_preflight(method, path, asked):
            headers["access-control-allow-methods"] = place.methods
            headers["access-control-allow-headers"] = asked.get("access-control-request-headers", "*")
            headers["access-control-max-age"] = str(_MAX_AGE_SECONDS)
            headers.add_vary_header("Access-Control-Request-Headers")
            if asked.get("access-control-request-private-network") == "true":
                headers["access-control-allow-private-network"] = "true"


def is_preflight(method: str, path: str, asked: Headers) -> bool:
    """Return whether a browser asks what a page may ask at a door that is for pages."""
    return (
        method == "OPTIONS"
        and "origin" in asked
        and "access-control-request-method" in asked
        and _find_place(path) is not None
    )


def _find_place(path: str) -> _Place | None:
    if path == _OWN_PAGES_ONLY or path.startswith(f"{_OWN_PAGES_ONLY}/"):
        return None
    return next((place for place in _PLACES if path.startswith(place.beginning)), None)
