"""Models that only the upstream knows: served unchecked to keys without a budget, told apart from models that are not there."""

from typing import Any

import pytest

from asking import ask, ask_for_answer, ask_for_stream, chat, get_message
from limner.catalogue import find_model
from programs import Gateway, ListCalls, StartGateway
from upstreams import Upstream

UNLISTED = "gemini-3-flash-preview"


def test_the_upstream_has_a_model_that_is_not_listed(gateway: Gateway) -> None:
    """The model these tests ask for is in no table and no list of the gateway's."""
    assert find_model(UNLISTED) is None
    assert ask(gateway, path=f"/v1/models/{UNLISTED}").status == 404


@pytest.mark.parametrize("name", [UNLISTED, f"models/{UNLISTED}", f"Google/{UNLISTED}"])
def test_it_is_served_without_a_price(name: str, gateway: Gateway) -> None:
    """It answers, whole and streamed, with a notice and tokens, and its cost is null."""
    answer = ask_for_answer(gateway, chat("hello", model=name))
    assert get_message(answer)["content"].startswith("You asked: hello")
    assert answer["limner"]["upstream"]["model"] == UNLISTED
    assert [notice["code"] for notice in answer["limner"]["notices"]] == ["model_not_priced"]
    assert (answer["limner"]["cost_usd"], answer["usage"]["cost"]) == (None, None)
    assert answer["usage"]["completion_tokens"] > 0
    stream = ask_for_stream(gateway, chat("hello", model=name))
    assert stream.content == get_message(answer)["content"]
    assert stream.usage == answer["usage"]


def test_what_is_asked_of_it_goes_unchecked(gateway: Gateway, journal: ListCalls) -> None:
    """Ratio, size, level and sampling arrive as they were given; the upstream says what it does not take."""
    asked = chat(
        "hello",
        model=UNLISTED,
        temperature=0.3,
        image_config={"aspect_ratio": "16x9", "image_size": "2k"},
        google={"thinking_config": {"thinking_level": "low"}},
    )
    reply = ask(gateway, asked)
    assert (reply.status, reply.error["code"]) == (400, "upstream_rejected")
    assert "Aspect ratio is not enabled" in reply.error["message"]
    (call,) = journal()
    sent = call["settings"]
    assert (sent["aspectRatio"], sent["imageSize"], sent["thinkingLevel"]) == ("16:9", "2K", "LOW")
    assert (sent["responseModalities"], sent["temperature"]) == (["TEXT", "IMAGE"], 0.3)


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"tools": [{"type": "function"}]}, "unsupported_parameter"), ({"size": "large"}, "unsupported_value")],
)
def test_what_has_no_meaning_is_refused(
    fields: dict[str, Any], code: str, gateway: Gateway, journal: ListCalls
) -> None:
    """Functions, and values that mean nothing, are refused for free as for any model."""
    reply = ask(gateway, chat("hello", model=UNLISTED, **fields))
    assert (reply.status, reply.error["code"]) == (400, code)
    assert journal() == []


def test_a_budget_cannot_hold_what_nobody_can_price(gateway: Gateway, journal: ListCalls) -> None:
    """A key with a budget is refused for free; a key that is limited to some models too."""
    budgeted = gateway.create_key("unpriced", "--budget-usd", "5")
    reply = ask(gateway, chat("hello", model=UNLISTED), key=budgeted)
    assert (reply.status, reply.error["code"], reply.error["param"]) == (400, "model_not_priced", "model")
    limited = gateway.create_key("few", "--models", "nano-banana-2")
    reply = ask(gateway, chat("hello", model=UNLISTED), key=limited)
    assert (reply.status, reply.error["code"]) == (403, "model_not_allowed")
    assert journal() == []


def test_it_is_answered_again(gateway: Gateway, journal: ListCalls) -> None:
    """A repeat is answered from the store, and the list of answers has a null cost too."""
    headers = {"Idempotency-Key": "unlisted-once"}
    asked = chat("hello again", model=UNLISTED, store=True)
    first = ask(gateway, asked, headers=headers)
    again = ask(gateway, asked, headers=headers)
    assert (first.status, again.body) == (200, first.body)
    assert len(journal()) == 1
    (found,) = ask(gateway, path=f"/v1/chat/completions?model={UNLISTED}").json()["data"]
    assert (found["model"], found["cost_usd"]) == (UNLISTED, None)


def test_a_model_that_is_nowhere_is_not_found(gateway: Gateway, journal: ListCalls) -> None:
    """A name that the upstream does not know either is 404, and so is one made to lead elsewhere."""
    for name in ("dall-e-3", "gemini-9", f"../{UNLISTED}", f"{UNLISTED}:generateContent", f"{UNLISTED}?x=1"):
        reply = ask(gateway, chat("hello", model=name))
        assert (reply.status, reply.error["code"]) == (404, "model_not_found")
    assert journal() == []


def test_without_the_upstreams_list_it_is_not_found(start_gateway: StartGateway, upstream: Upstream) -> None:
    """Where the upstream gives no list only the table counts."""
    gateway = start_gateway(upstream.url)
    reply = ask(gateway, chat("hello", model=UNLISTED))
    assert (reply.status, reply.error["code"]) == (404, "model_not_found")
