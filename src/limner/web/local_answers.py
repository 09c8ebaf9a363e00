"""Answers the background task of a chat UI: composed here, nothing claimed, nothing called, nothing to pay. Knows ASGI.

The answer has the form of every other one, whole or as a stream, so that a UI reads it with the code it has. It is
not kept: there is no generation, and nothing to collect.
"""

from collections.abc import Iterator

import msgspec
from msgspec import UNSET, Raw, Struct
from starlette.types import Send

from limner.translate.stream import DONE
from limner.translate.tasks import Task, answer_task
from limner.web.sending import send_start
from limner.web.streaming import STREAM_HEADERS
from limner.wire.openai import (
    AnswerMessage,
    ChatCompletion,
    ChatCompletionChunk,
    Choice,
    ChunkChoice,
    CompletionTokensDetails,
    Delta,
    LimnerNote,
    Notice,
    PromptTokensDetails,
    UpstreamNote,
    Usage,
)

_DELTA_CHARACTERS = 4000
"""As JSON at most 24 KB: some clients read lines of no more than 128 KiB."""


class LocalAnswer(Struct, frozen=True, kw_only=True):
    """How one background task is answered."""

    task: Task
    id: str
    """`chatcmpl-…`"""
    created: int
    """Epoch seconds."""
    model: str
    """As asked."""


async def send_local_answer(
    answer: LocalAnswer, *, is_stream: bool, includes_usage: bool, send: Send
) -> None:
    """Send the whole answer; `includes_usage` says whether a stream counts its tokens, of which there are none."""
    if is_stream:
        headers = [*STREAM_HEADERS]
        chunks = _write_chunks(answer, includes_usage=includes_usage)
        body = b"".join(b"data: %b\n\n" % msgspec.json.encode(chunk) for chunk in chunks) + DONE
    else:
        body = msgspec.json.encode(_write_completion(answer))
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send_start(send, headers)
    await send({"type": "http.response.body", "body": body, "more_body": False})


def _write_completion(answer: LocalAnswer) -> ChatCompletion:
    message = AnswerMessage(content=Raw(msgspec.json.encode(answer_task(answer.task))))
    return ChatCompletion(
        id=answer.id,
        created=answer.created,
        model=answer.model,
        choices=[Choice(index=0, message=message, finish_reason="stop")],
        usage=_count_nothing(),
        limner=_write_note(answer.task),
    )


def _write_chunks(answer: LocalAnswer, *, includes_usage: bool) -> Iterator[ChatCompletionChunk]:
    text = answer_task(answer.task)
    yield _write_chunk(answer, Delta(role="assistant", content=""))
    for start in range(0, len(text), _DELTA_CHARACTERS):
        yield _write_chunk(answer, Delta(content=text[start : start + _DELTA_CHARACTERS]))
    yield _write_chunk(answer, Delta(), finish_reason="stop")
    if includes_usage:
        yield ChatCompletionChunk(
            id=answer.id, created=answer.created, model=answer.model, choices=[], usage=_count_nothing()
        )


def _write_chunk(answer: LocalAnswer, delta: Delta, finish_reason: str | None = None) -> ChatCompletionChunk:
    return ChatCompletionChunk(
        id=answer.id,
        created=answer.created,
        model=answer.model,
        choices=[ChunkChoice(index=0, delta=delta, finish_reason=finish_reason)],
        limner=UNSET if finish_reason is None else _write_note(answer.task),
    )


def _write_note(task: Task) -> LimnerNote:
    notice = Notice(
        "answered_locally",
        f"This is a background task of a chat UI ({task.name}). It was answered here without a model, "
        "and costs nothing; LIMNER_BACKGROUND_TASKS sets what becomes of such tasks.",
    )
    return LimnerNote(
        generation_id=None,
        cost_usd=0.0,
        upstream=UpstreamNote(kind="local", model="limner"),
        notices=[notice],
        images=[],
    )


def _count_nothing() -> Usage:
    return Usage(
        prompt_tokens=0,
        completion_tokens=0,
        total_tokens=0,
        prompt_tokens_details=PromptTokensDetails(text_tokens=0, image_tokens=0),
        completion_tokens_details=CompletionTokensDetails(image_tokens=0, reasoning_tokens=0, text_tokens=0),
        cost=0.0,
    )
