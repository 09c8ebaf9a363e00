"""Passes counts of tokens on to Gemini, and its answers back. They are free: nothing is claimed, nothing is kept.

Knows bodies and Gemini's answers; not who asks.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.types import Send

from limner.catalogue import Model
from limner.errors import (
    GatewayError,
    InvalidRequest,
    NotFound,
    RateLimited,
    UpstreamFailure,
    UpstreamUnavailable,
)
from limner.generation.request_body import to_body
from limner.translate.adaptation import adapt_count
from limner.translate.failure import read_error_body, to_gateway_error
from limner.translate.native_places import put_places
from limner.upstream.call_body import CallBody
from limner.web.body import Body

CountTokens = Callable[[str, Callable[[str], bytes | CallBody]], Awaitable[tuple[int, bytes]]]
"""Asks Gemini to count: in go a model's id and what builds the body for a kind of upstream, out come status and body of
the answer. Raises GatewayError."""


class Counter:
    """Answers `countTokens`."""

    def __init__(self, count_tokens: CountTokens) -> None:
        self._count_tokens = count_tokens

    async def answer(self, body: Body, model: Model, send: Send) -> None:
        """Answer one request; its body is closed in any case. Raises GatewayError."""
        try:
            placed = put_places(_name_model(body.fields, model), len(body.pictures))
            status, counted = await self._count_tokens(
                model.id,
                lambda kind: to_body(adapt_count(placed.request, kind), placed.inserts, body.spools),
            )
        finally:
            body.close()
        if status != 200:
            raise _to_refusal(status, counted, model.id)
        headers = [
            (b"content-type", b"application/json; charset=UTF-8"),
            (b"content-length", str(len(counted)).encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": counted, "more_body": False})


def _to_refusal(status: int, answer: bytes, model_id: str) -> GatewayError:
    """Return what a client is told of a count that failed: nothing is ever bought by one."""
    told = to_gateway_error(status, read_error_body(answer), model_id)
    if isinstance(told, InvalidRequest | NotFound | RateLimited | UpstreamUnavailable):
        return told
    return UpstreamFailure(f"Gemini did not count the tokens; it answered {status}.", code="upstream_error")


def _name_model(fields: dict[str, Any], model: Model) -> dict[str, Any]:
    """Return the body of a count, the model in it named as Gemini knows it."""
    named = dict(fields)
    if "model" in named:
        named["model"] = f"models/{model.id}"
    for name in ("generateContentRequest", "generate_content_request"):
        if isinstance(named.get(name), dict):
            named[name] = {**named[name], "model": f"models/{model.id}"}
    return named
