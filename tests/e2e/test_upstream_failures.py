"""What clients are told when Gemini refuses, breaks or cannot be reached, before a stream opens and after it.

The emulator is scripted by directives in the prompt.
"""

import json
import socket
from dataclasses import dataclass
from typing import Any

import pytest

from asking import PROMPT, Reply, ask, chat, read_stream
from programs import Gateway, ListCalls, StartGateway


@dataclass(frozen=True)
class Case:
    """A scenario of the upstream's and the error that comes of it."""

    directive: str
    status: int
    type: str
    code: str
    should_retry: bool = False
    retry_after_ms: int | None = None


BEFORE_OPENING = (
    Case("status=400", 400, "invalid_request_error", "upstream_rejected"),
    Case("block=PROHIBITED_CONTENT", 400, "invalid_request_error", "content_policy_violation"),
    Case("block=SAFETY", 400, "invalid_request_error", "content_policy_violation"),
    Case("status=404", 404, "invalid_request_error", "model_not_found"),
    Case(
        "status=429 retry=2s",
        429,
        "rate_limit_error",
        "rate_limit_exceeded",
        should_retry=True,
        retry_after_ms=2000,
    ),
    Case("status=429 retry=90s", 429, "rate_limit_error", "rate_limit_exceeded", retry_after_ms=90_000),
    Case("status=429 quota=credits", 503, "upstream_error", "upstream_auth", retry_after_ms=300_000),
    Case("status=401", 503, "upstream_error", "upstream_auth", retry_after_ms=300_000),
    Case("status=403", 503, "upstream_error", "upstream_auth", retry_after_ms=300_000),
    Case("status=500", 502, "upstream_error", "upstream_error"),
    Case("status=502", 502, "upstream_error", "upstream_unknown_outcome"),
    Case("status=503", 503, "upstream_error", "upstream_overloaded", should_retry=True, retry_after_ms=2000),
    Case("status=499", 504, "upstream_error", "upstream_timeout"),
    Case("status=504", 504, "upstream_error", "upstream_timeout"),
    Case("cut=0%", 502, "upstream_error", "upstream_unknown_outcome"),
    Case("stall=30s at=0%", 504, "upstream_error", "upstream_timeout"),
)
AFTER_OPENING = (
    Case("cut=60%", 502, "upstream_error", "upstream_unknown_outcome"),
    Case("stall=30s at=60%", 504, "upstream_error", "upstream_timeout"),
    Case("bad-base64", 502, "upstream_error", "upstream_invalid_response"),
    Case("error-midstream", 504, "upstream_error", "upstream_timeout"),
    Case("error-midstream=data", 504, "upstream_error", "upstream_timeout"),
)
NEVER_REPEATED = {
    "upstream_unknown_outcome",
    "upstream_timeout",
    "upstream_invalid_response",
    "upstream_rejected",
}


def name(case: Case) -> str:
    return case.directive.replace(" ", "-")


@pytest.fixture(scope="module")
def hasty_gateway(start_gateway: StartGateway) -> Gateway:
    """A gateway that waits for Gemini for a second and a half."""
    return start_gateway(LIMNER_UPSTREAM_TIMEOUT_SECONDS="1.5")


def check_error(reply: Reply, case: Case) -> None:
    """Check everything a client reads of an error with an HTTP status."""
    assert (reply.status, reply.error["type"], reply.error["code"]) == (case.status, case.type, case.code)
    assert set(reply.error) == {"message", "type", "param", "code"}
    assert reply.headers["x-should-retry"] == ("true" if case.should_retry else "false")
    assert reply.headers["x-request-id"].startswith("req_")
    assert reply.headers["x-limner-generation-id"].startswith("gen_")
    waits = (reply.headers["retry-after"], reply.headers["retry-after-ms"])
    if case.retry_after_ms is None:
        assert waits == (None, None)
    else:
        assert waits == (str(-(-case.retry_after_ms // 1000)), str(case.retry_after_ms))


@pytest.mark.parametrize("is_stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("case", BEFORE_OPENING, ids=name)
def test_an_error_before_the_stream_opens_keeps_its_status(
    case: Case, hasty_gateway: Gateway, journal: ListCalls, *, is_stream: bool
) -> None:
    """What Gemini says before its first good event is answered with an HTTP status in both modes."""
    prompt = f"{PROMPT}, {'streamed' if is_stream else 'whole'} [[{case.directive}]]"
    reply = ask(hasty_gateway, chat(prompt, stream=is_stream))
    check_error(reply, case)
    assert reply.headers["content-type"] == "application/json"
    calls = journal()
    assert all(call["stream"] is is_stream for call in calls)
    if case.code in NEVER_REPEATED:
        assert len(calls) == 1


@pytest.mark.parametrize("case", AFTER_OPENING, ids=name)
def test_an_error_of_a_whole_answer_keeps_its_status(
    case: Case, hasty_gateway: Gateway, journal: ListCalls
) -> None:
    """An answer that breaks in the middle is an error with its HTTP status where no stream was asked for."""
    reply = ask(hasty_gateway, chat(f"{PROMPT} [[{case.directive}]]"))
    check_error(reply, case)
    assert len(journal()) == 1


@pytest.mark.parametrize("output", ["markdown", "images"])
@pytest.mark.parametrize("case", AFTER_OPENING, ids=name)
def test_an_error_after_the_stream_has_opened_is_its_last_frame(
    case: Case, output: str, hasty_gateway: Gateway, journal: ListCalls
) -> None:
    """Once open, a stream that fails ends with exactly one error frame, with the generation's id and no [DONE]."""
    asked = chat(f"{PROMPT} [[{case.directive}]]", stream=True, limner={"image_output": output})
    reply = ask(hasty_gateway, asked)
    assert reply.status == 200
    stream = read_stream(reply.body)
    assert not stream.is_done
    *before, last = stream.chunks
    assert [chunk for chunk in before if "error" in chunk] == []
    assert set(last) == {"error"}
    error = last["error"]
    assert set(error) == {"message", "type", "param", "code", "generation_id"}
    assert (error["type"], error["code"]) == (case.type, case.code)
    assert error["generation_id"] == reply.headers["x-limner-generation-id"]
    assert [c for c in before if c["choices"] and c["choices"][0]["finish_reason"]] == []
    assert len(journal()) == 1


@pytest.mark.parametrize("is_stream", [False, True], ids=["plain", "stream"])
def test_an_upstream_that_cannot_be_reached(
    start_gateway: StartGateway, unused_port: int, *, is_stream: bool
) -> None:
    """Where nobody listens nothing was bought, and the client may ask again."""
    gateway = start_gateway(f"http://127.0.0.1:{unused_port}")
    reply = ask(gateway, chat(stream=is_stream))
    case = Case("", 503, "upstream_error", "upstream_unavailable", should_retry=True, retry_after_ms=2000)
    check_error(reply, case)


@pytest.fixture(scope="module")
def unused_port() -> int:
    """A port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def test_a_refused_upstream_key_is_the_operators_trouble(start_gateway: StartGateway) -> None:
    """When Google refuses the gateway's own key the client hears of neither the key nor Google's text."""
    gateway = start_gateway(GEMINI_API_KEY="invalid")
    reply = ask(gateway, chat())
    check_error(reply, Case("", 503, "upstream_error", "upstream_auth", retry_after_ms=300_000))
    assert "API key not valid" not in reply.error["message"]


@pytest.mark.parametrize("case", BEFORE_OPENING[:1], ids=name)
def test_geminis_own_words_are_passed_on(case: Case, gateway: Gateway) -> None:
    """A refusal that is the client's to mend says what Gemini said."""
    reply = ask(gateway, chat(f"{PROMPT} [[{case.directive}]]"))
    assert "Request contains an invalid argument." in reply.error["message"]


def test_a_blocked_prompt_says_why(gateway: Gateway) -> None:
    """The reason of a block is named."""
    reply = ask(gateway, chat(f"{PROMPT} [[block=PROHIBITED_CONTENT]]"))
    assert "PROHIBITED_CONTENT" in reply.error["message"]


def test_garbage_is_no_answer(gateway: Gateway, journal: ListCalls) -> None:
    """JSON that never closes counts as broken off; an event that is not JSON as an invalid response."""
    reply = ask(gateway, chat(f"{PROMPT}, whole [[garbage]]"))
    check_error(reply, Case("", 502, "upstream_error", "upstream_unknown_outcome"))
    stream = read_stream(ask(gateway, chat(f"{PROMPT}, streamed [[garbage]]", stream=True)).body)
    assert stream.chunks[-1]["error"]["code"] == "upstream_invalid_response"
    assert len(journal()) == 2


def test_errors_hold_nothing_of_other_kinds(hasty_gateway: Gateway) -> None:
    """No error, of whatever cause, shows a stack trace, a library's name or the upstream key."""
    for case in (*BEFORE_OPENING, *AFTER_OPENING):
        if case.directive.startswith("stall"):
            continue
        asked = chat(f"{PROMPT} of all kinds [[{case.directive}]]")
        said = ask(hasty_gateway, asked).body.decode()
        words: list[Any] = ["Traceback", "aiohttp", "msgspec", "upstream-key", "127.0.0.1", ".py"]
        assert [word for word in words if word in said] == []
        json.loads(said)
