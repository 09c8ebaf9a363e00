"""Conversations that no client should send: what is refused costs nothing, and what is drawn is drawn from all of it."""

from typing import Any

import pytest
from arrivals import Picture, list_turns

from asking import ask, ask_for_answer, chat
from painting import Painter
from programs import Gateway, ListCalls

_UNKNOWN = [{"type": "reasoning.encrypted", "data": f"gen_{'0' * 32}"}]

NOTHING: dict[str, list[dict[str, Any]]] = {
    "empty parts": [{"role": "user", "content": [{"type": "text", "text": ""}, {"type": "text"}]}],
    "a reference alone": [{"role": "assistant", "content": None, "reasoning_details": _UNKNOWN}],
    "a reference and nothing": [
        {"role": "assistant", "content": "", "reasoning_details": _UNKNOWN},
        {"role": "user", "content": ""},
    ],
    "a picture of the system's": [
        {"role": "system", "content": [{"type": "image_url", "image_url": {"url": Picture(1).uri}}]}
    ],
}


@pytest.mark.parametrize("name", NOTHING)
def test_where_nothing_is_said_nothing_is_bought(name: str, gateway: Gateway, journal: ListCalls) -> None:
    """A conversation without a word or a picture of the user's or the model's is refused, and Gemini not asked."""
    reply = ask(gateway, chat(messages=NOTHING[name], extra_body={}))
    assert (reply.status, reply.error["code"]) == (400, "missing_required_parameter")
    assert reply.error["param"] == "messages"
    assert journal() == []


def test_a_picture_of_the_system_that_comes_last_is_drawn_from(
    scripted_gateway: Gateway, painter: Painter
) -> None:
    """Where no turn of the user's follows a picture in a system message, the picture makes one."""
    picture = Picture(77)
    messages = [
        {"role": "user", "content": "draw it in blue"},
        {"role": "system", "content": [{"type": "image_url", "image_url": {"url": picture.uri}}]},
    ]
    ask_for_answer(scripted_gateway, chat(messages=messages, extra_body={}))
    (call,) = painter.calls
    assert list_turns(call) == [("user", ["draw it in blue"]), ("user", [picture.name])]
