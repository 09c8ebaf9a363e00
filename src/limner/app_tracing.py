"""Builds what traces, if OpenTelemetry's own variables say where traces go and the extra `tracing` is installed.

Nothing is imported, made or called where they are not set. Knows no settings: the variables are OpenTelemetry's
(`OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_TRACES_SAMPLER`, …), in the process's environment.
"""

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from threading import Thread
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from msgspec import Struct

from limner import __version__
from limner.generation.watching import Watcher
from limner.web.tracing import RequestTraces

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

_LOG = logging.getLogger("limner.tracing")

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_PROTOCOL = "http/protobuf"

_LAST_SECONDS = 3.0
"""How long a gateway that ends waits for its last spans to leave."""


class Tracing(Struct, frozen=True):
    """What traces."""

    requests: RequestTraces
    watch: Watcher
    close: Callable[[], None]


class _Closing(Protocol):
    def shutdown(self) -> None: ...


def find_endpoint(environ: Mapping[str, str]) -> str | None:
    """Return where traces are to go, None if they are not wanted."""
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return None
    if environ.get("OTEL_TRACES_EXPORTER", "").strip().lower() not in {"", "otlp"}:
        return None
    return next((environ[name].strip() for name in _ENDPOINTS if environ.get(name, "").strip()), None)


def describe_tracing(environ: Mapping[str, str] | None = None) -> str | None:
    """Return the banner's line on traces; None where they are not wanted. It holds no header and no credential."""
    environ = os.environ if environ is None else environ
    endpoint = find_endpoint(environ)
    if endpoint is None:
        return None
    if (problem := _find_problem(environ)) is not None:
        return f"Warning: no traces: {problem}"
    return f"Traces: {urlsplit(endpoint).netloc.rpartition('@')[2]}"


def _find_problem(environ: Mapping[str, str]) -> str | None:
    protocol = next(
        (environ[name].strip() for name in _PROTOCOLS if environ.get(name, "").strip()), _PROTOCOL
    )
    if protocol != _PROTOCOL:
        return f"OTEL_EXPORTER_OTLP_PROTOCOL is {protocol!r}; accepted: {_PROTOCOL}"
    if any(find_spec(name) is None for name in ("opentelemetry", "requests")) or not _has_exporter():
        return "OpenTelemetry is not installed: pip install 'limner[tracing]'"
    return None


def _has_exporter() -> bool:
    try:
        return find_spec("opentelemetry.sdk.trace") is not None and (
            find_spec("opentelemetry.exporter.otlp.proto.http") is not None
        )
    except ModuleNotFoundError:
        return False


def build_tracing(environ: Mapping[str, str] | None = None) -> Tracing | None:
    """Return what traces, or None: traces are not wanted, or cannot be made. `describe_tracing` says which."""
    environ = os.environ if environ is None else environ
    if find_endpoint(environ) is None or _find_problem(environ) is not None:
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - an extra
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - as above
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - as above
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - as above

    from limner.generation.call_spans import CallSpans  # noqa: PLC0415 - as above
    from limner.web.request_spans import RequestSpans  # noqa: PLC0415 - as above

    # It logs each failure, with the address and what the other side said; `_Reported` says once that there is one.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    names_itself = "service.name=" in environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    own = {"service.version": __version__}
    if not (names_itself or environ.get("OTEL_SERVICE_NAME", "").strip()):
        own["service.name"] = "limner"
    provider = TracerProvider(resource=Resource.create({**own}), shutdown_on_exit=False)
    # A queue that forgets when it is full, emptied by a thread: no call waits for it.
    provider.add_span_processor(BatchSpanProcessor(_report_failures(OTLPSpanExporter())))
    tracer = provider.get_tracer("limner", __version__)
    return Tracing(
        requests=RequestSpans(tracer), watch=CallSpans(tracer).watch, close=lambda: _close(provider)
    )


def _report_failures(exporter: "SpanExporter") -> "SpanExporter":
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult  # noqa: PLC0415 - an extra

    class Reported(SpanExporter):
        """Exports, and logs when that begins to fail and when it works again."""

        def __init__(self) -> None:
            self._is_failing = False

        def export(self, spans: "Sequence[ReadableSpan]") -> "SpanExportResult":
            try:
                result = exporter.export(spans)
            except Exception as error:  # noqa: BLE001 - a thread of its own: what is not caught here is never seen
                _LOG.debug("exporting traces failed: %s", type(error).__name__)
                result = SpanExportResult.FAILURE
            is_failing = result is not SpanExportResult.SUCCESS
            if is_failing and not self._is_failing:
                _LOG.warning("traces cannot be exported; calls go on without")
            elif self._is_failing and not is_failing:
                _LOG.info("traces are exported again")
            self._is_failing = is_failing
            return result

        def shutdown(self) -> None:
            exporter.shutdown()

    return Reported()


def _close(provider: _Closing) -> None:
    """Send what is left, unless that takes long."""
    thread = Thread(target=provider.shutdown, name="limner-tracing-end", daemon=True)
    thread.start()
    thread.join(_LAST_SECONDS)
