"""A call in Gemini's own format is bought once, whatever becomes of its client and of the gateway."""

import json
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from test_native_bytes import SIGNATURE, encode, to_events

from asking import Reply
from gateways import MortalGateway, running
from native import MODEL, call, list_pictures, read_events, request, to_png
from painting import Gate
from places import Place
from programs import CLIENT_KEY, Emulator, Gateway, ListCalls
from upstreams import Answer, Upstream

SSE = "streamGenerateContent?alt=sse"
BODY = {
    "candidates": [
        {
            "content": {
                "parts": [
                    {"text": "Here."},
                    {
                        "inlineData": {"mimeType": "image/png", "data": to_png(20, 600_000)},
                        "thoughtSignature": SIGNATURE,
                    },
                ],
                "role": "model",
            },
            "finishReason": "STOP",
            "index": 0,
        }
    ],
    "usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 1120, "totalTokenCount": 1125},
    "modelVersion": MODEL,
}


@pytest.mark.parametrize("method", ["generateContent", SSE, "streamGenerateContent"])
def test_a_replay_is_equal(method: str, gateway: Gateway, journal: ListCalls) -> None:
    """With an Idempotency-Key the same call is answered with the same bytes, and another body is refused."""
    headers = {"Idempotency-Key": f"replay-{method.partition('?')[0]}-{len(method)}"}
    first, again = (call(gateway, request(), method, headers=headers) for _ in range(2))
    assert first.body == again.body
    assert again.headers["idempotent-replayed"] == "true"
    other = call(gateway, request("something else"), method, headers=headers)
    assert (other.status, other.error["status"]) == (422, "INVALID_ARGUMENT")
    other_model = call(gateway, request(), method, model="gemini-3-pro-image", headers=headers)
    assert other_model.status in {400, 422}
    assert len(journal()) == 1


def test_after_a_restart(place: Place, emulator: Emulator, journal: ListCalls) -> None:
    """A gateway that starts again answers from its files, in either mode, byte by byte."""
    headers = {"Idempotency-Key": "restart"}
    with running(MortalGateway(place, emulator.url)) as gateway:
        first = call(gateway, request(), SSE, headers=headers)
    with running(MortalGateway(place, emulator.url)) as gateway:
        again = call(gateway, request(), SSE, headers=headers)
        whole = call(gateway, request(), headers=headers)
    assert again.body == first.body
    assert list_pictures(whole.json()) == list_pictures(*read_events(first.body))
    assert len(journal()) == 1


def test_killed_behind_the_picture(tmp_path: Path, upstream: Upstream) -> None:
    """A kill after the picture, before the end, loses neither: the next call gets what came whole, and buys nothing."""
    gate = Gate()
    whole = encode(BODY)
    cut = whole.index(SIGNATURE.encode()) + len(SIGNATURE) + 1

    def send() -> Iterator[bytes]:
        yield whole[:cut]
        gate.wait()
        yield whole[cut:]

    upstream.respond = lambda _call: Answer(send())
    headers = {"Idempotency-Key": "killed"}
    gateway = MortalGateway(tmp_path, upstream.url)
    try:
        with closing(gateway.connect()) as connection:
            path = f"/v1beta/models/{MODEL}:generateContent"
            given = {"x-goog-api-key": CLIENT_KEY, **headers}
            connection.request("POST", path, body=json.dumps(request()).encode(), headers=given)
            journals = Path(gateway.place.data / "spool")
            wait_for_signature(journals)
            gateway.kill()
    finally:
        gate.open()
    with running(MortalGateway(tmp_path, upstream.url)) as second:
        reply: Reply = call(second, request(), headers=headers)
        again = call(second, request(), headers=headers)
    assert reply.status == 200, reply.body
    answer = reply.json()
    parts = BODY["candidates"][0]["content"]["parts"]  # type: ignore[index]
    assert answer["candidates"][0]["content"]["parts"] == parts
    assert answer["candidates"][0]["finishReason"] == "OTHER"
    assert again.body == reply.body
    assert len(upstream.calls) == 1


def wait_for_signature(spool: Path) -> None:
    """Wait until a journal on disk holds the signature's line with its end; a kill may cut a write in two."""
    ends_at = time.monotonic() + 20
    while time.monotonic() < ends_at:
        written = (path.read_bytes() for path in spool.glob("*/journal.jsonl"))
        if any(b"\n" in journal.partition(b'"signature"')[2] for journal in written):
            return
        time.sleep(0.02)
    raise AssertionError("no signature was written")


def test_a_client_that_leaves_gets_it_later(scripted_gateway: Gateway, upstream: Upstream) -> None:
    """A client that goes before the answer loses nothing: its next equal call is answered from the running one."""
    gate = Gate()
    stream = to_events(BODY)

    def send() -> Iterator[bytes]:
        yield stream[:2000]
        gate.wait()
        yield stream[2000:]

    upstream.respond = lambda _call: Answer(send(), "text/event-stream")
    path = f"/v1beta/models/{MODEL}:{SSE}"
    body = json.dumps(request("leaves")).encode()
    with closing(scripted_gateway.connect()) as connection:
        connection.request("POST", path, body=body, headers={"x-goog-api-key": CLIENT_KEY})
        connection.getresponse()
    gate.open()
    reply = call(scripted_gateway, request("leaves"), SSE)
    assert read_events(reply.body) == [BODY]
    assert len(upstream.calls) == 1
