"""Every spelling of a picture, through a gateway to an upstream that keeps what came."""

import json

import pytest
from arrivals import Picture, list_turns
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from spelling import SPELLINGS, spell

from asking import ask, ask_for_answer, chat
from painting import Painter
from programs import Gateway


def check_clean(painter: Painter, *pictures: Picture) -> None:
    """No text that was sent holds a picture's base64."""
    texts = [text for call in painter.calls for _, parts in list_turns(call) for text in parts]
    assert not any(picture.bare[:30] in text for picture in pictures for text in texts)
    assert not any("base64" in text for text in texts)


@pytest.mark.parametrize("name", SPELLINGS)
def test_a_picture_in_each_spelling(name: str, scripted_gateway: Gateway, painter: Painter) -> None:
    """Whatever a client calls it, the picture arrives between the texts it stood between."""
    picture = Picture(1)
    content = ["before", spell(name, picture.bare), {"type": "text", "text": "after"}]
    ask_for_answer(scripted_gateway, chat(messages=[{"role": "user", "content": content}]))
    (call,) = painter.calls
    assert list_turns(call) == [("user", ["before", picture.name, "after"])]
    check_clean(painter, picture)


parts = st.sampled_from([*SPELLINGS, "words"])


@given(names=st.lists(parts, min_size=1, max_size=8))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_mix_of_spellings(names: list[str], scripted_gateway: Gateway, painter: Painter) -> None:
    """However many pictures are spelt however among texts, all arrive, in their order, and no base64 as text."""
    painter.calls.clear()
    pictures = [Picture(number) for number in range(len(names))]
    said = [
        f"word {picture.number}" if name == "words" else spell(name, picture.bare)
        for name, picture in zip(names, pictures, strict=True)
    ]
    ask_for_answer(
        scripted_gateway,
        chat(messages=[{"role": "user", "content": said}]),
        headers={"X-Limner-Repeat": "never"},
    )
    (call,) = painter.calls
    assert list_turns(call) == [
        (
            "user",
            [
                f"word {picture.number}" if name == "words" else picture.name
                for name, picture in zip(names, pictures, strict=True)
            ],
        )
    ]
    check_clean(painter, *pictures)


@pytest.mark.parametrize("name", ["image_url", "image_url bare", "source", "file bare", "inlineData"])
@pytest.mark.parametrize("piece_bytes", [997, 65_536])
def test_a_large_picture_in_any_cut(
    name: str, piece_bytes: int, scripted_gateway: Gateway, painter: Painter
) -> None:
    """A picture larger than all text that is taken passes bare as in a data URI, however the body is cut."""
    picture = Picture(1, padding_bytes=4_000_000)
    content = ["before", spell(name, picture.bare), "after"]
    body = json.dumps(chat(messages=[{"role": "user", "content": content}])).encode()
    pieces = (body[at : at + piece_bytes] for at in range(0, len(body), piece_bytes))
    reply = ask(scripted_gateway, pieces)
    assert reply.status == 200, reply.body
    (call,) = painter.calls
    assert list_turns(call) == [("user", ["before", picture.name, "after"])]
