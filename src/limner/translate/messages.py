"""Turns a conversation in OpenAI's or Gemini's form into turns of texts and pictures. Pure; pictures are numbers here.

A picture's bytes are elsewhere; `pictures[number]` describes them and a mark in the text names the number.

Facts:
  * Gemini's roles are user and model; system text has a place of its own, which takes no picture (google-genai 3.4.0).
  * Beside its content a message may hold pictures: `images` of OpenRouter, LiteLLM and this gateway, replayed by
    openai-python's users as they came; `content_blocks` of Portkey and `multi_mod_content` of AiHubMix, which say
    the text once more (their sources, 2026-11).
  * `reasoning_details` is a list of records in OpenRouter's form; others write strings and nulls into it.
  * What a tool said is said to the model, so it is a user's text; calls of tools and refusals are nobody's.
"""

import re
from collections.abc import Iterator, Sequence

from limner.translate.parts import read_entry, read_part, read_url
from limner.translate.pieces import (
    PICTURE_TYPES,
    InputPicture,
    Link,
    Piece,
    Turn,
    check_picture,
    resolve_link,
    resolve_links,
)
from limner.translate.spellings import read_setting_text
from limner.translate.text_pictures import restore_text, split_text
from limner.wire.openai import GeminiContent, Message
from limner.wire.parts import ContentPart

__all__ = (
    "PICTURE_TYPES",
    "InputPicture",
    "Link",
    "Piece",
    "Turn",
    "read_content",
    "read_contents",
    "read_messages",
    "read_system_texts",
    "resolve_link",
    "resolve_links",
    "restore_text",
)

_SYSTEM_ROLES = frozenset({"system", "developer"})
_MODEL_ROLES = frozenset({"assistant", "model"})
_MARK = re.compile(r"\0([0-9]{1,9})")
_REFERENCE = re.compile(r"gen_[0-9a-f]{32}(?:/[0-9]{1,3})?")


def read_messages(
    messages: Sequence[Message], pictures: Sequence[InputPicture]
) -> tuple[list[Turn], list[str]]:
    """Return the turns and the system texts of `messages`. Raises InvalidRequest.

    An answer that is blank is no turn, unless it says which one it was. Pictures of a system message go to the user's
    next turn, or make one where none follows.
    """
    turns: list[Turn] = []
    system: list[str] = []
    moved: list[Piece] = []
    for index, message in enumerate(messages):
        pieces = list(read_content(message, f"messages[{index}]", pictures))
        role = _read_role(message.role)
        if role == "system":
            moved += [piece for piece in pieces if not isinstance(piece, str)]
            if not read_setting_text(_join_texts(message)):
                system.extend(piece for piece in pieces if isinstance(piece, str))
            continue
        references = _read_references(message) if role == "model" else ()
        if role == "model" and _is_blank(pieces):
            pieces = []
        elif role == "user" and pieces:
            pieces, moved = [*moved, *pieces], []
        if pieces or references:
            turns.append(Turn(role=role, pieces=pieces, references=references))
    if moved and turns:
        turns.append(Turn(role="user", pieces=moved))
    return turns, system


def read_system_texts(messages: Sequence[Message]) -> list[str]:
    """Return the text of each system message as it came, those that are settings among them."""
    return [_join_texts(m) for m in messages if (m.role or "").lower() in _SYSTEM_ROLES]


def read_contents(contents: Sequence[GeminiContent], pictures: Sequence[InputPicture]) -> list[Turn]:
    """Return the turns of `contents`, Gemini's own form. Raises InvalidRequest."""
    turns: list[Turn] = []
    for index, content in enumerate(contents):
        pieces: list[Piece] = []
        for place, part in enumerate(content.parts or ()):
            blob = part.inlineData or part.inline_data
            param = f"contents[{index}].parts[{place}]"
            if part.text:
                pieces.extend(split_text(part.text, f"{param}.text", pictures))
            if blob is not None and blob.data:
                marked = _MARK.fullmatch(blob.data)
                number = int(marked[1]) if marked else -1
                pieces.append(check_picture(number, f"{param}.inlineData.data", pictures))
            file = part.fileData or part.file_data
            uri = file and (file.fileUri or file.file_uri)
            if uri:
                pieces.append(read_url(uri, f"{param}.fileData.fileUri", pictures))
        if pieces:
            turns.append(Turn(role=_read_role(content.role, has_system=False), pieces=pieces))
    return turns


def read_content(message: Message, param: str, pictures: Sequence[InputPicture]) -> Iterator[Piece]:
    """Yield the texts and pictures of a message in their order. Raises InvalidRequest."""
    takes_links = _read_role(message.role) != "system"
    is_blank = True
    if isinstance(message.content, str):
        is_blank = not message.content.strip()
        yield from split_text(message.content, f"{param}.content", pictures, takes_links=takes_links)
    for index, part in enumerate(message.content or () if not isinstance(message.content, str) else ()):
        at = f"{param}.content[{index}]"
        if isinstance(part, str):
            pieces = split_text(part, at, pictures, takes_links=takes_links)
        else:
            pieces = read_part(part, at, pictures, takes_links=takes_links)
        for piece in pieces:
            is_blank = is_blank and isinstance(piece, str) and not piece.strip()
            yield piece
    for index, entry in enumerate(message.images or ()):
        if entry is not None:
            yield from read_entry(entry, f"{param}.images[{index}]", pictures)
    yield from _read_blocks(message, param, pictures, has_text=not is_blank)


def _read_blocks(
    message: Message, param: str, pictures: Sequence[InputPicture], *, has_text: bool
) -> Iterator[Piece]:
    """Yield what stands beside the content; its text only where the content has none."""
    for field, blocks in (
        ("content_blocks", message.content_blocks),
        ("multi_mod_content", message.multi_mod_content),
    ):
        for index, block in enumerate(blocks or ()):
            part = ContentPart(text=block) if isinstance(block, str) else block
            if part is not None:
                for piece in read_part(part, f"{param}.{field}[{index}]", pictures):
                    if not (has_text and isinstance(piece, str)):
                        yield piece


def _read_references(message: Message) -> tuple[str, ...]:
    entries = message.reasoning_details if isinstance(message.reasoning_details, list) else ()
    named = (entry.get(name) for entry in entries if isinstance(entry, dict) for name in ("data", "id"))
    found = (value for value in named if isinstance(value, str) and _REFERENCE.fullmatch(value))
    return tuple(dict.fromkeys(found))


def _read_role(role: str | None, *, has_system: bool = True) -> str:
    given = (role or "user").lower()
    if has_system and given in _SYSTEM_ROLES:
        return "system"
    return "model" if given in _MODEL_ROLES else "user"


def _join_texts(message: Message) -> str:
    if isinstance(message.content, str):
        return message.content
    return "\n".join((part if isinstance(part, str) else part.text) or "" for part in message.content or ())


def _is_blank(pieces: Sequence[Piece]) -> bool:
    return all(isinstance(piece, str) and not piece.strip() for piece in pieces)
