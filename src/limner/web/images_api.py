"""`POST /v1/images/generations` and `/v1/images/edits`: OpenAI's images API, as JSON or as a form.

Checks in the chat door's order, and nothing reaches Gemini before all have passed.
"""

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from limner.generation.claiming import Call
from limner.ledger.records import Scope as OwnerScope
from limner.translate.canonical import canonicalize
from limner.web.body import Body
from limner.web.calls import Caller, Calls
from limner.web.chat_request import Order
from limner.web.images_request import AskedImages, ImagesReader
from limner.web.multipart import read_json_or_form


class ImagesApiDoor:
    """One of the two doors, as an ASGI application."""

    def __init__(self, calls: Calls, reader: ImagesReader, *, door: str) -> None:
        """`door` is `images` or `edits`."""
        self._calls = calls
        self._reader = reader
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Raises GatewayError as long as nothing has been sent."""
        request = Request(scope, receive)
        caller = await self._calls.identify(request)
        body = await self._calls.read_body(request, read_json_or_form)
        try:
            asked = await self._reader.read(body, caller.key, is_edit=self._door == "edits")
            call, order = await self._order(asked, request, body, caller)
        except BaseException:
            body.close()
            raise
        visit = await self._calls.claim(call, order.drawing, order.inputs, scope)
        await self._calls.answer(visit, scope, send, is_stream=bool(asked.record.stream))

    async def _order(
        self, asked: AskedImages, request: Request, body: Body, caller: Caller
    ) -> tuple[Call, Order]:
        """Return the call and what it buys. Raises GatewayError."""
        record, key = asked.record, caller.key
        canonical = canonicalize(asked.identity, body.pictures, None)
        end_user = caller.name_end_user(record.user)
        link_base = self._calls.find_link_base(request)
        order = await self._reader.order(
            asked, body, OwnerScope(owner=key.owner, end_user=end_user), link_base
        )
        is_linked = order.drawing.settings.image_output == "url" or bool(record.store)
        return (
            Call(
                door=self._door,
                key=key,
                end_user=end_user,
                body=canonical,
                idempotency_key=caller.idempotency_key,
                is_retry=caller.is_retry,
                is_always_new=caller.is_always_new,
                is_stream=bool(record.stream),
                store=record.store,
                metadata=None if record.store is False else record.metadata,
                link_base=link_base,
                link_seconds=self._calls.find_link_seconds(is_linked=is_linked),
            ),
            order,
        )
