"""Asks a gateway in Gemini's own format over plain HTTP, and reads what it answers."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pybase64

from asking import PROMPT, Reply, ask
from programs import CLIENT_KEY, Program

MODEL = "gemini-3.1-flash-image"
_PNG_HEAD = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\2\0\0\0\2\0\x08\2\0\0\0"
SMALL = {"imageConfig": {"aspectRatio": "1:1", "imageSize": "512"}}


def to_png(seed: int, size_bytes: int = 3000) -> str:
    """Return the base64 of what passes for a picture, another for each seed."""
    rest = hashlib.shake_128(b"%d" % seed).digest(size_bytes - len(_PNG_HEAD))
    return pybase64.b64encode(_PNG_HEAD + rest).decode()


def request(*parts: Mapping[str, Any] | str, **fields: Any) -> dict[str, Any]:
    """Return a request of one turn for a small picture; without parts it asks for the usual one."""
    listed = [{"text": part} if isinstance(part, str) else part for part in parts or (PROMPT,)]
    return {"contents": [{"role": "user", "parts": listed}], "generationConfig": SMALL, **fields}


def call(
    program: Program,
    body: object,
    method: str = "generateContent",
    *,
    model: str = MODEL,
    version: str = "v1beta",
    key: str = CLIENT_KEY,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """Call a method of a model; `method` may carry a query."""
    path = f"/{version}/models/{model}:{method}"
    return ask(program, body, path=path, key=None, headers={"x-goog-api-key": key, **(headers or {})})


def look(program: Program, path: str, *, key: str = CLIENT_KEY) -> Reply:
    """Get something as one who speaks Gemini's API."""
    return ask(program, path=path, key=None, headers={"x-goog-api-key": key})


def read_events(body: bytes) -> list[dict[str, Any]]:
    """Return the events of a stream, which must hold nothing else; silence may have been filled by empty ones."""
    assert not body or body.endswith(b"\r\n\r\n")
    events = [event for event in body.split(b"\r\n\r\n") if event]
    assert all(event.startswith(b"data: ") and b"\n" not in event for event in events)
    return [json.loads(event[6:]) for event in events]


def list_parts(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the parts of the only candidate."""
    (candidate,) = answer["candidates"]
    return list(candidate.get("content", {}).get("parts", ()))


def list_pictures(*answers: Mapping[str, Any]) -> list[bytes]:
    """Return the pictures of answers, or of the events of one."""
    return [
        pybase64.b64decode(part["inlineData"]["data"], validate=True)
        for answer in answers
        for part in (list_parts(answer) if "candidates" in answer else [])
        if "inlineData" in part
    ]


def drop_chance(answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer without the id that is another each time."""
    return {name: value for name, value in answer.items() if name != "responseId"}
