"""Sends a kept picture, whole or a range of it, or says that the client has it. Knows no key, no link and no owner.

What is shown came from a model and whoever prompted it, and must not act as a page of this address: its type is what
its bytes are, browsers may not guess another, and a file that is no picture is only for saving. A file may be picture
and script or page in one; the policy's sandbox holds for such as are opened by themselves (web.dev, "Securely hosting
user data in modern web applications", read 2026-11).
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import Struct
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from limner.errors import RangeNotSatisfiable
from limner.ledger.errors import DatabaseError
from limner.ledger.records import StoredPicture
from limner.pictures.sniff import HEAD_BYTES, sniff_mime_type
from limner.pictures.store import name_extension
from limner.pictures.stored import StoredSpool
from limner.web.conditions import Unsatisfiable, find_range, has_it
from limner.web.failures import to_response
from limner.web.ownership import no_books

PIECE_BYTES = 128 * 1024
"""Read and sent at a time; each slow client holds one."""

SANDBOX = b"default-src 'none'; sandbox"
"""The policy of whatever a model has made."""

_UNSEEN_TYPE = "application/octet-stream"

Header = tuple[bytes, bytes]


class Shown(Struct, frozen=True, kw_only=True):
    """A picture that may be shown, and how."""

    picture: StoredPicture
    max_age_seconds: int
    """How long who has it need not ask again; what is behind an id never changes."""
    is_for_all: bool
    """Whether pages of other sites may show it."""

    @property
    def etag(self) -> str:
        """What stands for its bytes, quotes included."""
        return f'"{self.picture.sha256}"'


async def answer_with_picture(
    shown: Shown,
    open_picture: Callable[[], Awaitable[StoredSpool]],
    scope: Scope,
    receive: Receive,
    send: Send,
) -> None:
    """Answer a GET or HEAD with a picture, or a range of it. Raises GatewayError."""
    headers = Headers(scope=scope)
    if has_it(headers.getlist("if-none-match"), shown.etag):
        await send({"type": "http.response.start", "status": 304, "headers": _list_common(shown)})
        await send({"type": "http.response.body", "body": b""})
        return
    size_bytes = shown.picture.size_bytes
    asked = headers.getlist("range") if scope["method"] == "GET" else []
    try:
        found = find_range(asked, headers.get("if-range"), shown.etag, size_bytes)
    except Unsatisfiable:
        refusal = to_response(
            RangeNotSatisfiable(f"The picture has {size_bytes} bytes; {asked[0][:100]!r} lies behind them.")
        )
        refusal.headers["content-range"] = f"bytes */{size_bytes}"
        await refusal(scope, receive, send)
        return
    try:
        spool = await open_picture()
    except DatabaseError as error:
        raise no_books() from error
    try:
        await _send(spool, shown, found, scope, send)
    finally:
        spool.close()


def _list_common(shown: Shown) -> list[Header]:
    """Return the headers that say how long a picture may be kept, and by whom.

    `private`: what is deleted must not live on in caches that serve others. A picture behind an id never changes.
    """
    policy = b"cross-origin" if shown.is_for_all else b"same-origin"
    return [
        (b"etag", shown.etag.encode()),
        (b"cache-control", f"private, max-age={shown.max_age_seconds}, immutable".encode()),
        (b"accept-ranges", b"bytes"),
        (b"cross-origin-resource-policy", policy),
        (b"referrer-policy", b"no-referrer"),
    ]


def _list_headers(shown: Shown, mime_type: str | None) -> list[Header]:
    is_picture = mime_type is not None
    name = f"{shown.picture.id}.{name_extension(mime_type)}"
    return [
        *_list_common(shown),
        (b"content-type", (mime_type or _UNSEEN_TYPE).encode()),
        (b"content-disposition", f'{"inline" if is_picture else "attachment"}; filename="{name}"'.encode()),
        (b"content-security-policy", SANDBOX),
    ]


async def _send(
    spool: StoredSpool, shown: Shown, asked: tuple[int, int] | None, scope: Scope, send: Send
) -> None:
    # Not what the books say: the bytes decide what a browser may take them for.
    mime_type = sniff_mime_type(await asyncio.to_thread(spool.read, 0, HEAD_BYTES))
    headers = _list_headers(shown, mime_type)
    begin, end = asked or (0, spool.size_bytes)
    if asked is not None:
        headers.append((b"content-range", f"bytes {begin}-{end - 1}/{spool.size_bytes}".encode()))
    headers.append((b"content-length", str(end - begin).encode()))
    status = 200 if asked is None else 206
    await send({"type": "http.response.start", "status": status, "headers": headers})
    if scope["method"] != "HEAD":
        await _send_body(spool, begin, end, scope.get("limner.connection"), send)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _send_body(spool: StoredSpool, begin: int, end: int, connection: Any, send: Send) -> None:
    """Send a range in pieces. The file is read in a thread: a picture of a year ago is on a slow disk, if anywhere."""
    while begin < end:
        if connection is not None and connection.is_lost:
            raise ClientDisconnect
        piece = await asyncio.to_thread(spool.read, begin, min(PIECE_BYTES, end - begin))
        if not piece:
            raise OSError("the picture is shorter than it was")
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        begin += len(piece)
