"""Conversations that no client should send: what is refused costs nothing, and what is drawn is drawn from all of it."""

from typing import Any

import pytest
from arrivals import Picture, list_turns

from asking import ask, ask_for_answer, chat, digest
from painting import Painter
from programs import Gateway, ListCalls
from upstreams import Call

_UNSIGNED = "nano-banana"
"""A model that takes pictures in its own turns, as they were sent."""

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


def test_more_links_than_pictures_may_be_sent_are_not_followed(gateway: Gateway, journal: ListCalls) -> None:
    """Links are counted before the first of them is looked at: a request makes no gateway call thousands of servers."""
    links = [{"type": "image_url", "image_url": {"url": f"https://h{n}.invalid/"}} for n in range(101)]
    reply = ask(gateway, chat(messages=[{"role": "user", "content": links}], extra_body={}))
    assert (reply.status, reply.error["code"]) == (400, "invalid_image")
    assert journal() == []


def test_a_long_conversation_keeps_its_newest_links(scripted_gateway: Gateway, painter: Painter) -> None:
    """Of more pictures behind links in texts than a call may hold, the older ones stay the text they were."""
    link, name = draw_link(scripted_gateway, painter)
    answers = [f"![image]({link}&number={number})" for number in range(103)]
    arrived = list_turns(go_on(scripted_gateway, painter, answers))
    assert [parts for _, parts in arrived] == [[answer] for answer in answers[:3]] + [[name]] * 100 + [["on"]]


def test_a_conversation_of_large_pictures_keeps_its_newest_links(
    scripted_gateway: Gateway, painter: Painter
) -> None:
    """Nor is more sent than Gemini takes of one request, 100 MB: a conversation with links can always go on."""
    painter.size_bytes = 20_000_000
    drawn = [draw_link(scripted_gateway, painter) for _ in range(4)]
    painter.size_bytes = 3000
    answers = [f"![image]({link})" for link, _ in drawn]
    call = go_on(scripted_gateway, painter, answers)
    assert [parts for _, parts in list_turns(call)] == [
        [answers[0]],
        *([name] for _, name in drawn[1:]),
        ["on"],
    ]
    assert len(call.body) < 100_000_000


def draw_link(gateway: Gateway, painter: Painter) -> tuple[str, str]:
    """Return the link to a new picture, and what it is called in what arrives."""
    asked = chat("a boat", model=_UNSIGNED, limner={"image_output": "url"})
    answer = ask_for_answer(gateway, asked, headers={"X-Limner-Repeat": "never"})
    (image,) = answer["limner"]["images"]
    return image["url"], digest(painter.pictures[-1])


def go_on(gateway: Gateway, painter: Painter, answers: list[str]) -> Call:
    """Return what arrives of a conversation with these answers."""
    painter.calls.clear()
    said = [{"role": "assistant", "content": answer} for answer in answers]
    messages = [*said, {"role": "user", "content": "on"}]
    ask_for_answer(gateway, chat(model=_UNSIGNED, messages=messages))
    (call,) = painter.calls
    return call
