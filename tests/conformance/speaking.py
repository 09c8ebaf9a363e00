"""Asks one gateway the same at each of its doors and reads the answers into one shape. Knows the doors' forms, no outcome."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pybase64

from asking import Reply, ask, chat, configure, split_markdown
from programs import CLIENT_KEY, Program

MODEL = "gemini-3.1-flash-image"
_FRAME = re.compile(rb"(?:event: ([^\r\n]*)\r?\n)?data: ([^\r\n]*)\r?\n\r?\n")


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What a client was shown, whatever the door."""

    status: int
    code: str | None = None
    """Of the error, in its door's own words; None: none was shown."""
    is_late: bool = False
    """Whether the error came in a stream that had opened."""
    pictures: tuple[bytes, ...] = ()
    finish: str | None = None
    """Why it ended, in the door's own words."""
    notices: tuple[str, ...] = ()
    generation_id: str = ""


@dataclass(frozen=True)
class Door:
    """One door: how it is asked and how its answers are read."""

    name: str
    ask: Callable[[Program, str, bool], Reply]
    read_whole: Callable[[Any], Shown]
    read_events: Callable[[list[tuple[str, Any]]], Shown]

    def draw(self, program: Program, prompt: str, *, is_stream: bool) -> Shown:
        """Ask for one picture and return what came."""
        reply = self.ask(program, prompt, is_stream)
        generation_id = str(reply.headers["x-limner-generation-id"])
        is_event_stream = reply.headers["content-type"].startswith("text/event-stream")
        if is_event_stream:
            shown = self.read_events(read_events(reply.body))
        elif reply.status == 200:
            shown = self.read_whole(reply.json())
        else:
            shown = Shown(status=reply.status, code=read_code(reply.json()["error"]))
        assert shown.status == reply.status
        return replace_id(shown, generation_id)


def replace_id(shown: Shown, generation_id: str) -> Shown:
    """Return the same with the generation's id."""
    return Shown(**{**shown.__dict__, "generation_id": generation_id})


def read_code(error: Mapping[str, Any]) -> str:
    """Return the code of an error in OpenAI's form, or the status of one in Google's."""
    if "status" in error:
        assert isinstance(error["code"], int)
        assert error["message"]
        return str(error["status"])
    assert {"message", "type", "param", "code"} <= set(error)
    return str(error["code"])


def read_events(body: bytes) -> list[tuple[str, Any]]:
    """Return a stream's events, name and data; comments and silences are left out."""
    events = []
    for name, data in _FRAME.findall(body):
        events.append((name.decode(), "[DONE]" if data == b"[DONE]" else json.loads(data)))
    return events


def _ask_chat(program: Program, prompt: str, is_stream: bool) -> Reply:
    return ask(program, chat(prompt, stream=is_stream))


def _read_chat(answer: Any) -> Shown:
    (choice,) = answer["choices"]
    message = choice["message"]
    return Shown(
        status=200,
        pictures=tuple(data for _, data in split_markdown(message["content"])[1]),
        finish=choice["finish_reason"],
        notices=tuple(notice["code"] for notice in answer["limner"]["notices"]),
    )


def _read_chat_events(events: list[tuple[str, Any]]) -> Shown:
    assert not any(name for name, _ in events)
    if "error" in events[-1][1]:
        return Shown(status=200, code=read_code(events[-1][1]["error"]), is_late=True)
    assert events[-1][1] == "[DONE]"
    chunks = [data for _, data in events[:-1]]
    content = "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"])
    (last,) = [c for c in chunks if c["choices"] and c["choices"][0]["finish_reason"]]
    return Shown(
        status=200,
        pictures=tuple(data for _, data in split_markdown(content)[1]),
        finish=last["choices"][0]["finish_reason"],
        notices=tuple(notice["code"] for notice in last["limner"]["notices"]),
    )


def _to_images_body(prompt: str, is_stream: bool) -> dict[str, Any]:
    return {
        "model": MODEL,
        "prompt": prompt,
        "stream": is_stream,
        "extra_body": configure(image_size="512"),
    }


def _ask_images(program: Program, prompt: str, is_stream: bool) -> Reply:
    return ask(program, _to_images_body(prompt, is_stream), path="/v1/images/generations")


def _read_images(answer: Any) -> Shown:
    return Shown(
        status=200,
        pictures=tuple(pybase64.b64decode(entry["b64_json"], validate=True) for entry in answer["data"]),
        notices=tuple(notice["code"] for notice in answer["limner"]["notices"]),
    )


def _read_images_events(events: list[tuple[str, Any]]) -> Shown:
    name, last = events[-1]
    if name == "error":
        return Shown(status=200, code=read_code(last["error"]), is_late=True)
    assert all(found == data["type"] for found, data in events)
    return Shown(
        status=200,
        pictures=tuple(pybase64.b64decode(data["b64_json"], validate=True) for _, data in events),
        notices=tuple(notice["code"] for notice in last["limner"]["notices"]),
    )


def _to_form(fields: Mapping[str, str], picture: bytes) -> tuple[bytes, str]:
    boundary = "a-line-that-no-picture-holds"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = 'Content-Disposition: form-data; name="image[]"; filename="a.png"\r\nContent-Type: image/png'
    parts.append(f"--{boundary}\r\n{head}\r\n\r\n".encode() + picture + b"\r\n")
    return b"".join(parts) + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def to_ask_edits(picture: bytes) -> Callable[[Program, str, bool], Reply]:
    """Return what asks for an edit of a picture, as OpenAI's clients do."""

    def ask_edits(program: Program, prompt: str, is_stream: bool) -> Reply:
        fields = {"model": f"{MODEL}-512", "prompt": prompt, "stream": str(is_stream).lower()}
        body, content_type = _to_form(fields, picture)
        headers = {"Content-Type": content_type}
        return ask(program, body, path="/v1/images/edits", headers=headers)

    return ask_edits


def _ask_native(program: Program, prompt: str, is_stream: bool) -> Reply:
    method = "streamGenerateContent?alt=sse" if is_stream else "generateContent"
    body = {
        "contents": [{"role": "user", "parts": [{"text": prompt}]}],
        "generationConfig": {"responseModalities": ["TEXT", "IMAGE"], "imageConfig": {"imageSize": "512"}},
    }
    headers = {"x-goog-api-key": CLIENT_KEY}
    return ask(program, body, path=f"/v1beta/models/{MODEL}:{method}", key=None, headers=headers)


def _read_native(answer: Any) -> Shown:
    return _read_native_events([("", answer)])


def _read_native_events(events: list[tuple[str, Any]]) -> Shown:
    assert not any(name for name, _ in events)
    documents = [data for _, data in events]
    if "error" in documents[-1]:
        return Shown(status=200, code=read_code(documents[-1]["error"]), is_late=True)
    candidates = [c for document in documents for c in document.get("candidates", ())]
    parts = [part for candidate in candidates for part in candidate.get("content", {}).get("parts", ())]
    last = documents[-1]
    blocked = last.get("promptFeedback", {}).get("blockReason")
    return Shown(
        status=200,
        pictures=tuple(
            pybase64.b64decode(part["inlineData"]["data"], validate=True)
            for part in parts
            if "inlineData" in part and not part.get("thought")
        ),
        finish=blocked or last["candidates"][0]["finishReason"],
    )


CHAT = Door("chat", _ask_chat, _read_chat, _read_chat_events)
IMAGES = Door("images", _ask_images, _read_images, _read_images_events)
NATIVE = Door("native", _ask_native, _read_native, _read_native_events)


def to_edits(picture: bytes) -> Door:
    """Return the door at which a picture is edited."""
    return Door("edits", to_ask_edits(picture), _read_images, _read_images_events)
