"""OpenAI's official clients draw and edit at the images doors as at OpenAI's own."""

import asyncio
import io
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pybase64
import pytest
from imaging import MODEL, make_png
from openai import APIError, AsyncOpenAI, BadRequestError, OpenAI
from openai.types import ImagesResponse

from asking import PROMPT, digest, draw_directly
from programs import CLIENT_KEY, Emulator, Gateway, ListCalls, StartGateway, scrub_environment

NODE_FOLDER = Path(__file__).resolve().parents[1] / "node"
GEMINI_MODEL = "gemini-3.1-flash-image"


@pytest.fixture(name="client")
def _client(gateway: Gateway) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{gateway.url}/v1", api_key=CLIENT_KEY, max_retries=0) as client:
        yield client


def read(response: ImagesResponse) -> list[bytes]:
    return [pybase64.b64decode(image.b64_json or "") for image in response.data or ()]


def test_draws(client: OpenAI, emulator: Emulator) -> None:
    """The answer has Gemini's own bytes and says all that OpenAI's types say, with sums that are right."""
    answer = client.images.generate(model=MODEL, prompt=PROMPT, size="1536x1024", user="somebody")
    drawn = draw_directly(emulator, GEMINI_MODEL, aspectRatio="3:2")
    assert [digest(picture) for picture in read(answer)] == [digest(drawn)]
    assert (answer.background, answer.output_format, answer.quality) == ("opaque", "jpeg", "medium")
    assert answer.size == "1264x848"
    usage = answer.usage
    assert usage is not None
    assert usage.output_tokens_details is not None
    assert usage.input_tokens == usage.input_tokens_details.text_tokens
    assert usage.output_tokens_details.image_tokens == 1120
    assert usage.output_tokens == 1120 + usage.output_tokens_details.text_tokens
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens
    note = (answer.model_extra or {})["limner"]
    assert note["images"][0]["sha256"] == digest(drawn)
    assert (usage.model_extra or {})["cost"] == note["cost_usd"] > 0


def test_edits_several_pictures(client: OpenAI, journal: ListCalls) -> None:
    """Pictures, a mask and nested settings reach Gemini out of the client's form."""
    picture, mask = make_png("red"), make_png("black")
    answer = client.images.edit(
        model=MODEL,
        image=[("first.png", picture), io.BytesIO(make_png("blue"))],
        mask=mask,
        prompt=PROMPT,
        n=2,
        extra_body={"google": {"image_config": {"aspect_ratio": "16:9", "image_size": "512"}}},
    )
    assert len(read(answer)) == 2
    calls = journal()
    assert [call["settings"]["inputPictures"] for call in calls] == [3, 3]
    assert {call["settings"]["aspectRatio"] for call in calls} == {"16:9"}
    assert answer.usage is not None
    assert answer.usage.input_tokens_details.image_tokens == 2 * 3 * 1120


def test_streams(client: OpenAI) -> None:
    """Each picture is an event with OpenAI's fields; the last has the usage of all."""
    whole = client.images.generate(model=MODEL, prompt=PROMPT, n=2, extra_body={"image_size": "512"})
    stream = client.images.generate(
        model=MODEL, prompt=PROMPT, n=2, stream=True, partial_images=2, extra_body={"image_size": "512"}
    )
    events = [event.to_dict() for event in stream]
    assert [event["type"] for event in events] == ["image_generation.completed"] * 2
    assert [event["b64_json"] for event in events] == [image.b64_json for image in whole.data or ()]
    assert whole.usage is not None
    first, last = (event["usage"] for event in events)
    assert isinstance(first, dict)
    assert (first["total_tokens"], first["cost"]) == (0, 0)
    assert last == whole.usage.to_dict()
    assert "limner" not in events[0]
    assert "limner" in events[1]
    edited = list(client.images.edit(model=MODEL, prompt=PROMPT, image=make_png(), stream=True))
    assert [event.type for event in edited] == ["image_edit.completed"]


def test_the_asynchronous_client(gateway: Gateway) -> None:
    """The asynchronous client draws, edits and streams."""

    async def draw() -> list[Any]:
        async with AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key=CLIENT_KEY, max_retries=0) as client:
            drawn = await client.images.generate(model=MODEL, prompt=PROMPT)
            edited = await client.images.edit(model=MODEL, prompt=PROMPT, image=read(drawn)[0])
            stream = await client.images.edit(
                model=MODEL, prompt=PROMPT, image=[read(edited)[0]], stream=True
            )
            return [event.size async for event in stream]

    (size,) = asyncio.run(draw())
    assert size.partition("x")[1] == "x"


def test_refusals_are_raised(client: OpenAI) -> None:
    """No picture is a refusal of the client's own kind, whole and once the stream is open."""
    with pytest.raises(BadRequestError) as refused:
        client.images.generate(model=MODEL, prompt=f"{PROMPT} [[finish=IMAGE_SAFETY]]")
    assert refused.value.code == "content_policy_violation"
    with pytest.raises(APIError) as late:
        list(client.images.generate(model=MODEL, prompt=f"{PROMPT} [[text-only]] [[delay=6s]]", stream=True))
    assert late.value.code == "no_image_generated"
    assert not isinstance(late.value, BadRequestError)  # the answer had begun


def test_node(gateway: Gateway, tmp_path: Path) -> None:
    """The Node client draws, edits with a file, streams, and raises what ends a stream."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not on this machine")
    if not (NODE_FOLDER / "node_modules" / "openai").is_dir():
        pytest.skip("the Node client is not installed: run `npm ci` in tests/node")
    picture = tmp_path / "picture.png"
    picture.write_bytes(make_png())
    variables = {
        "LIMNER_TEST_URL": gateway.url,
        "LIMNER_TEST_KEY": CLIENT_KEY,
        "LIMNER_TEST_BODY": json.dumps({"model": MODEL, "prompt": PROMPT}),
        "LIMNER_TEST_PICTURE": str(picture),
    }
    done = subprocess.run(
        [node, "images.mjs"],
        cwd=NODE_FOLDER,
        env={**scrub_environment(), **variables, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stderr == ""
    printed = json.loads(done.stdout)
    assert printed["drawn"] == printed["streamed"]
    assert printed["types"] == ["image_generation.completed", "image_edit.completed"]
    assert printed["edited"] == 2
    assert printed["usage"]["input_tokens_details"]["image_tokens"] == 2 * 2 * 1120
    assert printed["error"] == {"name": "APIError", "code": "no_image_generated"}


def test_a_program_for_another_model(start_gateway: StartGateway, tmp_path: Path) -> None:
    """A program written for OpenAI's model draws by an alias, and its usual settings leave no notice."""
    settings = tmp_path / "limner.toml"
    settings.write_text('[aliases]\n"gpt-image-2" = "nano-banana-2"\n', encoding="utf-8")
    gateway = start_gateway(LIMNER_CONFIG=str(settings))
    with OpenAI(base_url=f"{gateway.url}/v1", api_key=CLIENT_KEY, max_retries=0) as client:
        drawn = client.images.generate(
            model="gpt-image-2",
            prompt=PROMPT,
            background="auto",
            moderation="auto",
            output_format="jpeg",
            quality="medium",
            size="1024x1024",
        )
        assert drawn.size == "1024x1024"
        assert (drawn.model_extra or {})["limner"]["notices"] == []
        edited = client.images.edit(model="gpt-image-2", prompt=PROMPT, image=[read(drawn)[0]] * 2)
    assert len(read(edited)) == 1
