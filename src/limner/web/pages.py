"""Pages of the gateway's own: files that lie in a package, served as they are, under a policy that lets nothing else in.

Needs no key, and tells nothing that is not the same for everybody. Knows no page and no other door.
"""

from hashlib import sha256
from importlib.resources.abc import Traversable

from starlette.requests import Request
from starlette.responses import Response

from limner.errors import NotFound
from limner.web.conditions import has_it

_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
INDEX = "index.html"


class PageFiles:
    """The files of one page."""

    def __init__(self, folder: Traversable, policy: str) -> None:
        """`policy` is the page's Content-Security-Policy; files of other types than a page's are not served."""
        self._files = dict(_list_files(folder, ""))
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
        answer = answer_unless_known(request, self._files[name], _TYPES[name.rpartition(".")[2]])
        answer.headers["content-security-policy"] = self._policy
        answer.headers["referrer-policy"] = "no-referrer"
        answer.headers["cross-origin-opener-policy"] = "same-origin"
        answer.headers["cross-origin-resource-policy"] = "same-origin"
        return answer


def answer_unless_known(request: Request, body: bytes, media_type: str) -> Response:
    """Return an answer that is asked for anew each time, and sent only if it has changed."""
    etag = f'"{sha256(body).hexdigest()[:32]}"'
    headers = {"etag": etag, "cache-control": "no-cache"}
    if has_it(request.headers.getlist("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media_type)


def _list_files(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _list_files(entry, f"{prefix}{entry.name}/")
        elif entry.name.rpartition(".")[2] in _TYPES:
            found.append((f"{prefix}{entry.name}", entry.read_bytes()))
    return found
