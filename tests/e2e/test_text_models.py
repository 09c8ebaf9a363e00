"""Text models through the gateway, by the official client: whole, streamed, with pictures, within limits and budgets."""

import io
import json
import time
from collections.abc import Iterator
from typing import Any

import pybase64
import pytest
from openai import BadRequestError, OpenAI, RateLimitError
from openai.types.chat import ChatCompletion
from PIL import Image
from pydantic import BaseModel

from asking import ask, ask_for_answer, ask_for_stream, chat, get_message
from limner.catalogue import TEXT_MODELS, Model, find_model, find_prices
from programs import CLIENT_KEY, Gateway, ListCalls

FLASH = "gemini-3.8-flash"
LIGHT = "gemini-3.5-flash-lite"
QUESTION = "Why does a lighthouse turn?"


@pytest.fixture(scope="module")
def client(gateway: Gateway) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{gateway.url}/v1", api_key=CLIENT_KEY, max_retries=0) as client:
        yield client


def ask_client(client: OpenAI, model: str = FLASH, prompt: Any = QUESTION, **options: Any) -> ChatCompletion:
    answer: ChatCompletion = client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": prompt}], **options
    )
    return answer


def get_text(answer: ChatCompletion) -> str:
    return answer.choices[0].message.content or ""


def paint(colour: str) -> dict[str, Any]:
    """Return a picture as a part of a message."""
    data = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(data, "PNG")
    url = f"data:image/png;base64,{pybase64.b64encode(data.getvalue()).decode()}"
    return {"type": "image_url", "image_url": {"url": url}}


def find(name: str) -> Model:
    model = find_model(name)
    assert model is not None
    return model


@pytest.mark.parametrize("model", TEXT_MODELS, ids=lambda model: model.id)
def test_every_text_model_answers(model: Model, client: OpenAI) -> None:
    """Each text model answers in OpenAI's form, with the cost that its tokens have today, and no picture or refusal."""
    answer = ask_client(client, model.id)
    message = answer.choices[0].message
    assert get_text(answer).startswith(f"You asked: {QUESTION}")
    assert (message.refusal, answer.choices[0].finish_reason) == (None, "stop")
    assert answer.usage is not None
    used = answer.usage
    prices = find_prices(model, at_seconds=time.time(), prompt_tokens=used.prompt_tokens)
    nano_usd = (
        used.prompt_tokens * prices.input_nano_usd + used.completion_tokens * prices.output_text_nano_usd
    )
    extra = answer.model_extra
    assert extra is not None
    assert extra["limner"]["cost_usd"] == pytest.approx((nano_usd + 500) // 1000 / 1e6)
    assert (extra["limner"]["images"], extra["limner"]["notices"]) == ([], [])
    assert extra["limner"]["upstream"]["model"] == model.id


def test_thoughts_are_paid_and_counted(client: OpenAI) -> None:
    """Completion tokens are answer and thoughts, told apart in the details."""
    usage = ask_client(client, FLASH).usage
    assert usage is not None
    details = usage.completion_tokens_details
    assert details is not None
    assert details.reasoning_tokens is not None
    assert details.reasoning_tokens >= 150
    text_tokens: Any = details.to_dict()["text_tokens"]
    assert usage.completion_tokens == details.reasoning_tokens + text_tokens


def test_text_streams_as_it_comes(gateway: Gateway) -> None:
    """A stream brings the text in many chunks that join to the whole answer, with the same usage at its end."""
    stream = ask_for_stream(gateway, chat(QUESTION, model=FLASH))
    answer = ask_for_answer(gateway, chat(QUESTION, model=FLASH))
    assert stream.content == get_message(answer)["content"]
    assert sum(bool(delta.get("content")) for delta in stream.deltas) > 5
    assert stream.usage == answer["usage"]
    assert stream.finish["choices"][0]["finish_reason"] == "stop"


def test_pictures_go_in(client: OpenAI, journal: ListCalls) -> None:
    """Pictures reach the model beside the text and are counted as input."""
    parts = [{"type": "text", "text": "What are these?"}, paint("red"), paint("blue")]
    answer = ask_client(client, prompt=parts)
    assert "I see 2 pictures." in get_text(answer)
    assert answer.usage is not None
    details = answer.usage.prompt_tokens_details
    assert details is not None
    assert details.to_dict()["image_tokens"] == 2240
    (call,) = journal()
    assert call["settings"]["inputPictures"] == 2


def test_what_is_asked_of_text_arrives(client: OpenAI, journal: ListCalls) -> None:
    """Limit, stop, seed, effort and schema arrive in Gemini's fields, and nothing of a picture does."""
    schema = {"type": "object", "properties": {"why": {"type": "string"}}, "required": ["why"]}
    ask_client(
        client,
        max_completion_tokens=900,
        stop=["END"],
        seed=7,
        reasoning_effort="low",
        response_format={"type": "json_schema", "json_schema": {"name": "reason", "schema": schema}},
    )
    (call,) = journal()
    assert call["settings"] == {
        "maxOutputTokens": 900,
        "stopSequences": ["END"],
        "seed": 7,
        "thinkingLevel": "LOW",
        "responseMimeType": "application/json",
        "responseJsonSchema": schema,
        "store": False,
        "inputPictures": 0,
    }


def test_an_answer_ends_at_its_limit(client: OpenAI) -> None:
    """`max_tokens` holds: the answer ends there with `length`."""
    answer = ask_client(client, LIGHT, max_tokens=5)
    assert (answer.choices[0].finish_reason, len(get_text(answer))) == ("length", 20)
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 5


def test_thoughts_may_use_up_the_limit(client: OpenAI) -> None:
    """An answer that only thought is empty, not an error, and costs what was thought."""
    answer = ask_client(client, FLASH, max_tokens=50)
    assert (answer.choices[0].finish_reason, get_text(answer)) == ("length", "")
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 50


def test_json_is_json(client: OpenAI) -> None:
    """JSON mode and the client's own parsing of a schema give what they should."""
    plain = ask_client(client, response_format={"type": "json_object"})
    assert json.loads(get_text(plain)) == {"prompt": QUESTION, "pictures": 0}

    class Reason(BaseModel):
        why: str
        count: int

    parsed = client.chat.completions.parse(
        model=FLASH, messages=[{"role": "user", "content": QUESTION}], response_format=Reason
    )
    assert parsed.choices[0].message.parsed == Reason(why=QUESTION, count=0)


def test_thoughts_are_given_apart(gateway: Gateway) -> None:
    """Thoughts come as `reasoning_content` where they are asked for, whole and streamed."""
    asked = chat(QUESTION, model=FLASH, google={"thinking_config": {"include_thoughts": True}})
    message = get_message(ask_for_answer(gateway, asked))
    assert message["reasoning_content"].startswith("**Considering the question**")
    assert message["content"].startswith("You asked: ")
    stream = ask_for_stream(gateway, asked)
    thoughts = "".join(delta.get("reasoning_content") or "" for delta in stream.deltas)
    assert thoughts == message["reasoning_content"]


@pytest.mark.parametrize(
    ("options", "code", "param"),
    [
        (
            {"tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}]},
            "unsupported_parameter",
            "tools",
        ),
        ({"functions": [{"name": "f"}]}, "unsupported_parameter", "functions"),
        (
            {"extra_body": {"image_config": {"aspect_ratio": "16:9"}}},
            "unsupported_value",
            "image_config.aspect_ratio",
        ),
        ({"max_tokens": 100_000}, "unsupported_value", "max_tokens"),
        ({"stop": list("abcdef")}, "unsupported_value", "stop"),
    ],
)
def test_what_cannot_be_had_is_refused_for_free(
    options: dict[str, Any], code: str, param: str, client: OpenAI, journal: ListCalls
) -> None:
    """Functions, drawing settings and limits that cannot be kept are refused before anything is bought."""
    with pytest.raises(BadRequestError) as caught:
        ask_client(client, **options)
    assert (caught.value.code, caught.value.param) == (code, param)
    assert journal() == []


def test_several_choices(gateway: Gateway) -> None:
    """Text comes in as many choices as asked for, under one bill."""
    answer = ask_for_answer(gateway, chat(QUESTION, model=LIGHT, n=2))
    assert [choice["index"] for choice in answer["choices"]] == [0, 1]
    assert all(choice["message"]["content"].startswith("You asked: ") for choice in answer["choices"])
    one = ask_for_answer(gateway, chat(QUESTION, model=LIGHT))
    assert answer["usage"]["completion_tokens"] == 2 * one["usage"]["completion_tokens"]


def test_a_conversation_of_text(client: OpenAI, journal: ListCalls) -> None:
    """Earlier turns go along as they are sent, a system message as the instruction."""
    answer = client.chat.completions.create(
        model=FLASH,
        messages=[
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hello"},
            {"role": "assistant", "content": "Hello, what is it?"},
            {"role": "user", "content": QUESTION},
        ],
    )
    assert get_text(answer).startswith(f"You asked: {QUESTION}")
    assert "I keep to what I was told: Be brief." in get_text(answer)
    (call,) = journal()
    assert call["status"] == 200


def test_a_conversation_goes_on(client: OpenAI, journal: ListCalls) -> None:
    """An answer of text goes back as the client has it, and the next question is answered."""
    turns: list[Any] = [{"role": "user", "content": "Tell me of the sea, in your own words"}]
    first = client.chat.completions.create(model=FLASH, messages=turns)
    turns += [{"role": "assistant", "content": get_text(first)}, {"role": "user", "content": "And of ships?"}]
    second = client.chat.completions.create(model=FLASH, messages=turns)
    assert get_text(second).startswith("You asked: And of ships?")
    assert [call["status"] for call in journal()] == [200, 200]


def test_a_budget_holds_the_longest_answer(gateway: Gateway, journal: ListCalls) -> None:
    """A budget is asked for the longest answer there may be; a limit on the answer makes it fit."""
    secret = gateway.create_key("writer", "--budget-usd", "0.01")
    with OpenAI(base_url=f"{gateway.url}/v1", api_key=secret, max_retries=0) as client:
        with pytest.raises(RateLimitError) as caught:
            ask_client(client, FLASH)
        assert caught.value.code == "insufficient_quota"
        assert journal() == []
        answer = ask_client(client, FLASH, max_tokens=1000)
    assert get_text(answer).startswith("You asked: ")
    prices = find_prices(find(FLASH), at_seconds=time.time(), prompt_tokens=0)
    assert 1000 * prices.output_text_nano_usd < 10_000_000 < 65_536 * prices.output_text_nano_usd


def test_a_repeat_is_answered_again(gateway: Gateway, journal: ListCalls) -> None:
    """A call of text with an Idempotency-Key is bought once and answered alike again, in both modes."""
    asked = chat(QUESTION, model=FLASH)
    headers = {"Idempotency-Key": "text-once"}
    first = ask(gateway, asked, headers=headers)
    again = ask(gateway, asked, headers=headers)
    assert (first.status, again.headers["Idempotent-Replayed"]) == (200, "true")
    assert again.body == first.body
    stream = ask_for_stream(gateway, asked, headers=headers)
    assert stream.content == get_message(first.json())["content"]
    assert stream.usage == first.json()["usage"]
    assert len(journal()) == 1


def test_a_drawing_suffix_names_no_text_model(gateway: Gateway, journal: ListCalls) -> None:
    """Settings of pictures behind a text model's name make it the name of no model."""
    reply = ask(gateway, chat(QUESTION, model=f"{FLASH}-4k"))
    assert (reply.status, reply.error["code"]) == (404, "model_not_found")
    assert journal() == []


def test_names_with_prefixes(gateway: Gateway) -> None:
    """A text model is found under the prefixes that clients put before it; the answer bears the name asked for."""
    answer = ask_for_answer(gateway, chat(QUESTION, model=f"google/{FLASH}"))
    assert (answer["model"], answer["limner"]["upstream"]["model"]) == (f"google/{FLASH}", FLASH)
