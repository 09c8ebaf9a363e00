"""How calls in Gemini's own format end: refused pictures, breaks, errors, in each form of answer."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from test_native_bytes import answer_with, encode, to_events

from asking import PROMPT, ask
from native import (
    MODEL,
    call,
    drop_chance,
    list_parts,
    list_pictures,
    read_events,
    request,
    to_png,
)
from programs import Emulator, Gateway, ListCalls, StartGateway
from upstreams import Answer, Upstream

SSE = "streamGenerateContent?alt=sse"
METHODS = ["generateContent", SSE, "streamGenerateContent"]


def read_answers(body: bytes, method: str) -> list[dict[str, Any]]:
    """Return the documents of an answer in any form."""
    if method == SSE:
        return read_events(body)
    found = json.loads(body)
    return found if isinstance(found, list) else [found]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "directive",
    [
        "finish=NO_IMAGE",
        "finish=IMAGE_SAFETY",
        "finish=SAFETY",
        "block=PROHIBITED_CONTENT",
        "text-only",
        "thoughts=1",
        "images=2",
    ],
)
def test_what_gemini_answers_is_the_answer(
    directive: str, method: str, gateway: Gateway, emulator: Emulator
) -> None:
    """A refusal, a blocked prompt and any number of pictures are answers: the same as from Gemini itself."""
    body = request(f"{PROMPT} [[{directive}]]")
    own, direct = call(gateway, body, method), call(emulator, body, method)
    assert (own.status, direct.status) == (200, 200)
    said = [drop_chance(answer) for answer in read_answers(own.body, method)]
    assert said == [drop_chance(answer) for answer in read_answers(direct.body, method)]


@pytest.mark.parametrize(
    ("directive", "status", "name"),
    [
        ("status=400", 400, "INVALID_ARGUMENT"),
        ("status=429 retry=90s", 429, "RESOURCE_EXHAUSTED"),
        ("status=403", 503, "UNAVAILABLE"),
        ("status=502", 502, "UNKNOWN"),
        ("status=504", 504, "DEADLINE_EXCEEDED"),
        ("garbage", 502, "UNKNOWN"),
        ("bad-base64", 502, "UNKNOWN"),
        ("cut=10%", 502, "UNKNOWN"),
    ],
)
@pytest.mark.parametrize("method", METHODS[:2])
def test_errors(directive: str, status: int, name: str, method: str, gateway: Gateway) -> None:
    """What goes wrong is told in Gemini's form, with a status while there is none yet, else as the last event."""
    reply = call(gateway, request(f"{PROMPT} [[{directive}]] {method}"), method)
    answers = read_answers(reply.body, method) if reply.status == 200 else [reply.json()]
    error = answers[-1]["error"]
    assert (error["code"], error["status"]) == (status, name)
    assert reply.status in {status, 200}
    details = {detail["@type"].rpartition(".")[2]: detail for detail in error["details"]}
    assert details["ErrorInfo"]["domain"] == "limner"
    if status == 429:
        assert details["RetryInfo"]["retryDelay"] == "90s"
    assert reply.headers["x-limner-generation-id"].startswith("gen_")


def test_a_failure_in_an_array(gateway: Gateway) -> None:
    """In an array the error is the last element, and the array is whole."""
    reply = call(gateway, request(f"{PROMPT} [[error-midstream]]"), "streamGenerateContent")
    *before, last = json.loads(reply.body)
    assert reply.status == 200
    assert before
    assert last["error"]["status"] in {"UNKNOWN", "DEADLINE_EXCEEDED", "INTERNAL"}


def cut_after(body: bytes, text: str) -> bytes:
    """Return what comes before `text` ends."""
    return body[: body.index(text.encode()) + len(text)]


def break_off(upstream: Upstream, sent: bytes, kind: str) -> None:
    """Have the upstream stop in the middle, however politely."""
    upstream.respond = lambda _call: Answer([sent], kind)


@pytest.mark.parametrize("has_signature", [True, False])
def test_a_break_after_the_picture(
    upstream: Upstream, scripted_gateway: Gateway, *, has_signature: bool
) -> None:
    """A whole answer that breaks off behind its picture is answered with what came whole, and says that there is no more."""
    picture = {"inlineData": {"mimeType": "image/png", "data": to_png(10)}, "thoughtSignature": "QUJDRA=="}
    whole = encode({"candidates": [{"content": {"parts": [{"text": "Here."}, picture]}}]})
    sent = cut_after(whole, '"QUJDRA=="' if has_signature else picture["inlineData"]["data"] + '"')  # type: ignore[index]
    break_off(upstream, sent, "application/json")
    headers = {"Idempotency-Key": f"break-{has_signature}"}
    first = call(scripted_gateway, request("break"), headers=headers)
    assert first.status == 200, first.body
    answer = first.json()
    expected = dict(picture) if has_signature else {"inlineData": picture["inlineData"]}
    assert list_parts(answer) == [{"text": "Here."}, expected]
    assert answer["candidates"][0]["finishReason"] == "OTHER"
    assert "broke off after the picture" in answer["candidates"][0]["finishMessage"]
    assert answer["modelVersion"] == MODEL
    again = call(scripted_gateway, request("break"), headers=headers)
    assert again.body == first.body
    assert len(upstream.calls) == 1


def test_a_stream_that_breaks_after_the_picture(upstream: Upstream, scripted_gateway: Gateway) -> None:
    """Events that came whole are given as they are; one more says how it ended."""
    events: list[dict[str, Any]] = [
        {"candidates": [{"content": {"parts": [{"text": "Look"}], "role": "model"}, "index": 0}]},
        {
            "candidates": [
                {"content": {"parts": [{"inlineData": {"mimeType": "image/png", "data": to_png(11)}}]}}
            ]
        },
    ]
    break_off(upstream, to_events(*events), "text/event-stream")
    reply = call(scripted_gateway, request("breaking stream"), SSE)
    said = read_events(reply.body)
    assert said[:2] == events
    assert said[2]["candidates"][0]["finishReason"] == "OTHER"
    assert len(said) == 3


def test_a_break_before_the_picture(upstream: Upstream, scripted_gateway: Gateway) -> None:
    """Nobody knows what a call cost that broke off before its picture was whole; it is not sent again."""
    body = to_events({"candidates": [{"content": {"parts": [{"text": "Look"}]}}]})
    break_off(upstream, body + b'data: {"candidates":[', "text/event-stream")
    reply = call(scripted_gateway, request("early break"), SSE)
    *before, last = read_events(reply.body)
    assert [list_parts(event) for event in before] == [[{"text": "Look"}]]
    assert (last["error"]["code"], last["error"]["status"]) == (502, "UNKNOWN")
    assert "generation_id" in last["error"]["details"][0]["metadata"]
    again = call(scripted_gateway, request("early break"), SSE)
    assert (again.status, again.error["status"]) == (502, "UNKNOWN")
    assert len(upstream.calls) == 1


def test_collected_later(gateway: Gateway, journal: ListCalls) -> None:
    """An answer is collected by its id in the form it was asked in."""
    first = call(gateway, request("to collect"))
    collected = ask(gateway, path=f"/v1/chat/completions/{first.headers['x-limner-generation-id']}")
    assert (collected.status, collected.body) == (200, first.body)
    assert len(journal()) == 1


def test_silence_is_filled_with_nothing(upstream: Upstream, start_gateway: StartGateway) -> None:
    """While nothing comes, a stream of events has empty ones and an array white space; its documents stay the same."""
    gateway = start_gateway(upstream.url, LIMNER_HEARTBEAT_SECONDS="1")
    picture = {"inlineData": {"mimeType": "image/png", "data": to_png(12)}}
    events = to_events(
        {"candidates": [{"content": {"parts": [{"text": "Wait"}]}}]},
        {"candidates": [{"content": {"parts": [picture]}, "finishReason": "STOP"}]},
    )
    cut = events.index(b"data: ", 10)
    for method in (SSE, "streamGenerateContent"):
        upstream.respond = lambda _call: Answer(_slowly(events[:cut], events[cut:]), "text/event-stream")
        reply = call(gateway, request(f"silence {method}"), method)
        assert list_pictures(*read_answers(reply.body, method)) == list_pictures(
            {"candidates": [{"content": {"parts": [picture]}}]}
        )
        assert (b"\r\n\r\n\r\n\r\n" if method == SSE else b"}\r\n") in reply.body


def _slowly(*pieces: bytes) -> Iterator[bytes]:
    for number, piece in enumerate(pieces):
        if number:
            time.sleep(2.5)
        yield piece


def test_pieces_of_one_answer_are_used(upstream: Upstream, scripted_gateway: Gateway) -> None:
    """A stream without any end is no answer, even if every event of it was whole."""
    answer_with(upstream, b"{}", b"")
    reply = call(scripted_gateway, request("no end"))
    assert (reply.status, reply.error["status"]) == (502, "UNKNOWN")
