"""`GET /docs`, its files, and `/openapi.json`: what the doors take and answer, for people and for programs.

Needs no key and tells nothing that is not the same for everybody. The page runs no script but its own, asks nobody but this
gateway, and builds no markup of what it reads: its policy has browsers see to that. Knows no other door.
"""

from collections.abc import Callable
from hashlib import sha256
from importlib.resources import files
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from limner.errors import InvalidRequest, NotFound
from limner.reference.operation import Language
from limner.translate.shown import shorten
from limner.web.conditions import has_it

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
)
_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
_PAGE = "index.html"
_JSON = "application/json"
_LANGUAGES: tuple[Language, ...] = ("en", "zh")


class ReferenceDoor:
    """The doors to the reference."""

    def __init__(self, write_document: Callable[[Language], dict[str, Any]]) -> None:
        self._write_document = write_document
        self._documents: dict[Language, bytes] = {}
        folder = files("limner.reference") / "page"
        self._files = {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}

    async def show_document(self, request: Request) -> Response:
        """Answer with the document. Raises InvalidRequest for a language it is not in."""
        return _answer(request, self._find_document(_read_language(request)), _JSON)

    async def show_page(self, request: Request) -> Response:
        """Answer with the page."""
        return self._answer_file(request, _PAGE)

    async def show_file(self, request: Request) -> Response:
        """Answer with one of the page's files. Raises NotFound."""
        name: str = request.path_params["file"]
        if name not in self._files or name == _PAGE:
            raise NotFound(f"There is no {request.url.path}.")
        return self._answer_file(request, name)

    def _answer_file(self, request: Request, name: str) -> Response:
        answer = _answer(request, self._files[name], _TYPES[name.rpartition(".")[2]])
        answer.headers["content-security-policy"] = PAGE_POLICY
        answer.headers["referrer-policy"] = "no-referrer"
        answer.headers["cross-origin-opener-policy"] = "same-origin"
        answer.headers["cross-origin-resource-policy"] = "same-origin"
        return answer

    def _find_document(self, language: Language) -> bytes:
        if language not in self._documents:
            self._documents[language] = msgspec.json.encode(self._write_document(language))
        return self._documents[language]


def _read_language(request: Request) -> Language:
    asked = request.query_params.get("lang", "en")
    for language in _LANGUAGES:
        if asked == language:
            return language
    raise InvalidRequest(
        f"'lang' is {shorten(asked)}; accepted: {', '.join(_LANGUAGES)}.",
        code="unsupported_value",
        param="lang",
    )


def _answer(request: Request, body: bytes, media_type: str) -> Response:
    """Return an answer that is asked for anew each time, and sent only if it has changed."""
    etag = f'"{sha256(body).hexdigest()[:32]}"'
    headers = {"etag": etag, "cache-control": "no-cache"}
    if has_it(request.headers.getlist("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media_type)
