"""`/v1/limner/pictures`: an owner's kept pictures - found, shown, small or whole, and deleted. Knows no call.

To everybody else a picture is as one that was never there; an admin key sees its own as well and no other's.
"""

import re
from collections.abc import Callable, Sequence

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Send
from starlette.types import Scope as AsgiScope

from limner.catalogue import find_model
from limner.errors import NotFound
from limner.generation.kept_pictures import KeptPictures
from limner.generation.record import begin_asked
from limner.generation.stored_answers import StoredAnswers
from limner.generation.thumbnails import SIDES_PIXELS, Thumbnails
from limner.ledger.errors import DatabaseError
from limner.ledger.gallery import PictureChoice, ShownPicture, search
from limner.ledger.overview import Overview
from limner.ledger.records import Scope
from limner.pictures.links import PictureLinks
from limner.web.conditions import has_it
from limner.web.limner_entries import PICTURES_PATH, LinkTerms, to_json, to_picture, to_picture_entry
from limner.web.limner_query import read_choice, read_moment_ms, read_ratio, read_text
from limner.web.link_base import find_link_base
from limner.web.ownership import Ownership, no_books
from limner.web.paging import read_limit, read_order
from limner.web.picture_answer import SANDBOX, Shown, answer_with_picture
from limner.wire.limner import PictureDeleted, PictureList

__all__ = ["PICTURES_PATH", "PicturesDoor"]

_ID = re.compile(r"img_[0-9a-f]{32}")
_MAX_AGE_SECONDS = 7 * 86_400
"""How long who has the key need not ask again for what is behind an id: it never changes, but may be deleted."""


class PicturesDoor:
    """The doors to pictures by their owner's key."""

    def __init__(
        self,
        overview: Overview,
        ownership: Ownership,
        pictures: KeptPictures,
        thumbnails: Thumbnails,
        answers: StoredAnswers,
        *,
        links: PictureLinks,
        public_url: str | None,
        now: Callable[[], float],
    ) -> None:
        self._overview = overview
        self._ownership = ownership
        self._pictures = pictures
        self._thumbnails = thumbnails
        self._answers = answers
        self._links = links
        self._public_url = public_url
        self._now = now

    async def list(self, request: Request) -> Response:
        """Answer with a page of pictures. Raises GatewayError."""
        scope = await self._ownership.identify(request)
        query = request.query_params
        limit = read_limit(query)
        choice = _choose(query, limit + 1)
        after_id = query.get("after")
        after = None if after_id is None else await self._look_up(after_id, scope)
        found: Sequence[ShownPicture] = ()
        if after is not None or after_id is None:
            try:
                found = await self._overview.list_pictures(scope, choice, after)
            except DatabaseError as error:
                raise no_books() from error
        terms = self._find_terms(request)
        page = [to_picture_entry(shown, terms) for shown in found[:limit]]
        return to_json(
            PictureList(
                data=page,
                first_id=page[0].id if page else None,
                last_id=page[-1].id if page else None,
                has_more=len(found) > limit,
            )
        )

    async def show(self, request: Request) -> Response:
        """Answer with what is known of a picture. Raises GatewayError."""
        shown = await self._find(request)
        return to_json(to_picture(shown, self._find_terms(request), await self._list_siblings(shown)))

    async def delete(self, request: Request) -> Response:
        """Delete the answer that a picture came in, with all its pictures and what was asked. Raises GatewayError."""
        shown = await self._find(request)
        picture_ids = await self._list_siblings(shown)
        try:
            await self._answers.delete(shown.record)
        except DatabaseError as error:
            raise no_books() from error
        return to_json(
            PictureDeleted(id=shown.picture.id, generation_id=shown.record.id, picture_ids=[*picture_ids])
        )

    async def show_content(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Answer with a picture's own bytes, or a range of them. Raises GatewayError."""
        found = await self._find(Request(scope, receive))
        shown = Shown(picture=found.picture, max_age_seconds=_MAX_AGE_SECONDS, is_for_all=False)
        await answer_with_picture(
            shown, lambda: self._pictures.open(found.picture, found.record), scope, receive, send
        )

    async def show_thumbnail(self, request: Request) -> Response:
        """Answer with a small version of a picture. Raises GatewayError."""
        found = await self._find(request)
        side = read_choice(request.query_params, "size", [str(pixels) for pixels in SIDES_PIXELS])
        side_pixels = SIDES_PIXELS[0] if side is None else int(side)
        headers = {
            "etag": f'"{found.picture.sha256[:32]}-{side_pixels}"',
            "cache-control": f"private, max-age={_MAX_AGE_SECONDS}, immutable",
            "cross-origin-resource-policy": "same-origin",
            "referrer-policy": "no-referrer",
        }
        if has_it(request.headers.getlist("if-none-match"), headers["etag"]):
            return Response(status_code=304, headers=headers)
        try:
            made = await self._thumbnails.get(found.picture, found.record, side_pixels)
        except DatabaseError as error:
            raise no_books() from error
        return Response(
            made, media_type="image/webp", headers={**headers, "content-security-policy": SANDBOX.decode()}
        )

    async def _find(self, request: Request) -> ShownPicture:
        scope = await self._ownership.identify(request)
        picture_id = request.path_params["picture_id"]
        shown = await self._look_up(picture_id, scope)
        if shown is None:
            raise NotFound(f"There is no picture {picture_id[:100]!r}.")
        return shown

    async def _look_up(self, picture_id: str, scope: Scope) -> ShownPicture | None:
        if not _ID.fullmatch(picture_id):
            return None
        try:
            return await self._overview.find_picture(picture_id, scope)
        except DatabaseError as error:
            raise no_books() from error

    async def _list_siblings(self, shown: ShownPicture) -> Sequence[str]:
        try:
            found = await self._overview.list_picture_ids([shown.record.id])
        except DatabaseError as error:
            raise no_books() from error
        return found.get(shown.record.id, ())

    def _find_terms(self, request: Request) -> LinkTerms:
        base = find_link_base(request, self._public_url)
        return LinkTerms(links=self._links, base=base, now_seconds=self._now())


def _choose(query: QueryParams, limit: int) -> PictureChoice:
    """Return which pictures are asked for. Raises InvalidRequest."""
    model = read_text(query, "model")
    known = None if model is None else find_model(model)
    since_ms = read_moment_ms(query, "from", is_end=False)
    until_ms = read_moment_ms(query, "to", is_end=True)
    bounds = {"since_ms": since_ms, "until_ms": until_ms}
    return PictureChoice(
        words=search(query.get("q", "")),
        model=model if known is None else known.id,
        asked_begin=None if model is None else begin_asked(model),
        ratio=read_ratio(query),
        limit=limit,
        is_newest_first=query.get("order") is None or read_order(query),
        **{name: moment for name, moment in bounds.items() if moment is not None},
    )
