"""A key in an address, `?key=`, as programs without headers send it to Gemini. Knows queries and headers, no key.

Addresses are logged in many places. So on Gemini's doors it is taken out of the query before anything else looks at
that, whether it counts or not; and it counts only where the operator wants it and no header brought a key.
"""

from urllib.parse import unquote_to_bytes

from starlette.datastructures import Headers
from starlette.types import Scope

_HEADERS = ("authorization", "x-goog-api-key")


def take_query_key(scope: Scope, *, is_allowed: bool) -> None:
    """Take every `key` out of a request's query; if one is allowed and the only key there is, make a header of it."""
    query: bytes = scope["query_string"]
    if b"%" not in query and b"key=" not in query:
        return
    pairs = query.split(b"&")
    keys = [pair for pair in pairs if _decode(pair.partition(b"=")[0]) == b"key"]
    if not keys:
        return
    scope["query_string"] = b"&".join(pair for pair in pairs if pair not in keys)
    headers = Headers(scope=scope)
    secret = _decode(keys[0].partition(b"=")[2])
    if is_allowed and len(keys) == 1 and secret and not any(name in headers for name in _HEADERS):
        scope["headers"] = [*scope["headers"], (b"x-goog-api-key", secret)]


def _decode(text: bytes) -> bytes:
    return unquote_to_bytes(text.replace(b"+", b" "))
