"""Writes what lists show of a generation. Knows its record, and none of its files."""

from collections.abc import Mapping

import msgspec

from limner.generation.record import Asked
from limner.generation.settling import StoredAnswer
from limner.ledger.records import MICRO_USD_PER_USD, GenerationRecord
from limner.translate.usage import to_usage
from limner.web.ownership import to_completion_id
from limner.wire.completions import CompletionNote, NotedChoice, NotedMessage


def to_note(record: GenerationRecord, received_bytes: int | None) -> CompletionNote:
    """Return what is known of a generation without its pictures; `received_bytes` of them have come if it runs here."""
    asked = msgspec.json.decode(record.asked, type=Asked)
    answer = None if record.answer is None else msgspec.json.decode(record.answer, type=StoredAnswer)
    cost = record.cost_micro_usd if answer is None else answer.bill.cost_micro_usd
    has_answer = record.error is None and record.state == "settled"
    return CompletionNote(
        id=to_completion_id(record.id),
        created=asked.created,
        model=asked.model,
        choices=[] if answer is None else _to_choices(answer),
        usage=None if answer is None else to_usage(answer.bill.tokens, answer.bill.cost_micro_usd),
        metadata=decode_metadata(record.metadata),
        status=("completed" if has_answer else "failed") if record.is_over else "in_progress",
        generation_id=record.id,
        state=record.state,
        is_delivered=record.delivered_at_ms is not None,
        cost_usd=None if cost is None else cost / MICRO_USD_PER_USD,
        received_bytes=None if record.is_over else received_bytes,
    )


def decode_metadata(metadata: bytes | None) -> dict[str, str]:
    """Return the metadata of a record; it may have none."""
    return {} if metadata is None else msgspec.json.decode(metadata, type=dict[str, str])


def encode_metadata(metadata: Mapping[str, str] | None) -> bytes | None:
    """Return metadata as a record has it."""
    return msgspec.json.encode(metadata) if metadata else None


def _to_choices(answer: StoredAnswer) -> list[NotedChoice]:
    return [
        NotedChoice(
            index=index,
            message=NotedMessage(content=text, refusal=outcome.refusal),
            finish_reason=outcome.finish_reason,
        )
        for index, (outcome, text) in enumerate(zip(answer.outcomes, answer.texts, strict=True))
    ]
