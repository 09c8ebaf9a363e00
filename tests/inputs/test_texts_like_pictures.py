"""Texts that look like pictures and are none: they arrive as they were, and no two of them are taken for one."""

import json

import pytest
from arrivals import list_turns

from asking import ask, chat
from painting import Painter
from programs import Gateway

RETRY = {"x-stainless-retry-count": "1"}
"""Says that a call is a repeat, so that an equal one answers it."""

TEXTS = (
    "what is data:image/png;base64,QUJD=QUJD?",
    "what is data:image/png;base64,QUJD=QUJE?",
    "what is data:text/plain;base64,aGVsbG8=?",
    "what is data:text/plain;base64,aGVsbG8?",
    "what is ;base64,-_-?",
    "what is \0000?",
)


def write(text: str) -> bytes:
    return json.dumps(chat(text)).encode()


@pytest.mark.parametrize("text", TEXTS)
def test_such_a_text_arrives_as_it_was(text: str, scripted_gateway: Gateway, painter: Painter) -> None:
    """A text that is no picture is sent on unchanged, however much it looks like one."""
    assert ask(scripted_gateway, write(text)).status == 200
    assert list_turns(painter.calls[0]) == [("user", [text])]


def test_unlike_texts_are_unlike_calls(scripted_gateway: Gateway, painter: Painter) -> None:
    """Calls whose texts differ where they look like base64 are not one call, even for a client that repeats."""
    for text in TEXTS:
        assert ask(scripted_gateway, write(f"say {text}"), headers=RETRY).status == 200
    for text in TEXTS[:3]:
        changed = text.replace("QUJD?", "QUJF?").replace("QUJE?", "QUJG?").replace("aGVsbG8=", "aGVsbG9=")
        assert ask(scripted_gateway, write(f"say {changed}"), headers=RETRY).status == 200
    assert len(painter.calls) == len(TEXTS) + 3


@pytest.mark.parametrize("length", [10, 5000])
def test_the_cut_of_a_body_makes_no_call_another(
    length: int, scripted_gateway: Gateway, painter: Painter
) -> None:
    """The same call in other pieces is the same call, also where its base64 is none."""
    body = write(f"what is data:image/png;base64,{'QUJD=' * length}?")
    assert ask(scripted_gateway, body).status == 200
    for piece_bytes in (3, 1000):
        pieces = (body[at : at + piece_bytes] for at in range(0, len(body), piece_bytes))
        reply = ask(scripted_gateway, pieces, headers=RETRY)
        assert (reply.status, reply.headers["Idempotent-Replayed"]) == (200, "true")
    assert len(painter.calls) == 1
