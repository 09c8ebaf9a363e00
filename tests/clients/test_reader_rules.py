"""Where a client's rules bite: what docs/clients.md warns of, and what the gateway does about it."""

from contextlib import ExitStack
from typing import Any

import msgspec
import pytest
from aiohttp.http_exceptions import LineTooLong
from cherry_studio import read_chunks
from client import Client, OpenGateway, converse_by
from nextchat import asking, read_answer
from open_webui import CONVERSE_OPEN_WEBUI, say_with_long_lines
from recorder import Recorder
from roster import CLIENTS
from shown import Shown, show_markdown
from test_draw_edit_edit import MODELS, check_edits

from asking import PROMPT
from programs import Gateway

MODEL = "gemini-3.1-flash-image"


@pytest.mark.parametrize(
    ("name", "image_output"),
    [
        ("ai-sdk", "images"),
        ("ai-sdk-stream", "images"),
        ("langchain-python", "images"),
        ("langchain-python-stream", "images"),
        ("langchain-node-stream", "images"),
        ("librechat", "images"),
        ("librechat", "markdown"),
        ("llm", "images"),
        ("nextchat", "images"),
    ],
)
def test_a_setting_that_is_not_the_recipes(name: str, image_output: str, open_gateway: OpenGateway) -> None:
    """With an output that it does not read, a client shows the text and no picture, as its recipe warns."""
    (turn,) = CLIENTS[name].converse(
        open_gateway(image_output), MODEL, [f"{PROMPT} for {name} by {image_output}"]
    )
    assert turn.text.startswith("Here is the picture you asked for")
    assert turn.pictures == ()


def test_an_image_is_a_line_too_long_for_open_webui(open_gateway: OpenGateway) -> None:
    """Versions that read lines of 128 KiB cannot be given `images`; their recipe names `url`."""
    with pytest.raises(LineTooLong):
        CONVERSE_OPEN_WEBUI(open_gateway("images"), MODEL, [f"{PROMPT} in a line"])


@pytest.mark.parametrize("model", MODELS)
def test_a_turn_that_open_webui_drops(model: str, open_gateway: OpenGateway, recorder: Recorder) -> None:
    """Where an answer's text is blank its turn is dropped, and user follows user; each edit is of the last picture."""

    def say(gateway: Gateway, asked_model: str, messages: list[Any]) -> tuple[Shown, Any]:
        shown, kept = say_with_long_lines(gateway, asked_model, messages)
        return shown, {**kept, "content": " "}

    prompts = [f"{PROMPT} without words by {model}", "make it brighter", "now mirror it"]
    client = Client("images", converse_by(say))
    client.converse(open_gateway("images"), model, prompts)
    drawn, edited, again = recorder.exchanges
    check_edits(client, edited, drawn.answered, prompts[1])
    check_edits(client, again, edited.answered, prompts[2])


def test_an_entry_without_its_type_fails_cherry_studio() -> None:
    """The schema that the table's chunks fit does refuse: the literal type is what it looks for."""
    entry = {"image_url": {"url": "data:image/png;base64,AAAA"}}
    chunk = {"choices": [{"delta": {"images": [entry]}}]}
    with pytest.raises(msgspec.ValidationError):
        read_chunks([chunk])
    assert read_chunks([{"choices": [{"delta": {"images": [{"type": "image_url", **entry}]}}]}])[1]


@pytest.mark.real_time
def test_headers_come_before_the_picture(open_gateway: OpenGateway, recorder: Recorder) -> None:
    """While Gemini has not said a word, NextChat has the headers it waits 60 s for, and the picture comes after them."""
    messages = [{"role": "user", "content": f"{PROMPT} that takes long"}]
    with ExitStack() as stack:
        with recorder.holding():
            response = stack.enter_context(asking(open_gateway("url"), MODEL, messages))
            assert response.headers["Content-Type"].startswith("text/event-stream")
            assert recorder.exchanges == []
        content = read_answer(response)
    assert list(show_markdown(content).pictures) == recorder.exchanges[0].answered.pictures
