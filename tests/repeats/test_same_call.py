"""Which calls are the same: what may differ between a call and its repeat, and what may not.

Shown by Idempotency-Key, which refuses what is not the same.
"""

import base64
import copy
import json
import secrets
from typing import Any

import pytest
from leaving import new_prompt

from asking import Reply, ask, chat, configure
from painting import Painter
from programs import Gateway, StartGateway
from upstreams import Upstream

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\7\0\0\0\5\x08\2\0\0\0" + bytes(range(256)) * 20


@pytest.fixture(scope="session")
def scripted_gateway(start_gateway: StartGateway, upstream_server: Upstream) -> Gateway:
    """Any gateway: what is the same is known before a database is asked."""
    return start_gateway(upstream_server.url)


def ask_twice(
    gateway: Gateway, first: object, second: object, second_headers: dict[str, str] | None = None
) -> Reply:
    """Ask both with one Idempotency-Key and return the second answer."""
    headers = {"Idempotency-Key": secrets.token_hex(8)}
    reply = ask(gateway, first, headers=headers)
    assert reply.status == 200, reply.body
    return ask(gateway, second, headers={**headers, **(second_headers or {})})


def show(picture: bytes, *, line_break: str = "", mime_type: str = "image/png") -> dict[str, Any]:
    """Return a part with a picture, its base64 cut into lines."""
    data = base64.b64encode(picture).decode()
    lines = line_break.join(data[start : start + 76] for start in range(0, len(data), 76))
    return {"type": "image_url", "image_url": {"url": f"data:{mime_type};base64,{lines}"}}


def chat_about(*parts: dict[str, Any]) -> dict[str, Any]:
    """Return a call that shows something."""
    return chat(messages=[{"role": "user", "content": [{"type": "text", "text": "change it"}, *parts]}])


MADE_NO_DIFFERENCE: dict[str, dict[str, Any]] = {
    "stream": {"stream": True},
    "stream false": {"stream": False},
    "stream_options": {"stream": True, "stream_options": {"include_usage": False}},
    "metadata": {"metadata": {"trace": "7"}},
    "store": {"store": True},
}


@pytest.mark.parametrize("fields", MADE_NO_DIFFERENCE.values(), ids=MADE_NO_DIFFERENCE)
def test_how_it_is_sent_and_filed_is_no_difference(
    fields: dict[str, Any], painter: Painter, scripted_gateway: Gateway
) -> None:
    """Fields that do not change what is drawn do not make another call."""
    asked = chat(new_prompt())
    assert ask_twice(scripted_gateway, asked, {**asked, **fields}).status == 200
    assert len(painter.calls) == 1


def test_how_it_is_written_is_no_difference(painter: Painter, scripted_gateway: Gateway) -> None:
    """Order of keys, white space and escapes are not read."""
    asked = chat(f"{new_prompt()} größer 🎨", seed=7)
    turned = {name: asked[name] for name in reversed(asked)}
    turned["messages"] = [
        {name: message[name] for name in reversed(message)} for message in asked["messages"]
    ]
    written = json.dumps(turned, indent=3, ensure_ascii=False).encode()
    assert ask_twice(scripted_gateway, asked, written).status == 200
    assert len(painter.calls) == 1


MAKES_A_DIFFERENCE: dict[str, dict[str, Any]] = {
    "prompt": {"messages": [{"role": "user", "content": "a fire station"}]},
    "role": {"messages": [{"role": "system", "content": "a fire station"}, {"role": "user", "content": "x"}]},
    "model": {"model": "nano-banana-2-2k"},
    "spelling of the model": {"model": "gemini-3.1-flash-image"},
    "seed": {"seed": 8},
    "temperature": {"temperature": 0.5},
    "size": {"extra_body": configure(image_size="1K")},
    "n": {"n": 1},
    "an unknown field": {"variant": "b"},
    "output": {"limner": {"image_output": "images"}},
    "modalities": {"modalities": ["image", "text"]},
}


@pytest.mark.parametrize("fields", MAKES_A_DIFFERENCE.values(), ids=MAKES_A_DIFFERENCE)
def test_anything_else_is_a_difference(
    fields: dict[str, Any], painter: Painter, scripted_gateway: Gateway
) -> None:
    """Any other field that differs makes another call."""
    asked = chat(new_prompt(), seed=7)
    reply = ask_twice(scripted_gateway, asked, {**asked, **fields})
    assert (reply.status, reply.error["code"]) == (422, "idempotency_key_reused")
    assert len(painter.calls) == 1


def test_the_output_header_is_a_difference(painter: Painter, scripted_gateway: Gateway) -> None:
    """Where the picture is to be is asked in a header too, and makes another call there too."""
    asked = chat(new_prompt())
    reply = ask_twice(scripted_gateway, asked, asked, {"X-Limner-Image-Output": "images"})
    assert reply.status == 422
    assert len(painter.calls) == 1


@pytest.mark.parametrize("line_break", ["\r\n", "\n", " "], ids=["CRLF", "LF", "space"])
def test_how_a_picture_is_written_is_no_difference(
    line_break: str, painter: Painter, scripted_gateway: Gateway
) -> None:
    """A picture whose base64 is cut into lines is the same picture."""
    first, second = chat_about(show(PNG)), chat_about(show(PNG, line_break=line_break))
    assert ask_twice(scripted_gateway, first, second).status == 200
    assert len(painter.calls) == 1


def test_another_picture_is_a_difference(painter: Painter, scripted_gateway: Gateway) -> None:
    """One byte more makes another picture, and the order of two counts."""
    other = PNG + b"x"
    one, two = chat_about(show(PNG), show(other)), chat_about(show(other), show(PNG))
    assert ask_twice(scripted_gateway, chat_about(show(PNG)), chat_about(show(other))).status == 422
    assert ask_twice(scripted_gateway, one, two).status == 422
    assert ask_twice(scripted_gateway, one, copy.deepcopy(one)).status == 200
    assert len(painter.calls) == 3


def test_a_text_cannot_pose_as_a_picture(painter: Painter, scripted_gateway: Gateway) -> None:
    """A text that spells a picture's digest, or the mark that stands for it inside, is not that picture."""
    posed = [{"type": "text", "text": text} for text in ("\x000", "\x001", "\\u00000")]
    for part in posed:
        reply = ask_twice(scripted_gateway, chat_about(show(PNG), part), chat_about(show(PNG), show(PNG)))
        assert reply.status == 422
    assert len(painter.calls) == 3
