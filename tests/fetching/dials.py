"""Sees every connection that this process makes, and lets none leave for anywhere but loopback."""

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any

_records: list[list[tuple[str, int]]] = []
"""Who listens now."""


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "socket.connect" or not _records:
        return
    address = arguments[1]
    if not isinstance(address, tuple):
        return
    for record in _records:
        record.append((address[0], address[1]))
    if not ip_address(address[0]).is_loopback:
        raise OSError(errno.ENETUNREACH, "tests stay on this machine")


sys.addaudithook(_note)


@contextmanager
def recorded_dials() -> Iterator[list[tuple[str, int]]]:
    """List what is dialled, as address and port; what is not on loopback goes no further."""
    record: list[tuple[str, int]] = []
    _records.append(record)
    try:
        yield record
    finally:
        _records.remove(record)
