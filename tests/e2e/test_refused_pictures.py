"""Answers without a picture, and odd ones: finish reasons, refusals, notices, thoughts, several pictures."""

from typing import Any

import pytest

from asking import (
    PROMPT,
    ask_for_answer,
    ask_for_stream,
    chat,
    digest,
    get_message,
    split_images,
    split_markdown,
)
from programs import Gateway

REASONS = {
    "STOP": "stop",
    "NO_IMAGE": "stop",
    "IMAGE_OTHER": "stop",
    "OTHER": "stop",
    "MALFORMED_FUNCTION_CALL": "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "content_filter",
    "IMAGE_SAFETY": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "IMAGE_PROHIBITED_CONTENT": "content_filter",
    "RECITATION": "content_filter",
    "IMAGE_RECITATION": "content_filter",
    "BLOCKLIST": "content_filter",
    "SPII": "content_filter",
    "LANGUAGE": "content_filter",
    "SOMETHING_NEW": "content_filter",
}


def get_notices(note: dict[str, Any]) -> list[str]:
    return [notice["code"] for notice in note["notices"]]


@pytest.mark.parametrize("output", ["markdown", "images"])
@pytest.mark.parametrize(("reason", "expected"), REASONS.items())
def test_a_picture_that_did_not_come_is_never_silent(
    reason: str, expected: str, output: str, gateway: Gateway
) -> None:
    """Whatever Gemini's reason: content and refusal give it, a notice names it, and both modes agree."""
    asked = chat(f"{PROMPT} [[finish={reason}]]", limner={"image_output": output})
    answer = ask_for_answer(gateway, asked)
    stream = ask_for_stream(gateway, asked)
    message = get_message(answer)
    assert answer["choices"][0]["finish_reason"] == expected
    assert message["content"]
    assert message["refusal"]
    assert get_notices(answer["limner"]) == ["no_picture"]
    assert reason in answer["limner"]["notices"][0]["message"]
    assert answer["limner"]["images"] == []
    assert stream.content == message["content"]
    assert [d["refusal"] for d in stream.deltas if "refusal" in d] == [message["refusal"]]
    assert stream.finish["choices"][0]["finish_reason"] == expected
    assert stream.usage == answer["usage"]
    assert answer["usage"]["completion_tokens_details"]["image_tokens"] == 0


def test_a_refused_picture_costs_its_input_and_thoughts(gateway: Gateway) -> None:
    """A refusal is billed as Gemini counted it: the prompt, and what was thought."""
    answer = ask_for_answer(gateway, chat(f"{PROMPT} [[finish=IMAGE_SAFETY]]", model="nano-banana-pro"))
    usage = answer["usage"]
    thoughts = usage["completion_tokens_details"]["reasoning_tokens"]
    assert 150 <= thoughts <= 260
    assert usage["completion_tokens"] == thoughts
    assert round(usage["cost"] * 1e6) == usage["prompt_tokens"] * 2 + thoughts * 12
    assert answer["limner"]["cost_usd"] == usage["cost"]


def test_text_alone_is_a_refusal(gateway: Gateway) -> None:
    """Gemini's own words stand where the picture is missing, as content and as refusal."""
    asked = chat(f"{PROMPT} [[text-only]]")
    answer = ask_for_answer(gateway, asked)
    message = get_message(answer)
    assert message["content"].startswith("I cannot fulfill this request.")
    assert message["refusal"] == message["content"].strip()
    assert answer["choices"][0]["finish_reason"] == "stop"
    assert get_notices(answer["limner"]) == ["no_picture"]
    stream = ask_for_stream(gateway, asked)
    assert stream.content == message["content"]
    assert stream.usage == answer["usage"]


def test_without_usage_the_table_counts(gateway: Gateway) -> None:
    """An answer that Gemini did not count is billed by the price table, with a notice, in both modes alike."""
    asked = chat(f"{PROMPT} [[no-usage]]")
    answer = ask_for_answer(gateway, asked)
    stream = ask_for_stream(gateway, asked)
    assert get_notices(answer["limner"]) == ["usage_estimated"]
    assert answer["usage"]["completion_tokens_details"]["image_tokens"] == 747
    assert answer["usage"]["cost"] >= 0.04482
    assert stream.usage == answer["usage"]
    assert get_notices(stream.finish["limner"]) == ["usage_estimated"]


@pytest.mark.parametrize("is_image_output", [False, True], ids=["markdown", "images"])
def test_several_pictures(gateway: Gateway, *, is_image_output: bool) -> None:
    """All pictures are delivered in order, in Markdown with a line feed between them, in both modes alike."""
    output = "images" if is_image_output else "markdown"
    asked = chat(f"{PROMPT} [[images=3]]", limner={"image_output": output})
    answer = ask_for_answer(gateway, asked)
    stream = ask_for_stream(gateway, asked)
    message = get_message(answer)
    if is_image_output:
        pictures = split_images(message["images"])
        assert split_images(stream.images) == pictures
    else:
        text, pictures = split_markdown(message["content"])
        assert text == f"Here is the picture you asked for: {PROMPT}\n\n\n\n\n"
    assert digest(stream.content.encode()) == digest(message["content"].encode())
    shown = [digest(picture) for _, picture in pictures]
    assert len(set(shown)) == 3
    assert [image["sha256"] for image in answer["limner"]["images"]] == shown
    assert [image["sha256"] for image in stream.finish["limner"]["images"]] == shown
    assert answer["usage"]["completion_tokens_details"]["image_tokens"] == 3 * 747
    assert stream.usage == answer["usage"]


@pytest.mark.parametrize("output", ["markdown", "images"])
def test_thoughts_are_reasoning_and_their_pictures_stay_back(gateway: Gateway, output: str) -> None:
    """Asked for, thoughts come as reasoning content; pictures among them are not delivered, in either mode."""
    extra = {"google": {"thinking_config": {"include_thoughts": True}}}
    asked = chat(
        f"{PROMPT} [[thoughts=2]]", model="nano-banana-pro", extra_body=extra, limner={"image_output": output}
    )
    plain = ask_for_answer(gateway, chat(model="nano-banana-pro"))
    _, ((_, picture),) = split_markdown(get_message(plain)["content"])
    answer = ask_for_answer(gateway, asked)
    stream = ask_for_stream(gateway, asked)
    message = get_message(answer)
    assert [image["sha256"] for image in answer["limner"]["images"]] == [digest(picture)]
    assert message["reasoning_content"].startswith("**Planning the picture**")
    assert "".join(d.get("reasoning_content", "") for d in stream.deltas) == message["reasoning_content"]
    assert digest(stream.content.encode()) == digest(message["content"].encode())
    assert split_images(stream.images) == split_images(message.get("images", []))
    assert stream.usage == answer["usage"]


@pytest.mark.parametrize("output", ["markdown", "images"])
def test_a_thought_picture_is_delivered_if_nothing_else_came(gateway: Gateway, output: str) -> None:
    """When the only pictures are thoughts the last of them is delivered, with a notice, in both modes."""
    extra = {"google": {"thinking_config": {"include_thoughts": True}}}
    asked = chat(
        f"{PROMPT} [[thoughts=2 images=0]]",
        model="nano-banana-pro",
        extra_body=extra,
        limner={"image_output": output},
    )
    answer = ask_for_answer(gateway, asked)
    stream = ask_for_stream(gateway, asked)
    assert len(answer["limner"]["images"]) == 1
    assert get_notices(answer["limner"]) == ["thought_picture_delivered"]
    assert stream.finish["limner"]["images"][0]["sha256"] == answer["limner"]["images"][0]["sha256"]
    assert digest(stream.content.encode()) == digest(get_message(answer)["content"].encode())


@pytest.mark.parametrize("output", ["markdown", "images"])
def test_an_answer_cut_after_its_picture_is_delivered(gateway: Gateway, output: str) -> None:
    """What breaks off after the picture is complete is delivered as cut short, not lost, in both modes."""
    # The signature behind the picture is most of the answer, so half of it ends inside the signature.
    asked = chat(f"{PROMPT} [[signature=1500KB cut=90%]]", limner={"image_output": output})
    answer = ask_for_answer(gateway, asked)
    stream = ask_for_stream(gateway, asked)
    plain = ask_for_answer(gateway, chat())
    for note in (answer["limner"], stream.finish["limner"]):
        assert get_notices(note) == ["upstream_truncated", "usage_estimated"]
        assert note["images"][0]["sha256"] == plain["limner"]["images"][0]["sha256"]
    assert answer["choices"][0]["finish_reason"] == "length"
    assert stream.finish["choices"][0]["finish_reason"] == "length"
    assert digest(stream.content.encode()) == digest(get_message(answer)["content"].encode())
    assert stream.usage == answer["usage"]
