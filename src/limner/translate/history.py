"""Says what a conversation's turns are known by, and which earlier answer each model turn may be. Pure.

Clients send an answer back in part, changed, or not at all (read in their sources and measured, 2026-11): Open WebUI
drops a turn whose text is blank, so that two turns of the user follow each other; others send its text without the
picture. What they do send again is what the user said. So an answer is known by its pictures, by a reference, and
else by all that was said before it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec
from msgspec import Struct

from limner.translate.composition import PLACEHOLDER_TEXT
from limner.translate.pieces import InputPicture, Turn

MOST_CANDIDATES = 8
"""How many equal conversations are looked at, the newest first, to tell by its text which one is meant."""

_CUT = "…"


class Known(Struct, frozen=True, kw_only=True):
    """Generations that the books have, their ids newest first."""

    by_picture: Mapping[str, Sequence[str]] = {}
    """By a picture's digest."""
    by_conversation: Mapping[str, Sequence[str]] = {}
    """By the digest of the turns before."""
    by_number: Mapping[int, str] = {}
    """The one a picture was named from, by the picture's number in the request."""


class Place(Struct, frozen=True, kw_only=True):
    """Where an earlier answer stands in a conversation, or is missing, and what it may be."""

    index: int
    """Of the turn; of the turn it is missing before, if it is missing."""
    is_missing: bool
    candidates: tuple[str, ...]
    """Ids of generations, the likeliest first."""
    sha256s: frozenset[str]
    """Digests of the pictures that the client sent with it."""
    text: str
    """What the client sent as its text, white space made equal."""

    @property
    def is_recalled(self) -> bool:
        """Whether its pictures were not sent by the client."""
        return not self.sha256s


def trace_conversation(
    turns: Sequence[Turn], pictures: Sequence[InputPicture], hash_text: Callable[[bytes], str]
) -> list[str]:
    """Return for each turn the digest of it and all before it.

    Pictures in a model's turns do not count, nor do its blank turns: clients differ in what they send of these from
    one call to the next.
    """
    digests: list[str] = []
    digest = ""
    for turn in turns:
        said = _describe(turn, pictures)
        if said is not None:
            digest = hash_text(msgspec.json.encode([digest, *said]))
        digests.append(digest)
    return digests


def list_conversations(turns: Sequence[Turn], digests: Sequence[str]) -> set[str]:
    """Return the digests that answers have to be looked up by which the client sent without pictures or not at all."""
    return {
        digests[index - 1]
        for index, turn in enumerate(turns)
        if index and _may_lack_answer(turns, index, turn)
    }


def list_places(
    turns: Sequence[Turn], digests: Sequence[str], pictures: Sequence[InputPicture], known: Known
) -> Iterator[Place]:
    """Yield the places of earlier answers for which there are candidates, in their order."""
    for index, turn in enumerate(turns):
        if turn.role == "model":
            place = _find_place(index, turn, digests, pictures, known)
        elif index and _may_lack_answer(turns, index, turn):
            place = _to_place(index, _list_equal(digests, index, known), is_missing=True)
        else:
            continue
        if place.candidates:
            yield place


def is_text_of(place: Place, answer_text: str | None) -> bool:
    """Return whether an answer's text, of which the end may be cut off, is what the client sent in this place."""
    if answer_text is None:
        return False
    text = _collapse([answer_text.removesuffix(_CUT)])
    return place.text.startswith(text) if answer_text.endswith(_CUT) else place.text == text


def _may_lack_answer(turns: Sequence[Turn], index: int, turn: Turn) -> bool:
    """Return whether, in front of the turn or in it, there is an answer without pictures or none at all."""
    before = turns[index - 1]
    if turn.role == "model":
        return not turn.references and all(isinstance(piece, str) for piece in turn.pieces)
    return before.role == "user"


def _find_place(
    index: int, turn: Turn, digests: Sequence[str], pictures: Sequence[InputPicture], known: Known
) -> Place:
    numbers = [piece for piece in turn.pieces if isinstance(piece, int)]
    sha256s = [pictures[number].sha256 for number in numbers]
    found = [known.by_number[number] for number in numbers if number in known.by_number]
    found += turn.references
    found += [found_id for sha256 in sha256s for found_id in known.by_picture.get(sha256, ())]
    if not found and index:
        found += _list_equal(digests, index, known)
    text = _collapse([piece for piece in turn.pieces if isinstance(piece, str)])
    return _to_place(index, found, is_missing=False, sha256s=sha256s, text=text)


def _to_place(
    index: int, found: Sequence[str], *, is_missing: bool, sha256s: Sequence[str] = (), text: str = ""
) -> Place:
    return Place(
        index=index,
        is_missing=is_missing,
        candidates=tuple(dict.fromkeys(found))[:MOST_CANDIDATES],
        sha256s=frozenset(sha256s),
        text=text,
    )


def _list_equal(digests: Sequence[str], index: int, known: Known) -> Sequence[str]:
    return known.by_conversation.get(digests[index - 1], ())


def _describe(turn: Turn, pictures: Sequence[InputPicture]) -> list[object] | None:
    text = _collapse([piece for piece in turn.pieces if isinstance(piece, str)])
    if turn.role == "model":
        return [turn.role, text] if text else None
    return [turn.role, text, [pictures[piece].sha256 for piece in turn.pieces if isinstance(piece, int)]]


def _collapse(texts: Sequence[str]) -> str:
    text = " ".join(" ".join(texts).split())
    return "" if text == PLACEHOLDER_TEXT else text
