"""A picture of the user's own, put into the first turn as each client puts it, and edited over three turns."""

import base64
import hashlib
import io

import pytest
from client import OpenGateway
from PIL import Image
from recorder import Recorder
from roster import CLIENTS
from test_draw_edit_edit import check_edits

from asking import PROMPT

MODEL = "gemini-3-pro-image"
UPLOADERS = (
    "openai-python-link",
    "openai-python-message",
    "langchain-python-stream",
    "litellm",
    "open-webui-markdown",
    "open-webui-url",
    "open-webui-images",
    "lobechat-images",
    "lobechat-url",
    "cherry-studio",
    "librechat",
)


@pytest.mark.parametrize("name", UPLOADERS)
def test_an_uploaded_picture_is_edited_on_and_on(
    name: str, open_gateway: OpenGateway, recorder: Recorder
) -> None:
    """The first turn edits the upload, the second that edit, the third the second, whatever goes back in between."""
    client = CLIENTS[name]
    file = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(file, "PNG")
    url = f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
    upload = [
        {"type": "text", "text": f"paint {PROMPT} over it, for {name}"},
        {"type": "image_url", "image_url": {"url": url}},
    ]
    turns = client.converse(
        open_gateway(client.image_output), MODEL, [upload, "make it brighter", "now mirror it"]
    )
    first, second, third = recorder.exchanges
    assert first.asked[-1].pictures == [hashlib.sha256(file.getvalue()).hexdigest()]
    check_edits(client, second, first.answered, "make it brighter")
    check_edits(client, third, second.answered, "now mirror it")
    assert third.asked[0] == first.asked[0]
    assert [list(turn.pictures) for turn in turns] == [
        exchange.answered.pictures for exchange in recorder.exchanges
    ]
