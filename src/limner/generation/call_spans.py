"""Spans of calls to Gemini, by OpenTelemetry's conventions for generative AI. Imported only where tracing is on.

Counts, ids and names only: nothing of what was asked or answered.

Facts (open-telemetry/semantic-conventions-genai, docs/gen-ai/gen-ai-spans.md at 002c8a6e, status Development, read
2026-11-29; `gen_ai.system` of before 1.37 is `gen_ai.provider.name` now): a span of kind CLIENT is called
`{operation} {model}`; `generate_content` is the operation; `gcp.gemini` is the Developer API, `gcp.vertex_ai` Vertex AI;
input tokens are all tokens of the prompt, output tokens hold those of thoughts.
"""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer

from limner.generation.watching import Attempt

_PROVIDERS = {"vertex": "gcp.vertex_ai"}
_NAME = re.compile(r"[A-Z][A-Z_]{1,50}")
_ID = re.compile(r"[\w.~-]{1,128}")


class CallSpans:
    """Makes a span of each call to Gemini, below that of the request it is made for."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def watch(self, attempt: Attempt) -> Callable[[], None]:
        """Begin a span; what is returned ends it. See `generation.watching`."""
        place = urlsplit(f"//{attempt.address}")
        port = {} if place.port is None else {"server.port": place.port}
        span = self._tracer.start_span(
            f"generate_content {attempt.model}",
            kind=SpanKind.CLIENT,
            attributes={
                "gen_ai.operation.name": "generate_content",
                "gen_ai.provider.name": _PROVIDERS.get(attempt.kind, "gcp.gemini"),
                "gen_ai.request.model": attempt.model,
                "gen_ai.output.type": "image" if attempt.draws else "text",
                "server.address": place.hostname or "",
                **port,
                **({"gen_ai.request.stream": True} if attempt.is_stream else {}),
                "limner.generation_id": attempt.generation_id,
                "limner.upstream": attempt.upstream,
            },
        )
        return lambda: _end(span, attempt)


def _end(span: Span, attempt: Attempt) -> None:
    transcript = attempt.transcript
    if attempt.status is not None:
        span.set_attribute("http.response.status_code", attempt.status)
    if transcript.finish is not None and _NAME.fullmatch(transcript.finish.reason):
        span.set_attribute("gen_ai.response.finish_reasons", [transcript.finish.reason])
    if transcript.response_id is not None and _ID.fullmatch(transcript.response_id):
        span.set_attribute("gen_ai.response.id", transcript.response_id)
    usage = transcript.usage
    if usage is not None:
        thoughts = usage.thoughts_token_count or 0
        span.set_attribute("gen_ai.usage.input_tokens", usage.prompt_token_count or 0)
        span.set_attribute("gen_ai.usage.output_tokens", (usage.candidates_token_count or 0) + thoughts)
        span.set_attribute("gen_ai.usage.reasoning.output_tokens", thoughts)
    span.set_attribute("limner.pictures", len(transcript.pictures))
    if attempt.outcome == "unsent":
        span.set_attribute("limner.unsent", True)
    elif attempt.outcome != "ok":
        span.set_attribute("error.type", attempt.outcome or "internal_error")
        span.set_status(Status(StatusCode.ERROR))
    span.end()
