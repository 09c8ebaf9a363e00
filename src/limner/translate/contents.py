"""Writes a conversation's turns as Gemini's contents. Pure; pictures and signatures are numbers here.

Facts:
  * A picture in a model turn needs the thought signature it came with, a picture in a user turn needs none
    (error "Image part is missing a thought_signature", reported 2025-11 to 2026-06). A picture whose signature is not
    known therefore moves to the user's next turn.
"""

from collections.abc import Sequence

from msgspec import Struct

from limner.translate.messages import InputPicture, Piece, Turn
from limner.wire.gemini import InlineData, RequestContent, RequestPart


class Conversation(Struct, frozen=True, kw_only=True):
    """What will be sent."""

    contents: list[RequestContent]
    system: str | None
    pictures: tuple[int, ...]
    """Numbers of the pictures in the order in which they stand in `contents`."""
    texts: tuple[str, ...]


def to_conversation(
    turns: Sequence[Turn],
    system: Sequence[str],
    pictures: Sequence[InputPicture],
    *,
    model_turns_hold_pictures: bool,
) -> Conversation:
    """Return `turns` as Gemini takes them; see the module's facts for pictures in model turns."""
    contents: list[RequestContent] = []
    sent: list[int] = []
    moved: list[Piece] = []
    for turn in turns:
        pieces: list[Piece] = turn.pieces
        if turn.role == "model" and not model_turns_hold_pictures:
            moved += [piece for piece in pieces if isinstance(piece, int)]
            pieces = [piece for piece in pieces if isinstance(piece, str)]
        elif turn.role == "user":
            pieces, moved = [*moved, *pieces], []
        if pieces:
            contents.append(_to_content(turn.role, pieces, pictures))
            sent += [piece for piece in pieces if isinstance(piece, int)]
    if moved:
        contents.append(_to_content("user", moved, pictures))
        sent += [piece for piece in moved if isinstance(piece, int)]
    return Conversation(
        contents=contents,
        system="\n\n".join(system) or None,
        pictures=tuple(sent),
        texts=tuple(piece for turn in turns for piece in turn.pieces if isinstance(piece, str)),
    )


def _to_content(role: str, pieces: Sequence[Piece], pictures: Sequence[InputPicture]) -> RequestContent:
    parts = [
        RequestPart(text=piece)
        if isinstance(piece, str)
        else RequestPart(inline_data=InlineData(mime_type=pictures[piece].mime_type or ""))
        for piece in pieces
        if isinstance(piece, str | int)
    ]
    return RequestContent(parts=parts, role=role)
