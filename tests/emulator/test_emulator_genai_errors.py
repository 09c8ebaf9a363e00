"""Every error of the emulator is the exception Google's own client makes of Google's, with code, status and text."""

import asyncio
from collections.abc import Iterator

import pytest
from calling import FLASH, LITE, NEW, OLD, PRO
from google import genai
from google.genai import errors, types

from limner.emulator.scripted import NAMED_ERRORS
from programs import Emulator

pytestmark = pytest.mark.usefixtures("_no_proxy")

CONFIG = types.GenerateContentConfig(
    response_modalities=["TEXT", "IMAGE"],
    image_config=types.ImageConfig(aspect_ratio="16:9", image_size="512"),
)
STATUSES = (400, 401, 403, 404, 413, 429, 499, 500, 502, 503, 504)


@pytest.fixture(scope="module")
def client(emulator: Emulator, _no_proxy: None) -> Iterator[genai.Client]:
    """The official client, asking once."""
    options = types.HttpOptions(base_url=emulator.url, retry_options=types.HttpRetryOptions(attempts=1))
    client = genai.Client(api_key="key", http_options=options)
    yield client
    client.close()


def generate(
    client: genai.Client, prompt: str, *, stream: bool = False
) -> list[types.GenerateContentResponse]:
    if stream:
        return list(client.models.generate_content_stream(model=FLASH, contents=prompt, config=CONFIG))
    return [client.models.generate_content(model=FLASH, contents=prompt, config=CONFIG)]


def catch(client: genai.Client, prompt: str, *, stream: bool = False) -> errors.APIError:
    """The exception a prompt with a directive raises."""
    with pytest.raises(errors.APIError) as caught:
        generate(client, prompt, stream=stream)
    return caught.value


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", NAMED_ERRORS)
def test_a_named_error_is_the_clients_exception(client: genai.Client, name: str, stream: bool) -> None:
    """ClientError up to 499 and ServerError from 500, with Google's code, word, text and details."""
    expected = NAMED_ERRORS[name](FLASH)
    error = catch(client, f"a fox [[error={name}]]", stream=stream)
    assert type(error) is (errors.ClientError if expected.code < 500 else errors.ServerError)
    assert (error.code, error.status, error.message) == (expected.code, expected.status, expected.message)
    assert error.details["error"].get("details") == expected.details


@pytest.mark.parametrize("status", STATUSES)
def test_a_status_is_the_clients_exception(client: genai.Client, status: int) -> None:
    """Every status raises, with its code, also where a page stands in place of JSON."""
    error = catch(client, f"a fox [[status={status}]]")
    assert type(error) is (errors.ClientError if status < 500 else errors.ServerError)
    assert error.code == status


@pytest.mark.parametrize(
    ("model", "config", "message"),
    [
        (OLD, {"aspect_ratio": "1:8"}, "Aspect ratio 1:8 is not supported for this model"),
        (PRO, {"image_size": "512"}, "Image size 512 is not supported for this model"),
        (NEW, {"image_size": "512"}, "Image size 512 is not supported for this model"),
        (LITE, {"image_size": "2K"}, "Image size 2K is not supported for this model"),
        (
            FLASH,
            {"image_size": "8K"},
            "Unsupported image_size '8K'. Supported values are: 1K, 2K, 4K, 512, 512P, 512PX.",
        ),
    ],
)
def test_a_bad_setting_raises_with_googles_text(
    client: genai.Client, model: str, config: dict[str, str], message: str
) -> None:
    """What a model has not is a ClientError with the text."""
    asked = types.GenerateContentConfig(image_config=types.ImageConfig.model_validate(config))
    with pytest.raises(errors.ClientError) as caught:
        client.models.generate_content(model=model, contents="a fox", config=asked)
    assert (caught.value.code, caught.value.status, caught.value.message) == (
        400,
        "INVALID_ARGUMENT",
        message,
    )


def test_an_unknown_model_raises(client: genai.Client) -> None:
    """A model there is not raises ClientError 404 for all that can be asked of it."""
    codes = []
    for ask in (
        lambda: client.models.generate_content(model="gemini-9", contents="a fox"),
        lambda: client.models.count_tokens(model="gemini-9", contents="a fox"),
        lambda: client.models.get(model="gemini-9"),
    ):
        with pytest.raises(errors.ClientError) as caught:
            ask()
        codes.append((caught.value.code, caught.value.status))
    assert codes == [(404, "NOT_FOUND")] * 3


def test_a_bad_key_raises(emulator: Emulator) -> None:
    """The key `invalid` raises ClientError 400 with the reason in its details."""
    options = types.HttpOptions(base_url=emulator.url)
    with (
        genai.Client(api_key="invalid", http_options=options) as client,
        pytest.raises(errors.ClientError) as caught,
    ):
        list(client.models.list())
    assert caught.value.code == 400
    assert caught.value.details["error"]["details"][0]["reason"] == "API_KEY_INVALID"


def test_a_picture_without_its_signature_raises(client: genai.Client) -> None:
    """A history whose picture lost its signature is refused with the picture's place."""
    drawn = client.models.generate_content(model=FLASH, contents="a red fox", config=CONFIG)
    parts = [part.model_copy(update={"thought_signature": None}) for part in drawn.parts or []]
    history: list[types.Content] = [
        types.UserContent("a red fox"),
        types.ModelContent(parts),
        types.UserContent("make it blue"),
    ]
    with pytest.raises(errors.ClientError) as caught:
        client.models.generate_content(model=FLASH, contents=history, config=CONFIG)
    text = "Image part is missing a thought_signature in content position 2, part position 2."
    assert caught.value.message == text


@pytest.mark.parametrize("form", ["", "=data"])
def test_an_error_in_mid_stream_raises(client: genai.Client, form: str) -> None:
    """Both forms of an error in the middle of a stream raise after the first chunks."""
    prompt = f"a fox [[error-midstream{form}]]"
    chunks = client.models.generate_content_stream(model=FLASH, contents=prompt, config=CONFIG)
    assert next(chunks).text
    with pytest.raises(errors.APIError) as caught:
        list(chunks)
    assert caught.value.code == 499


@pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")
def test_the_async_client_raises_the_same(emulator: Emulator) -> None:
    """A scripted error is the same exception in the client's asynchronous half, streaming or not."""

    async def use_client() -> list[errors.APIError | object]:
        options = types.HttpOptions(base_url=emulator.url, retry_options=types.HttpRetryOptions(attempts=1))
        async with genai.Client(api_key="key", http_options=options).aio as client:

            async def ask(prompt: str) -> None:
                await client.models.generate_content(model=FLASH, contents=prompt, config=CONFIG)

            async def stream(prompt: str) -> None:
                chunks = await client.models.generate_content_stream(
                    model=FLASH, contents=prompt, config=CONFIG
                )
                async for _ in chunks:
                    pass

            calls = (
                ask("a fox [[error=overloaded]]"),
                ask("a fox [[error=region]]"),
                stream("[[error-midstream]]"),
            )
            return list(await asyncio.gather(*calls, return_exceptions=True))

    found = asyncio.run(use_client())
    assert [(error.code, error.status) for error in found if isinstance(error, errors.APIError)] == [
        (503, "UNAVAILABLE"),
        (400, "FAILED_PRECONDITION"),
        (499, "CANCELLED"),
    ]


def test_the_client_repeats_what_may_be_repeated(emulator: Emulator) -> None:
    """Two failures in a row are survived by the client's own retries."""
    retry = types.HttpRetryOptions(attempts=3, initial_delay=0.01, max_delay=0.02)
    options = types.HttpOptions(base_url=emulator.url, retry_options=retry)
    emulator.forget_calls()
    with genai.Client(api_key="key", http_options=options) as client:
        prompt = "a fox [[status=503 times=2]]"
        response = client.models.generate_content(model=FLASH, contents=prompt, config=CONFIG)
    assert [call["status"] for call in emulator.list_calls()] == [503, 503, 200]
    assert any(part.inline_data for part in response.parts or [])


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_is_no_json_raises(client: genai.Client, stream: bool) -> None:
    """A body that cannot be parsed raises ValueError, of which the client's own exception for it is one."""
    with pytest.raises(ValueError, match=r"delimiter|parse|JSON"):
        generate(client, "a fox [[garbage]]", stream=stream)


def test_an_answer_that_is_cut_off_raises(client: genai.Client) -> None:
    """A connection closed in the middle of the body raises, and is no good answer."""
    with pytest.raises(Exception, match=r"(?i)closed|incomplete|broken|payload"):
        generate(client, "a fox [[cut=50%]]")


@pytest.mark.parametrize(
    ("directive", "finish", "block"),
    [
        ("finish=NO_IMAGE", types.FinishReason.NO_IMAGE, None),
        ("finish=IMAGE_SAFETY", types.FinishReason.IMAGE_SAFETY, None),
        ("finish=IMAGE_OTHER", types.FinishReason.IMAGE_OTHER, None),
        ("finish=IMAGE_PROHIBITED_CONTENT", types.FinishReason.IMAGE_PROHIBITED_CONTENT, None),
        ("finish=IMAGE_RECITATION", types.FinishReason.IMAGE_RECITATION, None),
        ("finish=MISSING_THOUGHT_SIGNATURE", types.FinishReason.MISSING_THOUGHT_SIGNATURE, None),
        ("finish=SAFETY", types.FinishReason.SAFETY, None),
        ("text-only", types.FinishReason.STOP, None),
        ("block=PROHIBITED_CONTENT", None, types.BlockedReason.PROHIBITED_CONTENT),
        ("block=OTHER", None, types.BlockedReason.OTHER),
        ("block=SAFETY", None, types.BlockedReason.SAFETY),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_a_refusal_is_read_by_the_client(
    client: genai.Client,
    directive: str,
    finish: types.FinishReason | None,
    block: types.BlockedReason | None,
    stream: bool,
) -> None:
    """Refusals with 200 are no exceptions: the client shows the finish or block reason and no picture."""
    responses = generate(client, f"a fox [[{directive}]]", stream=stream)
    last = responses[-1]
    candidates = last.candidates or []
    assert [candidate.finish_reason for candidate in candidates] == ([finish] if finish else [])
    assert (last.prompt_feedback.block_reason if last.prompt_feedback else None) == block
    assert [part for response in responses for part in response.parts or [] if part.inline_data] == []
