"""`GET /docs`, its files, and `/openapi.json`: what the doors take and answer, for people and for programs.

Needs no key and tells nothing that is not the same for everybody. The page runs no script but its own, asks nobody but this
gateway, and builds no markup of what it reads: its policy has browsers see to that. Knows no other door.
"""

from collections.abc import Callable
from importlib.resources import files
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from limner.errors import InvalidRequest
from limner.reference.operation import Language
from limner.translate.shown import shorten
from limner.web.pages import PageFile, PageFiles, answer_unless_known, pack

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
)
_JSON = "application/json"
_LANGUAGES: tuple[Language, ...] = ("en", "zh")


class ReferenceDoor:
    """The doors to the reference."""

    def __init__(self, write_document: Callable[[Language], dict[str, Any]]) -> None:
        self._write_document = write_document
        self._documents: dict[Language, PageFile] = {}
        self._files = PageFiles(files("limner.reference") / "page", PAGE_POLICY)

    async def show_document(self, request: Request) -> Response:
        """Answer with the document. Raises InvalidRequest for a language it is not in."""
        return answer_unless_known(request, self._find_document(_read_language(request)))

    async def show_page(self, request: Request) -> Response:
        """Answer with the page."""
        return self._files.show_index(request)

    async def show_file(self, request: Request) -> Response:
        """Answer with one of the page's files. Raises NotFound."""
        return self._files.show_file(request, request.path_params["file"])

    def _find_document(self, language: Language) -> PageFile:
        if language not in self._documents:
            self._documents[language] = pack(msgspec.json.encode(self._write_document(language)), _JSON)
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
