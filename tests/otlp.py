"""A receiver of traces: a server that takes OTLP over HTTP and keeps every span, and every byte, that it was sent."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as WireSpan

SERVER, CLIENT = WireSpan.SPAN_KIND_SERVER, WireSpan.SPAN_KIND_CLIENT
_WAIT_SECONDS = 15.0


@dataclass(frozen=True)
class Span:
    """One span as it came."""

    name: str
    kind: int
    trace_id: str
    span_id: str
    parent_id: str
    is_error: bool
    attributes: dict[str, Any]
    resource: dict[str, Any]


@dataclass
class Receiver:
    """What came."""

    url: str
    spans: list[Span] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def wait_for(self, is_wanted: Callable[[Span], bool], count: int = 1) -> list[Span]:
        """Return the spans that are wanted once there are so many."""
        ends_at = time.monotonic() + _WAIT_SECONDS
        while time.monotonic() < ends_at:
            found = [span for span in [*self.spans] if is_wanted(span)]
            if len(found) >= count:
                return found
            time.sleep(0.05)
        raise AssertionError([(span.name, span.attributes) for span in self.spans])

    def wait_for_request(self, request_id: str) -> Span:
        """Return the span of one request."""
        return self.wait_for(lambda span: span.attributes.get("limner.request_id") == request_id)[0]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Take traces for the length of the block."""

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.path == "/v1/traces"
            receiver.raw.append(body)
            receiver.headers.append(dict(self.headers.items()))
            receiver.spans.extend(_decode(body))
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    receiver = Receiver(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _decode(body: bytes) -> Iterator[Span]:
    for group in ExportTraceServiceRequest.FromString(body).resource_spans:
        for scope in group.scope_spans:
            for span in scope.spans:
                yield Span(
                    name=span.name,
                    kind=span.kind,
                    trace_id=span.trace_id.hex(),
                    span_id=span.span_id.hex(),
                    parent_id=span.parent_span_id.hex(),
                    is_error=span.status.code == 2,
                    attributes=_read(span.attributes),
                    resource=_read(group.resource.attributes),
                )


def _read(pairs: Any) -> dict[str, Any]:
    found: list[KeyValue] = list(pairs)
    return {pair.key: _read_value(pair.value) for pair in found}


def _read_value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_read_value(item) for item in value.array_value.values]
    return getattr(value, kind) if kind is not None else None
