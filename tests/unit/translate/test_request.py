"""From a chat request to a generateContent request."""

import json
from typing import Any

import msgspec
import pytest
from chat_requests import PNG_HEAD, PRO, draw, find

from limner.errors import InvalidRequest
from limner.translate.body import to_record
from limner.translate.dialogue import read_dialogue
from limner.translate.messages import InputPicture
from limner.translate.request import to_drawing
from limner.translate.settings import resolve_settings
from limner.wire.openai import ChatCompletionRequest

PICTURE = {"inlineData": {"mimeType": "image/png", "data": PNG_HEAD + "AAAA"}}


def sent(**fields: Any) -> dict[str, Any]:
    """Return the JSON that is sent, pictures left out."""
    body: dict[str, Any] = json.loads(msgspec.json.encode(draw(**fields).request).replace(b"\0", b""))
    return body


def refuse(**fields: Any) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        draw(**fields)
    return caught.value


def test_the_smallest_request() -> None:
    """A prompt alone becomes a user's turn that asks for text and picture and opts out of being kept."""
    assert sent(messages=[{"role": "user", "content": "a boat"}]) == {
        "contents": [{"role": "user", "parts": [{"text": "a boat"}]}],
        "generationConfig": {"responseModalities": ["TEXT", "IMAGE"]},
        "store": False,
    }


def test_the_documented_request() -> None:
    """Everything of the documented operation and a picture, in Gemini's own names."""
    body = sent(
        stream=True,
        messages=[
            {"role": "system", "content": "Be bold."},
            {
                "role": "user",
                "content": ["a boat", {"image_url": {"url": f"data:image/png;base64,{PNG_HEAD}"}}],
            },
        ],
        contents=[],
        seed=4,
        extra_body={
            "google": {
                "image_config": {"aspect_ratio": "16:9", "image_size": "2K"},
                "thinking_config": {"include_thoughts": True},
                "safety_settings": [{"category": "X", "threshold": "OFF"}],
            }
        },
    )
    assert body == {
        "contents": [
            {
                "role": "user",
                "parts": [{"text": "a boat"}, {"inlineData": {"mimeType": "image/png", "data": ""}}],
            }
        ],
        "generationConfig": {
            "responseModalities": ["TEXT", "IMAGE"],
            "imageConfig": {"aspectRatio": "16:9", "imageSize": "2K"},
            "thinkingConfig": {"includeThoughts": True},
            "seed": 4,
        },
        "systemInstruction": {"parts": [{"text": "Be bold."}]},
        "safetySettings": [{"category": "X", "threshold": "OFF"}],
        "store": False,
    }


def test_google_may_keep_requests_if_the_operator_says_so() -> None:
    """The opt-out is left away where the gateway is set so."""
    asked = to_record({"model": PRO, "messages": [{"content": "a"}]}, ChatCompletionRequest)
    settings = resolve_settings(
        asked, find(PRO), given=(), header_image_output=None, default_image_output="auto"
    )
    drawing = to_drawing(asked, find(PRO), settings, read_dialogue(asked, []), [], upstream_stores=True)
    assert "store" not in json.loads(msgspec.json.encode(drawing.request))


@pytest.mark.parametrize(
    "fields",
    [
        {"messages": []},
        {"messages": None},
        {"messages": [{"role": "system", "content": "a"}]},
        {"messages": [{"role": "user", "content": ""}]},
        {"messages": [{"role": "user"}], "contents": [{"parts": []}, {}]},
    ],
)
def test_nothing_to_draw_is_refused(fields: dict[str, Any]) -> None:
    """A request in which nobody says anything is refused."""
    error = refuse(**fields)
    assert (error.code, error.param) == ("missing_required_parameter", "messages")


def test_contents_count_where_messages_are_empty() -> None:
    """Gemini's form counts when only system messages have content; those always count."""
    body = sent(
        messages=[{"role": "system", "content": "s"}, {"role": "user", "content": ""}],
        contents=[{"role": "user", "parts": [{"text": "from contents"}]}],
    )
    assert body["contents"] == [{"role": "user", "parts": [{"text": "from contents"}]}]
    assert body["systemInstruction"] == {"parts": [{"text": "s"}]}


def test_blank_messages_do_not_hide_contents() -> None:
    """White space is drawn from if there is nothing else, and is nothing beside `contents`."""
    blank = [{"role": "user", "content": " \n"}]
    assert sent(messages=blank)["contents"][0]["parts"] == [{"text": " \n"}]
    body = sent(messages=blank, contents=[{"role": "user", "parts": [{"text": "a boat"}]}])
    assert body["contents"] == [{"role": "user", "parts": [{"text": "a boat"}]}]


def test_messages_count_where_both_say_something() -> None:
    """If the texts differ a notice says which counts; if not there is nothing to say."""
    messages = [{"role": "user", "content": "a boat"}]
    same = draw(messages=messages, contents=[{"parts": [{"text": "a boat"}]}])
    other = draw(messages=messages, contents=[{"parts": [{"text": "a car"}]}])
    assert same.notices == ()
    assert [notice.code for notice in other.notices] == ["contents_ignored"]
    assert other.request == same.request


def test_a_picture_in_contents_alone_is_a_conflict() -> None:
    """A picture that would silently not be drawn from is refused."""
    error = refuse(messages=[{"content": "a"}], contents=[{"parts": [PICTURE]}])
    assert (error.code, error.param) == ("conflicting_input", "contents")


def test_a_picture_in_both_is_no_conflict() -> None:
    """The same bytes in both places are the same picture; it is sent once."""
    uri = f"data:image/png;base64,{PICTURE['inlineData']['data']}"
    drawing = draw(messages=[{"content": [{"image_url": uri}]}], contents=[{"parts": [PICTURE]}])
    assert drawing.pictures == [0]


def test_pictures_are_named_in_the_order_they_are_sent() -> None:
    """The numbers say which string goes where, also when pictures moved."""
    one, two = f"data:;base64,{PNG_HEAD}1", f"data:;base64,{PNG_HEAD}2"
    drawing = draw(
        messages=[
            {"role": "user", "content": [{"image_url": one}]},
            {"role": "assistant", "content": f"![]({two})"},
            {"role": "user", "content": ["a", {"image_url": one}]},
        ]
    )
    assert drawing.pictures == [0, 1, 2]
    assert msgspec.json.encode(drawing.request).count(b"\0") == 3


def test_text_is_counted_in_bytes() -> None:
    """The estimate's text is all that is sent, system texts too, in UTF-8."""
    messages = [{"role": "system", "content": "é"}, {"role": "user", "content": "中"}, {"content": "abc"}]
    assert draw(messages=messages).text_bytes == 2 + 3 + 3


def test_what_was_asked_is_kept() -> None:
    """The drawing knows the model asked for by the name it was asked by."""
    drawing = draw("google/Nano-Banana-Pro")
    assert (drawing.asked_model, drawing.model.id) == ("google/Nano-Banana-Pro", PRO)


def test_translation_leaves_its_input_alone() -> None:
    """The same request translates to the same, twice."""
    asked = to_record({"model": PRO, "messages": [{"content": "a"}]}, ChatCompletionRequest)
    before = msgspec.json.encode(asked)
    settings = resolve_settings(
        asked, find(PRO), given=(), header_image_output=None, default_image_output="auto"
    )
    pictures: list[InputPicture] = []
    dialogue = read_dialogue(asked, pictures)
    first = to_drawing(asked, find(PRO), settings, dialogue, pictures, upstream_stores=False)
    assert to_drawing(asked, find(PRO), settings, dialogue, pictures, upstream_stores=False) == first
    assert msgspec.json.encode(asked) == before
