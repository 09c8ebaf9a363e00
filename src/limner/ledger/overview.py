"""The ledger as those look at it who made something, or look after the gateway: pictures, calls, days and money.

This module must not write, nor know SQL or HTTP. Everything here is for the event loop's thread. What takes many
rows is asked in steps, so that others get their answers between them.
"""

from collections.abc import Callable, Sequence
from functools import partial

from msgspec.structs import replace

from limner.ledger import calls, cases, gallery, usage
from limner.ledger.books import Books
from limner.ledger.key_accounts import describe_key, describe_keys
from limner.ledger.key_changes import list_keys
from limner.ledger.keys import ApiKey
from limner.ledger.records import Scope, UpstreamCall
from limner.wire.limner_keys import KeyEntry

_WEEK_MS = 7 * 24 * 3_600_000
_KEYS_AT_ONCE = 200


class Overview:
    """What there is. Everything raises DatabaseError."""

    def __init__(self, books: Books, *, now: Callable[[], float]) -> None:
        self._books = books
        self._now = now

    async def find_picture(self, picture_id: str, scope: Scope) -> gallery.ShownPicture | None:
        """Return a picture of the owner's that is kept and no thought."""
        return await self._books.ask(lambda database: gallery.find_picture(database, picture_id, scope))

    async def list_pictures(
        self, scope: Scope, choice: gallery.PictureChoice, after: gallery.ShownPicture | None
    ) -> list[gallery.ShownPicture]:
        """Return a page of the owner's pictures, behind one of them or from the beginning."""
        place: gallery.Place | None = gallery.begin(choice) if after is None else gallery.to_place(after)
        found: list[gallery.ShownPicture] = []
        while place is not None and len(found) < choice.limit:
            rest = replace(choice, limit=choice.limit - len(found))
            step = partial(gallery.list_some, scope=scope, choice=rest, after=place)
            more, place = await self._books.ask(step)
            found += more
        return found

    async def find_call(self, generation_id: str, scope: Scope | None) -> calls.ShownCall | None:
        """Return a generation; `scope` None stands for everybody's."""
        return await self._books.ask(lambda database: calls.find_call(database, generation_id, scope))

    async def list_calls(
        self, scope: Scope | None, *, state: str | None, after: calls.ShownCall | None, limit: int
    ) -> list[calls.ShownCall]:
        """Return a page of generations in a state, or in any, the newest first; `scope` None: everybody's."""
        place: calls.Place | None = calls.NEWEST if after is None else calls.to_place(after)
        found: list[calls.ShownCall] = []
        while place is not None and len(found) < limit:
            step = partial(calls.list_some, scope=scope, state=state, after=place, limit=limit - len(found))
            more, place = await self._books.ask(step)
            found += more
        return found

    async def list_upstream_calls(self, generation_ids: Sequence[str]) -> dict[str, tuple[UpstreamCall, ...]]:
        """Return what became of the generations' calls to Gemini, by id and choice."""
        return await self._books.ask(lambda database: cases.list_upstream_calls(database, generation_ids))

    async def list_picture_ids(self, generation_ids: Sequence[str]) -> dict[str, list[str]]:
        """Return the ids of the generations' kept pictures, thoughts left out."""
        return await self._books.ask(lambda database: calls.list_picture_ids(database, generation_ids))

    async def read_days(
        self, scope: Scope | None, *, key_name: str | None, since_ms: int, until_ms: int
    ) -> list[usage.DayRow]:
        """Return what was made in a time by day, model and key; `scope` None: everybody's."""
        found: list[usage.DayRow] = []
        for start_ms in range(since_ms, until_ms, _WEEK_MS):
            step = partial(
                usage.read_days,
                scope=scope,
                key_name=key_name,
                since_ms=start_ms,
                until_ms=min(start_ms + _WEEK_MS, until_ms),
            )
            found += await self._books.ask(step)
        return found

    async def describe_key(self, key: ApiKey) -> KeyEntry:
        """Return a key with what it has spent."""
        return await self._books.ask(lambda database: describe_key(database, key, self._now_ms()))

    async def describe_all_keys(self) -> list[KeyEntry]:
        """Return all stored keys with what they have spent, the oldest first."""
        found: list[ApiKey] = []
        while True:
            after = found[-1].id if found else None
            step = partial(list_keys, after=after, limit=_KEYS_AT_ONCE)
            more = await self._books.ask(step)
            found += more
            if len(more) < _KEYS_AT_ONCE:
                break
        entries: list[KeyEntry] = []
        for start in range(0, len(found), _KEYS_AT_ONCE):
            some = found[start : start + _KEYS_AT_ONCE]
            entries += await self._books.ask(partial(describe_keys, keys=some, now_ms=self._now_ms()))
        return entries

    def _now_ms(self) -> int:
        return int(self._now() * 1000)
