"""The shape of good answers: fields, counts, types, streams, model lists, Vertex AI's differences."""

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from calling import (
    FLASH,
    NEW,
    OLD,
    PRO,
    SMALL,
    Reply,
    ask,
    ask_path,
    inline_part,
    pictures_of,
    prompt_payload,
)

from programs import Emulator

SQUARE = {"aspectRatio": "1:1"}


def list_shapes(value: Any) -> Any:
    """A value with strings and numbers replaced by their kinds."""
    if isinstance(value, dict):
        return {name: list_shapes(inner) for name, inner in sorted(value.items())}
    if isinstance(value, list):
        return [list_shapes(inner) for inner in value]
    return type(value).__name__


def ask_vertex(
    emulator: Emulator, payload: dict[str, Any], method: str = "generateContent", **headers: str
) -> Reply:
    path = f"/v1/projects/p/locations/global/publishers/google/models/{OLD}:{method}"
    return ask_path(emulator.url, "POST", path, json.dumps(payload).encode(), **headers)


@pytest.mark.parametrize(("name", "model"), [("image-3-pro", PRO), ("image-or-text-2", OLD)])
def test_an_answer_has_the_shape_of_the_recorded_one(
    emulator: Emulator, recordings: Path, name: str, model: str
) -> None:
    """Asked the recorded question, the emulator answers with the recorded fields, nested alike."""
    recorded = json.loads((recordings / f"{name}.json").read_bytes())
    reply = ask(emulator.url, recorded["request"]["body"], model)
    expected = recorded["response"]["body"]
    # Recorded in 2025-10, before the field came.
    expected["usageMetadata"].setdefault("serviceTier", "standard")
    assert list_shapes(reply.json()) == list_shapes(expected)
    assert reply.headers["content-type"] == recorded["response"]["headers"]["content-type"][0]
    assert re.fullmatch(r"gfet4t7; dur=\d+", reply.headers["server-timing"])


def test_a_gemini_3_picture_is_a_jpeg_with_a_provenance_segment(emulator: Emulator) -> None:
    """The JFIF header is followed by an APP11 segment of about 6,000 bytes that holds a c2pa box."""
    reply = ask(emulator.url, prompt_payload("a fox"))
    data = reply.pictures[0]
    assert reply.parts[0]["inlineData"]["mimeType"] == "image/jpeg"
    assert data[:4] + data[6:11] == b"\xff\xd8\xff\xe0JFIF\0"
    start = 4 + int.from_bytes(data[4:6], "big")
    assert data[start : start + 2] == b"\xff\xeb"
    assert 5_990 <= int.from_bytes(data[start + 2 : start + 4], "big") <= 6_025
    assert b"c2pa" in data[start : start + 100]


@pytest.mark.parametrize(("model", "tokens"), [(FLASH, 747), (OLD, 1290)])
def test_usage_adds_up(emulator: Emulator, model: str, tokens: int) -> None:
    """The total is prompt and candidates; pictures are itemised, what else was said is counted with them."""
    config = SMALL if model == FLASH else {"imageConfig": SQUARE}
    usage = ask(emulator.url, prompt_payload("a red fox in a forest", **config), model).json()[
        "usageMetadata"
    ]
    assert usage["totalTokenCount"] == usage["promptTokenCount"] + usage["candidatesTokenCount"]
    assert usage["candidatesTokensDetails"] == [{"modality": "IMAGE", "tokenCount": tokens}]
    assert usage["promptTokensDetails"] == [{"modality": "TEXT", "tokenCount": usage["promptTokenCount"]}]
    assert 0 < usage["candidatesTokenCount"] - tokens <= 630


@pytest.mark.parametrize(
    ("model", "level", "is_counted"),
    [
        (PRO, None, True),
        (PRO, "minimal", True),
        (FLASH, None, False),
        (FLASH, "high", True),
        (NEW, None, True),
        (NEW, "minimal", False),
    ],
)
def test_thoughts_are_counted_where_a_model_thinks(
    emulator: Emulator, model: str, level: str | None, is_counted: bool
) -> None:
    """3 Pro always thinks, 3.1 at high, 2.1 unless at minimal; their thoughts are in the total."""
    thinking = {"thinkingConfig": {"thinkingLevel": level}} if level else {}
    payload = prompt_payload("a fox", imageConfig=SQUARE, responseModalities=["IMAGE"], **thinking)
    usage = ask(emulator.url, payload, model).json()["usageMetadata"]
    assert ("thoughtsTokenCount" in usage) == is_counted
    spent = usage["promptTokenCount"] + usage["candidatesTokenCount"] + usage.get("thoughtsTokenCount", 0)
    assert usage["totalTokenCount"] == spent


@pytest.mark.parametrize(
    ("modalities", "kinds"),
    [
        (None, ["text", "inlineData"]),
        (["IMAGE"], ["inlineData"]),
        (["TEXT", "IMAGE"], ["text", "inlineData"]),
        (["TEXT"], ["text", "inlineData"]),
    ],
)
def test_text_comes_unless_only_pictures_are_asked_for(
    emulator: Emulator, modalities: list[str] | None, kinds: list[str]
) -> None:
    """Text and picture come for any modalities but IMAGE alone."""
    config = {"responseModalities": modalities} if modalities else {}
    reply = ask(emulator.url, prompt_payload("a fox", imageConfig=SMALL["imageConfig"], **config))
    assert [next(iter(part)) for part in reply.parts] == kinds


def test_thoughts_are_told_where_they_are_asked_for(emulator: Emulator) -> None:
    """With includeThoughts the answer begins with a part marked as a thought, which has no signature."""
    payload = prompt_payload("a fox", imageConfig=SQUARE, thinkingConfig={"includeThoughts": True})
    parts = ask(emulator.url, payload, PRO).parts
    assert [(part.get("thought"), "thoughtSignature" in part) for part in parts] == [
        (True, False),
        (None, True),
        (None, True),
    ]


def test_the_same_request_gives_the_same_picture(emulator: Emulator) -> None:
    """A repeated request gives the same bytes, under a new response id."""
    first, second = (ask(emulator.url, prompt_payload("a grey cat")) for _ in range(2))
    assert first.parts == second.parts
    assert first.json()["responseId"] != second.json()["responseId"]


def test_an_empty_text_is_answered_without_content(emulator: Emulator) -> None:
    """A text of no characters gives NO_IMAGE and a candidate that has no content at all."""
    reply = ask(emulator.url, prompt_payload(""))
    assert reply.candidate == {"finishReason": "NO_IMAGE", "index": 0}


def test_a_stream_brings_text_in_pieces_and_each_picture_whole(emulator: Emulator) -> None:
    """Joined, the events of a stream are the plain answer; usage is on all, the finish on the last."""
    payload = prompt_payload("two owls [[images=2]]", imageConfig=SMALL["imageConfig"])
    whole = ask(emulator.url, payload)
    stream = ask(emulator.url, payload, method="streamGenerateContent")
    events = stream.events
    assert stream.headers["content-type"] == "text/event-stream"
    parts = [part for event in events for part in event["candidates"][0]["content"]["parts"]]
    assert "".join(part.get("text", "") for part in parts) == whole.parts[0]["text"]
    assert sum(bool(part.get("text")) for part in parts) > 1
    assert [part for part in parts if "inlineData" in part] == whole.parts[1:]
    assert [part["thoughtSignature"] for part in parts if "thoughtSignature" in part] == [
        part["thoughtSignature"] for part in whole.parts
    ]
    assert [event["candidates"][0].get("finishReason") for event in events] == [None] * (len(events) - 1) + [
        "STOP"
    ]
    assert events[-1]["usageMetadata"] == whole.json()["usageMetadata"]
    assert all("candidatesTokenCount" not in event["usageMetadata"] for event in events[:-1])
    assert all(one["responseId"] == other["responseId"] for one, other in pairwise(events))


def test_a_stream_without_alt_is_an_array(emulator: Emulator) -> None:
    """Without `alt=sse` the same events come as one JSON array."""
    payload = prompt_payload("two owls")
    path = f"/v1/models/{FLASH}:streamGenerateContent?key=k"
    array = ask_path(emulator.url, "POST", path, json.dumps(payload).encode())
    events = ask(emulator.url, payload, method="streamGenerateContent").events
    assert [event["candidates"] for event in array.json()] == [event["candidates"] for event in events]


def test_models_are_listed_in_pages(emulator: Emulator) -> None:
    """Pages of ten lead through all models, each of which has an entry of its own."""
    first = ask_path(emulator.url, "GET", "/v1beta/models?pageSize=10&key=k").json()
    second = ask_path(
        emulator.url, "GET", f"/v1beta/models?pageSize=10&key=k&pageToken={first['nextPageToken']}"
    ).json()
    names = [entry["name"] for entry in first["models"] + second["models"]]
    counts = (len(first["models"]), len(names), len(set(names)), "nextPageToken" in second)
    assert counts == (10, 15, 15, False)
    entry = ask_path(emulator.url, "GET", f"/v1/{names[0]}?key=k").json()
    assert entry == first["models"][0]


def test_tokens_are_counted_without_drawing(emulator: Emulator) -> None:
    """CountTokens counts text at four characters each and a picture as its model does."""
    drawn = ask(emulator.url, prompt_payload("a fox")).pictures[0]
    payload = {"contents": [{"parts": [{"text": "a" * 40}, inline_part(drawn)]}]}
    counts = {model: ask(emulator.url, payload, model, "countTokens").json() for model in (OLD, FLASH)}
    wrapped = {"generateContentRequest": {"model": f"models/{OLD}", **payload}}
    assert ask(emulator.url, wrapped, OLD, "countTokens").json() == counts[OLD]
    assert [counts[model]["totalTokens"] for model in (OLD, FLASH)] == [10 + 258, 10 + 1120]


def test_vertex_answers_png_without_an_index(emulator: Emulator) -> None:
    """Vertex AI takes a bearer token, numbers no candidate, tells createTime and traffic, and JPEG only if asked."""
    reply = ask_vertex(
        emulator,
        prompt_payload("a fox", imageConfig=SQUARE, responseModalities=["IMAGE"]),
        authorization="Bearer token",
    )
    output = {**SQUARE, "imageOutputOptions": {"mimeType": "image/jpeg", "compressionQuality": 60}}
    jpeg = ask_vertex(
        emulator,
        prompt_payload("a fox", imageConfig=output, responseModalities=["IMAGE"]),
        authorization="Bearer token",
    )
    assert reply.parts[0]["inlineData"]["mimeType"] == "image/png"
    assert pictures_of(jpeg.parts)[0][:2] == b"\xff\xd8"
    assert "index" not in reply.candidate
    assert "createTime" in reply.json()
    assert reply.json()["usageMetadata"]["trafficType"] == "ON_DEMAND"


def test_vertex_refuses_a_call_without_a_token(emulator: Emulator) -> None:
    """Vertex AI answers 401 UNAUTHENTICATED without a token."""
    reply = ask_vertex(emulator, prompt_payload("a fox"))
    assert (reply.status, reply.error["status"]) == (401, "UNAUTHENTICATED")
