"""`POST /v1/chat/completions`: OpenAI's chat in, a picture out.

Checks in this order - key, model, types, settings, content - and nothing reaches Gemini before all
have passed.
"""

import time
from collections.abc import Callable

from msgspec import Struct
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from limner.generation.claiming import Call
from limner.generation.generations import Generations
from limner.generation.replaying import StoredFailure
from limner.generation.visit import Visit
from limner.ledger.keys import ApiKey
from limner.ledger.records import Scope as OwnerScope
from limner.pictures.links import PictureLinks
from limner.pictures.spool import PictureSpool
from limner.translate.canonical import canonicalize
from limner.translate.tasks import Task
from limner.web.auth import FindKey, authenticate
from limner.web.body import Body, read_body
from limner.web.chat_request import Asked, ChatReader, Order, ReadingRules, find_link_base
from limner.web.delivery import Deliveries
from limner.web.local_answers import LocalAnswer, send_local_answer
from limner.web.repeats import (
    is_always_new,
    is_retry,
    note_generation,
    read_end_user,
    read_idempotency_key,
)
from limner.web.sending import send_whole
from limner.web.streaming import SendOptions, send_stream
from limner.wire.openai import ChatCompletionRequest


class ChatRules(Struct, frozen=True, kw_only=True):
    """How the door is set."""

    max_body_bytes: int
    reading: ReadingRules
    link_seconds: int | None
    """How long links to pictures are made to work; None: none are given out."""
    linked_seconds: int | None
    """The same where pictures are kept for their links' sake, or because the client asked to keep them."""
    line_bytes: int
    heartbeat_seconds: float
    end_user_header: str | None


class ChatDoor:
    """The door, as an ASGI application."""

    def __init__(
        self,
        generations: Generations,
        *,
        find_key: FindKey,
        new_spool: Callable[[], PictureSpool],
        deliveries: Deliveries,
        links: PictureLinks,
        reader: ChatReader,
        rules: ChatRules,
    ) -> None:
        self._generations = generations
        self._deliveries = deliveries
        self._find_key = find_key
        self._new_spool = new_spool
        self._links = links
        self._reader = reader
        self._rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Raises GatewayError as long as nothing has been sent."""
        request = Request(scope, receive)
        key = await authenticate(request.headers, self._find_key)
        scope["limner.key_name"] = key.name
        idempotency_key = read_idempotency_key(request.headers)
        body = await read_body(request, max_bytes=self._rules.max_body_bytes, new_spool=self._new_spool)
        self._deliveries.check()
        try:
            asked = await self._reader.read(body, key, request.headers)
            if asked.task is not None:
                body.close()
                await self._answer_task(asked.task, asked.record, scope, send)
                return
            call, order = await self._order(asked, request, body, key, idempotency_key)
        except BaseException:
            body.close()
            raise
        try:
            visit = await self._generations.claim(call, order.drawing, order.inputs.spools)
        except StoredFailure as stored:
            note_generation(scope, stored.generation_id, is_replayed=True)
            raise stored.error from None
        await self._answer(visit, asked.record, scope, send)

    async def _answer_task(self, task: Task, asked: ChatCompletionRequest, scope: Scope, send: Send) -> None:
        answer = LocalAnswer(
            task=task,
            id=f"chatcmpl-{scope['limner.request_id'].removeprefix('req_')}",
            created=int(time.time()),
            model=asked.model,
        )
        await send_local_answer(
            answer, is_stream=bool(asked.stream), includes_usage=_wants_usage(asked), send=send
        )

    async def _order(
        self, asked: Asked, request: Request, body: Body, key: ApiKey, idempotency_key: str | None
    ) -> tuple[Call, Order]:
        """Return the call and what it buys. Raises GatewayError."""
        record = asked.record
        header_output = request.headers.get("x-limner-image-output")
        canonical = canonicalize(body.fields, body.pictures, header_output or key.image_output)
        end_user = read_end_user(request.headers, self._rules.end_user_header, record.user)
        link_base = find_link_base(request, self._rules.reading)
        order = await self._reader.order(
            asked, body, OwnerScope(owner=key.owner, end_user=end_user), link_base
        )
        return (
            Call(
                door="chat",
                key=key,
                end_user=end_user,
                body=canonical,
                idempotency_key=idempotency_key,
                is_retry=is_retry(request.headers),
                is_always_new=is_always_new(request.headers),
                is_stream=bool(record.stream),
                store=record.store,
                metadata=None if record.store is False else record.metadata,
                conversation=order.conversation,
                link_base=link_base,
                link_seconds=self._find_link_seconds(asked),
            ),
            order,
        )

    def _find_link_seconds(self, asked: Asked) -> int | None:
        is_linked = asked.settings.image_output == "url" or asked.record.store
        return self._rules.linked_seconds if is_linked else self._rules.link_seconds

    async def _answer(self, visit: Visit, asked: ChatCompletionRequest, scope: Scope, send: Send) -> None:
        note_generation(scope, visit.generation.id, is_replayed=visit.is_replayed)
        delivery = self._deliveries.begin(visit, scope)
        try:
            if asked.stream:
                await send_stream(visit.generation, delivery, self._to_options(visit, asked, scope), send)
            else:
                await send_whole(visit.generation, delivery, send, links=self._links)
        finally:
            delivery.close()

    def _to_options(self, visit: Visit, asked: ChatCompletionRequest, scope: Scope) -> SendOptions:
        connection = scope.get("limner.connection")
        return SendOptions(
            links=self._links,
            line_bytes=self._rules.line_bytes,
            heartbeat_seconds=self._rules.heartbeat_seconds,
            includes_usage=_wants_usage(asked),
            waits_for_opening=visit.is_first,
            write_pieces=None if connection is None else connection.write_pieces,
        )


def _wants_usage(asked: ChatCompletionRequest) -> bool:
    return asked.stream_options is None or asked.stream_options.include_usage is not False
