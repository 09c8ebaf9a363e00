"""`GET /v1/chat/completions/{id}` and the list: fetches an answer again, or for the first time.

Whoever lost an answer - to a time-out, a proxy, a crash - finds it here, by id, by Idempotency-Key or among
those that reached nobody. Knows the books and how an answer is sent; nothing of how one is drawn.
"""

import re

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Send
from starlette.types import Scope as AsgiScope

from limner.errors import GatewayUnavailable, InvalidRequest, MethodNotAllowed, NotFound
from limner.generation.claiming import digest_idempotency_key
from limner.generation.generations import Generations, GivenUp
from limner.generation.record import Asked
from limner.generation.replaying import StoredFailure
from limner.ledger.errors import DatabaseError
from limner.ledger.generations import Ledger
from limner.ledger.keys import ApiKey
from limner.ledger.lookups import Choice
from limner.ledger.records import GenerationRecord, Scope
from limner.web.auth import FindKey, authenticate
from limner.web.delivery import Deliveries
from limner.web.repeats import note_generation, read_end_user
from limner.web.sending import send_whole
from limner.wire.completions import CompletionList, CompletionNote, Pending

_ID = re.compile(r"(?:chatcmpl-|gen_)([0-9a-f]{32})")
_DEFAULT_LIMIT = 20
_MOST = 100


class CompletionRules(Struct, frozen=True, kw_only=True):
    """How the doors are set."""

    end_user_header: str | None
    fingerprint_key: bytes


class CompletionsDoor:
    """The doors to answers that exist."""

    def __init__(
        self,
        generations: Generations,
        ledger: Ledger,
        *,
        find_key: FindKey,
        deliveries: Deliveries,
        rules: CompletionRules,
    ) -> None:
        self._generations = generations
        self._ledger = ledger
        self._find_key = find_key
        self._deliveries = deliveries
        self._rules = rules

    async def show(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Answer with one completion, when it is there. Raises GatewayError."""
        request = Request(scope, receive)
        if request.method == "HEAD":  # its answer has no picture, and would count as one delivered
            raise MethodNotAllowed(f"{request.url.path} does not take HEAD.")
        key = await authenticate(request.headers, self._find_key)
        scope["limner.key_name"] = key.name
        record = await self._find(request.path_params["completion_id"], self._to_scope(request, key))
        note_generation(scope, record.id, is_replayed=record.is_over)
        if not record.is_over and request.query_params.get("wait") == "0":
            await _to_json(Pending(id=_to_completion_id(record.id)), status=202)(scope, receive, send)
            return
        if record.is_over and record.answer is None and record.error is None:
            raise _not_found(request.path_params["completion_id"])
        try:
            visit = await self._generations.visit(record)
        except StoredFailure as stored:
            raise stored.error from None
        except GivenUp:
            raise _not_found(request.path_params["completion_id"]) from None
        delivery = self._deliveries.begin(visit, scope)
        try:
            await send_whole(visit.generation, delivery, send)
        finally:
            delivery.close()

    async def list(self, request: Request) -> Response:
        """Answer with what the caller asked to store, or with what `undelivered` or `idempotency_key` find."""
        key = await authenticate(request.headers, self._find_key)
        request.scope["limner.key_name"] = key.name
        query = request.query_params
        limit = _read_limit(query.get("limit"))
        given_key = query.get("idempotency_key")
        undelivered = _read_flag("undelivered", query.get("undelivered"))
        digest = None
        if given_key is not None:
            digest = digest_idempotency_key(key.owner, "chat", given_key, self._rules.fingerprint_key)
        after = query.get("after")
        self._deliveries.check()
        try:
            await self._ledger.catch_up()
            found = await self._ledger.list_generations(
                self._to_scope(request, key),
                Choice(
                    is_undelivered_only=undelivered,
                    is_stored_only=not undelivered and digest is None,
                    idempotency_digest=digest,
                    after=None if after is None else _to_generation_id(after),
                    limit=limit + 1,
                    is_newest_first=_read_order(query.get("order")),
                ),
            )
        except DatabaseError as error:
            raise _no_books() from error
        notes = [_to_note(record) for record in found[:limit]]
        return _to_json(
            CompletionList(
                data=notes,
                first_id=notes[0].id if notes else None,
                last_id=notes[-1].id if notes else None,
                has_more=len(found) > limit,
            )
        )

    def _to_scope(self, request: Request, key: ApiKey) -> Scope:
        """Return whose answers are asked for: the owner's, or one end user's where the header names one."""
        header = self._rules.end_user_header
        is_named = header is not None and header in request.headers
        end_user = read_end_user(request.headers, header, None) if is_named else None
        return Scope(owner=key.owner, end_user=end_user)

    async def _find(self, completion_id: str, scope: Scope) -> GenerationRecord:
        generation_id = _to_generation_id(completion_id)
        try:
            record = await self._ledger.find(generation_id, scope) if generation_id else None
        except DatabaseError as error:
            raise _no_books() from error
        if record is None:
            raise _not_found(completion_id)
        return record


def _to_generation_id(completion_id: str) -> str:
    match = _ID.fullmatch(completion_id)
    return f"gen_{match[1]}" if match else ""


def _to_completion_id(generation_id: str) -> str:
    return f"chatcmpl-{generation_id.removeprefix('gen_')}"


def _to_note(record: GenerationRecord) -> CompletionNote:
    asked = msgspec.json.decode(record.asked, type=Asked)
    has_answer = record.error is None and record.state == "settled"
    return CompletionNote(
        id=_to_completion_id(record.id),
        created=asked.created,
        model=asked.model,
        status=("completed" if has_answer else "failed") if record.is_over else "in_progress",
        generation_id=record.id,
        state=record.state,
        is_delivered=record.delivered_at_ms is not None,
        cost_usd=None if record.cost_micro_usd is None else record.cost_micro_usd / 1_000_000,
    )


def _read_limit(text: str | None) -> int:
    if text is None:
        return _DEFAULT_LIMIT
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= _MOST):
        raise InvalidRequest(
            f"'limit' is {text[:20]!r}; accepted: 1 to {_MOST}.", code="unsupported_value", param="limit"
        )
    return int(text)


def _read_order(text: str | None) -> bool:
    if text not in {None, "asc", "desc"}:
        raise InvalidRequest(
            f"'order' is {text[:20]!r}; accepted: asc, desc.", code="unsupported_value", param="order"
        )
    return text == "desc"


def _read_flag(name: str, text: str | None) -> bool:
    if text not in {None, "true", "false", "1", "0"}:
        raise InvalidRequest(
            f"'{name}' is {text[:20]!r}; accepted: true, false.", code="unsupported_value", param=name
        )
    return text in {"true", "1"}


def _not_found(completion_id: str) -> NotFound:
    return NotFound(f"There is no chat completion {completion_id[:100]!r}.")


def _no_books() -> GatewayUnavailable:
    return GatewayUnavailable("The gateway cannot read its books now.", code="storage_unavailable")


def _to_json(body: Struct, status: int = 200) -> Response:
    return Response(msgspec.json.encode(body), status_code=status, media_type="application/json")
