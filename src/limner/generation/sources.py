"""Turns links in a conversation into pictures: this gateway's own from its store, all others by fetching them.

A link that was signed here is leave to use its picture, whosever it is. Without that, a picture is its owner's only, and
to everybody else as one that was never there. Knows books, files and how links look; no door.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol
from urllib.parse import urlsplit

from msgspec import Struct

from limner.errors import InvalidRequest, no_storage
from limner.generation.inputs import MAX_PICTURES, MOST_SENT_BYTES, Inputs
from limner.generation.kept_pictures import KeptPictures
from limner.ledger.errors import DatabaseError
from limner.ledger.generations import Ledger
from limner.ledger.records import Scope
from limner.pictures.links import PictureLinks, find_picture_id
from limner.pictures.spool import FileSpool, PictureSpool
from limner.translate.pieces import Link, check_picture
from limner.translate.shown import shorten

FETCH_SECONDS = 20.0
"""For all links of a request."""

MOST_FETCHED_BYTES = 75_000_000
"""Of all links of a request: as base64 it is what one request to Gemini may hold (100 MB, since 2026-01-12)."""

_FETCHED_AT_ONCE = 4
_USUAL_PORTS = {"https": ":443", "http": ":80"}


class Gathered(Struct, frozen=True, kw_only=True):
    """What links have become."""

    numbers: Mapping[str, int | None]
    """The picture's number by URL; None: it is no picture of ours, and stays the text it was."""
    origins: Mapping[int, str]
    """The generation that a picture was named from, by the picture's number."""


class Fetcher(Protocol):
    """What gets foreign pictures."""

    async def fetch(self, url: str, take: Callable[[bytes], None], *, param: str, ends_at: float) -> None:
        """Give a picture's bytes to `take`, until `ends_at` in the loop's time. Raises InvalidRequest."""


class Sources:
    """Finds pictures by their links."""

    def __init__(
        self,
        ledger: Ledger,
        kept: KeptPictures,
        links: PictureLinks,
        fetcher: Fetcher,
        *,
        new_spool: Callable[[], FileSpool],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._ledger = ledger
        self._kept = kept
        self._links = links
        self._fetcher = fetcher
        self._new_spool = new_spool
        self._now = now

    async def gather(
        self, links: Sequence[Link], inputs: Inputs, scope: Scope, own_hosts: Collection[str]
    ) -> Gathered:
        """Add the pictures behind `links` to `inputs`. `own_hosts` are names and ports this gateway is reached at.

        Of those in texts, of which a long conversation may have any number, the older ones stay text where all would be
        too much. Raises GatewayError: a picture cannot be had, or is none.
        """
        numbers: dict[str, int | None] = {}
        origins: dict[int, str] = {}
        parts, texts = _choose(links)
        if len(inputs.pictures) + len(parts) > MAX_PICTURES:
            raise InvalidRequest(
                f"The request names or holds more than {MAX_PICTURES} pictures.", code="invalid_image"
            )
        await self._catch_up()
        foreign: list[Link] = []
        for link in (*parts, *texts):
            if link.is_from_text and len(inputs.pictures) + len(foreign) >= MAX_PICTURES:
                numbers[link.url] = None
                continue
            picture_id = self._find_own(link, own_hosts)
            if picture_id is not None:
                number, generation_id = await self._take_own(link, picture_id, inputs, scope)
                numbers[link.url] = number
                if number is not None:
                    origins[number] = generation_id
            elif link.is_from_text:
                numbers[link.url] = None
            else:
                foreign.append(link)
        numbers.update(await self._fetch_all(foreign, inputs))
        return Gathered(numbers=numbers, origins=origins)

    async def _catch_up(self) -> None:
        """Return when what was drawn or deleted just now can be read. Raises GatewayError."""
        try:
            await self._ledger.catch_up()
        except DatabaseError as error:
            raise no_storage() from error

    def _find_own(self, link: Link, own_hosts: Collection[str]) -> str | None:
        """Return the picture that a link names here; None: it leads elsewhere."""
        picture_id = find_picture_id(link.url)
        if picture_id is None:
            return None
        try:
            parts = urlsplit(link.url)
            host = parts.netloc.rpartition("@")[2].lower().removesuffix(_USUAL_PORTS.get(parts.scheme, ""))
        except ValueError:
            return None
        if not host or host in own_hosts or self._links.was_signed(link.url):
            return picture_id
        return None

    async def _take_own(
        self, link: Link, picture_id: str, inputs: Inputs, scope: Scope
    ) -> tuple[int | None, str]:
        try:
            found = await self._ledger.find_picture(picture_id)
        except DatabaseError as error:
            raise no_storage() from error
        if found is None:
            if link.is_from_text and self._links.was_signed(link.url):
                return None, ""  # it was the caller's to use, and has gone since: the conversation goes on
            raise _not_found(link)
        picture, record = found
        is_owner = record.owner == scope.owner and record.end_user == (scope.end_user or "")
        if not (is_owner or self._links.is_valid_url(link.url, self._now())):
            raise _not_found(link)
        sent_bytes = (sum(each.size_bytes for each in inputs.pictures) + picture.size_bytes) * 4 // 3
        if link.is_from_text and sent_bytes > MOST_SENT_BYTES:
            return None, ""
        number = inputs.add(await self._kept.open(picture, record))
        check_picture(number, link.param, inputs.pictures)
        return number, record.id

    async def _fetch_all(self, links: Sequence[Link], inputs: Inputs) -> dict[str, int]:
        ends_at = asyncio.get_running_loop().time() + FETCH_SECONDS
        spools: list[FileSpool] = []
        lines = asyncio.Semaphore(_FETCHED_AT_ONCE)
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._fetch(link, spools, ends_at, lines)) for link in links]
        except BaseException as failure:
            for spool in spools:
                spool.close()
            if isinstance(failure, ExceptionGroup):
                raise _first(failure) from None
            raise
        # All of them first: what is among the inputs is let go with these.
        numbers = {link.url: inputs.add(task.result()) for link, task in zip(links, tasks, strict=True)}
        for link in links:
            check_picture(numbers[link.url], link.param, inputs.pictures)
        return numbers

    async def _fetch(
        self, link: Link, spools: list[FileSpool], ends_at: float, lines: asyncio.Semaphore
    ) -> PictureSpool:
        spool = self._new_spool()
        spools.append(spool)

        def take(data: bytes) -> None:
            spool.append_bytes(data)
            if sum(each.size_bytes for each in spools) > MOST_FETCHED_BYTES:
                raise InvalidRequest(
                    f"The links of the request lead to more than {MOST_FETCHED_BYTES // 1_000_000} MB.",
                    code="image_fetch_failed",
                    param=link.param,
                )

        async with lines:
            await self._fetcher.fetch(link.url, take, param=link.param, ends_at=ends_at)
        spool.finish()
        if spool.is_held:
            raise no_storage()
        return spool


def _choose(links: Sequence[Link]) -> tuple[list[Link], list[Link]]:
    """Return the links that are parts, in their order, and those that stand in texts only, the last first."""
    parts = {link.url: link for link in reversed(links) if not link.is_from_text}
    texts = {link.url: link for link in reversed(links) if link.url not in parts}
    return [*reversed(parts.values())], [*texts.values()]


def _first(errors: ExceptionGroup[Exception]) -> Exception:
    error = errors.exceptions[0]
    return _first(error) if isinstance(error, ExceptionGroup) else error


def _not_found(link: Link) -> InvalidRequest:
    shown = shorten(link.url.partition("?")[0])
    return InvalidRequest(
        f"'{link.param}' is {shown}, and there is no such picture here that you may use; accepted: links as they were "
        "given out, or pictures of your own.",
        code="image_not_found",
        param=link.param,
    )
