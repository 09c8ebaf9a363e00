"""Reads a kept answer as the parts that Gemini sent, with the places of its thought signatures. Knows a folder's journal.

A signature is up to 3 MB of base64 (recorded 2026-07) and is not read here: it is sent from the journal.
"""

from pathlib import Path

import msgspec
from msgspec import Struct

from limner.generation.journal import ChoiceBegins, PictureNamed, PictureReceived
from limner.generation.kept_signatures import Range, find_signature, is_signature, read_lines
from limner.pictures.store import JOURNAL_NAME
from limner.translate.events import AnsweredBy, PictureBegins, PictureSettled, Text
from limner.wire.gemini import DEVELOPER


class AnswerPart(Struct, kw_only=True):
    """One part of an answer: a text or a picture, and its signature."""

    text: str | None = None
    picture_id: str | None = None
    sha256: str = ""
    is_thought: bool = False
    is_unreadable: bool = False
    signature: Range | None = None


class AnswerChoice(Struct, frozen=True):
    """One choice: its parts, thoughts and what could not be read left out, and all pictures a client may have of it."""

    parts: list[AnswerPart]
    sha256s: frozenset[str]


class Answer(Struct, frozen=True):
    """What Gemini answered."""

    journal: Path
    choices: list[AnswerChoice]
    kind: str = DEVELOPER
    """Of the upstream that said it; its signatures hold there."""


NO_ANSWER = Answer(Path(), [AnswerChoice([], frozenset())])
"""Stands for one without pictures, which need not be read."""

_Line = Text | PictureBegins | PictureSettled | PictureNamed | PictureReceived | ChoiceBegins | AnsweredBy
_DECODER: msgspec.json.Decoder[_Line] = msgspec.json.Decoder(_Line)


def read_answer(folder: Path) -> Answer:
    """Return what Gemini answered. Blocks. Raises OSError: its files are not there."""
    choices: list[dict[int, AnswerPart]] = [{}]
    index, named, kind = 0, "", DEVELOPER
    parts = choices[0]
    for offset, line in read_lines(folder / JOURNAL_NAME):
        if is_signature(line):
            if (found := find_signature(line, offset)) is not None:
                parts.setdefault(found[0], AnswerPart()).signature = found[1]
            continue
        try:
            said = _DECODER.decode(line)
        except msgspec.DecodeError:  # another kind of line
            continue
        if isinstance(said, ChoiceBegins):
            index = said.index
            choices.extend({} for _ in range(index + 1 - len(choices)))
            parts = choices[index]
        elif isinstance(said, PictureNamed):
            named = said.id
        elif isinstance(said, AnsweredBy):
            kind = said.kind
        elif isinstance(said, PictureReceived):
            _complete(parts, said)
        else:
            _add(parts, said, named)
    return Answer(folder / JOURNAL_NAME, [_to_choice(parts) for parts in choices], kind)


def _add(parts: dict[int, AnswerPart], said: Text | PictureBegins | PictureSettled, named: str) -> None:
    part = parts.setdefault(said.part, AnswerPart())
    part.is_thought = said.is_thought
    if isinstance(said, Text):
        part.text = (part.text or "") + said.text
    elif isinstance(said, PictureBegins):
        part.picture_id = named


def _complete(parts: dict[int, AnswerPart], received: PictureReceived) -> None:
    for part in parts.values():
        if part.picture_id == received.id:
            part.sha256 = received.sha256
            part.is_unreadable = received.is_unreadable


def _to_choice(parts: dict[int, AnswerPart]) -> AnswerChoice:
    ordered = [part for _, part in sorted(parts.items())]
    return AnswerChoice(_list_usable(ordered), frozenset(p.sha256 for p in ordered if _is_picture(p)))


def _list_usable(ordered: list[AnswerPart]) -> list[AnswerPart]:
    """Return the parts that go back to Gemini: no thoughts, unless its only picture is one."""
    usable = [part for part in ordered if not part.is_thought and (_is_text(part) or _is_picture(part))]
    if not any(_is_picture(part) for part in usable):
        usable += [part for part in ordered if part.is_thought and _is_picture(part)][-1:]
    return usable


def _is_text(part: AnswerPart) -> bool:
    return part.picture_id is None and part.text is not None and bool(part.text or part.signature)


def _is_picture(part: AnswerPart) -> bool:
    """Return whether it is a picture that came whole; of others the journal has no digest."""
    return part.picture_id is not None and bool(part.sha256) and not part.is_unreadable
