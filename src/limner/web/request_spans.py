"""Spans of requests, as OpenTelemetry's conventions for HTTP servers have them. Imported only where tracing is on.

Nothing of a body, a query or a header gets into a span, but for the trace that `traceparent` says a request belongs to.

Facts (opentelemetry.io, semantic conventions for HTTP spans 1.41, read 2026-11): a server's span is called
`{method} {http.route}`; its status is left unset below 500; an unknown method is `_OTHER`.
"""

from opentelemetry import context as otel_context
from opentelemetry.context import Context
from opentelemetry.propagate import get_global_textmap
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, set_span_in_context
from starlette.datastructures import Headers
from starlette.types import Scope

from limner.web.access_log import PROBED_PATHS, Problem, show_path
from limner.web.metrics import label_model

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})

_ROUTES = {
    "chat": "/v1/chat/completions",
    "images": "/v1/images/generations",
    "edits": "/v1/images/edits",
    "native": "/v1beta/models/{model}:{method}",
    "links": "/images/{id}",
    "studio": "/",
}
"""The doors that are at one address."""


class RequestSpans:
    """Makes a span of each request."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def begin(self, scope: Scope, door: str) -> "RequestSpan | None":
        """Begin one, in the trace that the client says it belongs to; what is probed from time to time is left out."""
        if scope["path"] in PROBED_PATHS:
            return None
        # From nothing: a connection's next request would else belong to the one before.
        parent = get_global_textmap().extract(Headers(scope=scope), context=Context())
        method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
        route = _ROUTES.get(door)
        span = self._tracer.start_span(
            f"{method} {route or door}",
            context=parent,
            kind=SpanKind.SERVER,
            attributes={
                "http.request.method": method,
                "url.scheme": scope["scheme"],
                "url.path": show_path(scope["path"]),
                "network.protocol.version": scope["http_version"],
                "limner.door": door,
                "limner.request_id": scope["limner.request_id"],
                **({"http.route": route} if route is not None else {}),
                **({"client.address": scope["client"][0]} if scope.get("client") else {}),
            },
        )
        scope["limner.trace_id"] = f"{span.get_span_context().trace_id:032x}"
        return RequestSpan(span, scope, parent)


class RequestSpan:
    """The span of one request; what is begun until its end belongs to it."""

    def __init__(self, span: Span, scope: Scope, parent: Context) -> None:
        self._span = span
        self._scope = scope
        self._token = otel_context.attach(set_span_in_context(span, parent))

    def end(self, status: int | None, problem: Problem | None) -> None:
        """End it with what became of the request."""
        span, scope = self._span, self._scope
        if status is not None:
            span.set_attribute("http.response.status_code", status)
        if "limner.model" in scope:
            span.set_attribute("limner.model", label_model(scope["limner.model"]))
        for name in ("generation_id", "key_name"):
            if scope.get(f"limner.{name}") is not None:
                span.set_attribute(f"limner.{name}", scope[f"limner.{name}"])
        if problem is not None:
            span.set_attribute("limner.error.code", problem.code)
            is_failure = status is None or status >= 500 or status < 400
            if is_failure and problem.code != "client_left":
                span.set_attribute("error.type", problem.code)
                span.set_status(Status(StatusCode.ERROR))
        span.end()
        otel_context.detach(self._token)
