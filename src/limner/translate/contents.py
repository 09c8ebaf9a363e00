"""Writes a conversation's turns as Gemini's contents. Pure; pictures and signatures are numbers here.

Facts:
  * A picture in a model turn needs the thought signature it came with, a picture in a user turn needs none
    (error "Image part is missing a thought_signature", reported 2025-11 to 2026-06). A picture whose signature is not
    known therefore moves to the user's next turn.
  * All parts of an answer go back unchanged and in their order, each with its own signature (Google's page on thought
    signatures, 2026-09); thoughts need not.
"""

from collections.abc import Iterator, Sequence

from msgspec import UNSET, Struct

from limner.translate.pieces import InputPicture, Turn
from limner.wire.gemini import DEVELOPER, PLACE, InlineData, RequestContent, RequestPart


class Signature(Struct, frozen=True):
    """A thought signature that is put in as the body is sent; its number is its place behind the pictures."""

    number: int


class KeptPart(Struct, frozen=True, kw_only=True):
    """A part of an answer as Gemini sent it: a text, or a picture's number."""

    piece: str | int
    signature: int | None


class KeptTurn(Struct, frozen=True):
    """A model's turn as Gemini sent it."""

    parts: Sequence[KeptPart]
    kind: str = DEVELOPER
    """Of the upstream that sent it."""

    def without_signatures(self) -> Turn:
        """Return it as a client would have sent it."""
        return Turn(role="model", pieces=[part.piece for part in self.parts])


Insert = int | Signature
"""What is put into the encoded request: the number of a picture, or a signature."""


class Conversation(Struct, frozen=True, kw_only=True):
    """What will be sent."""

    contents: list[RequestContent]
    inserts: tuple[Insert, ...]
    """What goes into the places of `contents`, in their order."""


def to_contents(
    turns: Sequence[Turn | KeptTurn],
    pictures: Sequence[InputPicture],
    *,
    model_turns_hold_pictures: bool,
) -> Conversation:
    """Return `turns`, all of whose links have become pictures, as Gemini takes them; see the module's facts."""
    contents: list[RequestContent] = []
    moved: list[KeptPart] = []
    inserts: list[Insert] = []

    def add(role: str, parts: Sequence[KeptPart]) -> None:
        if parts:
            contents.append(RequestContent(parts=[_to_part(part, pictures) for part in parts], role=role))
            inserts.extend(insert for part in parts for insert in _list_inserts(part))

    for turn in turns:
        if isinstance(turn, KeptTurn):
            add("model", turn.parts)
            continue
        parts = [
            KeptPart(piece=piece, signature=None) for piece in turn.pieces if isinstance(piece, str | int)
        ]
        if turn.role == "model" and not model_turns_hold_pictures:
            moved += [part for part in parts if isinstance(part.piece, int)]
            parts = [part for part in parts if isinstance(part.piece, str)]
        elif turn.role == "user":
            parts, moved = [*moved, *parts], []
        add(turn.role, parts)
    add("user", moved)
    return Conversation(contents=contents, inserts=tuple(inserts))


def list_texts(turns: Sequence[Turn | KeptTurn]) -> Iterator[str]:
    """Yield every text of `turns`."""
    for turn in turns:
        pieces = [part.piece for part in turn.parts] if isinstance(turn, KeptTurn) else turn.pieces
        yield from (piece for piece in pieces if isinstance(piece, str))


def _to_part(part: KeptPart, pictures: Sequence[InputPicture]) -> RequestPart:
    signature = UNSET if part.signature is None else PLACE
    if isinstance(part.piece, str):
        return RequestPart(text=part.piece, thought_signature=signature)
    mime_type = pictures[part.piece].mime_type or ""
    return RequestPart(inline_data=InlineData(mime_type=mime_type), thought_signature=signature)


def _list_inserts(part: KeptPart) -> Iterator[Insert]:
    if isinstance(part.piece, int):
        yield part.piece
    if part.signature is not None:
        yield Signature(part.signature)
