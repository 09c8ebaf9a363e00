"""Directives script what happens, are not drawn, and every call is in the journal."""

import json
import socket
import time
from collections.abc import Callable
from http.client import IncompleteRead
from typing import Any

import pytest
from calling import FLASH, PRO, SMALL, ask, prompt_payload

from programs import Emulator

ListCalls = Callable[[], list[dict[str, Any]]]

SCRIPTED = [
    ("status=400", 400, "INVALID_ARGUMENT", "Request contains an invalid argument."),
    ("status=401", 401, "UNAUTHENTICATED", "Request had invalid authentication credentials."),
    (
        "status=403",
        403,
        "PERMISSION_DENIED",
        "Your API key was reported as leaked. Please use another API key.",
    ),
    ("status=404", 404, "NOT_FOUND", f"models/{FLASH} is not found for API version v1beta"),
    ("status=429 quota=credits", 429, "RESOURCE_EXHAUSTED", "Your prepayment credits are depleted."),
    ("status=499", 499, "CANCELLED", "The operation was cancelled."),
    ("status=500", 500, "INTERNAL", "Internal error encountered."),
    ("status=503", 503, "UNAVAILABLE", "This model is currently experiencing high demand."),
    ("status=504", 504, "DEADLINE_EXCEEDED", "Deadline expired before operation could complete."),
]
REFUSED = [
    ("NO_IMAGE", {"content": {}}),
    (
        "IMAGE_SAFETY",
        {"content": {}, "finishMessage": "Unable to show the generated image. The image was filtered"},
    ),
    (
        "IMAGE_OTHER",
        {"content": {}, "finishMessage": "Unable to show the generated image. The model could not"},
    ),
    (
        "IMAGE_PROHIBITED_CONTENT",
        {"content": {"role": "model"}, "finishMessage": "Unable to show the generated image due"},
    ),
    ("IMAGE_RECITATION", {"content": {"role": "model"}}),
    ("PROHIBITED_CONTENT", {}),
    ("MALFORMED_RESPONSE", {}),
]


def summarise(calls: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(call["prompt"], call["status"], call["outcome"]) for call in calls]


@pytest.mark.parametrize(("directive", "status", "word", "message"), SCRIPTED)
def test_a_status_is_answered_with_googles_body(
    emulator: Emulator, journal: ListCalls, directive: str, status: int, word: str, message: str
) -> None:
    """A scripted status comes with Google's canonical word and text."""
    reply = ask(emulator.url, prompt_payload(f"a fox [[{directive}]]"))
    assert (reply.status, reply.error["code"], reply.error["status"]) == (status, status, word)
    assert reply.error["message"].startswith(message)
    assert summarise(journal()) == [("a fox", status, "error")]


def test_a_quota_refusal_says_when_to_come_back_in_its_body_only(emulator: Emulator) -> None:
    """429 has RetryInfo, QuotaFailure and Help, the wait in text and details, and no Retry-After header."""
    reply = ask(emulator.url, prompt_payload("a fox [[status=429 retry=2s]]"))
    details = {detail["@type"].rpartition(".")[2]: detail for detail in reply.error["details"]}
    assert reply.error["message"].endswith("Please retry in 2s.")
    assert details["RetryInfo"]["retryDelay"] == "2s"
    assert details["QuotaFailure"]["violations"][0]["quotaDimensions"] == {
        "model": FLASH,
        "location": "global",
    }
    assert details["Help"]["links"][0]["description"] == "Learn more about Gemini API quotas"
    assert "retry-after" not in reply.headers


def test_a_bad_gateway_is_a_page(emulator: Emulator) -> None:
    """502 is the HTML page of Google's front end."""
    reply = ask(emulator.url, prompt_payload("a fox [[status=502]]"))
    assert (reply.status, reply.headers["content-type"]) == (502, "text/html; charset=utf-8")
    assert b"<title>Error 502 (Server Error)!!1</title>" in reply.body


def test_only_the_first_equal_requests_fail(emulator: Emulator, journal: ListCalls) -> None:
    """With times=2 the third equal request is answered; another body counts by itself."""
    payload = prompt_payload("a grey cat [[status=503 times=2]]")
    other = prompt_payload("a grey dog [[status=503]] [[times=1]]")
    statuses = [ask(emulator.url, body).status for body in (payload, payload, other, payload, other)]
    assert statuses == [503, 503, 503, 200, 200]
    assert [call["outcome"] for call in journal()] == ["error"] * 3 + ["ok"] * 2


def test_directives_are_not_drawn(emulator: Emulator) -> None:
    """The picture with a directive is the picture without it; other double brackets stay in the prompt."""
    texts = ("a fox", "a [[delay=1ms]] fox", "a [[wiki]] fox")
    plain, directed, bracketed = (ask(emulator.url, prompt_payload(text)).pictures[0] for text in texts)
    assert plain == directed
    assert bracketed != plain


@pytest.mark.parametrize(
    "directive", ["status=abc", "status=200", "cut=50", "delay=soon", "images=many", "status=503 often"]
)
def test_a_directive_that_cannot_be_read_is_refused(emulator: Emulator, directive: str) -> None:
    """A slip in a scenario is a 400 that names it, not a good answer."""
    reply = ask(emulator.url, prompt_payload(f"a fox [[{directive}]]"))
    assert (reply.status, "Limner's Gemini emulator cannot read" in reply.error["message"]) == (400, True)


def test_a_delay_comes_before_the_status_line(emulator: Emulator) -> None:
    """Nothing is sent until the delay is over, not even a scripted error."""
    start = time.monotonic()
    reply = ask(emulator.url, prompt_payload("a fox [[status=503 delay=300ms]]"))
    assert (reply.status, time.monotonic() - start >= 0.3) == (503, True)


@pytest.mark.parametrize(("reason", "expected"), REFUSED)
def test_a_finish_reason_has_its_own_form(
    emulator: Emulator, journal: ListCalls, reason: str, expected: dict[str, Any]
) -> None:
    """A refusal is a 200 with the content, message and usage its reason has; its stream ends the same way."""
    payload = prompt_payload(f"a fox [[finish={reason}]]")
    body = ask(emulator.url, payload).json()
    candidate = dict(body["candidates"][0])
    assert candidate.pop("finishMessage", "").startswith(expected.get("finishMessage", ""))
    content = {"content": expected["content"]} if "content" in expected else {}
    assert candidate == {**content, "finishReason": reason, "index": 0}
    prompt_tokens = body["usageMetadata"]["promptTokenCount"]
    assert body["usageMetadata"]["totalTokenCount"] == prompt_tokens
    assert "candidatesTokenCount" not in body["usageMetadata"]
    events = ask(emulator.url, payload, method="streamGenerateContent").events
    assert events[-1]["candidates"] == body["candidates"]
    assert [call["outcome"] for call in journal()] == ["refused", "refused"]


def test_a_refusal_of_3_pro_mirrors_its_thoughts(emulator: Emulator) -> None:
    """On 3 Pro a refusal counts its thoughts as candidates too, but only once in the total."""
    usage = ask(emulator.url, prompt_payload("a fox [[finish=IMAGE_SAFETY]]", imageConfig={}), PRO).json()[
        "usageMetadata"
    ]
    assert usage["candidatesTokenCount"] == usage["thoughtsTokenCount"] > 0
    assert usage["totalTokenCount"] == usage["promptTokenCount"] + usage["thoughtsTokenCount"]


def test_an_answer_can_end_in_its_text(emulator: Emulator) -> None:
    """MAX_TOKENS ends after some text and without a picture."""
    reply = ask(emulator.url, prompt_payload("a fox [[finish=MAX_TOKENS]]"))
    assert (reply.candidate["finishReason"], [next(iter(part)) for part in reply.parts]) == (
        "MAX_TOKENS",
        ["text"],
    )


def test_a_blocked_prompt_has_no_candidates(emulator: Emulator, journal: ListCalls) -> None:
    """A block is promptFeedback without candidates, plain or as the only event of a stream."""
    payload = prompt_payload("a fox [[block=PROHIBITED_CONTENT]]")
    body = ask(emulator.url, payload).json()
    events = ask(emulator.url, payload, method="streamGenerateContent").events
    assert body["promptFeedback"] == {"blockReason": "PROHIBITED_CONTENT", "safetyRatings": []}
    assert "candidates" not in body
    assert [event["promptFeedback"] for event in events] == [body["promptFeedback"]]
    assert summarise(journal()) == [("a fox", 200, "blocked")] * 2


def test_text_only_is_a_good_answer_without_a_picture(emulator: Emulator, journal: ListCalls) -> None:
    """Text-only ends with STOP and holds nothing but words."""
    reply = ask(emulator.url, prompt_payload("a fox [[text-only]]"))
    assert (reply.candidate["finishReason"], len(reply.parts)) == ("STOP", 1)
    assert reply.parts[0]["text"].startswith("I cannot fulfill this request.")
    assert summarise(journal()) == [("a fox", 200, "text-only")]


def test_several_pictures_differ_and_are_all_counted(emulator: Emulator) -> None:
    """images=2 gives two pictures at twice the tokens."""
    reply = ask(emulator.url, prompt_payload("a fox [[images=2]]"))
    details = reply.json()["usageMetadata"]["candidatesTokensDetails"]
    assert len(set(reply.pictures)) == 2
    assert details == [{"modality": "IMAGE", "tokenCount": 2 * 747}]


def test_thought_pictures_come_first_and_unsigned(emulator: Emulator) -> None:
    """thoughts=1 puts a picture marked as a thought before the one that counts."""
    parts = ask(emulator.url, prompt_payload("a fox [[thoughts=1]]")).parts
    assert [(part.get("thought"), "thoughtSignature" in part) for part in parts] == [
        (True, False),
        (None, True),
    ]


def test_usage_can_be_left_out(emulator: Emulator) -> None:
    """no-usage leaves usageMetadata out of the answer and of every event."""
    payload = prompt_payload("a fox [[no-usage]]")
    events = ask(emulator.url, payload, method="streamGenerateContent").events
    assert ["usageMetadata" in body for body in (ask(emulator.url, payload).json(), *events)] == [False] * (
        len(events) + 1
    )


def test_garbage_is_no_json(emulator: Emulator, journal: ListCalls) -> None:
    """Garbage is a 200 that cannot be parsed."""
    reply = ask(emulator.url, prompt_payload("a fox [[garbage]]"))
    with pytest.raises(json.JSONDecodeError):
        reply.json()
    assert summarise(journal()) == [("a fox", 200, "garbage")]


def test_bad_base64_stands_in_good_json(emulator: Emulator) -> None:
    """bad-base64 leaves the JSON whole and breaks the picture inside."""
    data = ask(emulator.url, prompt_payload("a fox [[bad-base64]]")).parts[0]["inlineData"]["data"]
    assert (data.count("*"), len(data) % 4) == (3, 0)


@pytest.mark.parametrize("method", ["generateContent", "streamGenerateContent"])
def test_a_cut_closes_the_connection_in_the_body(emulator: Emulator, journal: ListCalls, method: str) -> None:
    """A cut answer ends at the given share of its bytes without a final chunk."""
    whole = ask(emulator.url, prompt_payload("a fox"), method=method).body
    with pytest.raises(IncompleteRead) as caught:
        ask(emulator.url, prompt_payload("a fox [[cut=50%]]"), method=method)
    # Prompt tokens and server timing differ by a few bytes at most.
    assert abs(len(caught.value.partial) - len(whole) / 2) < 100
    assert journal()[-1]["outcome"] == "cut"


def test_a_stall_holds_the_body_back(emulator: Emulator, journal: ListCalls) -> None:
    """A stalled answer waits at the given share and then comes whole."""
    start = time.monotonic()
    reply = ask(emulator.url, prompt_payload("a fox [[stall=400ms at=30%]]"))
    assert (len(reply.pictures), time.monotonic() - start >= 0.4) == (1, True)
    assert summarise(journal()) == [("a fox", 200, "stall")]


@pytest.mark.parametrize("form", ["", "=data"])
def test_an_error_in_mid_stream_has_two_forms(emulator: Emulator, journal: ListCalls, form: str) -> None:
    """After the text comes bare multi-line JSON, or with =data an event, and no picture."""
    payload = prompt_payload(f"a fox [[error-midstream{form}]]", imageConfig=SMALL["imageConfig"])
    *events, last = ask(emulator.url, payload, method="streamGenerateContent").body.decode().split("\r\n\r\n")
    if form:
        assert last == ""
        last = events.pop()
    assert last.startswith('data: {"error": {' if form else '{\n  "error": {\n')
    assert json.loads(last.removeprefix("data: "))["error"]["status"] == "CANCELLED"
    assert len(events) > 1
    assert not [event for event in events if "inlineData" in event]
    assert journal()[-1]["outcome"] == "error"


def test_the_journal_tells_what_a_call_asked(emulator: Emulator, journal: ListCalls) -> None:
    """An entry holds model, method, the key's end, the prompt, the settings and the end of the call."""
    payload = prompt_payload("a fox [[images=1]]", temperature=0.5, **SMALL)
    ask(emulator.url, payload, method="streamGenerateContent")
    (call,) = journal()
    assert call.pop("time").startswith("20")
    assert call == {
        "model": FLASH,
        "method": "streamGenerateContent",
        "stream": True,
        "key_suffix": "test",
        "prompt": "a fox",
        "settings": {
            "aspectRatio": "1:1",
            "imageSize": "512",
            "responseModalities": ["IMAGE"],
            "temperature": 0.5,
            "inputPictures": 0,
        },
        "signatures": 0,
        "status": 200,
        "outcome": "ok",
        "kind": "gemini",
        "project": "",
        "location": "",
        "path": f"/v1beta/models/{FLASH}:streamGenerateContent",
    }


def test_refused_calls_are_in_the_journal_and_it_can_be_cleared(
    emulator: Emulator, journal: ListCalls
) -> None:
    """A call Google would refuse is noted as refused with its prompt; DELETE forgets it."""
    ask(emulator.url, prompt_payload("a fox", imageConfig={"imageSize": "9K"}))
    noted = summarise(journal())
    emulator.forget_calls()
    assert noted == [("a fox", 400, "refused")]
    assert journal() == []


def test_a_call_whose_client_went_away_is_noted(emulator: Emulator, journal: ListCalls) -> None:
    """A client that leaves in the middle of the answer leaves an entry with outcome gone."""
    body = json.dumps(prompt_payload("a fox [[stall=20s]]")).encode()
    head = f"POST /v1beta/models/{FLASH}:generateContent?key=k HTTP/1.1\r\nhost: a\r\ncontent-length: {len(body)}\r\n\r\n"
    with socket.create_connection(emulator.address) as connection:
        connection.sendall(head.encode() + body)
        connection.recv(1000)
    assert emulator.wait_for_call("gone")["prompt"] == "a fox"
    assert len(journal()) == 1
