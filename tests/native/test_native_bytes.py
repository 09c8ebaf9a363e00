"""What Gemini wrote reaches the client byte by byte, and what the client wrote reaches Gemini."""

import json
from pathlib import Path
from typing import Any

import pybase64
import pytest

from native import MODEL, SMALL, call, list_parts, read_events, request, to_png
from programs import Gateway
from upstreams import Answer, Call, Upstream

NAMES = (
    "image-3-pro",
    "image-with-text",
    "image-and-text",
    "image-or-text-1",
    "image-or-text-2",
    "vertex-image",
)
SIGNATURE = pybase64.b64encode(bytes(range(256)) * 9000).decode()
PIECE_BYTES = 70_001


def encode(body: dict[str, Any]) -> bytes:
    """Return a body as Google writes one."""
    return json.dumps(body, indent=2, ensure_ascii=False).encode() + b"\n"


def to_events(*bodies: dict[str, Any]) -> bytes:
    """Return bodies as events of a stream."""
    return b"".join(b"data: " + json.dumps(body).encode() + b"\r\n\r\n" for body in bodies)


def answer_with(upstream: Upstream, whole: bytes, stream: bytes) -> None:
    """Have the upstream answer in either mode, in pieces that end anywhere."""

    def respond(call: Call) -> Answer:
        sent = stream if call.is_stream else whole
        kind = "text/event-stream" if call.is_stream else "application/json; charset=UTF-8"
        return Answer([sent[n : n + PIECE_BYTES] for n in range(0, len(sent), PIECE_BYTES)], kind)

    upstream.respond = respond


@pytest.mark.parametrize("name", NAMES)
def test_recorded_answers(name: str, recordings: Path, upstream: Upstream, scripted_gateway: Gateway) -> None:
    """A recorded answer of the real Gemini comes through whole, as an event and as an array, and again from the store."""
    recording = json.loads((recordings / f"{name}.json").read_text(encoding="utf-8"))
    model = recording["request"]["path"].rpartition("/")[2].partition(":")[0]
    body = recording["response"]["body"]
    whole, stream = encode(body), to_events(body)
    answer_with(upstream, whole, stream)
    asked = request(name)
    asked.pop("generationConfig")
    headers = {"Idempotency-Key": f"bytes-{name}"}
    replies = [call(scripted_gateway, asked, model=model, headers=headers) for _ in range(2)]
    assert [reply.status for reply in replies] == [200, 200]
    assert [reply.body == whole for reply in replies] == [True, True]
    streamed = call(scripted_gateway, asked, "streamGenerateContent?alt=sse", model=model)
    assert streamed.body == stream
    array = call(
        scripted_gateway, asked, "streamGenerateContent", model=model, headers={"X-Limner-Repeat": "never"}
    )
    assert array.headers["content-type"] == "application/json; charset=UTF-8"
    assert array.body == b"[" + stream[6:-4] + b"]"
    assert len(upstream.calls) == 3


def test_unknown_fields_pass_both_ways(upstream: Upstream, scripted_gateway: Gateway) -> None:
    """What nobody here knows goes to Gemini and comes back from it, in its place and as it was written."""
    body = {
        "candidates": [
            {
                "content": {
                    "parts": [
                        {
                            "inlineData": {"displayName": "x", "mimeType": "image/png", "data": to_png(1)},
                            "novel": [1.0],
                        },
                        {"functionCall": {"name": "f", "args": {"inlineData": {"data": "no base64"}}}},
                        {
                            "text": "\u0000" + "0 is no mark",
                            "thoughtSignature": SIGNATURE,
                            "more": {"a": None},
                        },
                    ],
                    "role": "model",
                },
                "finishReason": "STOP",
                "novelMetadata": {"inlineData": {"data": "text"}},
            }
        ],
        "unheardOf": {"deep": [{"x": 1e22}]},
    }
    whole = encode(body)
    answer_with(upstream, whole, to_events(body))
    asked = request("unknown fields", futureField={"a": [1, {"b": "data:image/png;base64,AAAA"}]})
    asked["contents"][0]["parts"].append(
        {"text": "![x](data:image/png;base64,iVBORw0KGgo=)", "partMetadata": {"k": 1}}
    )
    reply = call(scripted_gateway, asked)
    assert reply.body == whole
    assert json.loads(upstream.calls[0].body) == {**asked, "store": False}


@pytest.mark.parametrize("alphabet", ["standard", "urlsafe"])
def test_pictures_documents_and_signatures_reach_gemini(
    alphabet: str, upstream: Upstream, scripted_gateway: Gateway
) -> None:
    """Base64 of either alphabet, of any type and length, arrives as the standard one; the order of all is kept."""
    body = {
        "candidates": [{"content": {"parts": [{"text": "Yes."}], "role": "model"}, "finishReason": "STOP"}]
    }
    answer_with(upstream, encode(body), to_events(body))

    def write(text: str) -> str:
        return text if alphabet == "standard" else text.replace("+", "-").replace("/", "_").rstrip("=")

    contents = [
        {
            "role": "user",
            "parts": [{"text": "one"}, {"inlineData": {"mimeType": "image/png", "data": to_png(2)}}],
        },
        {
            "role": "model",
            "parts": [
                {"text": "two", "thoughtSignature": SIGNATURE},
                {"inlineData": {"mimeType": "image/png", "data": to_png(3)}, "thoughtSignature": SIGNATURE},
                {"text": "short", "thoughtSignature": "skip_thought_signature_validator"},
            ],
        },
        {
            "role": "user",
            "parts": [
                {"inline_data": {"mime_type": "application/pdf", "data": SIGNATURE}},
                {"text": alphabet},
            ],
        },
    ]
    sent = json.loads(json.dumps(contents))
    for content in sent:
        for part in content["parts"]:
            for blob in (part.get("inlineData"), part.get("inline_data")):
                if blob:
                    blob["data"] = write(blob["data"])
            if part.get("thoughtSignature") == SIGNATURE:
                part["thoughtSignature"] = write(SIGNATURE)
    assert call(scripted_gateway, {"contents": sent, "generationConfig": SMALL}).status == 200
    arrived = json.loads(upstream.calls[0].body)
    assert arrived == {"contents": contents, "generationConfig": SMALL, "store": False}


def test_signatures_as_long_as_pictures(upstream: Upstream, scripted_gateway: Gateway) -> None:
    """Signatures of three megabytes come through in both modes and again from the store, each at its own part."""
    signatures = [pybase64.b64encode(bytes([n]) * 2_250_001).decode() for n in range(3)]
    parts: list[dict[str, Any]] = [
        {"text": f"{n}", "thoughtSignature": signature} for n, signature in enumerate(signatures)
    ]
    parts.insert(
        1, {"inlineData": {"mimeType": "image/png", "data": to_png(4)}, "thoughtSignature": SIGNATURE}
    )
    events: list[dict[str, Any]] = [
        {"candidates": [{"content": {"parts": [part], "role": "model"}, "index": 0}]} for part in parts
    ]
    events[-1]["candidates"][0]["finishReason"] = "STOP"
    stream = to_events(*events)
    answer_with(upstream, b"", stream)
    asked, headers = request("signatures"), {"Idempotency-Key": "signatures"}
    first = call(scripted_gateway, asked, "streamGenerateContent?alt=sse", headers=headers)
    again = call(scripted_gateway, asked, "streamGenerateContent?alt=sse", headers=headers)
    whole = call(scripted_gateway, asked, headers=headers)
    assert (first.body == stream, again.body == stream) == (True, True)
    assert again.headers["idempotent-replayed"] == "true"
    assert list_parts(whole.json()) == parts
    assert len(upstream.calls) == 1


def test_escaped_and_unpadded_base64_is_the_same_picture(
    upstream: Upstream, scripted_gateway: Gateway
) -> None:
    """Base64 that Gemini escapes or leaves unpadded comes as the same bytes."""
    data = to_png(5)
    body = {
        "candidates": [
            {
                "content": {"parts": [{"inlineData": {"mimeType": "image/png", "data": "@"}}]},
                "finishReason": "STOP",
            }
        ]
    }
    odd = data.rstrip("=").replace("/", "\\/").replace("+", "\\u002b")
    answer_with(upstream, encode(body).replace(b"@", odd.encode()), b"")
    reply = call(scripted_gateway, request("escapes"))
    assert reply.body == encode(body).replace(b"@", data.encode())


def test_a_stream_answered_whole(upstream: Upstream, scripted_gateway: Gateway) -> None:
    """A repeat in the other mode gets the same: a stream's parts one after another, a whole answer as one event."""
    about = {"modelVersion": MODEL, "responseId": "r"}
    said = [
        {"text": "a", "thoughtSignature": "QUJD"},
        {"text": "b"},
        {"inlineData": {"mimeType": "image/png", "data": to_png(6)}},
    ]
    events: list[dict[str, Any]] = [
        {
            "candidates": [{"content": {"parts": [part], "role": "model"}, "index": 0}],
            "usageMetadata": {"promptTokenCount": 1},
            **about,
        }
        for part in said
    ]
    end = {"content": {"parts": [{"text": ""}], "role": "model"}, "finishReason": "STOP", "index": 0}
    usage = {"promptTokenCount": 1, "candidatesTokenCount": 900, "totalTokenCount": 901}
    events.append({"candidates": [end], "usageMetadata": usage, **about})
    answer_with(upstream, b"", to_events(*events))
    headers = {"Idempotency-Key": "other-mode"}
    asked = request("other mode")
    assert call(scripted_gateway, asked, "streamGenerateContent?alt=sse", headers=headers).body == to_events(
        *events
    )
    whole = call(scripted_gateway, asked, headers=headers).json()
    assert whole == {
        "candidates": [{"content": {"parts": said, "role": "model"}, "index": 0, "finishReason": "STOP"}],
        "usageMetadata": usage,
        **about,
    }
    answer_with(upstream, encode(whole), b"")
    headers = {"Idempotency-Key": "and-back"}
    assert call(scripted_gateway, asked, headers=headers).body == encode(whole)
    back = call(scripted_gateway, asked, "streamGenerateContent?alt=sse", headers=headers)
    assert read_events(back.body) == [whole]
