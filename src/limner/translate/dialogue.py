"""Decides which of a request's two forms counts, OpenAI's messages or Gemini's contents. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from limner.errors import InvalidRequest
from limner.translate import pieces
from limner.translate.messages import read_contents, read_messages
from limner.translate.pieces import InputPicture, Link, Piece, Turn
from limner.wire.openai import ChatCompletionRequest, Notice


class Dialogue(Struct, frozen=True, kw_only=True):
    """What is said in a request."""

    turns: list[Turn]
    system: list[str]
    notices: tuple[Notice, ...]
    found: Mapping[str, int | None] = {}
    """What the links have become: numbers of pictures, by URL; None: text, as it came."""

    @property
    def links(self) -> Iterator[Link]:
        """The pictures that have to be found first, in their order."""
        return (piece for turn in self.turns for piece in turn.pieces if isinstance(piece, Link))


def read_dialogue(request: ChatCompletionRequest, pictures: Sequence[InputPicture]) -> Dialogue:
    """Return what counts. Raises InvalidRequest where nothing is said or no telling what."""
    said, system = read_messages(request.messages or (), pictures)
    own = read_contents(request.contents or (), pictures)
    if own and _is_blank(said):
        said = []
    if not any(turn.pieces for turn in (*said, *own)):  # a reference alone may lead to nothing
        raise InvalidRequest(
            "There is nothing to draw: no message but system ones has text or a picture.",
            code="missing_required_parameter",
            param="messages",
        )
    return Dialogue(turns=said or own, system=system, notices=tuple(_compare(said, own, pictures)))


def resolve_links(dialogue: Dialogue, found: Mapping[str, int | None]) -> Dialogue:
    """Return the dialogue with a picture's number, or the text it was, in each link's place; `found` is by URL."""
    turns = [replace(turn, pieces=pieces.resolve_links(turn.pieces, found)) for turn in dialogue.turns]
    return replace(dialogue, turns=turns, found=found)


def _compare(said: Sequence[Turn], own: Sequence[Turn], pictures: Sequence[InputPicture]) -> list[Notice]:
    """Return a notice where `contents` says something else than `messages`, which count."""
    if not (said and own):
        return []
    in_messages = {_identify(piece, pictures) for piece in _list_pictures(said)}
    if any(_identify(piece, pictures) not in in_messages for piece in _list_pictures(own)):
        raise InvalidRequest(
            "'contents' holds a picture that 'messages' lacks, and only one of the two can count.",
            code="conflicting_input",
            param="contents",
        )
    if _list_texts(said) == _list_texts(own):
        return []
    return [Notice("contents_ignored", "'messages' and 'contents' differ; 'messages' counts.")]


def _is_blank(turns: Sequence[Turn]) -> bool:
    return not any(
        piece.strip() if isinstance(piece, str) else True for turn in turns for piece in turn.pieces
    )


def _list_pictures(turns: Sequence[Turn]) -> Iterator[int | Link]:
    return (piece for turn in turns for piece in turn.pieces if not isinstance(piece, str))


def _list_texts(turns: Sequence[Turn]) -> list[Piece]:
    return [piece for turn in turns for piece in turn.pieces if isinstance(piece, str)]


def _identify(picture: int | Link, pictures: Sequence[InputPicture]) -> str:
    return picture.url if isinstance(picture, Link) else pictures[picture].sha256
