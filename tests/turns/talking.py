"""Conversations as clients carry them on: what was answered, and what they make of it in the next call."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from asking import ask_for_answer, ask_for_stream, chat, get_message, split_images, split_markdown
from programs import Program

Turn = dict[str, Any]
SendBack = Callable[[Turn], list[Turn]]
"""Makes of an answer's message what a client sends back for it: no turn, one, or more."""


class Drawn:
    """One answer: its message as a client has it, and its pictures' bytes."""

    def __init__(self, message: Turn, note: Mapping[str, Any]) -> None:
        self.message = message
        self.note = note
        markdown = split_markdown(message.get("content") or "")[1]
        self.pictures = [data for _, data in markdown or split_images(message.get("images") or ())]
        self.sha256s = [image["sha256"] for image in note["images"]]

    @property
    def picture(self) -> bytes:
        """The one picture."""
        (picture,) = self.pictures
        return picture

    @property
    def notices(self) -> list[str]:
        """What was said of it beside."""
        return [notice["code"] for notice in self.note["notices"]]


class Talk:
    """A conversation with one gateway; `send_back` says what becomes of its answers."""

    def __init__(
        self, gateway: Program, send_back: SendBack, *, model: str, is_stream: bool = False, **fields: Any
    ) -> None:
        self._gateway = gateway
        self._send_back = send_back
        self.model = model
        self._is_stream = is_stream
        self._fields = fields
        self.turns: list[Turn] = []

    def say(self, text: Any) -> Drawn:
        """Say something and return what is answered."""
        self.turns.append({"role": "user", "content": text})
        body = chat(model=self.model, messages=self.turns, extra_body={}) | self._fields
        drawn = draw(self._gateway, body, is_stream=self._is_stream)
        self.turns += self._send_back(drawn.message)
        return drawn


def draw(gateway: Program, body: Mapping[str, Any], *, is_stream: bool = False) -> Drawn:
    """Return what is answered to a body, in either mode."""
    if not is_stream:
        answer = ask_for_answer(gateway, dict(body))
        return Drawn(get_message(answer), answer["limner"])
    stream = ask_for_stream(gateway, dict(body))
    message: Turn = {"role": "assistant", "content": stream.content}
    if stream.images:
        message["images"] = stream.images
    details = [detail for delta in stream.deltas for detail in delta.get("reasoning_details") or ()]
    if details:
        message["reasoning_details"] = details
    return Drawn(message, stream.finish["limner"])


def digest(data: bytes) -> str:
    """Return what tells one picture from another."""
    return hashlib.sha256(data).hexdigest()


def keep(message: Turn) -> list[Turn]:
    """Send the whole message back."""
    return [message]


def keep_content(message: Turn) -> list[Turn]:
    """Send role and content back."""
    return [{"role": "assistant", "content": message["content"]}]


def drop(message: Turn) -> list[Turn]:  # noqa: ARG001 - it is dropped
    """Send nothing back, as Open WebUI does with blank turns."""
    return []


def blank(message: Turn) -> list[Turn]:  # noqa: ARG001 - it is blanked
    """Send an empty turn back."""
    return [{"role": "assistant", "content": ""}]


def keep_text(message: Turn) -> list[Turn]:
    """Send the text back without its pictures."""
    text = split_markdown(message["content"])[0] if "![" in message["content"] else message["content"]
    return [{"role": "assistant", "content": text.strip()}]


def keep_parts(message: Turn) -> list[Turn]:
    """Send text and pictures back as parts, as LobeChat does."""
    parts: list[Turn] = [{"type": "text", "text": message["content"]}]
    parts += [{"type": "image_url", "image_url": entry["image_url"]} for entry in message["images"]]
    return [{"role": "assistant", "content": parts}]


def keep_reference(message: Turn) -> list[Turn]:
    """Send back what stands for the signatures, and no picture."""
    return [{"role": "assistant", "content": None, "reasoning_details": message["reasoning_details"]}]
