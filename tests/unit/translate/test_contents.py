"""Turns as Gemini's contents: what moves, what stays, and what is put in where."""

import json
from typing import Any

import msgspec

from limner.translate.contents import (
    Conversation,
    KeptPart,
    KeptTurn,
    Signature,
    list_texts,
    to_contents,
)
from limner.translate.messages import InputPicture, Turn

PICTURES = [
    InputPicture(mime_type=f"image/{kind}", sha256=kind, size_bytes=1, text=None)
    for kind in ("png", "jpeg", "webp")
]
KEPT = KeptTurn(
    [
        KeptPart(piece="Voilà", signature=3),
        KeptPart(piece=0, signature=4),
        KeptPart(piece=" and", signature=None),
        KeptPart(piece=1, signature=5),
    ]
)


def write(*turns: Turn | KeptTurn, holds: bool = False) -> tuple[list[Any], Conversation]:
    """Return the contents as JSON, with what is put in by number, and the conversation."""
    conversation = to_contents(turns, PICTURES, model_turns_hold_pictures=holds)
    text = msgspec.json.encode(conversation.contents).decode()
    for insert in conversation.inserts:
        shown = f"s{insert.number}" if isinstance(insert, Signature) else f"p{insert}"
        text = text.replace("\0", shown, 1)
    assert "\0" not in text
    return json.loads(text), conversation


def test_a_kept_answer_goes_back_as_it_came() -> None:
    """Every part in its order, each with its own signature, pictures in the model's turn."""
    contents, conversation = write(
        Turn(role="user", pieces=["a cat"]), KEPT, Turn(role="user", pieces=["blue"])
    )
    assert contents[1] == {
        "role": "model",
        "parts": [
            {"text": "Voilà", "thoughtSignature": "s3"},
            {"inlineData": {"mimeType": "image/png", "data": "p0"}, "thoughtSignature": "s4"},
            {"text": " and"},
            {"inlineData": {"mimeType": "image/jpeg", "data": "p1"}, "thoughtSignature": "s5"},
        ],
    }
    assert conversation.inserts == (Signature(3), 0, Signature(4), 1, Signature(5))


def test_a_picture_without_its_signature_moves_to_the_user() -> None:
    """It goes in front of what the user says next; the answer keeps its text."""
    turns = (Turn(role="model", pieces=["Voilà", 0, "!"]), Turn(role="user", pieces=["blue", 2]))
    contents, conversation = write(*turns)
    assert [content["role"] for content in contents] == ["model", "user"]
    assert contents[0]["parts"] == [{"text": "Voilà"}, {"text": "!"}]
    assert [part.get("text") or part["inlineData"]["data"] for part in contents[1]["parts"]] == [
        "p0",
        "blue",
        "p2",
    ]
    assert conversation.inserts == (0, 2)
    held, _ = write(*turns, holds=True)
    assert held[0]["parts"][1] == {"inlineData": {"mimeType": "image/png", "data": "p0"}}


def test_a_picture_of_the_last_answer_becomes_a_turn_of_the_user() -> None:
    """Where the user says nothing after it, the picture is what is said."""
    contents, _ = write(Turn(role="user", pieces=["a"]), Turn(role="model", pieces=[1]))
    assert [content["role"] for content in contents] == ["user", "user"]


def test_without_signatures_a_kept_answer_is_as_a_client_sends_it() -> None:
    """For an upstream that refuses a signature: its pictures move, its texts stay."""
    contents, conversation = write(KEPT.without_signatures(), Turn(role="user", pieces=["blue"]))
    assert contents[0]["parts"] == [{"text": "Voilà"}, {"text": " and"}]
    assert conversation.inserts == (0, 1)


def test_all_texts_are_listed() -> None:
    """What is counted is what is sent, of kept answers too."""
    assert list(list_texts([Turn(role="user", pieces=["a", 0]), KEPT])) == ["a", "Voilà", " and"]
