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
from limner.generation import Generations
from limner.ledger.keys import ApiKey
from limner.pictures.spool import PictureSpool
from limner.translate.answer import AnswerHead
from limner.translate.body import read_model_name, to_record
from limner.translate.messages import read_system_texts
from limner.translate.request import Drawing, to_drawing
from limner.translate.settings import resolve_settings
from limner.translate.spellings import find_given
from limner.web.auth import FindKey, authenticate, authorize_model
from limner.web.body import Body, read_body
from limner.web.sending import SendOptions, send_stream, send_whole
from limner.wire.openai import ChatCompletionRequest


class ChatRules(Struct, frozen=True, kw_only=True):
    """How the door is set."""

    max_body_bytes: int
    image_output: str
    line_bytes: int
    heartbeat_seconds: float
    upstream_stores: bool


class ChatDoor:
    """The door, as an ASGI application."""

    def __init__(
        self,
        generations: Generations,
        *,
        find_key: FindKey,
        new_spool: Callable[[], PictureSpool],
        rules: ChatRules,
    ) -> None:
        self._generations = generations
        self._find_key = find_key
        self._new_spool = new_spool
        self._rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Raises GatewayError as long as nothing has been sent."""
        request = Request(scope, receive)
        key = authenticate(request.headers, self._find_key)
        scope["limner.key_name"] = key.name
        body = await read_body(request, max_bytes=self._rules.max_body_bytes, new_spool=self._new_spool)
        try:
            asked, drawing = self._prepare(body, key, request.headers.get("x-limner-image-output"))
        except BaseException:
            body.close()
            raise
        is_stream = bool(asked.stream)
        generation = self._generations.start(drawing, body.spools, is_stream=is_stream)
        scope["limner.generation_id"] = generation.id
        head = AnswerHead(
            id=f"chatcmpl-{generation.id.removeprefix('gen_')}",
            created=generation.created,
            model=asked.model,
            generation_id=generation.id,
        )
        if not is_stream:
            await send_whole(generation, head, send)
            return
        wants_usage = asked.stream_options is None or asked.stream_options.include_usage is not False
        options = SendOptions(
            line_bytes=self._rules.line_bytes,
            heartbeat_seconds=self._rules.heartbeat_seconds,
            includes_usage=wants_usage,
        )
        await send_stream(generation, head, options, send)

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
        settings = resolve_settings(
            asked,
            model,
            given=find_given(body.fields, suffixes, read_system_texts(asked.messages or ())),
            header_image_output=header_image_output,
            default_image_output=key.image_output or self._rules.image_output,
        )
        drawing = to_drawing(
            asked, model, settings, body.pictures, upstream_stores=self._rules.upstream_stores
        )
        return asked, drawing
