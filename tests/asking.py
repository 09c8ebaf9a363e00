"""Asks a gateway over plain HTTP and reads what it answers, so that every byte and header can be looked at.

Written against the standard library only: the clients under test have tests of their own.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPMessage
from typing import Any

import pybase64

from programs import CLIENT_KEY, Program

PROMPT = "a lighthouse at dusk"
_FRAME = re.compile(rb"data: ([^\r\n]*)\n\n")
_MARKDOWN_PICTURE = re.compile(r"!\[image\]\(data:([a-z/+-]+);base64,([A-Za-z0-9+/=]*)\)")


@dataclass(frozen=True)
class Reply:
    """An answer, read to its end."""

    status: int
    headers: HTTPMessage
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> dict[str, Any]:
        """The inside of an error body."""
        error: dict[str, Any] = self.json()["error"]
        return error


@dataclass(frozen=True)
class Stream:
    """A stream, read to its end. `chunks` are its frames but [DONE]; `is_done` says whether that came last."""

    chunks: list[dict[str, Any]]
    is_done: bool
    line_bytes: list[int] = field(repr=False)

    @property
    def deltas(self) -> list[dict[str, Any]]:
        return [choice["delta"] for chunk in self.chunks for choice in chunk.get("choices", ())]

    @property
    def content(self) -> str:
        return "".join(delta.get("content") or "" for delta in self.deltas)

    @property
    def images(self) -> list[dict[str, Any]]:
        return [image for delta in self.deltas for image in delta.get("images", ())]

    @property
    def finish(self) -> dict[str, Any]:
        """The chunk that ends the choice."""
        (chunk,) = [c for c in self.chunks if c["choices"] and c["choices"][0]["finish_reason"] is not None]
        return chunk

    @property
    def usage(self) -> dict[str, Any]:
        (usage,) = [chunk["usage"] for chunk in self.chunks if "usage" in chunk]
        return dict(usage)


def chat(prompt: str = PROMPT, model: Any = "nano-banana-2", **fields: Any) -> dict[str, Any]:
    """Return the body of a chat call; the picture is small and quickly drawn where the model allows it."""
    body = {
        "model": model,
        "messages": [{"role": "user", "content": prompt}],
        "extra_body": configure(image_size="512") if model == "nano-banana-2" else {},
    }
    return {**body, **fields}


def configure(**image_config: str) -> dict[str, Any]:
    """Return the `extra_body` that asks for a ratio or a size."""
    return {"google": {"image_config": image_config}}


def ask(
    program: Program,
    body: object = None,
    *,
    path: str = "/v1/chat/completions",
    method: str | None = None,
    key: str | None = CLIENT_KEY,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """Ask and read the whole answer.

    `body` is sent as it is if it is bytes, in chunks if it is an iterator of them, else as JSON; None sends none.
    """
    is_ready = body is None or isinstance(body, bytes | Iterator)
    sent: Any = body if is_ready else json.dumps(body).encode()
    given = {} if key is None else {"Authorization": f"Bearer {key}"}
    if sent is not None:
        given["Content-Type"] = "application/json"
    verb = method or ("GET" if sent is None else "POST")
    with closing(program.connect()) as connection:
        connection.request(verb, path, body=sent, headers={**given, **(headers or {})})
        response = connection.getresponse()
        return Reply(response.status, response.headers, response.read())


@contextmanager
def asking(
    program: Program, body: dict[str, Any], headers: Mapping[str, str] | None = None
) -> Iterator[HTTPConnection]:
    """Send a chat call and give its connection, whose answer is the block's to read or to leave."""
    headers = {
        "Authorization": f"Bearer {CLIENT_KEY}",
        "Content-Type": "application/json",
        **(headers or {}),
    }
    with closing(program.connect()) as connection:
        connection.request("POST", "/v1/chat/completions", body=json.dumps(body).encode(), headers=headers)
        yield connection


def read_stream(body: bytes) -> Stream:
    """Read the bytes of a stream, which must be frames of `data: <json>` and nothing else."""
    frames = _FRAME.findall(body)
    assert b"".join(b"data: " + frame + b"\n\n" for frame in frames) == body
    is_done = bool(frames) and frames[-1] == b"[DONE]"
    chunks = [json.loads(frame) for frame in (frames[:-1] if is_done else frames)]
    return Stream(chunks, is_done, [len(frame) + len(b"data: \n") for frame in frames])


def ask_for_stream(program: Program, body: dict[str, Any], **options: Any) -> Stream:
    """Ask for a stream that succeeds and return it."""
    reply = ask(program, {**body, "stream": True}, **options)
    assert reply.status == 200, reply.body
    stream = read_stream(reply.body)
    assert stream.is_done
    return stream


def ask_for_answer(program: Program, body: dict[str, Any], **options: Any) -> dict[str, Any]:
    """Ask for a whole answer that succeeds and return it."""
    reply = ask(program, body, **options)
    assert reply.status == 200, reply.body
    answer: dict[str, Any] = reply.json()
    return answer


def get_message(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the only message of an answer."""
    (choice,) = answer["choices"]
    return dict(choice["message"])


def split_markdown(content: str) -> tuple[str, list[tuple[str, bytes]]]:
    """Return the text of a Markdown answer and its pictures: MIME type and bytes."""
    pictures = [
        (mime_type, pybase64.b64decode(data, validate=True))
        for mime_type, data in _MARKDOWN_PICTURE.findall(content)
    ]
    return _MARKDOWN_PICTURE.sub("", content), pictures


def split_images(images: Iterable[Mapping[str, Any]]) -> list[tuple[str, bytes]]:
    """Return the pictures of an `images` list: MIME type and bytes."""
    pictures = []
    for number, image in enumerate(images):
        assert set(image) == {"index", "type", "image_url"}
        assert (image["index"], image["type"]) == (number, "image_url")
        head, _, data = image["image_url"]["url"].partition(";base64,")
        pictures.append((head.removeprefix("data:"), pybase64.b64decode(data, validate=True)))
    return pictures


def digest(data: bytes) -> str:
    """Return what pictures are compared by: a mismatch of megabytes must not be printed."""
    return hashlib.sha256(data).hexdigest()


def draw_directly(emulator: Program, model: str, prompt: str = PROMPT, **image_config: str) -> bytes:
    """Return the picture that the emulator itself answers with."""
    body = {
        "contents": [{"role": "user", "parts": [{"text": prompt}]}],
        "generationConfig": {"responseModalities": ["TEXT", "IMAGE"], "imageConfig": image_config},
    }
    path = f"/v1beta/models/{model}:generateContent"
    reply = ask(emulator, body, path=path, key=None, headers={"x-goog-api-key": "direct"})
    assert reply.status == 200, reply.body
    parts = reply.json()["candidates"][0]["content"]["parts"]
    (data,) = [part["inlineData"]["data"] for part in parts if "inlineData" in part]
    return pybase64.b64decode(data)
