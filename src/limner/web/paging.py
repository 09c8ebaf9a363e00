"""Reads from a query which page of a list is asked for. Knows names and values, no list."""

import re

from starlette.datastructures import QueryParams

from limner.errors import InvalidRequest
from limner.translate.metadata import check_metadata

_DEFAULT_LIMIT = 20
_MOST = 100
_SHOWN_CHARACTERS = 20
_METADATA = re.compile(r"metadata\[(.*)\]", re.DOTALL)


def read_limit(query: QueryParams) -> int:
    """Return how many are asked for. Raises InvalidRequest."""
    text = query.get("limit")
    if text is None:
        return _DEFAULT_LIMIT
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= _MOST):
        raise _refuse("limit", text, f"1 to {_MOST}")
    return int(text)


def read_order(query: QueryParams) -> bool:
    """Return whether the newest are to come first. Raises InvalidRequest."""
    text = query.get("order")
    if text not in {None, "asc", "desc"}:
        raise _refuse("order", text, "asc, desc")
    return text == "desc"


def read_flag(query: QueryParams, name: str, *, default: bool = False) -> bool:
    """Return what a parameter that says yes or no says, or `default`. Raises InvalidRequest."""
    text = query.get(name)
    if text not in {None, "true", "false", "1", "0"}:
        raise _refuse(name, text, "true, false, 1, 0")
    return default if text is None else text in {"true", "1"}


def read_metadata_filter(query: QueryParams) -> dict[str, str]:
    """Return the pairs that are asked for as `metadata[key]=value`. Raises InvalidRequest."""
    if "metadata" in query:
        raise _refuse("metadata", query["metadata"], "metadata[key]=value")
    found = ((_METADATA.fullmatch(name), value) for name, value in query.items())
    return check_metadata({match[1]: value for match, value in found if match})


def _refuse(name: str, text: str | None, accepted: str) -> InvalidRequest:
    shown = (text or "")[:_SHOWN_CHARACTERS]
    return InvalidRequest(
        f"'{name}' is {shown!r}; accepted: {accepted}.", code="unsupported_value", param=name
    )
