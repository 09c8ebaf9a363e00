"""The official Python client as it comes, with a time-out far shorter than a picture takes."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import httpx2
import pytest
from leaving import list_answers, new_prompt
from openai import APITimeoutError, AsyncOpenAI, OpenAI

from asking import digest, split_markdown
from painting import Painter, wait_until
from programs import CLIENT_KEY, Gateway

MODEL = "nano-banana-2-512"
MOST_CALLS = 6
Draw = Callable[[Gateway, str, bool], str]


@pytest.fixture(autouse=True)
def _slow(painter: Painter) -> None:
    """Let a picture take 3 s."""
    painter.delay_seconds = 3


def ask_for(prompt: str, *, is_stream: bool) -> dict[str, Any]:
    return {"model": MODEL, "messages": [{"role": "user", "content": prompt}], "stream": is_stream}


def draw_plainly(gateway: Gateway, prompt: str, is_stream: bool) -> str:
    """Draw with the client as it is but for its time-out of a second."""
    with OpenAI(base_url=f"{gateway.url}/v1", api_key=CLIENT_KEY, timeout=1) as client:
        answer = client.chat.completions.create(**ask_for(prompt, is_stream=is_stream))
        if not is_stream:
            return answer.choices[0].message.content or ""
        return "".join(chunk.choices[0].delta.content or "" for chunk in answer if chunk.choices)


def draw_asynchronously(gateway: Gateway, prompt: str, is_stream: bool) -> str:
    """Draw with the asynchronous client as it is but for its time-out of a second."""

    async def draw() -> str:
        async with AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key=CLIENT_KEY, timeout=1) as client:
            answer = await client.chat.completions.create(**ask_for(prompt, is_stream=is_stream))
            if not is_stream:
                return answer.choices[0].message.content or ""
            return "".join([c.choices[0].delta.content or "" async for c in answer if c.choices])

    return asyncio.run(draw())


def draw_until_there(draw: Draw, gateway: Gateway, prompt: str, *, is_stream: bool) -> tuple[list[str], int]:
    """Draw, and again if it fails, as an app does whose user presses the button again.

    Return the pictures' digests, and how many calls of the app's it took.
    """
    for call in range(1, MOST_CALLS + 1):
        # Within a stream the client does not retry, and its time-out is the library's below.
        with suppress(APITimeoutError, httpx2.ReadTimeout):
            content = draw(gateway, prompt, is_stream)
            return [digest(picture) for _, picture in split_markdown(content)[1]], call
    return [], MOST_CALLS


@pytest.mark.real_time
@pytest.mark.parametrize("draw", [draw_plainly, draw_asynchronously])
def test_its_own_retries_get_the_one_picture(draw: Draw, painter: Painter, scripted_gateway: Gateway) -> None:
    """A client that gives up after a second and retries, whole or streamed, gets the one picture it bought."""
    with ThreadPoolExecutor(2) as pool:
        calls = [
            pool.submit(draw_until_there, draw, scripted_gateway, new_prompt(), is_stream=is_stream)
            for is_stream in (False, True)
        ]
        (whole, calls_for_whole), (streamed, _) = (call.result() for call in calls)
    assert calls_for_whole == 1
    assert sorted(whole + streamed) == sorted(digest(picture) for picture in painter.pictures)
    assert len(painter.calls) == 2


@pytest.mark.real_time
@pytest.mark.parametrize("is_stream", [False, True], ids=["plain", "stream"])
def test_four_variants_stay_four(painter: Painter, scripted_gateway: Gateway, *, is_stream: bool) -> None:
    """Four equal calls at once that all time out and retry are four charges; each client gets another picture."""
    prompt = new_prompt()
    with ThreadPoolExecutor(4) as pool:
        calls = [
            pool.submit(draw_until_there, draw_plainly, scripted_gateway, prompt, is_stream=is_stream)
            for _ in range(4)
        ]
        seen = [picture for call in calls for picture in call.result()[0]]
    assert sorted(seen) == sorted(digest(picture) for picture in painter.pictures)
    assert len(painter.calls) == 4


@pytest.mark.real_time
def test_what_a_client_gave_up_waits_for_it(painter: Painter, scripted_gateway: Gateway) -> None:
    """A picture whose client gave up for good is found by the client's own list and fetched by its id."""
    key = scripted_gateway.create_key("gives up")
    with OpenAI(base_url=f"{scripted_gateway.url}/v1", api_key=key, timeout=1, max_retries=0) as hasty:
        prompts = [new_prompt() for _ in range(3)]
        for prompt in prompts:
            with suppress(APITimeoutError):
                hasty.chat.completions.create(**ask_for(prompt, is_stream=False))
    wait_until(
        lambda: (
            {note["status"] for note in list_answers(scripted_gateway, "undelivered=true", key)}
            == {"completed"}
        )
    )
    with OpenAI(base_url=f"{scripted_gateway.url}/v1", api_key=key) as patient:
        listed = list(patient.chat.completions.list(limit=2, extra_query={"undelivered": "true"}))
        answers = [patient.chat.completions.retrieve(found.id) for found in listed]
        left = list(patient.chat.completions.list(extra_query={"undelivered": "true"}))
    contents = [answer.choices[0].message.content or "" for answer in answers]
    seen = [digest(picture) for content in contents for _, picture in split_markdown(content)[1]]
    assert seen == [digest(picture) for picture in painter.pictures]
    assert len(painter.calls) == 3
    assert left == []
