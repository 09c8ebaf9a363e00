"""What of a file a GET asks for: all of it, a range, or nothing where the client has it. Pure; knows headers only.

Facts: RFC 9110 (2022-06), sections 8.8.3, 12.5.3, 13.1.2, 13.1.5 and 14. A Range that cannot be read is as none; so is one of
several ranges, which a server need not serve: a thousand of them would be a small request for much work (CVE-2011-3192,
CVE-2025-62727).
"""

import re
from collections.abc import Sequence

_RANGE = re.compile(r"bytes=[ \t]*(\d{0,18})-(\d{0,18})[ \t]*", re.ASCII | re.IGNORECASE)
_REFUSED = re.compile(r"q=0(\.0*)?", re.ASCII | re.IGNORECASE)
_ETAG = re.compile(r'(?:W/)?("[^"]*")')


class Unsatisfiable(Exception):
    """Nothing lies in the range asked for."""


def has_it(if_none_match: Sequence[str], etag: str) -> bool:
    """Return whether a client that sends these If-None-Match headers has what `etag`, quotes included, stands for."""
    return any(value.strip() == "*" or etag in _ETAG.findall(value) for value in if_none_match)


def takes_gzip(accept_encoding: Sequence[str]) -> bool:
    """Return whether a client that sends these Accept-Encoding headers takes an answer packed by gzip."""
    pieces = [piece.partition(";") for value in accept_encoding for piece in value.split(",")]
    weights = {name.strip().lower(): weight.strip() for name, _, weight in pieces}
    weight = weights.get("gzip", weights.get("*"))
    return weight is not None and _REFUSED.fullmatch(weight) is None


def find_range(
    ranges: Sequence[str], if_range: str | None, etag: str, size_bytes: int
) -> tuple[int, int] | None:
    """Return where the one range asked for begins and ends, the end left out; None: all of it is to be sent.

    `ranges` are the Range headers. Raises Unsatisfiable.
    """
    if len(ranges) != 1 or if_range not in {None, etag}:  # a date is none either: there is no Last-Modified
        return None
    found = _RANGE.fullmatch(ranges[0])
    if found is None:
        return None
    first, last = found[1], found[2]
    if first:
        begin, end = int(first), int(last) + 1 if last else size_bytes
        if end <= begin and last:
            return None
    elif last:
        begin, end = max(0, size_bytes - int(last)), size_bytes
    else:
        return None
    if begin >= size_bytes:
        raise Unsatisfiable
    return begin, min(end, size_bytes)
