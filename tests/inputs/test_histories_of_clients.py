"""Conversations as clients send them back, through a gateway to an upstream that keeps what came.

The pictures are none of this gateway's own, so nothing is put back: what arrives is what was sent.
"""

from typing import Any

import pytest
from arrivals import Picture, list_turns

from asking import ask, ask_for_answer, chat
from painting import Painter
from programs import Gateway

OLD, NEW = Picture(1), Picture(2)
NULLS = dict.fromkeys(("refusal", "annotations", "audio", "function_call", "tool_calls", "reasoning_content"))
UNSIGNED, SIGNED = "nano-banana", "nano-banana-2"
"""A model that takes pictures in its own turns, and one that takes them there with signatures only."""

ANSWERS: dict[str, dict[str, Any]] = {
    "Markdown": {"content": f"Here it is. ![image]({OLD.uri})"},
    "LobeChat": {
        "content": [
            {"type": "text", "text": "Here it is. "},
            {"type": "image_url", "image_url": {"detail": "auto", "url": OLD.uri}},
        ]
    },
    "openai-python": {
        **NULLS,
        "content": "Here it is. ",
        "images": [{"index": 0, "type": "image_url", "image_url": {"url": OLD.uri}}],
        "reasoning_details": [
            {"type": "reasoning.encrypted", "data": f"gen_{'0' * 32}", "id": None, "format": "x", "index": 0},
            None,
            "opaque",
        ],
    },
    "OpenRouter's SDK": {"content": "Here it is. ", "images": [{"image_url": {"url": OLD.uri}}]},
    "strings": {"content": "Here it is. ", "images": [None, OLD.uri]},
    "bare strings": {"content": "Here it is. ", "images": [OLD.bare]},
    "LangChain": {"content": [{"type": "text", "text": "Here it is. "}, {"type": "image", "url": OLD.uri}]},
    "Portkey": {
        "content": "Here it is. ",
        "content_blocks": [
            {"type": "text", "text": "Here it is. "},
            {"type": "image_url", "image_url": {"url": OLD.uri}},
        ],
    },
    "AiHubMix": {
        "content": "",
        "multi_mod_content": [
            {"text": "Here it is. "},
            {"inline_data": {"data": OLD.bare, "mime_type": "image/png"}},
        ],
    },
    "AiHubMix in camelCase": {
        "content": None,
        "multi_mod_content": [
            {"text": "Here it is. ", "inlineData": {"data": OLD.bare, "mimeType": "image/png"}}
        ],
    },
    "thoughts": {
        "content": [
            {"type": "thinking", "thinking": "A boat.", "signature": OLD.bare},
            {"type": "reasoning", "text": "A boat."},
            {"type": "output_text", "text": "Here it is. "},
            {"type": "output_image", "image_url": OLD.uri},
        ]
    },
}


def edit(gateway: Gateway, answer: dict[str, Any], model: str) -> None:
    """Carry a conversation on."""
    shown = {"type": "image_url", "image_url": {"url": NEW.uri}}
    messages = [
        {"role": "user", "content": "a boat", "name": None},
        {"role": "assistant", **answer},
        {"role": "user", "content": [{"type": "text", "text": "put it on this sea"}, shown]},
    ]
    ask_for_answer(gateway, chat(model=model, messages=messages, extra_body={}))


@pytest.mark.parametrize("name", ANSWERS)
def test_answers_as_clients_send_them_back(name: str, scripted_gateway: Gateway, painter: Painter) -> None:
    """Each client's form of an answer is that answer: its text, then its picture, in the model's turn."""
    edit(scripted_gateway, ANSWERS[name], UNSIGNED)
    (call,) = painter.calls
    assert list_turns(call) == [
        ("user", ["a boat"]),
        ("model", ["Here it is. ", OLD.name]),
        ("user", ["put it on this sea", NEW.name]),
    ]


@pytest.mark.parametrize("name", ANSWERS)
def test_pictures_without_signatures_move(name: str, scripted_gateway: Gateway, painter: Painter) -> None:
    """Where a signature is needed and none is known, the picture heads the user's next turn."""
    edit(scripted_gateway, ANSWERS[name], SIGNED)
    (call,) = painter.calls
    assert list_turns(call) == [
        ("user", ["a boat"]),
        ("model", ["Here it is. "]),
        ("user", [OLD.name, "put it on this sea", NEW.name]),
    ]


def test_a_collapsed_conversation(scripted_gateway: Gateway, painter: Painter) -> None:
    """Cherry Studio's one message of text and earlier pictures keeps their order."""
    content = [
        {"type": "text", "text": "make it red"},
        {"type": "text", "text": ""},
        {"type": "image_url", "image_url": {"url": OLD.uri}},
        {"type": "image_url", "image_url": {"url": NEW.uri}},
        {"type": "image_url", "image_url": {"url": OLD.uri}},
    ]
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": content}]
    ask_for_answer(scripted_gateway, chat(messages=messages))
    (call,) = painter.calls
    assert list_turns(call) == [("user", ["make it red", OLD.name, NEW.name, OLD.name])]


@pytest.mark.parametrize(
    "content", [None, "", " \n", [], [{"type": "text", "text": ""}], [{"type": "thinking"}]]
)
def test_blank_answers_are_left_out(content: Any, scripted_gateway: Gateway, painter: Painter) -> None:
    """An answer that has nothing is no turn, in whatever way it is blank."""
    edit(scripted_gateway, {**NULLS, "content": content, "images": None, "reasoning_details": None}, SIGNED)
    (call,) = painter.calls
    assert list_turns(call) == [("user", ["a boat"]), ("user", ["put it on this sea", NEW.name])]


def test_text_around_pictures_keeps_its_place(scripted_gateway: Gateway, painter: Painter) -> None:
    """Text before, between and behind the pictures of an answer arrives where it stood; links elsewhere are text."""
    foreign = "![not ours](https://example.com/images/a.png)"
    content = f'One: ![]({OLD.uri}), two: ![x]({NEW.uri} "t"). See {foreign}.'
    edit(scripted_gateway, {"content": content}, UNSIGNED)
    (call,) = painter.calls
    assert list_turns(call)[1] == (
        "model",
        ["One: ", OLD.name, ", two: ", NEW.name, f". See {foreign}."],
    )


def test_tools_say_something_too(scripted_gateway: Gateway, painter: Painter) -> None:
    """What a tool answered is a user's text; the call of it is nothing."""
    call = {"id": "1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    messages = [
        {"role": "user", "content": "what is in the harbour? draw it"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "1", "content": "three boats"},
    ]
    ask_for_answer(scripted_gateway, chat(messages=messages))
    assert list_turns(painter.calls[0]) == [
        ("user", ["what is in the harbour? draw it"]),
        ("user", ["three boats"]),
    ]


def test_pictures_of_an_answer_are_kept_with_the_request(scripted_gateway: Gateway, painter: Painter) -> None:
    """A stored request shows the pictures that stood beside its messages' content."""
    answer = {"role": "assistant", "content": None, "images": [{"image_url": {"url": OLD.uri}}]}
    messages = [{"role": "user", "content": "a boat"}, answer, {"role": "user", "content": "redder"}]
    stored = ask_for_answer(scripted_gateway, chat(messages=messages, store=True))
    assert len(painter.calls) == 1
    reply = ask(scripted_gateway, path=f"/v1/chat/completions/{stored['id']}/messages")
    assert reply.status == 200, reply.body
    parts = [message["content_parts"] for message in reply.json()["data"]]
    assert parts == [None, [{"type": "image_url", "image_url": {"url": OLD.uri}}], None]
