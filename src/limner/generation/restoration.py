"""Writes an earlier answer back into its conversation, opening the files it needs. Knows files, no books.

What Gemini signed goes back part by part, as it came. Where it would refuse that, the turn is written as a client would
have sent it, pictures and all: without signatures they move to the user's turn.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from limner.catalogue import Model
from limner.generation.inputs import Inputs
from limner.generation.kept_turn import Answer, AnswerPart
from limner.generation.replaying import open_picture
from limner.ledger.records import GenerationRecord, StoredPicture
from limner.pictures.stored import StoredBase64
from limner.translate.contents import KeptPart, KeptTurn
from limner.translate.history import Place
from limner.translate.pieces import Turn


class FoundAnswer(Struct, frozen=True, kw_only=True):
    """The answer that belongs into a place."""

    record: GenerationRecord
    answer: Answer
    parts: Sequence[AnswerPart]
    rows: Mapping[str, StoredPicture]

    def measure_added(self, place: Place) -> tuple[int, int]:
        """Return how many pictures, and how much base64, it adds to what the client sent."""
        added = [row.size_bytes for row in self.rows.values() if row.sha256 not in place.sha256s]
        signatures = sum(part.signature.size_bytes for part in self.parts if part.signature)
        return len(added), (signatures + sum(added)) * 4 // 3


class Restoration:
    """Writes the turns of one conversation, opening the files they need."""

    def __init__(self, inputs: Inputs, model: Model) -> None:
        self._inputs = inputs
        self._model = model
        self._signatures: list[StoredBase64] = []

    def restore(
        self, turns: Sequence[Turn], found: Mapping[int, tuple[Place, FoundAnswer]]
    ) -> list[Turn | KeptTurn]:
        """Return the turns with what was found in its place. Raises OSError."""
        pictures_before = len(self._inputs.pictures)
        said: list[Turn | KeptTurn] = []
        try:
            for index, turn in enumerate(turns):
                if index not in found:
                    said.append(turn)
                    continue
                place, answer = found[index]
                said.append(self._write(None if place.is_missing else turn, answer))
                if place.is_missing:
                    said.append(turn)
        except OSError:
            self._take_back(pictures_before)
            raise
        first = len(self._inputs.spools)
        for signature in self._signatures:
            self._inputs.add_signature(signature)
        return [_number(turn, first) if isinstance(turn, KeptTurn) else turn for turn in said]

    def _write(self, sent: Turn | None, found: FoundAnswer) -> Turn | KeptTurn:
        """Return the turn as Gemini sent it, or, where it would refuse that, as the client did with all pictures."""
        pieces = [] if sent is None else sent.pieces
        numbers = {self._inputs.pictures[p].sha256: p for p in pieces if isinstance(p, int)}
        pictures = [part for part in found.parts if part.picture_id]
        is_signed = self._model.has_signatures and found.record.model == self._model.id
        if is_signed and all(part.signature for part in pictures):
            parts = [self._to_part(part, found, numbers) for part in found.parts]
            return KeptTurn(parts, found.answer.kind)
        if numbers and sent is not None:
            return sent
        texts = [piece for piece in pieces if isinstance(piece, str) and piece.strip()]
        said: Sequence[str | AnswerPart] = [*texts, *pictures] if texts else found.parts
        return Turn(role="model", pieces=[self._to_piece(one, found, numbers) for one in said])

    def _to_part(self, part: AnswerPart, found: FoundAnswer, numbers: Mapping[str, int]) -> KeptPart:
        piece = self._to_piece(part, found, numbers)
        if part.signature is None:
            return KeptPart(piece=piece, signature=None)
        self._signatures.append(
            StoredBase64(
                found.answer.journal, offset=part.signature.offset, size_bytes=part.signature.size_bytes
            )
        )
        return KeptPart(piece=piece, signature=len(self._signatures) - 1)

    def _to_piece(self, part: str | AnswerPart, found: FoundAnswer, numbers: Mapping[str, int]) -> str | int:
        if isinstance(part, str):
            return part
        return self._find_number(part, found, numbers) if part.picture_id else part.text or ""

    def _find_number(self, part: AnswerPart, found: FoundAnswer, numbers: Mapping[str, int]) -> int:
        """Return the number of a part's picture: the client's own, if it sent it."""
        if part.sha256 in numbers:
            return numbers[part.sha256]
        row = found.rows[part.picture_id or ""]
        return self._inputs.add(open_picture(found.answer.journal.parent, row))

    def _take_back(self, pictures_before: int) -> None:
        for spool in (*self._inputs.spools[pictures_before:], *self._signatures):
            spool.close()
        del self._inputs.spools[pictures_before:]
        del self._inputs.pictures[pictures_before:]


def _number(turn: KeptTurn, first: int) -> KeptTurn:
    """Return a turn whose signatures are numbered from `first` on."""
    return KeptTurn(
        [
            part if part.signature is None else KeptPart(piece=part.piece, signature=first + part.signature)
            for part in turn.parts
        ],
        turn.kind,
    )
