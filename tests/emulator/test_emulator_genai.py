"""Google's own client takes the emulator for Google, call by call: this verifies the stand-in."""

import asyncio
import io
from collections.abc import Iterator
from typing import Any

import pytest
from calling import FLASH, LITE, NEW, OLD, PRO
from google import genai
from google.genai import errors, types
from google.oauth2.credentials import Credentials
from PIL import Image

from limner.emulator.drawing import Sketch, draw_picture
from programs import Emulator

pytestmark = pytest.mark.usefixtures("_no_proxy")

CONFIG = types.GenerateContentConfig(
    response_modalities=["TEXT", "IMAGE"],
    image_config=types.ImageConfig(aspect_ratio="16:9", image_size="512"),
)


def make_options(emulator: Emulator, **options: Any) -> types.HttpOptions:
    """Ask the emulator, once."""
    retry = types.HttpRetryOptions(attempts=1)
    return types.HttpOptions(base_url=emulator.url, retry_options=retry, **options)


@pytest.fixture(scope="module")
def client(emulator: Emulator, _no_proxy: None) -> Iterator[genai.Client]:
    """The official client with its default version of the API."""
    client = genai.Client(api_key="key", http_options=make_options(emulator))
    yield client
    client.close()


@pytest.fixture(scope="module")
def vertex(emulator: Emulator, _no_proxy: None) -> Iterator[genai.Client]:
    """The official client for Vertex AI, with a project and a token."""
    client = genai.Client(
        vertexai=True,
        project="p",
        location="global",
        credentials=Credentials(token="token"),  # type: ignore[no-untyped-call]
        http_options=make_options(emulator),
    )
    yield client
    client.close()


def list_pictures(response: types.GenerateContentResponse) -> list[bytes]:
    found = [part.inline_data.data for part in response.parts or [] if part.inline_data]
    return [data for data in found if data]


def size_of(data: bytes) -> tuple[int, int]:
    return Image.open(io.BytesIO(data)).size


def test_generate_gives_text_picture_and_usage(client: genai.Client) -> None:
    """One call gives text and a picture of 688x384 with its tokens."""
    response = client.models.generate_content(model=FLASH, contents="a red fox", config=CONFIG)
    (data,) = list_pictures(response)
    assert size_of(data) == (688, 384)
    assert "a red fox" in (response.text or "")
    assert response.model_version == FLASH
    assert response.usage_metadata is not None
    details = response.usage_metadata.candidates_tokens_details or []
    assert [(detail.modality, detail.token_count) for detail in details] == [(types.MediaModality.IMAGE, 747)]


@pytest.mark.parametrize("version", ["v1", "v1beta"])
@pytest.mark.parametrize(
    ("model", "pixels"),
    [
        (OLD, (1024, 1024)),
        (LITE, (1024, 1024)),
        (PRO, (1024, 1024)),
        (NEW, (1024, 1024)),
        ("nano-banana-pro-preview", (1024, 1024)),
    ],
)
def test_every_model_draws_under_both_versions(
    emulator: Emulator, version: str, model: str, pixels: tuple[int, int]
) -> None:
    """Each model answers under /v1 and /v1beta with one picture the client can show."""
    config = types.GenerateContentConfig(image_config=types.ImageConfig(aspect_ratio="1:1"))
    with genai.Client(api_key="key", http_options=make_options(emulator, api_version=version)) as client:
        response = client.models.generate_content(model=model, contents="a red fox", config=config)
    (picture,) = [part.as_image() for part in response.parts or [] if part.inline_data]
    assert picture is not None
    assert picture.image_bytes is not None
    assert size_of(picture.image_bytes) == pixels


def test_stream_gives_the_same_picture(client: genai.Client) -> None:
    """Streamed, the text comes in several chunks and the picture is the one of the plain call."""
    plain = client.models.generate_content(model=FLASH, contents="a red fox", config=CONFIG)
    chunks = list(client.models.generate_content_stream(model=FLASH, contents="a red fox", config=CONFIG))
    assert [data for chunk in chunks for data in list_pictures(chunk)] == list_pictures(plain)
    assert "".join(chunk.text or "" for chunk in chunks) == plain.text
    assert len([chunk for chunk in chunks if chunk.text]) > 1
    assert (chunks[-1].candidates or [])[0].finish_reason == types.FinishReason.STOP


def test_a_large_picture_streams_in_one_chunk(client: genai.Client) -> None:
    """A picture whose event is over a megabyte arrives whole."""
    config = types.GenerateContentConfig(
        response_modalities=["IMAGE"], image_config=types.ImageConfig(aspect_ratio="1:1", image_size="2K")
    )
    chunks = client.models.generate_content_stream(
        model=FLASH, contents="a red fox [[signature=1500KB]]", config=config
    )
    assert [size_of(data) for chunk in chunks for data in list_pictures(chunk)] == [(2048, 2048)]


@pytest.mark.parametrize("model", [FLASH, PRO, OLD])
def test_a_chat_goes_over_three_turns(client: genai.Client, emulator: Emulator, model: str) -> None:
    """The client's chat sends signatures back by itself, and every turn is answered with another picture."""
    config = CONFIG if model == FLASH else types.GenerateContentConfig()
    emulator.forget_calls()
    chat = client.chats.create(model=model, config=config)
    drawn = [list_pictures(chat.send_message(text))[0] for text in ("a red fox", "make it blue", "mirror it")]
    assert len(set(drawn)) == 3
    # Each answer of Gemini 3 has a signed text and a signed picture; 2.5 signs nothing.
    assert [call["signatures"] for call in emulator.list_calls()] == ([0] * 3 if model == OLD else [0, 2, 4])


def test_a_streamed_chat_goes_over_three_turns(client: genai.Client, emulator: Emulator) -> None:
    """Joined from its chunks the history still holds the signatures the next turn needs."""
    emulator.forget_calls()
    chat = client.chats.create(model=FLASH, config=CONFIG)
    for text in ("a red fox", "make it blue", "mirror it"):
        chunks = list(chat.send_message_stream(text))
        assert len([data for chunk in chunks for data in list_pictures(chunk)]) == 1
    assert [call["status"] for call in emulator.list_calls()] == [200] * 3


def test_an_edit_changes_the_picture_sent(client: genai.Client) -> None:
    """A picture sent along comes back changed, at its own ratio."""
    source = draw_picture(Sketch(prompt="a grey cat in the snow", width=600, height=448))
    picture = types.Part.from_bytes(data=source, mime_type="image/jpeg")
    config = types.GenerateContentConfig(image_config=types.ImageConfig(image_size="512"))
    contents: list[Any] = [picture, "make it red"]
    response = client.models.generate_content(model=FLASH, contents=contents, config=config)
    (data,) = list_pictures(response)
    before, after = (Image.open(io.BytesIO(file)).convert("RGB").resize((1, 1)) for file in (source, data))
    red_before, _, blue_before = before.getpixel((0, 0))  # type: ignore[misc] # an RGB picture's pixel
    red_after, _, blue_after = after.getpixel((0, 0))  # type: ignore[misc] # an RGB picture's pixel
    assert size_of(data) == (600, 448)
    assert red_after - blue_after > red_before - blue_before + 30


def test_a_pillow_picture_can_be_sent(client: genai.Client) -> None:
    """The client's own way to send a Pillow picture works."""
    contents: list[Any] = [Image.new("RGB", (64, 64), "teal"), "add a moon"]
    response = client.models.generate_content(model=FLASH, contents=contents, config=CONFIG)
    assert len(list_pictures(response)) == 1


def test_thoughts_and_thought_pictures_are_told_apart(client: genai.Client) -> None:
    """Thought text and thought pictures come marked before the answer."""
    config = CONFIG.model_copy(update={"thinking_config": types.ThinkingConfig(include_thoughts=True)})
    response = client.models.generate_content(model=FLASH, contents="a red fox [[thoughts=2]]", config=config)
    kinds = [(bool(part.thought), bool(part.inline_data)) for part in response.parts or []]
    assert kinds == [(True, False), (True, True), (True, True), (False, False), (False, True)]


def test_models_are_listed(client: genai.Client) -> None:
    """The client finds all models page by page and what they can do, and one by its name."""
    models = {model.name: model for model in client.models.list(config={"page_size": 4})}
    assert len(models) == 15
    assert "generateContent" in (models[f"models/{FLASH}"].supported_actions or [])
    assert client.models.get(model=PRO).display_name == "Nano Banana Pro"


def test_tokens_can_be_counted(client: genai.Client) -> None:
    """The client's count of tokens works."""
    assert client.models.count_tokens(model=FLASH, contents="a" * 40).total_tokens == 10


@pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")
def test_the_async_client_does_the_same(emulator: Emulator) -> None:
    """Generate, stream, chat, list and count with the client's asynchronous half."""

    async def use_client() -> tuple[Any, ...]:
        options = make_options(emulator)
        async with genai.Client(api_key="key", http_options=options).aio as client:
            plain = await client.models.generate_content(model=FLASH, contents="a red fox", config=CONFIG)
            stream = await client.models.generate_content_stream(
                model=FLASH, contents="a red fox", config=CONFIG
            )
            streamed = [data async for chunk in stream for data in list_pictures(chunk)]
            chat = client.chats.create(model=FLASH, config=CONFIG)
            drawn = [list_pictures(await chat.send_message(text))[0] for text in ("a fox", "blue", "mirror")]
            names = [model.name async for model in await client.models.list()]
            count = await client.models.count_tokens(model=FLASH, contents="a" * 40)
            return list_pictures(plain), streamed, len(set(drawn)), len(names), count.total_tokens

    plain, streamed, drawn, names, tokens = asyncio.run(use_client())
    assert streamed == plain
    assert (drawn, names, tokens) == (3, 15, 10)


def test_vertex_is_asked_with_a_token(vertex: genai.Client, emulator: Emulator) -> None:
    """Vertex AI's paths give PNG, or JPEG where asked, to the same client; they demand no signatures."""
    emulator.forget_calls()
    config = types.GenerateContentConfig(image_config=types.ImageConfig(aspect_ratio="1:1", image_size="512"))
    jpeg = types.GenerateContentConfig(
        image_config=types.ImageConfig(
            aspect_ratio="1:1",
            image_size="512",
            output_mime_type="image/jpeg",
            output_compression_quality=70,
            person_generation="ALLOW_ADULT",
        )
    )
    drawn = [
        list_pictures(vertex.models.generate_content(model=FLASH, contents="a red fox", config=asked))[0]
        for asked in (config, jpeg)
    ]
    counted = vertex.models.count_tokens(model=FLASH, contents="a" * 40)
    assert [Image.open(io.BytesIO(data)).format for data in drawn] == ["PNG", "JPEG"]
    assert counted.total_tokens == 10
    chunks = vertex.models.generate_content_stream(model=FLASH, contents="a red fox", config=config)
    assert [data for chunk in chunks for data in list_pictures(chunk)] == drawn[:1]


def test_vertex_in_express_mode_is_asked_with_a_key(emulator: Emulator) -> None:
    """Without a project the client sends its key and a path without a place."""
    options = make_options(emulator)
    with genai.Client(vertexai=True, api_key="key", http_options=options) as client:
        response = client.models.generate_content(model=FLASH, contents="a red fox", config=CONFIG)
    assert len(list_pictures(response)) == 1


def test_vertex_refuses_a_token_that_is_none(emulator: Emulator) -> None:
    """A client whose token is refused gets the exception for it."""
    client = genai.Client(
        vertexai=True,
        project="p",
        location="global",
        credentials=Credentials(token="invalid"),  # type: ignore[no-untyped-call]
        http_options=make_options(emulator),
    )
    with client, pytest.raises(errors.ClientError) as caught:
        client.models.generate_content(model=FLASH, contents="a red fox", config=CONFIG)
    assert (caught.value.code, caught.value.status) == (401, "UNAUTHENTICATED")
