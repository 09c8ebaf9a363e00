"""Cherry Studio's rules: the schema each chunk must fit, and the two forms in which it sends a chat again.

Facts, from its source (its patch of @ai-sdk/openai-compatible 3.0.62 and messageConverter.ts, read 2026-11-22): an entry
of `images` without the literal type fails the chunk; a picture is a data URI, or else an address that is absolute. The
assistant's pictures do not go back, unless the model is one of its list for editing: then the whole chat is sent as
one user turn, with the last answer's pictures beside the text.
"""

import re
from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from client import Converse, converse_by
from shown import Shown, show_images

from asking import ask, read_stream
from programs import Gateway

_DATA_URI = re.compile(r"^data:([^;]+);base64,(.+)$")


class _Address(msgspec.Struct):
    url: str


class _Image(msgspec.Struct):
    type: Literal["image_url"]
    image_url: _Address


class _Delta(msgspec.Struct):
    role: Literal["assistant", ""] | None = None
    content: str | None = None
    images: list[_Image] | None = None


class _Choice(msgspec.Struct):
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Chunk(msgspec.Struct):
    choices: list[_Choice]


def read_chunks(chunks: Sequence[dict[str, Any]]) -> tuple[str, list[str]]:
    """Text and picture addresses; raises what msgspec raises for a chunk that does not fit."""
    deltas = [
        choice.delta
        for chunk in msgspec.convert(chunks, list[_Chunk])
        for choice in chunk.choices
        if choice.delta is not None
    ]
    urls = [image.image_url.url for delta in deltas for image in delta.images or ()]
    for url in urls:
        assert _DATA_URI.match(url) or re.match("https?://", url), url[:100]
    return "".join(delta.content or "" for delta in deltas), urls


def ask_for_chunks(gateway: Gateway, model: str, messages: list[Any]) -> tuple[str, list[str]]:
    """Ask as it asks a provider of pictures."""
    body = {"model": model, "messages": messages, "stream": True, "modalities": ["image", "text"]}
    reply = ask(gateway, body)
    assert reply.status == 200, reply.body[:1000]
    return read_chunks(read_stream(reply.body).chunks)


def say(gateway: Gateway, model: str, messages: list[Any]) -> tuple[Shown, Any]:
    """Ask with the chat as it is, where the assistant's pictures are left out."""
    text, urls = ask_for_chunks(gateway, model, messages)
    return show_images(text, urls), {"role": "assistant", "content": text}


def converse_collapsed(gateway: Gateway, model: str, prompts: Sequence[str]) -> list[Shown]:
    """Ask with one user turn, which holds the pictures of the last answer."""
    turns, urls = [], list[str]()
    for prompt in prompts:
        pictures = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
        content = [{"type": "text", "text": prompt}, *pictures]
        text, urls = ask_for_chunks(gateway, model, [{"role": "user", "content": content}])
        turns.append(show_images(text, urls))
    return turns


CONVERSE_CHERRY_STUDIO: Converse = converse_by(say)
