"""The official Python client draws through the gateway, in each of the ways it can ask."""

import asyncio
from typing import Any

import pytest
from openai import (
    APIError,
    AsyncOpenAI,
    AuthenticationError,
    BadRequestError,
    InternalServerError,
    OpenAI,
)
from openai.types.chat import ChatCompletion

from asking import PROMPT, configure, digest, draw_directly, split_images, split_markdown
from programs import CLIENT_KEY, Emulator, Gateway

MODEL = "gemini-3.1-flash-image"
OPTIONS = {"extra_body": configure(aspect_ratio="16:9", image_size="512")}


def create_client(gateway: Gateway, *, key: str = CLIENT_KEY) -> OpenAI:
    return OpenAI(base_url=f"{gateway.url}/v1", api_key=key, max_retries=0)


def get_content(answer: ChatCompletion) -> str:
    (choice,) = answer.choices
    assert choice.message.content is not None
    return choice.message.content


def test_draws(gateway: Gateway, emulator: Emulator) -> None:
    """A plain call answers with Gemini's text and, as Markdown, the very bytes that the upstream drew."""
    with create_client(gateway) as client:
        answer = client.chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": PROMPT}], extra_body=OPTIONS
        )
    text, ((mime_type, picture),) = split_markdown(get_content(answer))
    drawn = draw_directly(emulator, MODEL, aspectRatio="16:9", imageSize="512")
    assert digest(picture) == digest(drawn)
    assert mime_type == "image/jpeg"
    assert text == f"Here is the picture you asked for: {PROMPT}\n\n\n"
    assert (answer.object, answer.model) == ("chat.completion", MODEL)
    assert (answer.choices[0].finish_reason, answer.choices[0].message.role) == ("stop", "assistant")
    usage = answer.usage
    assert usage is not None
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert usage.completion_tokens >= 747
    extra = answer.model_extra
    assert extra is not None
    assert extra["limner"]["images"][0]["sha256"] == digest(drawn)


def test_streams(gateway: Gateway) -> None:
    """The concatenated deltas of a stream equal the content of the same call's whole answer; so does the usage."""
    asked: dict[str, Any] = {
        "model": MODEL,
        "messages": [{"role": "user", "content": PROMPT}],
        "extra_body": OPTIONS,
    }
    with create_client(gateway) as client:
        whole = client.chat.completions.create(**asked)
        chunks = list(client.chat.completions.create(stream=True, **asked))
    content = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    assert digest(content.encode()) == digest(get_content(whole).encode())
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [c.choices[0].finish_reason for c in chunks if c.choices and c.choices[0].finish_reason] == [
        "stop"
    ]
    assert chunks[-1].usage == whole.usage
    assert len({chunk.id for chunk in chunks}) == 1


def test_draws_asynchronously(gateway: Gateway, emulator: Emulator) -> None:
    """The asynchronous client gets the same bytes, plain and as a stream, of two calls at once."""

    async def draw() -> tuple[str, str]:
        async with AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key=CLIENT_KEY, max_retries=0) as client:
            create = client.chat.completions.create

            async def draw_whole() -> str:
                answer = await create(
                    model=MODEL, messages=[{"role": "user", "content": PROMPT}], extra_body=OPTIONS
                )
                return get_content(answer)

            async def draw_stream() -> str:
                stream = await create(
                    model=MODEL,
                    messages=[{"role": "user", "content": PROMPT}],
                    extra_body=OPTIONS,
                    stream=True,
                )
                return "".join([c.choices[0].delta.content or "" async for c in stream if c.choices])

            return await asyncio.gather(draw_whole(), draw_stream())

    contents = asyncio.run(draw())
    drawn = draw_directly(emulator, MODEL, aspectRatio="16:9", imageSize="512")
    for content in contents:
        _, ((_, picture),) = split_markdown(content)
        assert digest(picture) == digest(drawn)


def test_gives_raw_responses(gateway: Gateway) -> None:
    """A raw response carries the request's and the generation's id in its headers, and parses."""
    with create_client(gateway) as client:
        raw = client.chat.completions.with_raw_response.create(
            model=MODEL, messages=[{"role": "user", "content": PROMPT}], extra_body=OPTIONS
        )
        answer = raw.parse()
    assert raw.headers["content-type"] == "application/json"
    assert raw.headers["x-request-id"].startswith("req_")
    assert raw.request_id == raw.headers["x-request-id"]
    assert raw.headers["x-limner-generation-id"] == (answer.model_extra or {})["limner"]["generation_id"]
    assert "x-limner-emulator" not in raw.headers


def test_streams_raw_responses(gateway: Gateway) -> None:
    """A streamed raw response gives the frames' lines, none longer than 64 KiB."""
    with create_client(gateway) as client:
        create = client.chat.completions.with_streaming_response.create
        with create(
            model=MODEL,
            messages=[{"role": "user", "content": PROMPT}],
            extra_body={"extra_body": configure(image_size="4K")},
            stream=True,
        ) as raw:
            lines = list(raw.iter_lines())
    assert lines[-2:] == ["data: [DONE]", ""]
    assert len(lines) > 8
    assert max(len(line.encode()) for line in lines) < 64 * 1024


def test_images_are_reached_as_extra_fields(gateway: Gateway, emulator: Emulator) -> None:
    """With modalities the picture is in `message.images`, which the client hands on untyped."""
    with create_client(gateway) as client:
        answer = client.chat.completions.create(
            model=MODEL,
            messages=[{"role": "user", "content": PROMPT}],
            extra_body={**OPTIONS, "modalities": ["image", "text"]},
        )
    message = answer.choices[0].message
    assert message.content == f"Here is the picture you asked for: {PROMPT}\n\n"
    ((mime_type, picture),) = split_images((message.model_extra or {})["images"])
    assert mime_type == "image/jpeg"
    assert digest(picture) == digest(draw_directly(emulator, MODEL, aspectRatio="16:9", imageSize="512"))


def test_errors_are_its_own(gateway: Gateway) -> None:
    """Errors become the client's exceptions, with code and param; one call is one request."""
    messages: Any = [{"role": "user", "content": PROMPT}]
    with create_client(gateway, key="sk-wrong") as client, pytest.raises(AuthenticationError) as unknown:
        client.chat.completions.create(model=MODEL, messages=messages)
    assert unknown.value.code == "invalid_api_key"
    wrong = {"extra_body": configure(aspect_ratio="5:1")}
    with create_client(gateway) as client:
        with pytest.raises(BadRequestError) as refused:
            client.chat.completions.create(model=MODEL, messages=messages, extra_body=wrong)
        messages[0]["content"] += " [[status=503]]"
        with pytest.raises(InternalServerError) as overloaded:
            client.chat.completions.create(model=MODEL, messages=messages)
    assert refused.value.code == "unsupported_value"
    assert refused.value.param == "extra_body.google.image_config.aspect_ratio"
    assert overloaded.value.code == "upstream_overloaded"


def test_an_error_in_a_stream_is_raised(gateway: Gateway) -> None:
    """What breaks after the stream has opened is raised by the client, which asks no second time."""
    with create_client(gateway) as client:
        stream = client.chat.completions.create(
            model=MODEL,
            messages=[{"role": "user", "content": f"{PROMPT} [[error-midstream]]"}],
            stream=True,
        )
        with pytest.raises(APIError) as broken:
            list(stream)
    assert broken.value.code == "upstream_timeout"


def test_lists_models(gateway: Gateway) -> None:
    """The client lists the models and finds one by its nickname."""
    with create_client(gateway) as client:
        listed = [model.id for model in client.models.list()]
        found = client.models.retrieve("nano-banana-pro")
    assert "gemini-3-pro-image" in listed
    assert (found.id, found.owned_by) == ("nano-banana-pro", "google")
