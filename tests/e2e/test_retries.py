"""What the official client does by itself when a call fails: it must never buy a picture twice."""

import time
from typing import Any

import pytest
from openai import APIStatusError, OpenAI

from asking import PROMPT, ask, chat, split_markdown
from programs import CLIENT_KEY, Emulator, Gateway, ListCalls

MODEL = "nano-banana-2-lite"


def draw(gateway: Gateway, prompt: str, *, is_stream: bool = False) -> str:
    """Draw with a client that retries as it does out of the box; return the content."""
    asked: dict[str, Any] = {"model": MODEL, "messages": [{"role": "user", "content": prompt}]}
    with OpenAI(base_url=f"{gateway.url}/v1", api_key=CLIENT_KEY) as client:
        if not is_stream:
            return client.chat.completions.create(**asked).choices[0].message.content or ""
        chunks = client.chat.completions.create(stream=True, **asked)
        return "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)


@pytest.mark.parametrize(
    "directive", ["cut=60%", "status=504", "status=502", "bad-base64", "error-midstream"]
)
def test_what_may_have_been_bought_is_not_asked_for_again(
    directive: str, gateway: Gateway, journal: ListCalls
) -> None:
    """After a failure that may have cost money the client obeys x-should-retry, and Gemini was called once."""
    with pytest.raises(APIStatusError):
        draw(gateway, f"{PROMPT} [[{directive}]]")
    assert len(journal()) == 1


@pytest.mark.real_time
@pytest.mark.parametrize("is_stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("directive", ["status=503", "status=429 retry=1s"])
def test_what_was_not_bought_is_asked_for_again(
    directive: str, gateway: Gateway, emulator: Emulator, *, is_stream: bool
) -> None:
    """An overloaded or exhausted upstream that recovers costs the client a wait and no error."""
    emulator.forget_calls()
    content = draw(gateway, f"{PROMPT} [[{directive} times=1]]", is_stream=is_stream)
    assert len(split_markdown(content)[1]) == 1
    assert [call["outcome"] for call in emulator.list_calls()] == ["error", "ok"]


def test_a_client_that_leaves_while_it_sends_buys_nothing(gateway: Gateway, journal: ListCalls) -> None:
    """A body that breaks off is no request: nothing goes upstream, and the gateway goes on."""
    connection = gateway.connect()
    connection.putrequest("POST", "/v1/chat/completions")
    connection.putheader("Authorization", f"Bearer {CLIENT_KEY}")
    connection.putheader("Content-Length", "100000")
    connection.endheaders(
        b'{"model": "nano-banana", "messages": [{"content": "data:image/png;base64,iVBORw0K'
    )
    time.sleep(0.2)
    connection.close()
    gateway.wait_until_said("client_left")
    assert journal() == []
    assert ask(gateway, chat()).status == 200
