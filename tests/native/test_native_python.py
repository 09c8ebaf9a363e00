"""Google's own Python client draws through the gateway, unchanged but for address, key and model."""

from collections.abc import Iterator

import anyio
import pytest
from google import genai
from google.genai import errors, types

from asking import PROMPT, digest, draw_directly
from native import MODEL
from programs import CLIENT_KEY, Emulator, Gateway, ListCalls

CONFIG = types.GenerateContentConfig(image_config=types.ImageConfig(aspect_ratio="1:1", image_size="512"))


@pytest.fixture(scope="module")
def client(gateway: Gateway) -> Iterator[genai.Client]:
    """The client as a user would make it."""
    with genai.Client(api_key=CLIENT_KEY, http_options=types.HttpOptions(base_url=gateway.url)) as client:
        yield client


def list_pictures(*answers: types.GenerateContentResponse) -> list[str]:
    """Return the digests of all pictures."""
    parts = [part for answer in answers for part in answer.parts or ()]
    return [
        digest(part.inline_data.data)
        for part in parts
        if part.inline_data and part.inline_data.data is not None
    ]


@pytest.fixture
def expected(emulator: Emulator) -> list[str]:
    """The picture that the emulator itself answers with."""
    return [digest(draw_directly(emulator, MODEL, aspectRatio="1:1", imageSize="512"))]


def test_a_whole_answer(client: genai.Client, expected: list[str]) -> None:
    """The picture is Gemini's, and what stands around it too."""
    answer = client.models.generate_content(model=MODEL, contents=PROMPT, config=CONFIG)
    assert list_pictures(answer) == expected
    assert answer.model_version == MODEL
    assert answer.usage_metadata is not None
    assert answer.usage_metadata.candidates_token_count is not None
    assert answer.candidates is not None
    assert answer.candidates[0].finish_reason is types.FinishReason.STOP


def test_a_stream(client: genai.Client, expected: list[str]) -> None:
    """The events are those of Gemini's stream, the last with the reason why it ends."""
    events = list(client.models.generate_content_stream(model=MODEL, contents=PROMPT, config=CONFIG))
    assert list_pictures(*events) == expected
    assert len(events) > 2
    last = events[-1].candidates
    assert last is not None
    assert last[0].finish_reason is types.FinishReason.STOP


@pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")
def test_without_blocking(gateway: Gateway, expected: list[str]) -> None:
    """The asynchronous client gets the same, whole and as a stream."""

    async def draw() -> tuple[list[str], list[str]]:
        options = types.HttpOptions(base_url=gateway.url)
        async with genai.Client(api_key=CLIENT_KEY, http_options=options).aio as client:
            whole = await client.models.generate_content(model=MODEL, contents=PROMPT, config=CONFIG)
            stream = await client.models.generate_content_stream(model=MODEL, contents=PROMPT, config=CONFIG)
            return list_pictures(whole), list_pictures(*[event async for event in stream])

    assert anyio.run(draw) == (expected, expected)


@pytest.mark.parametrize("is_stream", [False, True], ids=["plain", "stream"])
def test_an_edit_in_a_chat(client: genai.Client, journal: ListCalls, *, is_stream: bool) -> None:
    """On later turns the client sends pictures and signatures back, and Gemini takes them for its own."""
    chat = client.chats.create(model=MODEL, config=CONFIG)
    drawn: list[list[str]] = []
    for words in (PROMPT, "make it blue", "brighter"):
        if is_stream:
            drawn.append(list_pictures(*chat.send_message_stream(words)))
        else:
            drawn.append(list_pictures(chat.send_message(words)))
    assert [len(pictures) for pictures in drawn] == [1, 1, 1]
    assert len({picture for pictures in drawn for picture in pictures}) == 3
    first, second, third = journal()
    assert first["signatures"] == 0
    assert 0 < second["signatures"] < third["signatures"]
    assert [entry["status"] for entry in (first, second, third)] == [200, 200, 200]


def test_lists_counts_and_single_models(client: genai.Client) -> None:
    """The client lists what there is, shows one model and counts tokens."""
    names = [model.name for model in client.models.list()]
    assert f"models/{MODEL}" in names
    assert [model.name for model in client.models.list(config={"page_size": 2})] == names
    shown = client.models.get(model=MODEL)
    assert (shown.name, shown.input_token_limit) == (f"models/{MODEL}", 65536)
    counted = client.models.count_tokens(model=MODEL, contents="a lighthouse at sunset")
    assert counted.total_tokens


def test_errors_are_the_clients_own(client: genai.Client, journal: ListCalls) -> None:
    """What is refused raises what Google's refusals raise, and reaches nobody."""
    wrong = types.GenerateContentConfig(image_config=types.ImageConfig(aspect_ratio="7:5"))
    with pytest.raises(errors.ClientError, match="aspect_ratio must be one of") as refused:
        client.models.generate_content(model=MODEL, contents=PROMPT, config=wrong)
    assert (refused.value.code, refused.value.status) == (400, "INVALID_ARGUMENT")
    with pytest.raises(errors.ClientError) as unknown:
        client.models.generate_content(model="gemini-nothing", contents=PROMPT)
    assert (unknown.value.code, unknown.value.status) == (404, "NOT_FOUND")
    assert journal() == []


def test_a_stream_that_breaks_raises(client: genai.Client) -> None:
    """What goes wrong after the first event raises in the client."""
    stream = client.models.generate_content_stream(
        model=MODEL, contents=f"{PROMPT} [[error-midstream]]", config=CONFIG
    )
    with pytest.raises(errors.APIError):
        list(stream)
