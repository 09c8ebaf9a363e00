"""`POST /v1/chat/completions`: OpenAI's chat in, a picture out.

Checks in this order - key, model, types, settings, content - and nothing reaches Gemini before all
have passed.
"""

import time

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from limner.generation.claiming import Call
from limner.ledger.records import Scope as OwnerScope
from limner.translate.canonical import canonicalize
from limner.translate.tasks import Task
from limner.web.body import Body
from limner.web.calls import Caller, Calls
from limner.web.chat_request import Asked, ChatReader, Order
from limner.web.local_answers import LocalAnswer, send_local_answer
from limner.wire.openai import ChatCompletionRequest


class ChatDoor:
    """The door, as an ASGI application."""

    def __init__(self, calls: Calls, reader: ChatReader) -> None:
        self._calls = calls
        self._reader = reader

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Raises GatewayError as long as nothing has been sent."""
        request = Request(scope, receive)
        caller = await self._calls.identify(request)
        body = await self._calls.read_body(request)
        try:
            asked = await self._reader.read(body, caller.key, request.headers)
            if asked.task is not None:
                body.close()
                await _answer_task(asked.task, asked.record, scope, send)
                return
            call, order = await self._order(asked, request, body, caller)
        except BaseException:
            body.close()
            raise
        visit = await self._calls.claim(call, order.drawing, order.inputs, scope)
        await self._calls.answer(
            visit,
            scope,
            send,
            is_stream=bool(asked.record.stream),
            includes_usage=_wants_usage(asked.record),
        )

    async def _order(self, asked: Asked, request: Request, body: Body, caller: Caller) -> tuple[Call, Order]:
        """Return the call and what it buys. Raises GatewayError."""
        record, key = asked.record, caller.key
        header_output = request.headers.get("x-limner-image-output")
        canonical = canonicalize(body.fields, body.pictures, header_output or key.image_output)
        end_user = caller.name_end_user(record.user)
        link_base = self._calls.find_link_base(request)
        order = await self._reader.order(
            asked, body, OwnerScope(owner=key.owner, end_user=end_user), link_base
        )
        is_linked = asked.settings.image_output == "url" or bool(record.store)
        return (
            Call(
                door="chat",
                key=key,
                end_user=end_user,
                body=canonical,
                idempotency_key=caller.idempotency_key,
                is_retry=caller.is_retry,
                is_always_new=caller.is_always_new,
                is_stream=bool(record.stream),
                store=record.store,
                metadata=None if record.store is False else record.metadata,
                conversation=order.conversation,
                link_base=link_base,
                link_seconds=self._calls.find_link_seconds(is_linked=is_linked),
            ),
            order,
        )


async def _answer_task(task: Task, asked: ChatCompletionRequest, scope: Scope, send: Send) -> None:
    answer = LocalAnswer(
        task=task,
        id=f"chatcmpl-{scope['limner.request_id'].removeprefix('req_')}",
        created=int(time.time()),
        model=asked.model,
    )
    await send_local_answer(
        answer, is_stream=bool(asked.stream), includes_usage=_wants_usage(asked), send=send
    )


def _wants_usage(asked: ChatCompletionRequest) -> bool:
    return asked.stream_options is None or asked.stream_options.include_usage is not False
