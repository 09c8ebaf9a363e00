"""Answers that exist, as records: a page of a list, one that is not there yet, what was asked, what was deleted.

Shapes are those of OpenAI's stored completions (openai-python 3.54 types, 2026-11), with more. Records only. Where
there is a picture its JSON is given raw, with PICTURE in the picture's place.
"""

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType

from limner.wire.openai import DataUrl, Usage


class Pending(Struct, kw_only=True):
    """An answer that is not there yet."""

    id: str
    status: Literal["in_progress"] = "in_progress"


class NotedMessage(Struct, kw_only=True):
    """What the assistant said, as far as it is text, and of a long text the beginning."""

    content: str | None
    refusal: str | None
    role: Literal["assistant"] = "assistant"


class NotedChoice(Struct, kw_only=True):
    """One choice, without its pictures."""

    index: int
    message: NotedMessage
    finish_reason: str
    logprobs: None = None


class CompletionNote(Struct, kw_only=True):
    """One completion in a list: what is known of it without its pictures."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[NotedChoice]
    usage: Usage | None
    metadata: dict[str, str]
    status: Literal["in_progress", "completed", "failed"]
    generation_id: str
    state: str
    is_delivered: bool
    cost_usd: float | None
    received_bytes: int | None
    """How much of its pictures has come from Gemini; null: it does not run in this process, or not any more."""


class CompletionList(Struct, kw_only=True):
    """A page of completions."""

    object: Literal["list"] = "list"
    data: list[CompletionNote]
    first_id: str | None
    last_id: str | None
    has_more: bool


class MetadataUpdate(Struct, kw_only=True):
    """The body that puts other metadata on a completion; null takes it away."""

    metadata: dict[str, Any] | UnsetType | None = UNSET


class CompletionDeleted(Struct, kw_only=True):
    """A completion that is there no more."""

    id: str
    object: Literal["chat.completion.deleted"] = "chat.completion.deleted"
    deleted: Literal[True] = True


class TextPart(Struct, tag_field="type", tag="text"):
    """A text of a message that was sent in parts."""

    text: str


class ImagePart(Struct, tag_field="type", tag="image_url"):
    """A picture of it."""

    image_url: DataUrl


class StoredMessage(Struct, kw_only=True):
    """One message of a request: `content` if it was a text, else `content_parts`."""

    id: str
    role: str
    content: str | None
    name: str | None
    content_parts: list[TextPart | ImagePart] | None


class MessageList(Struct, kw_only=True):
    """A page of messages."""

    object: Literal["list"] = "list"
    data: list[StoredMessage]
    first_id: str | None
    last_id: str | None
    has_more: bool
