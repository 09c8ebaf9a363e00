"""Links and ids of pictures that this gateway drew, given back to it in every place a client puts them."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from arrivals import list_turns

from asking import ask, ask_for_answer, chat, digest, get_message
from painting import Painter
from programs import Gateway

MODEL = "nano-banana"
"""It takes pictures in its own turns without signatures, so what arrives is what was sent."""

_LINK = re.compile(r"!\[image\]\((\S+?)\)")


class Drawn:
    """A picture that was drawn and given out as a link."""

    def __init__(self, gateway: Gateway, painter: Painter) -> None:
        asked = chat("a boat", model=MODEL, extra_body={}, limner={"image_output": "url"})
        answer = ask_for_answer(gateway, asked)
        self.message = get_message(answer)
        (self.link,) = _LINK.findall(self.message["content"])
        self.id = answer["limner"]["images"][0]["id"]
        self.path = self.link[self.link.index("/images/") :]
        self.name = digest(painter.pictures[-1])
        painter.calls.clear()


@pytest.fixture
def drawn(scripted_gateway: Gateway, painter: Painter) -> Drawn:
    return Drawn(scripted_gateway, painter)


def arrive(gateway: Gateway, painter: Painter, *messages: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Return what Gemini is sent for messages."""
    ask_for_answer(gateway, chat(model=MODEL, messages=list(messages), extra_body={}))
    (call,) = painter.calls
    return list_turns(call)


def user(*content: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(content)}


PARTS: dict[str, Callable[[Drawn], Any]] = {
    "image_url": lambda drawn: {"type": "image_url", "image_url": {"url": drawn.link}},
    "image_url string": lambda drawn: {"type": "image_url", "image_url": drawn.link},
    "image_url path": lambda drawn: {"type": "image_url", "image_url": {"url": drawn.path}},
    "image_url without a signature": lambda drawn: {"image_url": {"url": drawn.path.partition("?")[0]}},
    "image_url id": lambda drawn: {"type": "image_url", "image_url": {"url": drawn.id}},
    "input_image": lambda drawn: {"type": "input_image", "file_id": drawn.id},
    "file": lambda drawn: {"type": "file", "file": {"file_id": drawn.id}},
    "image": lambda drawn: {"type": "image", "image": drawn.link},
    "source": lambda drawn: {"type": "image", "source": {"type": "url", "url": drawn.link}},
    "fileData": lambda drawn: {"fileData": {"fileUri": drawn.link, "mimeType": "image/png"}},
    "Markdown": lambda drawn: f"![image]({drawn.link})",
    "Markdown path": lambda drawn: {"type": "text", "text": f'![a [b]](<{drawn.path}> "title")'},
}


@pytest.mark.parametrize("name", PARTS)
def test_a_picture_of_ours_in_each_place(
    name: str, scripted_gateway: Gateway, painter: Painter, drawn: Drawn
) -> None:
    """A link, a path and an id of a picture drawn here are that picture, between the texts they stood between."""
    arrived = arrive(scripted_gateway, painter, user("before", PARTS[name](drawn), "after"))
    assert arrived == [("user", ["before", drawn.name, "after"])]


def test_a_picture_of_ours_in_contents(scripted_gateway: Gateway, painter: Painter, drawn: Drawn) -> None:
    """In Gemini's own form a link of ours is its picture too, as a file and in a text."""
    parts = [
        {"text": "before"},
        {"fileData": {"fileUri": drawn.link}},
        {"text": f"between ![]({drawn.path}) after"},
    ]
    body = chat(model=MODEL, messages=[], contents=[{"role": "user", "parts": parts}], extra_body={})
    ask_for_answer(scripted_gateway, body)
    assert list_turns(painter.calls[0]) == [
        ("user", ["before", drawn.name, "between ", drawn.name, " after"])
    ]


@pytest.mark.parametrize(
    "show",
    [
        lambda drawn: {"content": f"Here it is. ![image]({drawn.link}) Done."},
        lambda drawn: {"content": ["Here it is. ", {"image_url": {"url": drawn.link}}, " Done."]},
        lambda drawn: {"content": [{"text": "Here it is. "}, f"![]({drawn.path}) Done."]},
    ],
    ids=["string", "parts", "texts"],
)
def test_links_in_an_answer_keep_their_place(
    show: Callable[[Drawn], dict[str, Any]], scripted_gateway: Gateway, painter: Painter, drawn: Drawn
) -> None:
    """A link in an answer's text is its picture there, and the text around it stays."""
    messages = [{"role": "user", "content": "x"}, {"role": "assistant", **show(drawn)}, user("redder")]
    arrived = arrive(scripted_gateway, painter, *messages)
    assert arrived[1] == ("model", ["Here it is. ", drawn.name, " Done."])


def test_the_same_link_twice(scripted_gateway: Gateway, painter: Painter, drawn: Drawn) -> None:
    """A link that stands twice is the same picture twice."""
    part = {"type": "image_url", "image_url": {"url": drawn.link}}
    arrived = arrive(scripted_gateway, painter, user(part, "and", part, f"as in ![]({drawn.link})"))
    assert arrived == [("user", [drawn.name, "and", drawn.name, "as in ", drawn.name])]


@pytest.mark.parametrize("role", ["user", "assistant"])
def test_links_elsewhere_stay_text(
    role: str, scripted_gateway: Gateway, painter: Painter, drawn: Drawn
) -> None:
    """A Markdown picture that another server holds is a text: nothing is fetched for what somebody wrote."""
    other = f"https://images.invalid/images/{drawn.id}"
    text = f"not ![a](https://images.invalid/a.png) nor ![b]({other}) but this"
    messages = [user("x"), {"role": role, "content": text}, user("redder")]
    assert arrive(scripted_gateway, painter, *messages)[1][1] == [text]


@pytest.mark.parametrize(
    "make",
    [
        lambda missing: {"type": "image_url", "image_url": {"url": missing}},
        lambda missing: {"type": "image_url", "image_url": {"url": f"/images/{missing}"}},
        lambda missing: {"type": "input_image", "file_id": missing},
    ],
    ids=["id", "path", "file_id"],
)
def test_pictures_that_are_not_there(
    make: Callable[[str], Any], scripted_gateway: Gateway, painter: Painter
) -> None:
    """An id that nothing here has is refused by its place, and nothing is bought."""
    reply = ask(scripted_gateway, chat(messages=[user("redder", make(f"img_{'0' * 32}"))]))
    assert (reply.status, reply.error["code"]) == (400, "image_not_found")
    assert reply.error["param"].startswith("messages[0].content[1].")
    assert painter.calls == []
