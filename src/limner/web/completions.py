"""`GET /v1/chat/completions/{id}` and the list: fetches an answer again, or for the first time.

Whoever lost an answer - to a time-out, a proxy, a crash - finds it here, by id, by Idempotency-Key or among
those that reached nobody. Knows the books and how an answer is sent; nothing of how one is drawn.
"""

from collections.abc import Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Send
from starlette.types import Scope as AsgiScope

from limner.errors import InvalidRequest, MethodNotAllowed
from limner.generation.claiming import digest_idempotency_key
from limner.generation.generations import Generations, GivenUp
from limner.generation.record import DOORS, begin_asked
from limner.generation.replaying import StoredFailure
from limner.ledger.errors import DatabaseError
from limner.ledger.generations import Ledger
from limner.ledger.lookups import Choice
from limner.ledger.records import GenerationRecord, Scope
from limner.pictures.links import PictureLinks
from limner.web.completion_notes import decode_metadata, to_note
from limner.web.delivery import Deliveries
from limner.web.forms import find_form
from limner.web.ownership import Ownership, no_books, not_found, to_completion_id, to_generation_id
from limner.web.paging import read_flag, read_limit, read_metadata_filter, read_order
from limner.web.repeats import note_generation
from limner.wire.completions import CompletionList, Pending


class CompletionsDoor:
    """The doors to answers that exist."""

    def __init__(
        self,
        generations: Generations,
        ledger: Ledger,
        ownership: Ownership,
        *,
        deliveries: Deliveries,
        links: PictureLinks,
        fingerprint_key: bytes,
    ) -> None:
        self._generations = generations
        self._ledger = ledger
        self._ownership = ownership
        self._deliveries = deliveries
        self._links = links
        self._fingerprint_key = fingerprint_key

    async def show(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Answer with one completion, when it is there. Raises GatewayError."""
        request = Request(scope, receive)
        if request.method == "HEAD":  # its answer has no picture, and would count as one delivered
            raise MethodNotAllowed(f"{request.url.path} does not take HEAD.")
        record = await self._ownership.find(request)
        waits = read_flag(request.query_params, "wait", default=True)
        completion_id = request.path_params["completion_id"]
        note_generation(scope, record.id, is_replayed=record.is_over)
        if not (record.is_over or waits):
            await to_json(Pending(id=to_completion_id(record.id)), status=202)(scope, receive, send)
            return
        if record.is_over and record.answer is None and record.error is None:
            raise not_found(completion_id)
        try:
            visit = await self._generations.visit(record)
        except StoredFailure as stored:
            raise stored.error from None
        except GivenUp:
            raise not_found(completion_id) from None
        delivery = self._deliveries.begin(visit, scope)
        try:
            await find_form(visit.generation.asked.door).send_whole(
                visit.generation,
                delivery,
                send,
                links=self._links,
                metadata=decode_metadata(record.metadata),
            )
        finally:
            delivery.close()

    async def list(self, request: Request) -> Response:
        """Answer with what the caller asked to store, or with what `undelivered` or `idempotency_key` find."""
        scope = await self._ownership.identify(request)
        limit = read_limit(request.query_params)
        choice = self._choose(request.query_params, limit + 1)
        given_key = request.query_params.get("idempotency_key")
        self._deliveries.check()
        try:
            await self._ledger.catch_up()
            if given_key is None:
                found = await self._ledger.list_generations(scope, choice)
            else:
                found = [*await self._list_by_key(scope, choice, given_key)]
        except DatabaseError as error:
            raise no_books() from error
        notes = [to_note(record, self._generations.measure_received(record.id)) for record in found[:limit]]
        return to_json(
            CompletionList(
                data=notes,
                first_id=notes[0].id if notes else None,
                last_id=notes[-1].id if notes else None,
                has_more=len(found) > limit,
            )
        )

    async def _list_by_key(self, scope: Scope, choice: Choice, key: str) -> Sequence[GenerationRecord]:
        """Return what was asked with an Idempotency-Key: at each door it stands for another call. Raises DatabaseError."""
        found: list[GenerationRecord] = []
        for door in DOORS:
            digest = digest_idempotency_key(scope.owner, door, key, self._fingerprint_key)
            at_door = replace(choice, idempotency_digest=digest)
            found += await self._ledger.list_generations(scope, at_door)
        found.sort(key=lambda record: (record.claimed_at_ms, record.id), reverse=choice.is_newest_first)
        return found[: choice.limit]

    def _choose(self, query: QueryParams, limit: int) -> Choice:
        """Return which generations are asked for. Raises InvalidRequest."""
        given_key, after, model = (query.get(name) for name in ("idempotency_key", "after", "model"))
        undelivered = read_flag(query, "undelivered")
        metadata = read_metadata_filter(query)
        is_stored = not undelivered and given_key is None
        for name, is_given in (("model", model is not None), ("metadata", bool(metadata))):
            if is_given and not is_stored:
                raise InvalidRequest(
                    f"'{name}' finds stored completions only; it does not go with 'undelivered' or "
                    "'idempotency_key'.",
                    code="unsupported_parameter",
                    param=name,
                )
        return Choice(
            is_undelivered_only=undelivered,
            is_stored_only=is_stored,
            asked_begin=None if model is None else begin_asked(model),
            metadata=msgspec.json.encode(metadata) if metadata else None,
            after=None if after is None else to_generation_id(after),
            limit=limit,
            is_newest_first=read_order(query),
        )


def to_json(body: Struct, status: int = 200) -> Response:
    """Return an answer without pictures."""
    return Response(msgspec.json.encode(body), status_code=status, media_type="application/json")
