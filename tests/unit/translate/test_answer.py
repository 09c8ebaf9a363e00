"""Whole answers: OpenAI's shape, pictures in their places, nothing lost in encoding."""

import base64
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transcripts import FORMS, JPEG, PNG, Drawn, Scene, Words, compose, find_link, receive, scenes

from limner.translate.answer import AnswerHead, encode_answer, to_limner_note, to_reasoning_details
from limner.translate.composition import LinkSegment, PictureSegment
from limner.translate.events import AnsweredBy
from limner.translate.outcome import Outcome
from limner.translate.usage import TokenCount, to_usage
from limner.wire.openai import Notice

HEAD = AnswerHead(id="chatcmpl-1", created=1700000000, model="nano-banana", generation_id="gen_1")
USAGE = to_usage(
    TokenCount(input_text=3, input_image=0, output_image=1120, output_text=9, thoughts=0), 134_000
)
REFERENCE = {
    "type": "reasoning.encrypted",
    "data": "gen_1",
    "id": "gen_1",
    "format": "google-gemini-v1",
    "index": 0,
}
DONE = Outcome(finish_reason="stop", refusal=None, notices=())


def encode(
    scene: Scene, *, form: str = "markdown", wants_thoughts: bool = False, outcome: Outcome = DONE
) -> dict[str, Any]:
    """Return the answer as a client parses it, each picture's base64 put in."""
    segments = compose(scene, form=form, wants_thoughts=wants_thoughts, refusal=outcome.refusal)
    given_out = [s.picture for s in segments if isinstance(s, PictureSegment | LinkSegment)]
    note = to_limner_note(
        HEAD,
        answered_by=AnsweredBy("gemini", "gemini-x"),
        cost_usd=0.134,
        notices=outcome.notices,
        pictures=given_out,
        find_link=find_link,
    )
    pieces, pictures = encode_answer(HEAD, [(segments, outcome)], USAGE, note, form=form)
    assert pictures == [s.picture for s in segments if isinstance(s, PictureSegment)]
    data = [piece.data for piece in scene if isinstance(piece, Drawn)]
    body = pieces[0]
    for picture, piece in zip(pictures, pieces[1:], strict=True):
        body += base64.b64encode(data[picture.number]) + piece
    answer: dict[str, Any] = json.loads(body)
    return answer


def uri(data: bytes, mime_type: str = "image/png") -> str:
    return f"data:{mime_type};base64,{base64.b64encode(data).decode()}"


def test_a_markdown_answer() -> None:
    """The whole answer, field by field."""
    answer = encode([Words("Here\n"), Drawn(), Words('"there"')])
    content = f'Here\n\n![image]({uri(PNG)})\n"there"'
    picture = receive([Words("Here\n"), Drawn()]).pictures[0]
    assert answer == {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "nano-banana",
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": content,
                    "refusal": None,
                    "reasoning_details": [REFERENCE],
                },
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": 3,
            "completion_tokens": 1129,
            "total_tokens": 1132,
            "prompt_tokens_details": {"text_tokens": 3, "image_tokens": 0, "cached_tokens": 0},
            "completion_tokens_details": {"image_tokens": 1120, "reasoning_tokens": 0, "text_tokens": 9},
            "cost": 0.134,
        },
        "limner": {
            "generation_id": "gen_1",
            "cost_usd": 0.134,
            "upstream": {"kind": "gemini", "model": "gemini-x"},
            "notices": [],
            "images": [
                {
                    "id": "img_0",
                    "url": find_link("img_0"),
                    "sha256": picture.sha256,
                    "mime_type": "image/png",
                    "width": None,
                    "height": None,
                    "bytes": len(PNG),
                }
            ],
        },
    }


def test_an_images_answer() -> None:
    """In `images` pictures stand beside the text, each with index, type and data URI."""
    message = encode([Drawn(), Words("Here"), Drawn(JPEG)], form="images")["choices"][0]["message"]
    assert message == {
        "role": "assistant",
        "content": "Here",
        "refusal": None,
        "images": [
            {"index": 0, "type": "image_url", "image_url": {"url": uri(PNG)}},
            {"index": 1, "type": "image_url", "image_url": {"url": uri(JPEG, "image/jpeg")}},
        ],
        "reasoning_details": [REFERENCE],
    }


@pytest.mark.parametrize("form", FORMS)
def test_a_refused_answer(form: str) -> None:
    """Without a picture the reason is content and refusal, and nothing is silent."""
    outcome = Outcome(finish_reason="content_filter", refusal="No.", notices=(Notice("no_picture", "x"),))
    answer = encode([], form=form, outcome=outcome)
    choice = answer["choices"][0]
    assert (choice["finish_reason"], choice["message"]["refusal"]) == ("content_filter", "No.")
    assert choice["message"]["content"] == "No."
    assert answer["limner"]["notices"] == [{"code": "no_picture", "message": "x"}]


def test_thoughts_are_reasoning() -> None:
    """Thought texts come as `reasoning_content`, which is absent where there are none."""
    scene: Scene = [Words("hm ", is_thought=True), Words("ok", is_thought=True), Drawn()]
    assert encode(scene, wants_thoughts=True)["choices"][0]["message"]["reasoning_content"] == "hm ok"
    assert "reasoning_content" not in encode([Drawn()])["choices"][0]["message"]


@given(scenes(), st.sampled_from(FORMS), st.booleans(), st.text())
@settings(max_examples=200, deadline=None)
def test_content_is_a_string_always(scene: Scene, form: str, wants_thoughts: bool, text: str) -> None:
    """Any answer is JSON with string content, all text in it, NUL and other controls too."""
    answer = encode([*scene, Words(text)], form=form, wants_thoughts=wants_thoughts)
    message = answer["choices"][0]["message"]
    assert text in message["content"]
    assert message["content"] or form != "images"
    assert ("images" in message) is (form == "images")
    assert len(answer["limner"]["images"]) == (
        message["content"].count("![image](") if form != "images" else len(message["images"])
    )


@pytest.mark.parametrize("form", FORMS)
def test_an_answer_with_a_picture_can_be_named_in_less_than_200_bytes(form: str) -> None:
    """What stands for the signatures is a reference of one fixed size; without a picture there is none."""
    head = AnswerHead(
        id="chatcmpl-1", created=1700000000, model="nano-banana", generation_id=f"gen_{'f' * 32}"
    )
    details = to_reasoning_details(head, receive([Drawn()]).pictures)
    assert len(json.dumps(msgspec.to_builtins(details), separators=(",", ":"))) < 200
    assert "reasoning_details" in encode([Drawn()], form=form)["choices"][0]["message"]
    assert "reasoning_details" not in encode([Words("Sorry.")], form=form)["choices"][0]["message"]
