"""Answers that exist, as records: one that is not there yet, and a page of a list. Records only."""

from typing import Literal

from msgspec import Struct

from limner.wire.openai import Choice


class Pending(Struct, kw_only=True):
    """An answer that is not there yet."""

    id: str
    status: Literal["in_progress"] = "in_progress"


class CompletionNote(Struct, kw_only=True):
    """One completion in a list: what is known of it without its pictures."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[Choice] = []
    status: Literal["in_progress", "completed", "failed"]
    generation_id: str
    state: str
    is_delivered: bool
    cost_usd: float | None


class CompletionList(Struct, kw_only=True):
    """A page of completions."""

    object: Literal["list"] = "list"
    data: list[CompletionNote]
    first_id: str | None
    last_id: str | None
    has_more: bool
