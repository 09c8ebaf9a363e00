"""Makes a page of the messages of a request: which they are, and their JSON, cut where pictures go. Knows no network."""

from collections.abc import Sequence

import msgspec
from msgspec import Raw, Struct

from limner.generation.stored_request import KeptMessage, KeptPart, KeptPicture
from limner.wire.completions import ImagePart, MessageList, StoredMessage, TextPart
from limner.wire.openai import PICTURE, DataUrl


class MessagePage(Struct, frozen=True):
    """A page's JSON in pieces, and the pictures whose base64 goes between them, in order."""

    pieces: list[bytes]
    pictures: list[KeptPicture]


def make_page(
    messages: Sequence[KeptMessage],
    completion_id: str,
    *,
    after: str | None,
    limit: int,
    is_newest_first: bool,
) -> MessagePage:
    """Return the page that begins behind the message `after`; behind one that is not there is nothing."""
    ids = {f"{completion_id}-{number}": message for number, message in enumerate(messages)}
    order = list(reversed(ids)) if is_newest_first else list(ids)
    if after is not None:
        order = order[order.index(after) + 1 :] if after in ids else []
    shown = order[:limit]
    page = MessageList(
        data=[_to_message(message_id, ids[message_id]) for message_id in shown],
        first_id=shown[0] if shown else None,
        last_id=shown[-1] if shown else None,
        has_more=len(order) > limit,
    )
    parts = [part for message_id in shown for part in ids[message_id].parts or ()]
    return MessagePage(
        pieces=msgspec.json.encode(page).split(PICTURE),
        pictures=[part for part in parts if isinstance(part, KeptPicture)],
    )


def _to_message(message_id: str, message: KeptMessage) -> StoredMessage:
    return StoredMessage(
        id=message_id,
        role=message.role,
        content=message.content,
        name=message.name,
        content_parts=None if message.parts is None else [_to_part(part) for part in message.parts],
    )


def _to_part(part: KeptPart) -> TextPart | ImagePart:
    if isinstance(part, str):
        return TextPart(part)
    prefix = msgspec.json.encode(f"data:{part.mime_type};base64,")
    return ImagePart(DataUrl(url=Raw(prefix[:-1] + PICTURE + b'"')))
