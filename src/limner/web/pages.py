"""Pages of the gateway's own: files that lie in a package, served under a policy that lets nothing else in.

They are packed once, when the gateway starts, for whoever takes them so: a page is then a third of its size.

Needs no key, and tells nothing that is not the same for everybody. Knows no page and no other door.
"""

import gzip
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources.abc import Traversable

from starlette.requests import Request
from starlette.responses import Response

from limner.errors import NotFound
from limner.web.conditions import has_it, takes_gzip

_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
INDEX = "index.html"


@dataclass(frozen=True)
class PageFile:
    """One file, plain and packed. A client that knows it under `etag` knows the packed one under another."""

    body: bytes
    packed: bytes
    media_type: str
    etag: str


class PageFiles:
    """The files of one page."""

    def __init__(self, folder: Traversable, policy: str) -> None:
        """`policy` is the page's Content-Security-Policy; files of other types than a page's are not served."""
        self._files = {name: pack(body, _TYPES[_read_ending(name)]) for name, body in _list_files(folder, "")}
        self._policy = policy

    def show_index(self, request: Request) -> Response:
        """Answer with the page."""
        return self._answer(request, INDEX)

    def show_file(self, request: Request, name: str) -> Response:
        """Answer with one of its files. Raises NotFound."""
        if name not in self._files or name == INDEX:
            raise NotFound(f"There is no {request.url.path}.")
        return self._answer(request, name)

    def _answer(self, request: Request, name: str) -> Response:
        answer = answer_unless_known(request, self._files[name])
        answer.headers["content-security-policy"] = self._policy
        answer.headers["referrer-policy"] = "no-referrer"
        answer.headers["cross-origin-opener-policy"] = "same-origin"
        answer.headers["cross-origin-resource-policy"] = "same-origin"
        return answer


def pack(body: bytes, media_type: str) -> PageFile:
    """Return what is sent of a file."""
    packed = gzip.compress(body, compresslevel=9, mtime=0)
    return PageFile(body, packed, media_type, etag=sha256(body).hexdigest()[:32])


def answer_unless_known(request: Request, file: PageFile) -> Response:
    """Return an answer that is asked for anew each time, and sent only if it has changed."""
    is_packed = takes_gzip(request.headers.getlist("accept-encoding"))
    etag = f'"{file.etag}-gzip"' if is_packed else f'"{file.etag}"'
    headers = {"etag": etag, "cache-control": "no-cache", "vary": "Accept-Encoding"}
    if has_it(request.headers.getlist("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    if is_packed:
        headers["content-encoding"] = "gzip"
    return Response(file.packed if is_packed else file.body, headers=headers, media_type=file.media_type)


def _read_ending(name: str) -> str:
    return name.rpartition(".")[2]


def _list_files(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _list_files(entry, f"{prefix}{entry.name}/")
        elif _read_ending(entry.name) in _TYPES:
            found.append((f"{prefix}{entry.name}", entry.read_bytes()))
    return found
