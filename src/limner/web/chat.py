"""`POST /v1/chat/completions`: OpenAI's chat in, a picture out.

Checks in this order - key, model, types, settings, content - and nothing reaches Gemini before all
have passed.
"""

from collections.abc import Callable

from msgspec import Struct
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from limner.catalogue import find_model_and_suffixes
from limner.errors import NotFound
from limner.generation.claiming import Call
from limner.generation.generations import Generations
from limner.generation.replaying import StoredFailure
from limner.generation.visit import Visit
from limner.ledger.keys import ApiKey
from limner.pictures.links import PictureLinks
from limner.pictures.spool import PictureSpool
from limner.translate.body import read_model_name, to_record
from limner.translate.canonical import canonicalize
from limner.translate.dialogue import read_dialogue
from limner.translate.messages import read_system_texts
from limner.translate.metadata import read_metadata
from limner.translate.request import Drawing, to_drawing
from limner.translate.settings import SettingsRules, resolve_settings
from limner.translate.spellings import find_given
from limner.web.auth import FindKey, authenticate, authorize_model
from limner.web.body import Body, read_body
from limner.web.delivery import Deliveries
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
    image_output: str
    line_bytes: int
    heartbeat_seconds: float
    settings: SettingsRules
    public_url: str | None
    """The address that links begin with; None: the one a call came to."""
    link_seconds: int | None
    """How long links to pictures are made to work; None: none are given out."""
    linked_seconds: int | None
    """The same where the pictures are kept for their links' sake."""
    upstream_stores: bool
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
        rules: ChatRules,
    ) -> None:
        self._generations = generations
        self._deliveries = deliveries
        self._find_key = find_key
        self._new_spool = new_spool
        self._links = links
        self._rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Raises GatewayError as long as nothing has been sent."""
        request = Request(scope, receive)
        key = await authenticate(request.headers, self._find_key)
        scope["limner.key_name"] = key.name
        idempotency_key = read_idempotency_key(request.headers)
        body = await read_body(request, max_bytes=self._rules.max_body_bytes, new_spool=self._new_spool)
        header_output = request.headers.get("x-limner-image-output")
        try:
            asked, drawing = self._prepare(body, key, header_output)
        except BaseException:
            body.close()
            raise
        call = Call(
            door="chat",
            key=key,
            end_user=read_end_user(request.headers, self._rules.end_user_header, asked.user),
            body=canonicalize(body.fields, body.pictures, header_output or key.image_output),
            idempotency_key=idempotency_key,
            is_retry=is_retry(request.headers),
            is_always_new=is_always_new(request.headers),
            is_stream=bool(asked.stream),
            store=asked.store,
            metadata=None if asked.store is False else asked.metadata,
        )
        self._deliveries.check()
        try:
            visit = await self._generations.claim(call, drawing, body.spools)
        except StoredFailure as stored:
            note_generation(scope, stored.generation_id, is_replayed=True)
            raise stored.error from None
        await self._answer(visit, asked, scope, send)

    async def _answer(self, visit: Visit, asked: ChatCompletionRequest, scope: Scope, send: Send) -> None:
        note_generation(scope, visit.generation.id, is_replayed=visit.is_replayed)
        delivery = self._deliveries.begin(visit, scope)
        try:
            if asked.stream:
                await send_stream(visit.generation, delivery, self._to_options(visit, asked, scope), send)
            else:
                await send_whole(visit.generation, delivery, send)
        finally:
            delivery.close()

    def _to_options(self, visit: Visit, asked: ChatCompletionRequest, scope: Scope) -> SendOptions:
        wants_usage = asked.stream_options is None or asked.stream_options.include_usage is not False
        connection = scope.get("limner.connection")
        return SendOptions(
            line_bytes=self._rules.line_bytes,
            heartbeat_seconds=self._rules.heartbeat_seconds,
            includes_usage=wants_usage,
            waits_for_opening=visit.is_first,
            write_pieces=None if connection is None else connection.write_pieces,
        )

    def _prepare(
        self, body: Body, key: ApiKey, header_image_output: str | None
    ) -> tuple[ChatCompletionRequest, Drawing]:
        """Return what was asked and what it buys. Raises GatewayError."""
        name = read_model_name(body.fields)
        found = find_model_and_suffixes(name)
        if found is None:
            raise NotFound(
                f"There is no model {name!r} here; GET /v1/models lists those there are.",
                code="model_not_found",
                param="model",
            )
        model, suffixes = found
        authorize_model(key, model.id)
        asked = to_record(body.fields, ChatCompletionRequest)
        if asked.metadata is not None:
            asked.metadata = read_metadata(asked.metadata, body.pictures)
        settings = resolve_settings(
            asked,
            model,
            given=find_given(body.fields, suffixes, read_system_texts(asked.messages or ())),
            header_image_output=header_image_output,
            default_image_output=key.image_output or self._rules.image_output,
            rules=self._rules.settings,
        )
        drawing = to_drawing(
            asked,
            model,
            settings,
            read_dialogue(asked, body.pictures),
            body.pictures,
            upstream_stores=self._rules.upstream_stores,
        )
        return asked, drawing
