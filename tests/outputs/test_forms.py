"""Where pictures are: in the content with their bytes or as links, or beside it. All forms say the same, in both modes."""

import re
import secrets
from typing import Any

import pytest
from shapes import (
    FORMS,
    MODES,
    Read,
    ask_in,
    digest_choices,
    fetch,
    leave_out_pictures,
    read_answer,
)

from asking import ask, chat, digest, draw_directly
from painting import Gate, Painter
from programs import Emulator, Gateway

SCENES = {
    "one": "",
    "several": "[[images=2]]",
    "with thoughts": "[[thoughts=1]]",
    "several with thoughts": "[[images=2]] [[thoughts=2]]",
}

forms = pytest.mark.parametrize("form", FORMS)
modes = pytest.mark.parametrize("mode", MODES)


def new_prompt(directives: str = "") -> str:
    return f"a lighthouse {secrets.token_hex(4)} {directives}".strip()


def new_key() -> dict[str, str]:
    return {"Idempotency-Key": secrets.token_hex(8)}


def read_in_all_ways(gateway: Gateway, body: dict[str, Any]) -> dict[tuple[str, str], Read]:
    """Ask in every form and mode, each a call of its own."""
    return {(form, mode): read_answer(ask_in(gateway, body, form, mode)) for form in FORMS for mode in MODES}


@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)
def test_all_ways_give_the_same(scene: str, gateway: Gateway) -> None:
    """Pictures, their order and the text around them are the same in every form and mode; thoughts are no pictures."""
    thinking = {"google": {"thinking_config": {"include_thoughts": "thoughts" in scene}}}
    body = chat(new_prompt(scene), model="nano-banana-pro", extra_body=thinking)
    found = read_in_all_ways(gateway, body)
    pictures = {way: digest_choices(gateway, answer) for way, answer in found.items()}
    (drawn,) = pictures["markdown", "whole"]
    assert len(drawn) == len(set(drawn)) == (2 if "images=2" in scene else 1)
    assert pictures == {way: [drawn] for way in pictures}
    for (form, mode), answer in found.items():
        (said,) = answer.choices
        assert [image["sha256"] for image in answer.note["images"]] == drawn
        assert [digest(fetch(gateway, image["url"])) for image in answer.note["images"]] == drawn
        content = leave_out_pictures(said.content)
        if form == "images":
            assert content == found["images", "whole"].choices[0].content
            assert content
        else:
            assert content == leave_out_pictures(found["markdown", "whole"].choices[0].content)
            assert re.search(r"(?<!\n)<picture>", content) is None or content.startswith("<picture>")
        assert answer.codes == found["markdown", mode].codes


def test_equal_pictures_are_given_once(gateway: Gateway, emulator: Emulator) -> None:
    """What is given is what Gemini drew, bit by bit."""
    prompt = new_prompt()
    drawn = draw_directly(emulator, "gemini-3.1-flash-image", prompt, imageSize="512")
    for answer in read_in_all_ways(gateway, chat(prompt)).values():
        assert digest_choices(gateway, answer) == [[digest(drawn)]]


@forms
@modes
@pytest.mark.parametrize("directive", ["[[finish=IMAGE_SAFETY]]", "[[text-only]]"])
def test_a_picture_that_did_not_come(directive: str, form: str, mode: str, gateway: Gateway) -> None:
    """A refusal is said in content and refusal, with no link, no reference and no picture."""
    answer = read_answer(ask_in(gateway, chat(new_prompt(directive)), form, mode))
    (said,) = answer.choices
    assert said.content
    assert said.refusal
    assert said.images == answer.note["images"] == []
    assert said.reference is None
    assert "](" not in said.content
    assert "no_picture" in answer.codes


@forms
@modes
def test_a_replay_is_the_same(form: str, mode: str, gateway: Gateway) -> None:
    """A repeat gets the same bytes when whole, and the same deltas, links and notes as a stream."""
    body, headers = chat(new_prompt("[[images=2]]")), new_key()
    first, second = (ask_in(gateway, body, form, mode, headers) for _ in range(2))
    assert (first.headers["idempotent-replayed"], second.headers["idempotent-replayed"]) == (None, "true")
    assert read_answer(first) == read_answer(second)
    if mode == "whole":
        assert digest(first.body) == digest(second.body)
    other = read_answer(ask_in(gateway, body, form, MODES[mode == "whole"], headers))
    assert other == read_answer(first)


@forms
@modes
def test_the_reference_names_the_answer(form: str, mode: str, gateway: Gateway) -> None:
    """`reasoning_details` holds the generation's id, in OpenRouter's form."""
    reply = ask_in(gateway, chat(new_prompt()), form, mode)
    generation_id = reply.headers["x-limner-generation-id"]
    (said,) = read_answer(reply).choices
    assert said.reference == [
        {
            "type": "reasoning.encrypted",
            "data": generation_id,
            "id": generation_id,
            "format": "google-gemini-v1",
            "index": 0,
        }
    ]


def test_links_are_absolute(start_gateway: Any) -> None:
    """They begin with the public address where one is set."""
    gateway = start_gateway(LIMNER_PUBLIC_URL="https://pictures.example")
    answer = read_answer(ask(gateway, chat(new_prompt())))
    assert answer.choices[0].content.count("](https://pictures.example/images/img_") == 1
    assert answer.note["images"][0]["url"].startswith("https://pictures.example/images/img_")


def test_an_end_of_the_answer_comes_before_a_link(painter: Painter, scripted_gateway: Gateway) -> None:
    """A stream gives a link out once the picture can be fetched by it, however early it came."""
    painter.pictures_per_call = 2
    painter.before_end = Gate()
    painter.before_end.open()
    answer = read_answer(ask_in(scripted_gateway, chat(new_prompt()), "url", "stream"))
    assert digest_choices(scripted_gateway, answer) == [[digest(picture) for picture in painter.pictures]]


@modes
@pytest.mark.parametrize("form", ["markdown", "url"])
def test_a_text_model_gives_text(form: str, mode: str, gateway: Gateway) -> None:
    """Its answer has no refusal, no reference and no notice of a picture that did not come."""
    answer = read_answer(ask_in(gateway, chat(new_prompt(), model="gemini-3.8-flash"), form, mode))
    (said,) = answer.choices
    assert said.content
    assert (said.refusal, said.reference) == (None, None)
    assert said.finish_reason == "stop"
    assert answer.note["images"] == []
    assert "no_picture" not in answer.codes
