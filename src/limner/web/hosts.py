"""The names a gateway answers to. Knows the `Host` header alone.

A page on another site can reach a gateway on this machine by DNS rebinding, which only Host gives away
(CVE-2024-28224 in another local server).
"""

import ipaddress
from collections.abc import Collection

from limner.errors import PermissionDenied

_SHOWN_CHARACTERS = 100


def check_host(header: str, allowed: Collection[str]) -> None:
    """Return if the host is an address, a name without a dot, or allowed. Raises PermissionDenied."""
    host = _strip_port(header)
    if "*" in allowed or "." not in host or _is_address(host) or host in allowed:
        return
    raise PermissionDenied(
        f"This gateway does not answer to the host {host[:_SHOWN_CHARACTERS]!r}. "
        "Its operator can add it to LIMNER_ALLOWED_HOSTS.",
        code="host_not_allowed",
    )


def _strip_port(host: str) -> str:
    name, _, port = host.rpartition(":")
    bare = name if name and port.isdigit() else host
    return bare.strip("[]").rstrip(".").lower()


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
