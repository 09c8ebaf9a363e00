"""The address that links to pictures begin with. Knows a request's own address, nothing of links."""

import re

from starlette.requests import Request

HOST = re.compile(r"[A-Za-z0-9._-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")
"""A host that can stand in an address."""


def find_link_base(request: Request, public_url: str | None) -> str:
    """Return the address that links begin with: the public one, else the one that the request came to.

    A Host header that is none makes links without an address: in Markdown it could say anything.
    """
    if public_url is not None:
        return public_url
    host = request.headers.get("host", "")
    return f"{request.url.scheme}://{host}" if HOST.fullmatch(host) else ""
