"""Puts earlier answers back into a conversation, with their pictures and thought signatures. Knows books and files.

Gemini refuses a picture in a model's turn without the signature it came with, and no client keeps signatures of
3 MB. What cannot be found, or belongs to another model, is left as the client sent it: its pictures then move to the
user's turn, where none is needed. Nothing here is guessed that could cost a refusal.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from hashlib import sha256
from hmac import digest

import msgspec
from msgspec import Struct

from limner.catalogue import Model
from limner.errors import GatewayError, GatewayUnavailable, no_storage
from limner.generation.archive import Archive
from limner.generation.inputs import MAX_PICTURES, MOST_SENT_BYTES, Inputs
from limner.generation.kept_turn import NO_ANSWER, Answer, AnswerPart, read_answer
from limner.generation.restoration import FoundAnswer, Restoration
from limner.generation.settling import StoredAnswer
from limner.ledger.errors import DatabaseError
from limner.ledger.generations import Ledger
from limner.ledger.records import GenerationRecord, Scope
from limner.translate.contents import KeptTurn
from limner.translate.history import (
    Known,
    Place,
    is_text_of,
    list_conversations,
    list_places,
    trace_conversation,
)
from limner.translate.pieces import Turn
from limner.wire.openai import Notice

_LOG = logging.getLogger("limner.generation")

RECALL_SECONDS = 20.0
"""For all earlier answers of a request whose files are elsewhere, the newest first."""

_MOST_PLACES = 200
"""Of a conversation, the last: more answers than any call has room for."""


class Recalled(Struct, frozen=True, kw_only=True):
    """A conversation with its earlier answers in their places."""

    turns: Sequence[Turn | KeptTurn]
    conversation: str
    """What the answer of this call is found by when the conversation goes on."""
    notices: tuple[Notice, ...]


class _OutOfReachError(Exception):
    """An answer is kept, and its files cannot be had now."""


class Memory:
    """Finds earlier answers. Blocks no loop: files are read in `threads`."""

    def __init__(self, ledger: Ledger, archive: Archive, *, threads: Executor, key: bytes) -> None:
        self._ledger = ledger
        self._archive = archive
        self._threads = threads
        self._key = key

    async def recall(
        self,
        turns: Sequence[Turn],
        inputs: Inputs,
        scope: Scope,
        model: Model,
        named: Mapping[int, str],
    ) -> Recalled:
        """Return the turns with the caller's earlier answers put back, whose files are added to `inputs`.

        `named` are the generations that pictures were named from, by the pictures' numbers. Raises GatewayError.
        """
        digests = trace_conversation(turns, inputs.pictures, lambda text: self._hash(scope, text))
        known = await self._look_up(turns, digests, inputs, scope, named)
        found = await self._find_all(list_places(turns, digests, inputs.pictures, known), inputs, scope)
        restored = Restoration(inputs, model)
        try:
            said = restored.restore(turns, found)
        except OSError as error:
            _LOG.warning(
                "an earlier answer cannot be read (%s); the conversation goes as it came", error.strerror
            )
            said, found = list(turns), {}
        is_recalled = any(place.is_recalled for place, _ in found.values())
        notice = Notice("picture_recalled", "Pictures that the conversation lacked were put back into it.")
        return Recalled(
            turns=said,
            conversation=digests[-1] if digests else "",
            notices=(notice,) if is_recalled else (),
        )

    def _hash(self, scope: Scope, text: bytes) -> str:
        whose = msgspec.json.encode([scope.owner, scope.end_user or ""])
        return digest(self._key, whose + b"\n" + text, sha256).hex()

    async def _look_up(
        self,
        turns: Sequence[Turn],
        digests: Sequence[str],
        inputs: Inputs,
        scope: Scope,
        named: Mapping[int, str],
    ) -> Known:
        numbers = {p for turn in turns if turn.role == "model" for p in turn.pieces if isinstance(p, int)}
        sha256s = {inputs.pictures[number].sha256 for number in numbers}
        conversations = list_conversations(turns, digests)
        if not (sha256s or conversations):
            return Known(by_number=named)
        try:
            await self._ledger.catch_up()  # what was delivered just now is written by now
            by_picture, by_conversation = await self._ledger.find_turns(sha256s, conversations, scope)
        except DatabaseError as error:
            raise no_storage() from error
        return Known(by_picture=by_picture, by_conversation=by_conversation, by_number=named)

    async def _find_all(
        self, places: Iterable[Place], inputs: Inputs, scope: Scope
    ) -> dict[int, tuple[Place, FoundAnswer]]:
        """Return the answers for which there is room in a call, by their turns' places; the newest come first."""
        found: dict[int, tuple[Place, FoundAnswer]] = {}
        room_pictures = MAX_PICTURES - len(inputs.pictures)
        room_bytes = MOST_SENT_BYTES - sum(picture.size_bytes * 4 // 3 for picture in inputs.pictures)
        ends_at = asyncio.get_running_loop().time() + RECALL_SECONDS
        for number, place in enumerate(reversed(list(places)[-_MOST_PLACES:])):
            try:
                answer = await self._find(place, scope, ends_at)
            except _OutOfReachError as error:
                if place.is_recalled and number == 0:  # without the last picture another one would be bought
                    raise _unreachable() from error
                continue
            if answer is None:
                continue
            added, added_bytes = answer.measure_added(place)
            if added_bytes <= room_bytes and added <= room_pictures:
                room_bytes -= added_bytes
                room_pictures -= added
                found[place.index] = place, answer
        return found

    async def _find(self, place: Place, scope: Scope, ends_at: float) -> FoundAnswer | None:
        """Return the answer that belongs into a place; of several equal conversations the one with this text."""
        newest: FoundAnswer | None = None
        for candidate in place.candidates:
            generation_id, _, choice = candidate.partition("/")
            found = await self._open(generation_id, place, scope, int(choice) if choice else None, ends_at)
            if found is None:
                continue
            if not (place.is_recalled and place.text) or _has_text(found.record, place):
                return found if found.rows else None
            newest = newest or (found if found.rows else None)
        return newest

    async def _open(
        self, generation_id: str, place: Place, scope: Scope, choice: int | None, ends_at: float
    ) -> FoundAnswer | None:
        """Return the caller's answer of this id if it can be had in time and has the pictures of the place."""
        try:
            record = await self._ledger.find(generation_id, scope)
            if record is None or record.answer is None or record.folder is None:
                return None
            rows = {row.id: row for row in await self._ledger.read_pictures(generation_id)}
            answer = await self._read(record, ends_at) if rows else NO_ANSWER
        except DatabaseError as error:
            raise no_storage() from error
        except (GatewayUnavailable, TimeoutError) as error:
            _LOG.warning("generation %s is out of reach now", generation_id)
            raise _OutOfReachError from error
        except (GatewayError, OSError) as error:
            _LOG.warning("generation %s cannot be put back: %s", generation_id, type(error).__name__)
            return None
        parts = _choose(answer, place, choice)
        if parts is None or not all(part.picture_id in rows for part in parts if part.picture_id):
            return None
        shown = {part.picture_id for part in parts if part.picture_id}
        return FoundAnswer(
            record=record,
            answer=answer,
            parts=parts,
            rows={picture_id: row for picture_id, row in rows.items() if picture_id in shown},
        )

    async def _read(self, record: GenerationRecord, ends_at: float) -> Answer:
        async with asyncio.timeout_at(ends_at):
            folder = await self._archive.fetch_folder(record)
        return await asyncio.get_running_loop().run_in_executor(self._threads, read_answer, folder)


def _choose(answer: Answer, place: Place, choice: int | None) -> Sequence[AnswerPart] | None:
    """Return the parts of the choice that has the pictures of a place, or is named, or is the first with any."""
    if place.sha256s:
        return next((found.parts for found in answer.choices if place.sha256s <= found.sha256s), None)
    if choice is not None:
        return answer.choices[choice].parts if choice < len(answer.choices) else None
    return next((found.parts for found in answer.choices if found.sha256s), answer.choices[0].parts)


def _has_text(record: GenerationRecord, place: Place) -> bool:
    stored = msgspec.json.decode(record.answer or b"", type=StoredAnswer)
    return is_text_of(place, stored.text)


def _unreachable() -> GatewayUnavailable:
    return GatewayUnavailable(
        "The picture that this conversation goes on from is kept by another gateway and cannot be fetched now; nothing "
        "was bought. Try again, or send the picture with the call.",
        code="storage_unavailable",
    )
