"""What a gateway answered, gathered while it comes: text, pictures as URLs, cost, notices, how it ended.

Reads an event stream or one JSON object, whichever comes and whichever was asked for, with pictures as Markdown
or data URIs in the content, as content parts, or in `images`. Shapes: OpenRouter, LiteLLM and relays (2026-11).
This module must not know how an answer is fetched, or what becomes of its pictures.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from limner.cli_draw_events import Event, EventReader
from limner.cli_draw_wording import describe_body, describe_page, find_error, to_line, to_text
from limner.cli_failure import CommandFailed

_MAY_BE_BOUGHT = "it may have been bought all the same"
BROKEN_OFF = f"the answer broke off before its end; a picture on its way is lost, and {_MAY_BE_BOUGHT}"

# Possessive (*+): a picture that never ends must not be walked back through, 30 MB character by character.
_DATA_URI = r"data:image/[\w.+-]+(?:;[\w=.-]+)*?;base64,[A-Za-z0-9+/=_%-]*+"
_LINK = r"https?://[^\s()<>]+(?:\([^\s()<>]*\)[^\s()<>]*)*"
_TITLE = r"(?:\"[^\"]{0,500}\"|'[^']{0,500}')?"
_MARKDOWN_PICTURE = re.compile(
    rf"!\[[^\]\n]{{0,1000}}\]\(\s{{0,10}}<?({_DATA_URI}|{_LINK})>?\s{{0,10}}{_TITLE}\s{{0,10}}\)"
)
_LOOSE_DATA_URI = re.compile(rf"(?:!\[[^\]\n]{{0,1000}}\]\(\s{{0,10}}<?)?({_DATA_URI})")

PLACEHOLDER_TEXT = "Here is your picture."
"""What Limner says where Gemini said nothing; nobody wants it beside the picture's path."""


@dataclass(kw_only=True)
class Answer:
    """The answer so far."""

    contents: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    finish_reason: str | None = None
    is_done: bool = False
    cost_usd: float | None = None
    notices: list[tuple[str, str]] = field(default_factory=list)
    """Code and message of each."""
    generation_id: str | None = None

    @property
    def is_whole(self) -> bool:
        """Whether its end came."""
        return self.is_done or self.finish_reason is not None

    @property
    def refusal(self) -> str:
        """Why there is no picture, where the gateway says so."""
        return to_line("".join(self.refusals))

    def take_cost(self, cost: Any) -> None:
        """Take a cost in dollars, if it is one."""
        if isinstance(cost, int | float) and not isinstance(cost, bool) and math.isfinite(cost):
            self.cost_usd = float(cost)

    def split(self) -> tuple[str, list[str]]:
        """Return the text without its pictures, and the URLs of all complete pictures."""
        content = "".join(self.contents)
        urls = [found[1] for found in _MARKDOWN_PICTURE.finditer(content)]
        text = _MARKDOWN_PICTURE.sub("", content)
        if self.is_whole:
            urls += [found[1] for found in _LOOSE_DATA_URI.finditer(text)]
        text = to_text(_LOOSE_DATA_URI.sub("", text))
        urls += self.images
        return "" if urls and text == PLACEHOLDER_TEXT else text, urls


class AnswerReader:
    """Fills an answer from bytes; the first of them that is no blank tells what they are."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._events: EventReader | None = None
        self._whole = bytearray()

    def open(self, headers: Mapping[str, str]) -> None:
        """Take the headers: LiteLLM tells the cost only there."""
        try:
            self._answer.take_cost(float(headers["x-litellm-response-cost"]))
        except (KeyError, ValueError):
            return

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes.

        Raises:
            CommandFailed: the gateway says in them that it failed.
        """
        if self._events is None:
            self._whole += chunk
            if self._whole[:1].isspace():
                self._whole = self._whole.lstrip()
            if not self._whole or self._whole[:1] in b"{[<":
                return
            self._events = EventReader()
            chunk, self._whole = bytes(self._whole), bytearray()
        for event in self._events.feed(chunk):
            self._take_event(event)

    def close(self) -> None:
        """Take the end.

        Raises:
            CommandFailed: the answer is an error, no answer at all, or not whole.
        """
        if self._events is None:
            self._take_whole(bytes(self._whole))
            return
        for event in self._events.close():
            if event.data.strip() == b"[DONE]" or event.data.endswith(b"}"):  # else it was cut within
                self._take_event(event)
        if not self._answer.is_whole:
            raise CommandFailed(BROKEN_OFF)

    def _take_event(self, event: Event) -> None:
        if not event.data.strip():
            return
        if event.data.strip() == b"[DONE]":
            self._answer.is_done = True
            return
        if event.name == b"error":
            raise CommandFailed(f"the gateway failed: {describe_body(event.data)}")
        try:
            chunk = msgspec.json.decode(event.data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise CommandFailed(f"an event of the stream is not JSON: {to_line(_show(event.data))}") from None
        self._take_record(chunk)

    def _take_whole(self, body: bytes) -> None:
        if body[:1] == b"<":
            raise CommandFailed(f"the gateway answers with {describe_page(body)}: is the base URL right?")
        try:
            record = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            reason = to_line(_show(body)) or "it is empty"
            raise CommandFailed(f"the answer is not JSON; {_MAY_BE_BOUGHT}: {reason}") from None
        self._take_record(record)
        if not isinstance(record, dict) or not _list(record.get("choices")):
            raise CommandFailed(f"the answer is not in OpenAI's chat format: {to_line(_show(body))}")
        self._answer.is_done = True

    def _take_record(self, record: Any) -> None:
        if not isinstance(record, dict):
            return
        self._take_notes(record)
        for choice in map(_dict, _list(record.get("choices"))):
            self._take_message(_dict(choice.get("delta") or choice.get("message")))
            if choice.get("error"):
                raise CommandFailed(f"the gateway failed: {find_error(choice)}")
            if isinstance(choice.get("finish_reason"), str):
                self._answer.finish_reason = choice["finish_reason"]
        if record.get("error"):
            raise CommandFailed(f"the gateway failed: {find_error({'error': record['error']})}")

    def _take_message(self, message: dict[str, Any]) -> None:
        content = message.get("content")
        if isinstance(content, str):
            self._answer.contents.append(content)
        for part in map(_dict, _list(content)):
            if isinstance(part.get("text"), str):
                self._answer.contents.append(part["text"])
            else:
                self._take_image(part)
        if isinstance(message.get("refusal"), str):
            self._answer.refusals.append(message["refusal"])
        for image in _list(message.get("images")):
            self._take_image(image)

    def _take_image(self, image: Any) -> None:
        """Take an entry: `{"image_url": {"url"}}`, the same with a string, `{"url"}`, `{"b64_json"}`, a string."""
        entry = _dict(image)
        place = entry.get("image_url") or entry.get("url") or image
        url = place.get("url") if isinstance(place, dict) else place
        if isinstance(entry.get("b64_json"), str):
            url = f"data:;base64,{entry['b64_json']}"
        if isinstance(url, str) and url:
            self._answer.images.append(url)

    def _take_notes(self, record: dict[str, Any]) -> None:
        note = _dict(record.get("limner"))
        for cost in (_dict(record.get("usage")).get("cost"), note.get("cost_usd")):
            self._answer.take_cost(cost)
        for notice in map(_dict, _list(note.get("notices"))):
            self._answer.notices.append((str(notice.get("code")), to_line(str(notice.get("message")))))
        generation_id = note.get("generation_id") or self._answer.generation_id or record.get("id")
        if isinstance(generation_id, str):
            self._answer.generation_id = generation_id


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _show(body: bytes) -> str:
    return body[:200].decode("utf-8", "replace")
