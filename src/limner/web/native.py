"""`POST …/models/{model}:generateContent`, `:streamGenerateContent` and `:countTokens`: Gemini's own format in and out.

Checks in this order - key, model, types, settings, content - and nothing reaches Gemini before all have passed.
"""

from collections.abc import Awaitable, Callable

from msgspec import Struct
from msgspec.structs import replace
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from limner.catalogue import Model, find_by_any_name
from limner.generation.claiming import Call
from limner.generation.inputs import Inputs
from limner.translate.canonical import canonicalize
from limner.translate.native_request import holds_signature, to_native_drawing
from limner.translate.request import Drawing
from limner.web.body import Body
from limner.web.calls import Caller, Calls
from limner.web.chat_request import list_alternatives
from limner.web.native_body import read_native_body
from limner.web.native_counting import Counter
from limner.web.native_names import bare_name, choose_model, read_path, to_unserved


class NativeRules(Struct, frozen=True, kw_only=True):
    """How calls are passed on."""

    upstream_stores: bool
    is_served: Callable[[str], Awaitable[bool]]
    """Whether the upstream has a model that the catalogue does not know."""


async def refuse_unserved(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - as ASGI asks
    """Refuse what Gemini serves and this gateway does not. Raises NotFound."""
    raise to_unserved(Request(scope, receive).path_params["name"])


class NativeDoor:
    """The door, as an ASGI application."""

    def __init__(self, calls: Calls, counter: Counter, rules: NativeRules) -> None:
        self._calls = calls
        self._counter = counter
        self._rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Raises GatewayError as long as nothing has been sent."""
        request = Request(scope, receive)
        name, method = read_path(request.path_params)
        caller = await self._calls.identify(request)
        listed = find_by_any_name(bare_name(name))
        model = await choose_model(
            name if listed is None else listed.id,
            caller.key,
            version=request.url.path.split("/")[1],
            method=method,
            is_served=self._rules.is_served,
        )
        body = await self._calls.read_body(request, read_native_body)
        if method == "countTokens":
            await self._counter.answer(body, model, send)
            return
        is_stream = method == "streamGenerateContent"
        try:
            drawing = self._to_drawing(body, caller, model, name)
            call = self._to_call(request, body, caller, drawing, is_stream=is_stream)
        except BaseException:
            body.close()
            raise
        visit = await self._calls.claim(call, drawing, Inputs(body.pictures, body.spools), scope)
        is_array = request.query_params.get("alt") != "sse"
        await self._calls.answer(visit, scope, send, is_stream=is_stream, is_array=is_array)

    def _to_drawing(self, body: Body, caller: Caller, model: Model, name: str) -> Drawing:
        """Return what is bought, and what other models may draw in its place. Raises InvalidRequest."""

        def draw(each: Model) -> Drawing:
            return to_native_drawing(
                body.fields,
                each,
                name,
                body.pictures,
                has_budget=caller.key.budget_micro_usd is not None,
                upstream_stores=self._rules.upstream_stores,
            )

        drawing = draw(model)
        if holds_signature(body.fields):  # of this model, which no other takes
            return drawing
        others = list_alternatives(model, drawing.settings, caller.key, lambda each: draw(each).settings)
        return replace(drawing, alternatives=tuple(draw(each) for each, _ in others))

    def _to_call(
        self, request: Request, body: Body, caller: Caller, drawing: Drawing, *, is_stream: bool
    ) -> Call:
        asked = {**body.fields, "model": drawing.model.id}
        return Call(
            door="native",
            key=caller.key,
            end_user=caller.name_end_user(None),
            body=canonicalize(asked, body.pictures, None),
            idempotency_key=caller.idempotency_key,
            is_retry=caller.is_retry,
            is_always_new=caller.is_always_new,
            is_stream=is_stream,
            store=False if body.fields.get("store") is False else None,
            link_base=self._calls.find_link_base(request),
            link_seconds=self._calls.find_link_seconds(is_linked=False),
        )
