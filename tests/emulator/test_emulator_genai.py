"""Google's own client takes the emulator for Google: this verifies the stand-in."""

import io
from collections.abc import Iterator

import pytest
from calling import FLASH, OLD
from google import genai
from google.genai import errors, types
from PIL import Image

from programs import Emulator

CONFIG = types.GenerateContentConfig(
    response_modalities=["TEXT", "IMAGE"],
    image_config=types.ImageConfig(aspect_ratio="16:9", image_size="512"),
)


@pytest.fixture
def client(emulator: Emulator, _no_proxy: None) -> Iterator[genai.Client]:
    """The official client, asking once."""
    options = types.HttpOptions(base_url=emulator.url, retry_options=types.HttpRetryOptions(attempts=1))
    client = genai.Client(api_key="key", http_options=options)
    yield client
    client.close()


def list_pictures(response: types.GenerateContentResponse) -> list[bytes]:
    found = [part.inline_data.data for part in response.parts or [] if part.inline_data]
    return [data for data in found if data]


def test_generate_gives_text_picture_and_usage(client: genai.Client) -> None:
    """One call gives text and a picture of 688x384 with its tokens."""
    response = client.models.generate_content(model=FLASH, contents="a red fox", config=CONFIG)
    (data,) = list_pictures(response)
    assert Image.open(io.BytesIO(data)).size == (688, 384)
    assert "a red fox" in (response.text or "")
    assert response.usage_metadata is not None
    details = response.usage_metadata.candidates_tokens_details or []
    assert [(detail.modality, detail.token_count) for detail in details] == [(types.MediaModality.IMAGE, 747)]


def test_stream_gives_the_same_picture(client: genai.Client) -> None:
    """Streamed, the text comes in several chunks and the picture is the one of the plain call."""
    plain = client.models.generate_content(model=FLASH, contents="a red fox", config=CONFIG)
    chunks = list(client.models.generate_content_stream(model=FLASH, contents="a red fox", config=CONFIG))
    assert [data for chunk in chunks for data in list_pictures(chunk)] == list_pictures(plain)
    assert len([chunk for chunk in chunks if chunk.text]) > 1
    assert (chunks[-1].candidates or [])[0].finish_reason == types.FinishReason.STOP


def test_a_chat_goes_over_three_turns(client: genai.Client) -> None:
    """The client's chat sends signatures back by itself, and every turn is answered with another picture."""
    chat = client.chats.create(model=FLASH, config=CONFIG)
    drawn = [list_pictures(chat.send_message(text))[0] for text in ("a red fox", "make it blue", "mirror it")]
    assert len(set(drawn)) == 3


def test_a_bad_ratio_raises_the_clients_error(client: genai.Client) -> None:
    """A ratio the model has not raises ClientError with code, status and text."""
    config = types.GenerateContentConfig(image_config=types.ImageConfig(aspect_ratio="1:8"))
    with pytest.raises(errors.ClientError) as caught:
        client.models.generate_content(model=OLD, contents="a fox", config=config)
    error = caught.value
    expected = (400, "INVALID_ARGUMENT", "Aspect ratio 1:8 is not supported for this model")
    assert (error.code, error.status, error.message) == expected


@pytest.mark.parametrize("form", ["", "=data"])
def test_an_error_in_mid_stream_raises(client: genai.Client, form: str) -> None:
    """Both forms of an error in the middle of a stream raise after the first chunks."""
    chunks: list[types.GenerateContentResponse] = []
    prompt = f"a fox [[error-midstream{form}]]"
    with pytest.raises(errors.APIError) as caught:
        chunks.extend(client.models.generate_content_stream(model=FLASH, contents=prompt, config=CONFIG))
    assert caught.value.code == 499


def test_models_are_listed(client: genai.Client) -> None:
    """The client finds all six models and what they can do."""
    models = {model.name: model for model in client.models.list(config={"page_size": 4})}
    assert len(models) == 6
    assert "generateContent" in (models[f"models/{FLASH}"].supported_actions or [])


def test_tokens_can_be_counted(client: genai.Client) -> None:
    """The client's count of tokens works."""
    assert client.models.count_tokens(model=FLASH, contents="a" * 40).total_tokens == 10
