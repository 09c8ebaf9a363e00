"""Traces: spans of requests and of calls to Gemini, at a receiver of OTLP; and nothing at all where they are off."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from asking import PROMPT, ask, chat
from gateways import MortalGateway, running
from otlp import CLIENT, SERVER, Receiver, Span, receiving
from places import Place
from programs import CLIENT_KEY, UPSTREAM_KEY, Emulator, scrub_environment

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
MODEL = "gemini-3.1-flash-image"


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    """Where the module's traces go."""
    with receiving() as found:
        yield found


@pytest.fixture(scope="module")
def traced(
    receiver: Receiver, emulator: Emulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MortalGateway]:
    """A gateway that sends traces."""
    variables = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url,
        "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20secret-of-the-collector",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
        "LIMNER_LOG_FORMAT": "json",
    }
    folder = tmp_path_factory.mktemp("traced")
    with running(MortalGateway(Place(folder), emulator.url, variables=variables)) as gateway:
        yield gateway


def list_calls(receiver: Receiver, request: Span, count: int) -> list[Span]:
    """Return the spans of the calls to Gemini below a request's."""
    return receiver.wait_for(
        lambda span: span.kind == CLIENT and span.parent_id == request.span_id, count=count
    )


def test_a_call_is_traced_from_client_to_gemini(traced: MortalGateway, receiver: Receiver) -> None:
    """A request's span joins the client's trace and has the call to Gemini below it, both by the conventions."""
    reply = ask(traced, chat(), headers={"traceparent": f"00-{TRACE}-{PARENT}-01"})
    generation_id = reply.headers["x-limner-generation-id"]
    request = receiver.wait_for_request(reply.headers["x-request-id"])
    assert (request.name, request.kind, request.is_error) == ("POST /v1/chat/completions", SERVER, False)
    assert (request.trace_id, request.parent_id) == (TRACE, PARENT)
    assert (
        request.attributes
        | {
            "http.request.method": "POST",
            "http.route": "/v1/chat/completions",
            "http.response.status_code": 200,
            "url.path": "/v1/chat/completions",
            "url.scheme": "http",
            "limner.door": "chat",
            "limner.generation_id": generation_id,
            "limner.model": MODEL,
        }
        == request.attributes
    )
    assert request.resource["service.name"] == "limner"
    (call,) = list_calls(receiver, request, 1)
    assert (call.name, call.trace_id, call.is_error) == (f"generate_content {MODEL}", TRACE, False)
    usage = reply.json()["usage"]
    assert (
        call.attributes
        | {
            "gen_ai.operation.name": "generate_content",
            "gen_ai.provider.name": "gcp.gemini",
            "gen_ai.request.model": MODEL,
            "gen_ai.output.type": "image",
            "gen_ai.response.finish_reasons": ["STOP"],
            "gen_ai.usage.input_tokens": usage["prompt_tokens"],
            "gen_ai.usage.output_tokens": usage["completion_tokens"],
            "http.response.status_code": 200,
            "server.address": "127.0.0.1",
            "limner.generation_id": generation_id,
            "limner.upstream": "key-1",
            "limner.pictures": 1,
        }
        == call.attributes
    )
    assert call.attributes["server.port"] > 0
    traced.wait_until_said(f'"trace_id": "{TRACE}"')


def test_each_attempt_has_a_span(traced: MortalGateway, receiver: Receiver) -> None:
    """Attempts that Gemini refused stand beside the one that it answered, each with what was wrong."""
    reply = ask(traced, chat(f"{PROMPT} that is traced [[status=503]] [[times=1]]", stream=True))
    request = receiver.wait_for_request(reply.headers["x-request-id"])
    refused, answered = list_calls(receiver, request, 2)
    assert refused.is_error
    assert refused.attributes["error.type"] == "upstream_overloaded"
    assert refused.attributes["http.response.status_code"] == 503
    assert not answered.is_error
    assert answered.attributes["gen_ai.request.stream"] is True


def test_a_failure_is_marked(traced: MortalGateway, receiver: Receiver) -> None:
    """A failure of the gateway's or Gemini's is an error of the span; a client's mistake is told and is none."""
    broken = ask(traced, chat(f"{PROMPT} [[cut=50%]]"))
    span = receiver.wait_for_request(broken.headers["x-request-id"])
    assert (broken.status, span.is_error) == (502, True)
    assert span.attributes["error.type"] == "upstream_unknown_outcome"
    wrong = ask(traced, b"{")
    span = receiver.wait_for_request(wrong.headers["x-request-id"])
    assert (wrong.status, span.is_error, span.attributes["limner.error.code"]) == (400, False, "invalid_json")
    assert "error.type" not in span.attributes


def test_requests_of_one_connection_are_traces_of_their_own(
    traced: MortalGateway, receiver: Receiver
) -> None:
    """A request on a connection that another used does not belong to that one's trace."""
    connection = traced.connect()
    ids = []
    for _ in range(2):
        connection.request("GET", "/v1/models", headers={"Authorization": f"Bearer {CLIENT_KEY}"})
        response = connection.getresponse()
        response.read()
        ids.append(response.headers["x-request-id"])
    connection.close()
    spans = [receiver.wait_for_request(request_id) for request_id in ids]
    assert len({span.trace_id for span in spans}) == 2
    assert {span.parent_id for span in spans} == {""}


def test_spans_give_nothing_away(traced: MortalGateway, receiver: Receiver) -> None:
    """No prompt, no key and no picture is in what was sent; probes are not traced; the collector's header is used."""
    ask(traced, path="/healthz", key=None)
    reply = ask(traced, chat(stream=True))
    receiver.wait_for_request(reply.headers["x-request-id"])
    sent = b"".join(receiver.raw)
    for secret in ("lighthouse", CLIENT_KEY, UPSTREAM_KEY, "secret-of-the-collector", "iVBOR", "/9j/"):
        assert secret.encode() not in sent
    assert not [span for span in receiver.spans if span.attributes.get("limner.door") == "health"]
    assert receiver.headers[0]["authorization"] == "Bearer secret-of-the-collector"
    assert "secret-of-the-collector" not in traced.said
    assert f"Traces: {receiver.url.removeprefix('http://')}" in traced.said


def test_every_attribute_is_on_the_page(traced: MortalGateway, receiver: Receiver) -> None:
    """The page on traces names every attribute that any span has."""
    ask(traced, chat(f"{PROMPT} [[status=400]]", stream=True))
    reply = ask(traced, path="/nowhere")
    receiver.wait_for_request(reply.headers["x-request-id"])
    page = (Path(__file__).resolve().parents[2] / "docs" / "tracing.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([\w.]+)`", page))
    assert {name for span in receiver.spans for name in span.attributes} <= named


def test_a_collector_that_is_away_harms_nothing(emulator: Emulator, tmp_path: Path) -> None:
    """Calls go on as quickly, one line says that traces are lost, and the gateway ends in time."""
    variables = {
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://user:pass-of-the-collector@127.0.0.1:9/v1/traces",
        "OTEL_EXPORTER_OTLP_TIMEOUT": "1",
        "OTEL_BSP_SCHEDULE_DELAY": "50",
    }
    with running(MortalGateway(Place(tmp_path), emulator.url, variables=variables)) as gateway:
        for _ in range(3):
            began_at = time.monotonic()
            assert ask(gateway, chat()).status == 200
            assert time.monotonic() - began_at < 5
        gateway.wait_until_said("traces cannot be exported")
        began_at = time.monotonic()
    assert time.monotonic() - began_at < 10
    assert gateway.said.count("cannot be exported") == 1
    assert "pass-of-the-collector" not in gateway.said


def test_without_the_variables_nothing_is_loaded() -> None:
    """A gateway that sends no traces does not import the library at all."""
    program = (
        "import sys, limner.app, limner.cli_serve; print([n for n in sys.modules if 'opentelemetry' in n])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, env=scrub_environment()
    )
    assert done.stdout == "[]\n"


def test_without_the_extra_the_banner_says_so(emulator: Emulator, tmp_path: Path) -> None:
    """Where the library is not installed the gateway runs, and says what to install."""
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text("import sys; sys.modules['opentelemetry'] = None\n")
    variables = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9",
        "PYTHONPATH": ":".join([str(hidden), *sys.path]),
    }
    with running(MortalGateway(Place(tmp_path), emulator.url, variables=variables)) as gateway:
        assert "no traces: OpenTelemetry is not installed: pip install 'limner[tracing]'" in gateway.said
        assert ask(gateway, chat()).status == 200
