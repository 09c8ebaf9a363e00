"""`/v1/limner/generations`: calls of all kinds and ends, and taking one back before it is sent. Knows no answer.

An admin key may ask for everybody's: it is told states, money, errors and what Gemini said, and not what others asked
or got.
"""

from collections.abc import Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response

from limner.errors import NotFound, PermissionDenied
from limner.generation.cancellation import cancel
from limner.generation.evidence import Terms
from limner.ledger.calls import ShownCall
from limner.ledger.errors import DatabaseError
from limner.ledger.generations import Ledger
from limner.ledger.keys import ApiKey
from limner.ledger.overview import Overview
from limner.ledger.records import Scope, UpstreamCall
from limner.pictures.inspection import measure_arrived
from limner.pictures.store import PictureStore
from limner.web.delivery import Deliveries
from limner.web.limner_entries import Mending, to_generation_entry, to_json
from limner.web.limner_query import read_choice
from limner.web.ownership import Ownership, no_books, to_generation_id
from limner.web.paging import read_flag, read_limit
from limner.wire.limner import GenerationCancelled, GenerationEntry, GenerationList

STATES = ("claimed", "sent", "receiving", "settled", "refused", "failed", "unknown")


class GenerationsDoor:
    """The doors to generations."""

    def __init__(
        self,
        overview: Overview,
        ledger: Ledger,
        ownership: Ownership,
        deliveries: Deliveries,
        *,
        store: PictureStore,
        terms: Terms,
        measure_received: Callable[[str], int | None],
    ) -> None:
        """`measure_received` says how much of a call's pictures has come, if it runs in this process."""
        self._overview = overview
        self._ledger = ledger
        self._ownership = ownership
        self._deliveries = deliveries
        self._store = store
        self._terms = terms
        self._measure_received = measure_received

    async def list(self, request: Request) -> Response:
        """Answer with a page of generations, the newest first. Raises GatewayError."""
        scope = await self._identify(request)
        query = request.query_params
        limit = read_limit(query)
        state = read_choice(query, "state", STATES)
        after_id = query.get("after")
        self._deliveries.check()
        found: Sequence[ShownCall] = ()
        try:
            await self._ledger.catch_up()
            after = None if after_id is None else await self._look_up(after_id, scope)
            if after is not None or after_id is None:
                found = await self._overview.list_calls(scope, state=state, after=after, limit=limit + 1)
            page = await self._to_entries(found[:limit], scope)
        except DatabaseError as error:
            raise no_books() from error
        return to_json(
            GenerationList(
                data=[*page],
                first_id=page[0].id if page else None,
                last_id=page[-1].id if page else None,
                has_more=len(found) > limit,
            )
        )

    async def show(self, request: Request) -> Response:
        """Answer with one generation. Raises GatewayError."""
        scope = await self._identify(request)
        try:
            (entry,) = await self._to_entries([await self._find(request, scope)], scope)
        except DatabaseError as error:
            raise no_books() from error
        return to_json(entry)

    async def cancel(self, request: Request) -> Response:
        """Take a call back that was not sent yet. Raises GatewayError: Conflict if it was."""
        scope = await self._ownership.identify(request)
        try:
            found = await self._find(request, scope)
            await cancel(self._ledger, found.record.id)
        except DatabaseError as error:
            raise no_books() from error
        return to_json(GenerationCancelled(id=found.record.id))

    async def _identify(self, request: Request) -> Scope | None:
        """Return whose generations are asked for; None: everybody's."""
        key, scope = await self._ownership.identify_key(request)
        return None if read_everybody(request, key, default=False) else scope

    async def _find(self, request: Request, scope: Scope | None) -> ShownCall:
        generation_id = request.path_params["generation_id"]
        found = await self._look_up(generation_id, scope)
        if found is None:
            raise NotFound(f"There is no generation {generation_id[:100]!r}.")
        return found

    async def _look_up(self, generation_id: str, scope: Scope | None) -> ShownCall | None:
        known = to_generation_id(generation_id)
        return await self._overview.find_call(known, scope) if known else None

    async def _to_entries(self, found: Sequence[ShownCall], scope: Scope | None) -> Sequence[GenerationEntry]:
        if scope is None:
            calls = await self._overview.list_upstream_calls([shown.record.id for shown in found])
            return [
                self._to_entry(shown, (), self._describe(shown, calls.get(shown.record.id, ())))
                for shown in found
            ]
        ids = [shown.record.id for shown in found if shown.record.folder is not None]
        pictures = await self._overview.list_picture_ids(ids) if ids else {}
        return [self._to_entry(shown, pictures.get(shown.record.id, ()), None) for shown in found]

    def _to_entry(
        self, shown: ShownCall, picture_ids: Sequence[str], mending: Mending | None
    ) -> GenerationEntry:
        return to_generation_entry(shown, picture_ids, mending, self._measure_received(shown.record.id))

    def _describe(self, shown: ShownCall, calls: Sequence[UpstreamCall]) -> Mending:
        """Return what is told of a call to whoever looks after the gateway."""
        is_unknown = shown.record.state == "unknown"
        try:
            arrived_bytes = measure_arrived(self._store, shown.record.id) if is_unknown else None
        except OSError:
            arrived_bytes = None
        return Mending(calls, self._terms, arrived_bytes)


def read_everybody(request: Request, key: ApiKey, *, default: bool) -> bool:
    """Return whether everybody's is asked for, which is for admin keys. Raises GatewayError."""
    is_all = read_flag(request.query_params, "all", default=default)
    if is_all and not key.is_admin:
        raise PermissionDenied(
            f"The key {key.name!r} is no admin key; 'all' shows what others made.",
            code="admin_key_required",
            param="all",
        )
    return is_all
