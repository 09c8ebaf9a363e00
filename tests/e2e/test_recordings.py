"""Recorded answers of the real Gemini are replayed as the upstream and drawn by the official client.

The recordings lie beside the checkout and are read there. No recording of a streamed picture exists, so each is
also cut into events as streams are known to be: texts small, each picture whole in one event with its signature,
finish and full usage on the last, CRLF. What is expected is computed from the recording and the prices here.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pybase64
import pytest
from openai import OpenAI

from asking import PROMPT, digest, split_images, split_markdown
from programs import CLIENT_KEY, Gateway
from upstreams import Answer, Call, Upstream

NAMES = (
    "image-3-pro",
    "image-with-text",
    "image-and-text",
    "image-or-text-1",
    "image-or-text-2",
    "vertex-image",
)

# Dollars for a million tokens: input, output text and thoughts, output picture (Google's price page, 2026-07).
PRICES = {"gemini-3-pro-image": (2.0, 12.0, 120.0), "gemini-2.5-flash-image": (0.3, 2.5, 30.0)}
TEXT_PIECE = 23
EVENT_PIECE_BYTES = 70_001


def load(folder: Path, name: str) -> tuple[str, dict[str, Any]]:
    """Return the model that was asked and the body it answered with."""
    recording = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    model = recording["request"]["path"].rpartition("/")[2].partition(":")[0]
    return model, recording["response"]["body"]


def cut_into_events(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the answer as a stream gives it."""
    candidate = body["candidates"][0]
    rest = {key: value for key, value in candidate.items() if key not in {"content", "finishReason"}}
    about = {key: value for key, value in body.items() if key not in {"candidates", "usageMetadata"}}
    prompt = {key: value for key, value in body["usageMetadata"].items() if key.startswith("prompt")}
    for part in candidate["content"]["parts"]:
        text = part.get("text", "")
        for start in range(0, max(len(text), 1), TEXT_PIECE):
            piece = {"text": text[start : start + TEXT_PIECE]} if "text" in part else part
            if "thoughtSignature" in part and start == 0:
                piece = {**piece, "thoughtSignature": part["thoughtSignature"]}
            said = {**rest, "content": {"parts": [piece], "role": "model"}}
            yield {"candidates": [said], "usageMetadata": prompt, **about}
    last = {
        **rest,
        "content": {"parts": [{"text": ""}], "role": "model"},
        "finishReason": candidate["finishReason"],
    }
    yield {"candidates": [last], "usageMetadata": body["usageMetadata"], **about}


def replay(body: dict[str, Any], call: Call) -> Answer:
    """Answer with the recording, in pieces that end anywhere."""
    if not call.is_stream:
        sent = json.dumps(body, indent=2, ensure_ascii=False).encode()
        content_type = "application/json; charset=UTF-8"
    else:
        events = (json.dumps(event, ensure_ascii=False).encode() for event in cut_into_events(body))
        sent = b"".join(b"data: " + event + b"\r\n\r\n" for event in events)
        content_type = "text/event-stream"
    starts = range(0, len(sent), EVENT_PIECE_BYTES)
    return Answer((sent[start : start + EVENT_PIECE_BYTES] for start in starts), content_type)


def list_pictures(body: dict[str, Any]) -> list[tuple[str, str]]:
    """Return MIME type and digest of the pictures of a recording."""
    blobs = [part["inlineData"] for part in body["candidates"][0]["content"]["parts"] if "inlineData" in part]
    return [(blob["mimeType"], digest(pybase64.b64decode(blob["data"]))) for blob in blobs]


def join_text(body: dict[str, Any]) -> str:
    return "".join(part.get("text", "") for part in body["candidates"][0]["content"]["parts"])


def compute_cost(body: dict[str, Any], model: str) -> float:
    """Return the price of a recorded answer in dollars, to the micro-dollar."""
    usage = body["usageMetadata"]
    details = usage.get("candidatesTokensDetails", ())
    picture = sum(detail["tokenCount"] for detail in details if detail["modality"] == "IMAGE")
    text = usage["candidatesTokenCount"] - picture + usage.get("thoughtsTokenCount", 0)
    prices = PRICES[model.removesuffix("-preview")]
    micro_usd = usage["promptTokenCount"] * prices[0] + text * prices[1] + picture * prices[2]
    return int(micro_usd + 0.5 + 1e-9) / 1e6


def draw(gateway: Gateway, model: str, output: str, *, is_stream: bool) -> dict[str, Any]:
    """Draw with the official client; return content, images, finish reason, usage and Limner's note."""
    asked: dict[str, Any] = {
        "model": model,
        "messages": [{"role": "user", "content": PROMPT}],
        "extra_body": {"limner": {"image_output": output}},
    }
    with OpenAI(base_url=f"{gateway.url}/v1", api_key=CLIENT_KEY, max_retries=0) as client:
        if not is_stream:
            whole = client.chat.completions.create(**asked).model_dump()
            message = whole["choices"][0]["message"]
            reason = whole["choices"][0]["finish_reason"]
            return {**whole, **message, "images": message.get("images", []), "reason": reason}
        drawn: dict[str, Any] = {"content": "", "images": [], "refusal": None}
        for chunk in client.chat.completions.create(stream=True, **asked):
            said = chunk.model_dump()
            drawn.update({key: said[key] for key in ("usage", "limner") if said.get(key)})
            for choice in said["choices"]:
                drawn["content"] += choice["delta"].get("content") or ""
                drawn["images"] += choice["delta"].get("images") or []
                drawn["reason"] = choice["finish_reason"]
        return drawn


@pytest.mark.parametrize("output", ["markdown", "images"])
@pytest.mark.parametrize("is_stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_answer_is_delivered_as_it_is(
    name: str,
    output: str,
    recordings: Path,
    upstream: Upstream,
    scripted_gateway: Gateway,
    *,
    is_stream: bool,
) -> None:
    """Bytes, type, text, finish reason, tokens and cost of a real answer reach the client, in both modes."""
    model, body = load(recordings, name)
    upstream.respond = lambda call: replay(body, call)
    drawn = draw(scripted_gateway, model, output, is_stream=is_stream)
    content, pictures = split_markdown(drawn["content"])
    expected = list_pictures(body)
    text = join_text(body)
    if output == "images":
        pictures = split_images(drawn["images"])
        assert content == (text or "Here is your picture.")
    else:
        assert content == text + ("\n" if text and expected else "")
    assert [(mime_type, digest(picture)) for mime_type, picture in pictures] == expected
    assert drawn["reason"] == "stop"
    usage, counted = drawn["usage"], body["usageMetadata"]
    assert usage["prompt_tokens"] == counted["promptTokenCount"]
    assert usage["completion_tokens"] == counted["candidatesTokenCount"] + counted.get(
        "thoughtsTokenCount", 0
    )
    assert usage["total_tokens"] == counted["totalTokenCount"]
    assert usage["cost"] == compute_cost(body, model)
    assert drawn["limner"]["cost_usd"] == compute_cost(body, model)
    assert [image["sha256"] for image in drawn["limner"]["images"]] == [sha256 for _, sha256 in expected]
    assert upstream.calls[0].path.startswith(f"/v1beta/models/{model.removesuffix('-preview')}:")


@pytest.mark.parametrize("name", ["image-3-pro", "image-with-text"])
def test_provenance_stays_in_the_picture(
    name: str, recordings: Path, upstream: Upstream, scripted_gateway: Gateway
) -> None:
    """The C2PA segment that says who made the picture is in what the client gets."""
    model, body = load(recordings, name)
    upstream.respond = lambda call: replay(body, call)
    drawn = draw(scripted_gateway, model, "markdown", is_stream=True)
    _, ((_, picture),) = split_markdown(drawn["content"])
    assert picture[:3] == b"\xff\xd8\xff"
    assert b"jumdc2pa" in picture[:8192]


@pytest.mark.parametrize("is_stream", [False, True], ids=["plain", "stream"])
def test_a_recorded_answer_without_a_picture(
    recordings: Path, upstream: Upstream, scripted_gateway: Gateway, *, is_stream: bool
) -> None:
    """The real model's choice to answer in words is told by a notice and a refusal."""
    model, body = load(recordings, "image-or-text-1")
    upstream.respond = lambda call: replay(body, call)
    drawn = draw(scripted_gateway, model, "markdown", is_stream=is_stream)
    assert [notice["code"] for notice in drawn["limner"]["notices"]] == ["no_picture"]
    assert drawn["limner"]["images"] == []
