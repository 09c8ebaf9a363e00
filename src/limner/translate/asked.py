"""Says what a client asked in its own order and roles, for whoever wants to read it again. Pure; pictures are numbers.

Unlike what Gemini is sent, nothing is moved, joined or left out; only base64 never stays in a text.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from limner.translate.messages import InputPicture, Piece, read_content, read_contents, resolve_links
from limner.wire.openai import ChatCompletionRequest, Message

_SYSTEM_ROLES = frozenset({"system", "developer"})
_ROLES = {"model": "assistant"}


class AskedMessage(Struct, frozen=True, kw_only=True):
    """One message. It came as one text, which is `content`, or in `pieces`; null came as neither."""

    role: str
    name: str | None = None
    content: str | None = None
    pieces: tuple[str | int, ...] | None = None


def read_asked(
    request: ChatCompletionRequest, pictures: Sequence[InputPicture], found: Mapping[str, int | None]
) -> tuple[AskedMessage, ...]:
    """Return the messages of a request that can be drawn; those of `contents` where these count.

    `found` has the numbers of the pictures that links became, by URL.
    """
    messages = [
        _to_asked(message, f"messages[{index}]", pictures, found)
        for index, message in enumerate(request.messages or ())
    ]
    contents = read_contents(request.contents or (), pictures)
    if contents and all(_is_system(message) or _is_blank(message) for message in messages):
        messages = [message for message in messages if _is_system(message)]
        messages += [
            AskedMessage(role=_ROLES.get(turn.role, turn.role), pieces=_to_numbers(turn.pieces, found))
            for turn in contents
        ]
    return tuple(messages)


def _to_asked(
    message: Message, param: str, pictures: Sequence[InputPicture], found: Mapping[str, int | None]
) -> AskedMessage:
    role = message.role or "user"
    pieces = _to_numbers(read_content(message, param, pictures), found)
    if message.content is None and not pieces:
        return AskedMessage(role=role, name=message.name)
    if isinstance(message.content, str) and not any(isinstance(piece, int) for piece in pieces):
        # A text without a picture is one piece, or none if it is blank.
        return AskedMessage(role=role, name=message.name, content="".join(map(str, pieces)))
    return AskedMessage(role=role, name=message.name, pieces=pieces)


def _to_numbers(pieces: Iterable[Piece], found: Mapping[str, int | None]) -> tuple[str | int, ...]:
    return tuple(resolve_links(pieces, found))


def _is_system(message: AskedMessage) -> bool:
    return message.role.lower() in _SYSTEM_ROLES


def _is_blank(message: AskedMessage) -> bool:
    pieces = message.pieces or ((message.content,) if message.content else ())
    return not any(isinstance(piece, int) or piece.strip() for piece in pieces)
