"""What tests of stored completions share: pictures to send, messages to ask with, the official client."""

import os
from typing import Any

import pybase64
from leaving import CHAT_PATH, name_generation, new_prompt
from openai import OpenAI

from asking import Reply, ask, chat
from programs import CLIENT_KEY, Gateway, Program

_PNG_HEAD = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\2\0\0\0\2\0\x08\2\0\0\0"


def open_client(gateway: Program, key: str = CLIENT_KEY) -> OpenAI:
    """Return OpenAI's client, which asks once."""
    return OpenAI(base_url=f"{gateway.url}/v1", api_key=key, max_retries=0)


def make_png(size_bytes: int = 5000) -> bytes:
    """Return a picture like no other, as far as its head says what it is."""
    return _PNG_HEAD + os.urandom(size_bytes - len(_PNG_HEAD))


def to_url(picture: bytes, mime_type: str = "image/png") -> str:
    """Return a data URI."""
    return f"data:{mime_type};base64,{pybase64.b64encode(picture).decode()}"


def show(picture: bytes, mime_type: str = "image/png") -> dict[str, Any]:
    """Return a part with a picture."""
    return {"type": "image_url", "image_url": {"url": to_url(picture, mime_type)}}


def draw(gateway: Gateway, *, key: str = CLIENT_KEY, **fields: Any) -> str:
    """Have something drawn and get it; return its generation's id."""
    headers = fields.pop("headers", {})
    fields.setdefault("messages", [{"role": "user", "content": new_prompt()}])
    reply = ask(gateway, chat(**fields), key=key, headers=headers)
    assert reply.status == 200, reply.body[:500]
    return name_generation(reply)


def ask_of(
    gateway: Program,
    answer_id: str,
    below: str = "",
    *,
    body: object = None,
    method: str | None = None,
    key: str = CLIENT_KEY,
    headers: dict[str, str] | None = None,
) -> Reply:
    """Ask something about an answer."""
    path = f"{CHAT_PATH}/{answer_id}{below}"
    return ask(gateway, body, path=path, method=method, key=key, headers=headers)


def delete(gateway: Program, answer_id: str, **options: Any) -> Reply:
    """Delete an answer."""
    return ask_of(gateway, answer_id, method="DELETE", **options)


def to_answer_id(generation_id: str) -> str:
    """Return the id of a generation's answer."""
    return generation_id.replace("gen_", "chatcmpl-")
