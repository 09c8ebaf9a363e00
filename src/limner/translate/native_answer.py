"""Puts an answer together as Gemini wrote it, its pictures and signatures named where they go. Pure; the same for both modes.

A stream takes the documents as they become certain, a whole answer takes them all at the end. Where the call went out
as a stream and is answered whole, its documents become one: parts one after another, of all else the last.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from limner.translate.events import Document
from limner.translate.tokens import encode_mark, mark
from limner.translate.transcript import Picture, TextPiece, Transcript, name_signature
from limner.wire.gemini import PICTURE, PLACE

_EMPTY_PART = {"text": ""}
_BROKEN_OFF = "The upstream's answer broke off after the picture was complete."


class Written(Struct, frozen=True, kw_only=True):
    """A document to send: between each two of `pieces` goes the base64 of what one of `longs` names."""

    pieces: list[bytes]
    longs: list[str]
    """Ids of pictures and names of signatures; what could not be read has none."""
    pictures: list[Picture]


class DocumentComposer:
    """Walks the documents of an answer once."""

    def __init__(self, transcript: Transcript, *, model_version: str) -> None:
        """`model_version` is what an answer that was cut off says it is from."""
        self._transcript = transcript
        self._model_version = model_version
        self._next = 0
        self._pictures = 0
        self._signatures = 0

    def take(self) -> Iterator[Written]:
        """Yield the documents that are certain now and were not yielded before.

        The one that ends the answer is not, nor one with a picture that cannot be read: the end decides of it.
        """
        documents = self._transcript.documents
        while self._next < len(documents):
            document = documents[self._next]
            coming = self._transcript.pictures[self._pictures :][: document.longs.count("p")]
            if document.is_last or any(picture.is_unreadable for picture in coming):
                return
            yield self._write(document)

    def take_rest(self, *, is_truncated: bool) -> Iterator[Written]:
        """Yield what is left once the answer is over; one that was cut off gets an end."""
        while self._next < len(self._transcript.documents):
            yield self._write(self._transcript.documents[self._next])
        if is_truncated:
            yield self._write_end()

    def _write(self, document: Document) -> Written:
        self._next += 1
        longs: list[str] = []
        pictures: list[Picture] = []
        for kind in document.longs:
            if kind == "p":
                pictures.append(self._transcript.pictures[self._pictures])
                longs.append("" if pictures[-1].is_unreadable else pictures[-1].id)
                self._pictures += 1
            else:
                longs.append(name_signature(self._signatures))
                self._signatures += 1
        return Written(pieces=list(document.pieces), longs=longs, pictures=pictures)

    def _write_end(self) -> Written:
        """Return what came whole of the document that did not, and why there is no more."""
        transcript = self._transcript
        parts: list[dict[str, Any]] = []
        longs: list[str] = []
        pictures: list[Picture] = []
        for piece in transcript.pieces[transcript.documented_pieces :]:
            if isinstance(piece, TextPiece):
                parts.append({"text": piece.text} | ({"thought": True} if piece.is_thought else {}))
            elif piece.is_whole:
                pictures.append(piece)
                longs.append(piece.id)
                parts.append(_write_picture(piece))
                if (number := self._find_signature(piece.part)) is not None:
                    longs.append(name_signature(number))
                    parts[-1]["thoughtSignature"] = PLACE
        candidate = {
            "content": {"parts": parts or [_EMPTY_PART], "role": "model"},
            "finishReason": "OTHER",
            "finishMessage": _BROKEN_OFF,
            "index": 0,
        }
        answer = {"candidates": [candidate], "modelVersion": self._model_version}
        return Written(pieces=msgspec.json.encode(answer).split(PICTURE), longs=longs, pictures=pictures)

    def _find_signature(self, part: int) -> int | None:
        """Return the number of a part's signature among those that stand in no document."""
        numbers = range(self._signatures, len(self._transcript.signature_parts))
        return next((n for n in numbers if self._transcript.signature_parts[n] == part), None)


def merge(documents: Sequence[Written]) -> Written:
    """Return several documents as one."""
    if len(documents) == 1:
        return documents[0]
    names: dict[str, str] = {}
    merged: dict[str, Any] = {}
    for document in documents:
        text = document.pieces[0]
        for name, piece in zip(document.longs, document.pieces[1:], strict=True):
            text += encode_mark(len(names)) + piece
            names[mark(len(names))] = name
        _fold(merged, msgspec.json.decode(text))
    longs = [names[found] for found in _put_places(merged)]
    pictures = [picture for document in documents for picture in document.pictures]
    return Written(pieces=msgspec.json.encode(merged).split(PICTURE), longs=longs, pictures=pictures)


def join_lines(document: Written) -> Written:
    """Return a document on one line, as an event of a stream has to be: a line break in JSON is white space."""
    pieces = [piece.translate(None, b"\r\n") for piece in document.pieces]
    return Written(pieces=pieces, longs=document.longs, pictures=document.pictures)


def _write_picture(picture: Picture) -> dict[str, Any]:
    part: dict[str, Any] = {
        "inlineData": {"mimeType": picture.mime_type or picture.media_type, "data": PLACE}
    }
    return part | ({"thought": True} if picture.is_thought else {})


def _fold(merged: dict[str, Any], answer: dict[str, Any]) -> None:
    """Add a document to those before it."""
    for name, value in answer.items():
        if name != "candidates" or not isinstance(value, list):
            merged[name] = value
            continue
        candidates = merged.setdefault("candidates", [])
        for place, candidate in enumerate(value):
            index = candidate.get("index", place)
            known = next((c for n, c in enumerate(candidates) if c.get("index", n) == index), None)
            if known is None:
                candidates.append(candidate)
            else:
                _fold_candidate(known, candidate)


def _fold_candidate(known: dict[str, Any], candidate: dict[str, Any]) -> None:
    for name, value in candidate.items():
        if name != "content" or not isinstance(known.get("content"), dict):
            known[name] = value
            continue
        content = known["content"]
        parts = [*content.get("parts", ()), *value.get("parts", ())]
        # What a stream's last event has for a part; a whole answer has none such, and clients refuse to send it back.
        parts = [part for part in parts if part != _EMPTY_PART] or parts
        content.update({**value, "parts": parts} if parts else value)


def _put_places(merged: dict[str, Any]) -> Iterator[str]:
    """Put places where marks are, and yield the marks in the order of the encoded document."""
    for candidate in merged.get("candidates", ()):
        for part in (candidate.get("content") or {}).get("parts") or ():
            for name, value in part.items():
                if name == "thoughtSignature":
                    yield value
                    part[name] = PLACE
                elif name == "inlineData" and isinstance(value, dict) and "data" in value:
                    yield value["data"]
                    value["data"] = PLACE
