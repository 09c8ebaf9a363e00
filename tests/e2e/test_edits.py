"""Pictures that clients send back in: to be edited, in each of the forms they come in."""

import base64
import io
from typing import Any

import pytest
from PIL import Image

from asking import (
    PROMPT,
    ask_for_answer,
    ask_for_stream,
    chat,
    configure,
    digest,
    get_message,
    split_markdown,
)
from programs import Gateway, ListCalls

MODELS = ("nano-banana-2.1", "nano-banana-pro", "nano-banana-2", "nano-banana-2-lite", "nano-banana")


def make_picture(kind: str = "PNG", size: tuple[int, int] = (600, 400)) -> str:
    """Return a small picture as base64."""
    file = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(file, kind)
    return base64.b64encode(file.getvalue()).decode()


def show(*parts: dict[str, Any], text: str = f"paint {PROMPT} over it") -> list[dict[str, Any]]:
    return [{"role": "user", "content": [{"type": "text", "text": text}, *parts]}]


def check_edited(gateway: Gateway, asked: dict[str, Any], journal: ListCalls, pictures: int = 1) -> None:
    """Draw in both modes; the upstream must have seen so many pictures and changed one."""
    answer = ask_for_answer(gateway, asked)
    content = get_message(answer)["content"]
    text, ((_, picture),) = split_markdown(content)
    assert text.startswith("Here is your picture, changed as you asked")
    assert [call["settings"]["inputPictures"] for call in journal()] == [pictures]
    assert answer["usage"]["prompt_tokens_details"]["image_tokens"] > 0
    unedited = ask_for_answer(gateway, chat(f"paint {PROMPT} over it", model=asked["model"]))
    assert unedited["limner"]["images"][0]["sha256"] != digest(picture)
    assert digest(ask_for_stream(gateway, asked).content.encode()) == digest(content.encode())


@pytest.mark.parametrize("model", MODELS)
def test_a_picture_in_a_user_message(model: str, gateway: Gateway, journal: ListCalls) -> None:
    """A data URI in a user message is edited by every model."""
    part = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{make_picture()}"}}
    check_edited(gateway, chat(model=model, messages=show(part), extra_body={}), journal)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_the_type_is_what_the_bytes_say(kind: str, gateway: Gateway, journal: ListCalls) -> None:
    """The type that a data URI claims does not matter; PNG, JPEG and WebP all pass."""
    part = {"type": "image_url", "image_url": {"url": f"data:image/gif;base64,{make_picture(kind)}"}}
    check_edited(gateway, chat(messages=show(part)), journal)


@pytest.mark.parametrize(
    "part",
    [
        {"type": "input_image", "image_url": "URL"},
        {"type": "image_url", "image_url": "URL"},
        {"type": "file", "file": {"filename": "a.png", "file_data": "URL"}},
        {"type": "text", "text": "![a gradient](URL)"},
    ],
    ids=["input_image", "bare-url", "file", "markdown"],
)
def test_other_forms_of_a_part(part: dict[str, Any], gateway: Gateway, journal: ListCalls) -> None:
    """The other ways in which clients put a picture into a message work too."""
    url = f"data:image/png;base64,{make_picture()}"

    def fill(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: fill(inner) for key, inner in value.items()}
        return value.replace("URL", url) if isinstance(value, str) else value

    check_edited(gateway, chat(messages=show(fill(part))), journal)


@pytest.mark.parametrize(
    ("blob_name", "type_name"),
    [("inlineData", "mimeType"), ("inline_data", "mime_type")],
)
def test_a_bare_picture_in_contents(
    blob_name: str, type_name: str, gateway: Gateway, journal: ListCalls
) -> None:
    """Bare base64 in Gemini's form is edited when the messages say nothing."""
    blob = {"data": make_picture(), type_name: "image/png"}
    parts = [{"text": f"paint {PROMPT} over it"}, {blob_name: blob}]
    check_edited(gateway, chat(messages=[], contents=[{"role": "user", "parts": parts}]), journal)


def test_several_pictures_keep_their_order(gateway: Gateway, journal: ListCalls) -> None:
    """All pictures of a message reach the upstream; the first one's ratio is kept."""
    parts = [
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{make_picture(size=size)}"}}
        for size in ((300, 400), (400, 300), (100, 100))
    ]
    asked = chat(messages=show(*parts))
    answer = ask_for_answer(gateway, asked)
    assert journal()[0]["settings"]["inputPictures"] == 3
    (image,) = answer["limner"]["images"]
    assert (image["width"], image["height"]) == (448, 600)


@pytest.mark.parametrize("is_stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("model", MODELS)
def test_our_own_answer_comes_back(
    model: str, gateway: Gateway, journal: ListCalls, *, is_stream: bool
) -> None:
    """The Markdown answer sent back as the assistant's turn is edited on the next turn, by every model."""
    asked = chat(model=model, extra_body=configure(aspect_ratio="16:9"))
    if is_stream:
        content = ask_for_stream(gateway, asked).content
    else:
        content = get_message(ask_for_answer(gateway, asked))["content"]
    _, ((_, first),) = split_markdown(content)
    messages = [
        *asked["messages"],
        {"role": "assistant", "content": content},
        {"role": "user", "content": "now by night"},
    ]
    answer = ask_for_answer(gateway, chat(model=model, messages=messages, extra_body={}))
    text, ((_, second),) = split_markdown(get_message(answer)["content"])
    assert text.startswith("Here is your picture, changed as you asked: now by night")
    assert digest(second) != digest(first)
    with Image.open(io.BytesIO(first)) as before, Image.open(io.BytesIO(second)) as after:
        assert after.size == before.size
    assert [call["settings"]["inputPictures"] for call in journal()] == [0, 1]
    assert [call["status"] for call in journal()] == [200, 200]
    assert journal()[1]["prompt"] == "now by night"


def test_base64_never_reaches_the_model_as_text(gateway: Gateway, journal: ListCalls) -> None:
    """A picture in the middle of text leaves no base64 behind in what the model reads."""
    text = f"before ![x](data:image/png;base64,{make_picture()}) after"
    answer = ask_for_answer(gateway, chat(text))
    assert journal()[0]["prompt"] == "before \n after"
    assert answer["usage"]["prompt_tokens_details"]["text_tokens"] < 20
