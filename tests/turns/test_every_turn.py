"""Draw, edit, edit, whatever a client sends back: the third picture is an edit of the second."""

from typing import Any

import pytest
from sendings import Sendings
from talking import (
    SendBack,
    Talk,
    blank,
    digest,
    drop,
    keep,
    keep_content,
    keep_parts,
    keep_reference,
    keep_text,
)

from programs import Gateway

SIGNING = ("gemini-3-pro-image", "nano-banana-2", "nano-banana-2.1")
MODELS = ("gemini-2.5-flash-image", *SIGNING)
IMAGES: dict[str, Any] = {"modalities": ["image", "text"]}


def list_digests(pictures: list[tuple[str, bytes, bool]]) -> list[tuple[str, str, bool]]:
    return [(role, digest(data), is_signed) for role, data, is_signed in pictures]


def talk_three_times(talk: Talk, sent: Sendings) -> list[list[str]]:
    """Draw and edit twice; each call must have held all pictures before it in their places. Returns notices."""
    first, second, third = talk.say("a red house"), talk.say("make it blue"), talk.say("add a moon")
    is_signed = sent.last.body["contents"] and "2.5" not in talk.model
    assert list_digests(sent.last.pictures) == [
        ("model", digest(first.picture), is_signed),
        ("model", digest(second.picture), is_signed),
    ]
    assert sent.last.roles == ["user", "model", "user", "model", "user"]
    assert len({digest(drawn.picture) for drawn in (first, second, third)}) == 3
    return [drawn.notices for drawn in (first, second, third)]


@pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize(
    ("send_back", "fields"),
    [(keep_content, {}), (keep, IMAGES), (keep_parts, IMAGES)],
    ids=["markdown", "images", "parts"],
)
@pytest.mark.parametrize("model", MODELS)
def test_pictures_that_come_back_are_signed_again(
    model: str,
    send_back: SendBack,
    fields: dict[str, Any],
    talkative: Gateway,
    sent: Sendings,
    *,
    is_stream: bool,
) -> None:
    """A picture that a client sends back stands in the model's turn with its signature, and nothing is said of it."""
    talk = Talk(talkative, send_back, model=model, is_stream=is_stream, **fields)
    notices = talk_three_times(talk, sent)
    assert not any("picture_recalled" in codes for codes in notices)


@pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("send_back", [drop, blank, keep_text], ids=["dropped", "blank", "text"])
@pytest.mark.parametrize("model", MODELS)
def test_pictures_that_do_not_come_back_are_recalled(
    model: str, send_back: SendBack, talkative: Gateway, sent: Sendings, *, is_stream: bool
) -> None:
    """A turn that was dropped, blanked or lost its picture gets it back, and a notice says so."""
    talk = Talk(talkative, send_back, model=model, is_stream=is_stream, user=f"{send_back}{is_stream}")
    notices = talk_three_times(talk, sent)
    assert [codes.count("picture_recalled") for codes in notices] == [0, 1, 1]


@pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("model", MODELS)
def test_a_reference_is_enough(model: str, talkative: Gateway, sent: Sendings, *, is_stream: bool) -> None:
    """`reasoning_details` that come back bring their answer's pictures with them."""
    talk = Talk(talkative, keep_reference, model=model, is_stream=is_stream)
    notices = talk_three_times(talk, sent)
    assert [codes.count("picture_recalled") for codes in notices] == [0, 1, 1]


@pytest.mark.parametrize("send_back", [keep_content, keep_text], ids=["link", "text"])
@pytest.mark.parametrize("model", MODELS)
def test_links_that_come_back_are_the_answers_they_are_of(
    model: str, send_back: SendBack, talkative: Gateway, sent: Sendings
) -> None:
    """A link in the answer's text brings the whole answer back, by itself or, without it, by the conversation."""
    talk = Talk(talkative, send_back, model=model, limner={"image_output": "url"}, user=f"url{send_back}")
    drawn = [talk.say(text) for text in ("a red house", "make it blue", "add a moon")]
    assert not any(one.pictures for one in drawn)
    is_signed = "2.5" not in model
    assert list_digests(sent.last.pictures) == [("model", one.sha256s[0], is_signed) for one in drawn[:2]]
    assert all("/images/" not in (part.text or "") for _, parts in sent.last.turns for part in parts)


def test_all_parts_go_back_in_their_order(talkative: Gateway, sent: Sendings) -> None:
    """Text, picture, text, picture: as Gemini sent them, a large signature on each picture."""
    talk = Talk(talkative, keep_content, model="nano-banana-2")
    first = talk.say("two boats [[images=2]] [[signature=3000KB]]")
    talk.say("make it blue")
    _, parts = sent.last.turns[1]
    pictures = [part for part in parts if part.picture]
    assert [digest(part.picture or b"") for part in pictures] == [digest(data) for data in first.pictures]
    assert all(part.is_signed for part in pictures)
    assert parts[0].text


def test_thoughts_do_not_go_back(talkative: Gateway, sent: Sendings) -> None:
    """What Gemini thought, and the pictures it thought of, stay where they are."""
    thinking: dict[str, Any] = {"extra_body": {"google": {"thinking_config": {"include_thoughts": True}}}}
    talk = Talk(talkative, keep_content, model="gemini-3-pro-image", **thinking)
    first = talk.say("a boat [[thoughts=1]]")
    talk.say("make it blue")
    assert list_digests(sent.last.pictures) == [("model", digest(first.picture), True)]
