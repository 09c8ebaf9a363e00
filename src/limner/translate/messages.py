"""Turns a conversation in OpenAI's or Gemini's form into Gemini's contents. Pure; pictures are numbers here.

A picture's bytes are elsewhere; `pictures[number]` describes them and a mark in the text names the number.

Facts:
  * Gemini's roles are user and model; system text has a place of its own (google-genai 3.4.0).
  * A picture in a model turn needs the thought signature it came with, a picture in a user turn needs none
    (error "Image part is missing a thought_signature", reported 2025-11 to 2026-06). A client that sends back
    only the picture therefore has it moved to the user's next turn.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from limner.errors import InvalidRequest
from limner.translate.shown import shorten
from limner.translate.spellings import read_setting_text
from limner.wire.openai import ContentPart, GeminiContent, ImageUrl, Message

PICTURE_TYPES = ("image/png", "image/jpeg", "image/webp", "image/heic", "image/heif")
"""What Gemini takes as input (its image-generation page, 2026-09)."""

_SYSTEM_ROLES = frozenset({"system", "developer"})
_MODEL_ROLES = frozenset({"assistant", "model"})
_PICTURE_PART_TYPES = frozenset({"image", "image_url", "input_image", "file", "input_file"})
_MARK = re.compile(r"\0([0-9]{1,9})")
_MARK_IN_TEXT = re.compile(r";base64,\0([0-9]{1,9})", re.IGNORECASE)
"""What a client writes itself never looks like this: after `;base64,` the body's reader leaves a mark."""
_DATA_URI = re.compile(r"data:[!-+\--~]*;base64,\0([0-9]{1,9})", re.IGNORECASE)
_URI_HEAD = re.compile(r"data:[!-+\--~]*,", re.IGNORECASE)
_LINK_HEAD = re.compile(r"!\[[^\]\n]*\]\(\s*<?")
_LINK_TAIL = re.compile(r">?(?:\s+\"[^\"\n]*\")?\s*\)")


class InputPicture(Struct, frozen=True, kw_only=True):
    """A base64 string that a client sent, by what its bytes turned out to be."""

    mime_type: str | None
    sha256: str
    size_bytes: int
    text: str | None
    """The string itself where it is short, for text that only looks like a picture."""


class Link(Struct, frozen=True):
    """A picture that is named and not there yet: a URL, or a picture's bare id. `param` is where it stands."""

    url: str
    param: str
    is_from_text: bool = False
    """Whether it was a Markdown picture in a text, which it is again if it proves to be none of ours."""


Piece = str | int | Link
"""Text, the number of a picture, or a picture that has to be found first."""


class Turn(Struct, kw_only=True):
    """What was said at one time."""

    role: str
    """Gemini's: `user` or `model`."""
    pieces: list[Piece]
    references: tuple[str, ...] = ()
    """Ids of generations that a model's turn says it came from, by `reasoning_details`."""


def resolve_link(piece: Piece, found: Mapping[str, int | None]) -> str | int:
    """Return what a piece has become; `found` has pictures' numbers by URL, None for links that stay text."""
    if not isinstance(piece, Link):
        return piece
    number = found[piece.url]
    return f"![image]({piece.url})" if number is None else number


def read_messages(
    messages: Sequence[Message], pictures: Sequence[InputPicture]
) -> tuple[list[Turn], list[str]]:
    """Return the turns and the system texts of `messages`. Raises InvalidRequest."""
    turns: list[Turn] = []
    system: list[str] = []
    for index, message in enumerate(messages):
        pieces = list(read_content(message, f"messages[{index}].content", pictures))
        role = (message.role or "user").lower()
        if role in _SYSTEM_ROLES:
            if not read_setting_text(_join_texts(message)):
                system.extend(piece for piece in pieces if isinstance(piece, str))
        elif pieces:
            turns.append(Turn(role="model" if role in _MODEL_ROLES else "user", pieces=pieces))
    return turns, system


def read_system_texts(messages: Sequence[Message]) -> list[str]:
    """Return the text of each system message as it came, those that are settings among them."""
    return [_join_texts(m) for m in messages if (m.role or "").lower() in _SYSTEM_ROLES]


def _join_texts(message: Message) -> str:
    if isinstance(message.content, str):
        return message.content
    return "\n".join((part if isinstance(part, str) else part.text) or "" for part in message.content or ())


def read_contents(contents: Sequence[GeminiContent], pictures: Sequence[InputPicture]) -> list[Turn]:
    """Return the turns of `contents`, Gemini's own form. Raises InvalidRequest."""
    turns: list[Turn] = []
    for index, content in enumerate(contents):
        pieces: list[Piece] = []
        for place, part in enumerate(content.parts or ()):
            blob = part.inlineData or part.inline_data
            param = f"contents[{index}].parts[{place}]"
            if part.text:
                pieces.extend(_split_text(part.text, f"{param}.text", pictures))
            if blob is not None and blob.data:
                marked = _MARK.fullmatch(blob.data)
                number = int(marked[1]) if marked else -1
                pieces.append(_check_picture(number, f"{param}.inlineData.data", pictures))
        if pieces:
            role = (content.role or "user").lower()
            turns.append(Turn(role="model" if role in _MODEL_ROLES else "user", pieces=pieces))
    return turns


def read_content(message: Message, param: str, pictures: Sequence[InputPicture]) -> Iterator[Piece]:
    """Yield the texts and pictures of a message in their order. Raises InvalidRequest."""
    if isinstance(message.content, str):
        yield from _split_text(message.content, param, pictures)
        return
    for index, part in enumerate(message.content or ()):
        if isinstance(part, str):
            yield from _split_text(part, f"{param}[{index}]", pictures)
        else:
            yield from _read_part(part, f"{param}[{index}]", pictures)


def _read_part(part: ContentPart, param: str, pictures: Sequence[InputPicture]) -> Iterator[Piece]:
    if part.text:
        yield from _split_text(part.text, f"{param}.text", pictures)
    if part.image_url is not None:
        is_record = isinstance(part.image_url, ImageUrl)
        url = part.image_url.url if isinstance(part.image_url, ImageUrl) else part.image_url
        yield _read_url(url, f"{param}.image_url{'.url' if is_record else ''}", pictures)
    if part.file is not None:
        if part.file.file_data is None:
            raise InvalidRequest(
                "A file must come as 'file_data'; uploaded files are not kept here.",
                code="invalid_image",
                param=f"{param}.file.file_data",
            )
        yield _read_url(part.file.file_data, f"{param}.file.file_data", pictures)
    if part.type in _PICTURE_PART_TYPES and (part.text, part.image_url, part.file) == (None, None, None):
        raise InvalidRequest(
            f"'{param}' is a part of type '{part.type}' without 'image_url' or 'file'.",
            code="invalid_image",
            param=param,
        )


def _read_url(url: str, param: str, pictures: Sequence[InputPicture]) -> int | Link:
    found = _DATA_URI.fullmatch(url.strip())
    if found is None:
        if url.strip().lower().startswith(("http:", "https:", "/images/", "img_")):
            return Link(url.strip(), param)
        raise InvalidRequest(
            f"'{param}' is {shorten(url)}; a picture must come as data:<type>;base64,<data> or as a link.",
            code="invalid_image",
            param=param,
        )
    return _check_picture(int(found[1]), param, pictures)


def _check_picture(number: int, param: str, pictures: Sequence[InputPicture]) -> int:
    mime_type = pictures[number].mime_type if 0 <= number < len(pictures) else None
    if mime_type not in PICTURE_TYPES:
        found = mime_type or "no picture that is known here"
        raise InvalidRequest(
            f"The bytes of '{param}' are {found}; PNG, JPEG, WebP, HEIC and HEIF are taken.",
            code="invalid_image",
            param=param,
        )
    return number


def restore_text(text: str, pictures: Sequence[InputPicture]) -> str:
    """Return a text that is no place for pictures as it was sent; what was too long is left out."""

    def restore(found: re.Match[str]) -> str:
        number = int(found[1])
        kept = (pictures[number].text or "") if number < len(pictures) else f"\0{number}"
        return f"{found[0][: len(';base64,')]}{kept}"

    return _MARK_IN_TEXT.sub(restore, text)


def _split_text(text: str, param: str, pictures: Sequence[InputPicture]) -> Iterator[Piece]:
    """Yield the text and the pictures that stand in it as data URIs; base64 never stays in the text."""
    position = searched_to = 0
    kept = ""
    for found in _MARK_IN_TEXT.finditer(text):
        number = int(found[1])
        mark_at = found.start(1) - 1
        if number >= len(pictures) or mark_at < position:
            continue
        begins, ends = _find_extent(text, searched_to, mark_at, found.end())
        searched_to = ends
        if begins == mark_at or pictures[number].mime_type is None:
            kept += text[position:mark_at] + (pictures[number].text or "")
            position = found.end()
            continue
        kept += text[position:begins]
        position = ends
        if kept.strip():
            yield kept
        kept = ""
        yield _check_picture(number, param, pictures)
    kept += text[position:]
    if kept and (kept.strip() or not position):
        yield kept


def _find_extent(text: str, searched_to: int, mark_at: int, mark_ends: int) -> tuple[int, int]:
    """Return where the data URI that a mark ends, or the Markdown picture around it, begins and ends.

    It begins at the mark itself where there is none. Looks back from the mark: a search from the front would
    take quadratic time in texts that are full of `![`.
    """
    head = text[searched_to:mark_at]
    uri_at = head.lower().rfind("data:") - len(head.lower()) + len(head)
    if uri_at < 0 or _URI_HEAD.fullmatch(head, uri_at) is None:
        return mark_at, mark_ends
    link_at = head.rfind("![", 0, uri_at)
    tail = _LINK_TAIL.match(text, mark_ends)
    if link_at >= 0 and tail is not None and _LINK_HEAD.fullmatch(head, link_at, uri_at):
        return searched_to + link_at, tail.end()
    return searched_to + uri_at, mark_ends
