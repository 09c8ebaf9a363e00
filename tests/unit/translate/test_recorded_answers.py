"""Recorded answers of Google's services, through the reader in several cuts.

The recordings lie beside the checkout and are no part of it; without them these tests are skipped.
"""

import base64
import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from gemini_bodies import cut, read, read_to_end
from recorded_endings import ENDINGS

from limner.catalogue import find_model
from limner.translate.events import (
    Blocked,
    Event,
    Finish,
    PictureBytes,
    PictureSettled,
    SignatureBytes,
    Text,
    UpstreamError,
    Usage,
)
from limner.translate.usage import cost_micro_usd, count_tokens

RECORDINGS = Path(__file__).resolve().parents[4] / "shared" / "recordings"
pytestmark = pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings are not on this machine")

FILES = sorted(name for names in ENDINGS.values() for name in names)
EXPECTED = {name: ending for ending, names in ENDINGS.items() for name in names}

COSTS = {
    "image-with-text.json": ("gemini-3-pro-image", 14 * 2000 + 1120 * 120_000 + (163 + 174) * 12_000),
    "image-3-pro.json": ("gemini-3-pro-image", 22 * 2000 + 1120 * 120_000 + (96 + 179) * 12_000),
    "image-and-text.json": ("gemini-2.5-flash-image", 17 * 300 + 1290 * 30_000 + 46 * 2500),
    "image-or-text-1.json": ("gemini-2.5-flash-image", 18 * 300 + 48 * 2500),
    "image-or-text-2.json": ("gemini-2.5-flash-image", 10 * 300 + 1290 * 30_000 + 14 * 2500),
    "vertex-image.json": ("gemini-2.5-flash-image", 9 * 300 + 1290 * 30_000 + 5 * 2500),
}
"""Model and cost in nano-dollars, worked out by hand from each recording's usage."""


def describe(events: Sequence[Event], end: str) -> str:
    words = []
    finishes = [event for event in events if isinstance(event, Finish)]
    for event in events:
        if isinstance(event, Blocked):
            words.append(f"blocked {event.reason}")
        elif isinstance(event, UpstreamError):
            words.append(f"error {event.code}")
    if finishes:
        words.append(f"finish {finishes[-1].reason}")
    return " ".join(words) if end == "complete" else end


def read_documents(body: str, *, is_stream: bool) -> Iterator[dict[str, Any]]:
    """Yield the answers of a body as the standard library reads them."""
    if not is_stream:
        documents = json.loads(body)
        yield from documents if isinstance(documents, list) else [documents]
        return
    for line in body.split("\n"):
        if line.startswith("data:"):
            yield json.loads(line.removeprefix("data:"))


def list_parts(documents: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        part
        for document in documents
        for candidate in document.get("candidates", [])
        for part in candidate.get("content", {}).get("parts", [])
    ]


def test_every_recording_is_in_the_table() -> None:
    """The table of expected endings misses no recording and names none that is not there."""
    folder = RECORDINGS / "firebase"
    names = {
        str(path.relative_to(folder))
        for kind in ("googleai", "vertexai")
        for path in (folder / kind).iterdir()
    }
    assert names == set(FILES)


@pytest.mark.parametrize("step", [1, 7, 4096, 1_000_000])
@pytest.mark.parametrize("name", FILES)
def test_captured_answers_end_as_they_should(name: str, step: int) -> None:
    """Each of Firebase's captures ends as the table says, in every cut."""
    body = (RECORDINGS / "firebase" / name).read_bytes()
    is_stream = "/streaming-" in name
    events, end = read_to_end(cut(body, [step]), is_stream=is_stream)
    assert describe(events, end) == EXPECTED[name]


@pytest.mark.parametrize("name", [name for name in FILES if "-success-" in name and "images" not in name])
def test_captured_texts_are_whole(name: str) -> None:
    """Texts, thoughts and signatures are what the standard library's JSON reader finds."""
    body = (RECORDINGS / "firebase" / name).read_bytes()
    is_stream = "/streaming-" in name
    events, _ = read_to_end(cut(body, [11]), is_stream=is_stream)
    parts = list_parts(read_documents(body.decode(), is_stream=is_stream))
    texts = [(part["text"], part.get("thought", False)) for part in parts if "text" in part]
    assert [(event.text, event.is_thought) for event in events if isinstance(event, Text)] == texts
    signatures = [part["thoughtSignature"].encode() for part in parts if "thoughtSignature" in part]
    assert [event.base64 for event in events if isinstance(event, SignatureBytes)] == signatures


def load(name: str) -> dict[str, Any]:
    recording: dict[str, Any] = json.loads((RECORDINGS / "gemini" / name).read_text())
    return recording


def hash_of(base64_text: str | bytes) -> str:
    return hashlib.sha256(base64.b64decode(base64_text, validate=True)).hexdigest()


@pytest.mark.parametrize("step", [65_536, 9973, 10_000_000])
@pytest.mark.parametrize("is_pretty", [True, False])
@pytest.mark.parametrize("is_stream", [True, False])
@pytest.mark.parametrize("name", sorted(COSTS))
def test_recorded_pictures_are_whole(name: str, is_stream: bool, is_pretty: bool, step: int) -> None:
    """Recorded pictures, signatures and texts come out bit by bit, plain or as the event they would be."""
    recorded = load(name)["response"]["body"]
    body = json.dumps(recorded, indent=2 if is_pretty and not is_stream else None).encode()
    events = read(cut(b"data: " + body + b"\r\n\r\n" if is_stream else body, [step]), is_stream=is_stream)
    parts = list_parts(iter([recorded]))
    pictures = [part["inlineData"] for part in parts if "inlineData" in part]
    passed = [event.base64 for event in events if isinstance(event, PictureBytes)]
    assert [hash_of(base64_bytes) for base64_bytes in passed] == [hash_of(p["data"]) for p in pictures]
    settled = [event.mime_type for event in events if isinstance(event, PictureSettled)]
    assert settled == [picture["mimeType"] for picture in pictures]
    assert [e.text for e in events if isinstance(e, Text)] == [p["text"] for p in parts if "text" in p]
    signatures = [part["thoughtSignature"].encode() for part in parts if "thoughtSignature" in part]
    assert [e.base64 for e in events if isinstance(e, SignatureBytes)] == signatures


@pytest.mark.parametrize("name", sorted(COSTS))
def test_recorded_usage_costs_what_it_should(name: str) -> None:
    """The usage of each recording costs what the price table and its numbers say."""
    model_name, nano_usd = COSTS[name]
    model = find_model(model_name)
    assert model is not None
    events = read([json.dumps(load(name)["response"]["body"]).encode()], is_stream=False)
    (usage,) = [event.metadata for event in events if isinstance(event, Usage)]
    pictures = sum(isinstance(event, PictureSettled) for event in events)
    assert (
        cost_micro_usd(count_tokens(usage, model, pictures, "1K"), model, at_seconds=0)
        == (nano_usd + 500) // 1000
    )
