"""`GET /` and `/studio/…`: the studio, a page that draws, edits, browses and looks after keys by the doors there are.

It runs no script but its own and asks nobody but this gateway: its policy has browsers see to that. Knows no other door.
"""

from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response

from limner.web.pages import PageFiles

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob: data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
)
"""Pictures are fetched with the key and shown from memory, hence `blob:`; `data:` is for what a person drops."""


class StudioDoor:
    """The page and its files."""

    def __init__(self) -> None:
        self._files = PageFiles(files("limner.studio"), PAGE_POLICY)

    async def show_page(self, request: Request) -> Response:
        """Answer with the page."""
        return self._files.show_index(request)

    async def show_file(self, request: Request) -> Response:
        """Answer with one of its files. Raises NotFound."""
        return self._files.show_file(request, request.path_params["file"])
