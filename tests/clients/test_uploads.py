"""Pictures that come back otherwise than Limner sent them: the user's own, and answers that a UI keeps elsewhere."""

import base64
import hashlib
import io

import pytest
from client import Client, OpenGateway, converse_by
from lobechat import running_bucket, say_with_uploads
from PIL import Image
from recorder import Recorder
from roster import CLIENTS
from test_draw_edit_edit import check_edits

from asking import PROMPT
from programs import StartGateway

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


def test_answers_kept_elsewhere_are_known_by_their_bytes(
    start_gateway: StartGateway, recorder: Recorder
) -> None:
    """LobeChat with a store of its own sends links to it; what is fetched from there gets its signatures again."""
    gateway = start_gateway(
        recorder.url,
        LIMNER_IMAGE_OUTPUT="images",
        LIMNER_FETCH_SCHEMES="https,http",
        LIMNER_FETCH_ALLOW_HOSTS="127.0.0.1",
    )
    prompts = [f"{PROMPT} in a bucket", "make it brighter", "now mirror it"]
    with running_bucket() as upload:
        say = say_with_uploads(upload)
        # Without the first turn the conversation is unknown, and only the bytes are left.
        client = Client("images", converse_by(lambda to, model, messages: say(to, model, messages[-3:])))
        client.converse(gateway, MODEL, prompts)
    drawn, edited, again = recorder.exchanges
    check_edits(client, edited, drawn.answered, prompts[1])
    check_edits(client, again, edited.answered, prompts[2])
