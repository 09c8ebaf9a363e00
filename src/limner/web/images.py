"""`GET /images/{id}?…`: a picture by its signed link, for whoever has the link. Knows no key and no owner."""

from collections.abc import Callable

from starlette.types import Receive, Scope, Send

from limner.errors import NotFound, PermissionDenied
from limner.generation.kept_pictures import KeptPictures
from limner.ledger.errors import DatabaseError
from limner.ledger.generations import Ledger
from limner.pictures.links import PictureLinks
from limner.web.ownership import no_books
from limner.web.picture_answer import Shown, answer_with_picture


class ImagesDoor:
    """The door to pictures."""

    def __init__(
        self,
        ledger: Ledger,
        pictures: KeptPictures,
        links: PictureLinks,
        *,
        now: Callable[[], float],
    ) -> None:
        """`now` is the time that links end by, epoch seconds."""
        self._ledger = ledger
        self._pictures = pictures
        self._links = links
        self._now = now

    async def show(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a picture, or a range of it. Raises GatewayError.

        Whatever the id: without a valid signature nothing is looked up.
        """
        # Not the router's: to it, an id with a line feed behind it would be the same.
        picture_id, now = scope["path"].removeprefix("/images/"), self._now()
        ends_at = self._links.read_expiry(picture_id, scope["query_string"].decode("latin-1"), now)
        if ends_at is None:
            raise PermissionDenied(
                "This link to a picture is not valid: it was not signed here, was changed or cut, or has ended.",
                code="invalid_link",
            )
        try:
            found = await self._ledger.find_picture(picture_id)
        except DatabaseError as error:
            raise no_books() from error
        if found is None:
            raise NotFound("The picture of this link is no longer there.")
        picture, record = found
        shown = Shown(picture=picture, max_age_seconds=int(ends_at - now), is_for_all=True)
        await answer_with_picture(shown, lambda: self._pictures.open(picture, record), scope, receive, send)
