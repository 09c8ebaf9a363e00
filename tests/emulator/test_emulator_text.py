"""Text models of the emulator: what they say, what they refuse, how they count, as Google's own client sees it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from calling import FLASH, ask, inline_part, prompt_payload
from google import genai
from google.genai import types

from programs import Emulator

WRITER = "gemini-3.8-flash"
LIGHT = "gemini-3.5-flash-lite"
OLDER = "gemini-3.1-flash-lite"
ARGON = "gemini-4-argon"

TEXT_MODELS = (
    "gemini-3-flash-preview",
    "gemini-3.1-flash-lite",
    "gemini-3.1-pro-preview",
    "gemini-3.5-flash-lite",
    "gemini-3.6-flash",
    "gemini-3.8-flash",
    "gemini-4-argon",
    "gemini-4-carbon",
    "gemini-4-hydrogen",
)


@pytest.fixture(scope="module")
def client(emulator: Emulator, _no_proxy: None) -> Iterator[genai.Client]:
    """The official client."""
    options = types.HttpOptions(base_url=emulator.url, retry_options=types.HttpRetryOptions(attempts=1))
    client = genai.Client(api_key="key", http_options=options)
    yield client
    client.close()


def refuse(emulator: Emulator, model: str = WRITER, **config: Any) -> str:
    reply = ask(emulator.url, prompt_payload("hello", **config), model)
    assert reply.status == 400
    message: str = reply.json()["error"]["message"]
    return message


@pytest.mark.parametrize("model", TEXT_MODELS)
def test_every_text_model_answers_text(model: str, client: genai.Client) -> None:
    """Each text model says what it was asked and how many pictures it sees, and gives no picture."""
    response = client.models.generate_content(model=model, contents="Why is the sky blue?")
    assert response.text is not None
    assert response.text.startswith("You asked: Why is the sky blue?\n\nI see no picture.")
    assert not any(part.inline_data for part in response.parts or [])
    assert (response.candidates or [])[0].finish_reason == types.FinishReason.STOP
    found = client.models.get(model=model)
    assert (found.output_token_limit, found.thinking) == (65_536, True)


def test_pictures_go_in(emulator: Emulator) -> None:
    """Pictures of the whole conversation are counted, in words and in tokens."""
    drawn = ask(emulator.url, prompt_payload("a fox")).pictures[0]
    payload = {
        "contents": [
            {"role": "user", "parts": [{"text": "one"}, inline_part(drawn)]},
            {"role": "model", "parts": [{"text": "yes"}]},
            {"role": "user", "parts": [inline_part(drawn), {"text": "and this?"}]},
        ]
    }
    reply = ask(emulator.url, payload, WRITER)
    assert "I see 2 pictures." in reply.parts[0]["text"]
    usage = reply.json()["usageMetadata"]
    assert {"modality": "IMAGE", "tokenCount": 2240} in usage["promptTokensDetails"]
    counted = ask(emulator.url, payload, WRITER, "countTokens").json()
    assert counted["totalTokens"] == usage["promptTokenCount"]


def test_streams_come_in_small_pieces(client: genai.Client) -> None:
    """A stream's pieces of a few words join to the whole answer, the finish on the last."""
    whole = client.models.generate_content(model=WRITER, contents="Tell me of lighthouses").text
    chunks = list(client.models.generate_content_stream(model=WRITER, contents="Tell me of lighthouses"))
    texts = [chunk.text or "" for chunk in chunks]
    assert "".join(texts) == whole
    assert len(chunks) > 5
    assert max(map(len, texts)) < 60
    assert (chunks[-1].candidates or [])[0].finish_reason == types.FinishReason.STOP


@pytest.mark.parametrize(
    ("model", "thinking", "thinks"),
    [
        (WRITER, None, True),
        (LIGHT, None, False),
        (LIGHT, {"thinkingLevel": "HIGH"}, True),
        (OLDER, {"thinkingBudget": 0}, False),
        ("gemini-4-hydrogen", {"thinkingLevel": "XHIGH"}, True),
    ],
)
def test_thoughts_are_counted_where_there_are_some(
    model: str, thinking: dict[str, Any] | None, thinks: bool, emulator: Emulator
) -> None:
    """Thoughts are counted beside the answer, and none where the level is minimal or the budget nothing."""
    config = {} if thinking is None else {"thinkingConfig": thinking}
    usage = ask(emulator.url, prompt_payload("hello", seed=1, **config), model).json()["usageMetadata"]
    assert ("thoughtsTokenCount" in usage) is thinks
    total = usage["promptTokenCount"] + usage["candidatesTokenCount"] + usage.get("thoughtsTokenCount", 0)
    assert usage["totalTokenCount"] == total


def test_thoughts_are_shown_if_asked(emulator: Emulator) -> None:
    """Thoughts come first and marked."""
    asked = prompt_payload("hello", thinkingConfig={"includeThoughts": True})
    parts = ask(emulator.url, asked, WRITER).parts
    assert [part.get("thought", False) for part in parts] == [True, False]


def test_a_limit_cuts_the_answer(emulator: Emulator) -> None:
    """An answer ends at its limit with MAX_TOKENS; thoughts use it up first and may leave nothing to say."""
    reply = ask(emulator.url, prompt_payload("hello", maxOutputTokens=5), LIGHT)
    assert (len(reply.parts[0]["text"]), reply.candidate["finishReason"]) == (20, "MAX_TOKENS")
    silent = ask(emulator.url, prompt_payload("hello", maxOutputTokens=100), WRITER)
    assert ("content" in silent.candidate, silent.candidate["finishReason"]) == (False, "MAX_TOKENS")
    assert silent.json()["usageMetadata"]["thoughtsTokenCount"] == 100


def test_a_stop_sequence_ends_the_answer(emulator: Emulator) -> None:
    """The answer ends before a stop sequence, and with STOP."""
    reply = ask(emulator.url, prompt_payload("hello", stopSequences=["picture"]), LIGHT)
    assert reply.parts[0]["text"].endswith("I see no ")
    assert reply.candidate["finishReason"] == "STOP"


def test_json_can_be_asked(client: genai.Client) -> None:
    """JSON is JSON, and has the form of a schema, references and all."""
    plain = client.models.generate_content(
        model=WRITER, contents="hello", config={"response_mime_type": "application/json"}
    )
    assert json.loads(plain.text or "") == {"prompt": "hello", "pictures": 0}
    schema = {
        "$defs": {"Colour": {"enum": ["red", "blue"]}},
        "type": "object",
        "properties": {
            "words": {"type": "array", "items": {"type": "string"}},
            "colour": {"$ref": "#/$defs/Colour"},
            "count": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
            "sure": {"type": "boolean"},
        },
    }
    shaped = client.models.generate_content(
        model=WRITER,
        contents="hello",
        config={"response_mime_type": "application/json", "response_json_schema": schema},
    )
    assert json.loads(shaped.text or "") == {"words": ["hello"], "colour": "red", "count": 0, "sure": True}


@pytest.mark.parametrize(
    ("model", "config", "message"),
    [
        (WRITER, {"imageConfig": {"aspectRatio": "16:9"}}, "Aspect ratio is not enabled for this model"),
        (WRITER, {"imageConfig": {"imageSize": "2K"}}, "Image size is not enabled for this model"),
        (
            WRITER,
            {"responseModalities": ["TEXT", "IMAGE"]},
            "Model does not support the requested response modalities: image",
        ),
        (WRITER, {"presencePenalty": 1.0}, "Penalty is not enabled for this model"),
        (WRITER, {"stopSequences": list("abcdef")}, "Request contains an invalid argument."),
        (WRITER, {"candidateCount": 2}, "Multiple candidates is not enabled for this model"),
        (ARGON, {"thinkingConfig": {"thinkingBudget": 8}}, "Thinking budget is not supported for this model"),
    ],
)
def test_what_a_text_model_does_not_take(
    model: str, config: dict[str, Any], message: str, emulator: Emulator
) -> None:
    """Drawing settings and what a text model lacks are refused as Google refuses them."""
    assert refuse(emulator, model, **config) == message


def test_a_level_the_model_lacks_is_refused(emulator: Emulator) -> None:
    """3.8 Flash has no minimal thinking."""
    assert refuse(emulator, thinkingConfig={"thinkingLevel": "MINIMAL"}).startswith(
        "Thinking level MINIMAL is not"
    )


def test_a_model_turn_cannot_be_the_last(emulator: Emulator) -> None:
    """From 3.5 Flash-Lite on a request may not end with a model's turn; older models continue it."""
    turns = [("user", "hello"), ("model", "Well,")]
    payload = {"contents": [{"role": role, "parts": [{"text": text}]} for role, text in turns]}
    refused = ask(emulator.url, payload, WRITER)
    assert refused.json()["error"]["message"] == "Requests ending with a model turn are not supported."
    assert ask(emulator.url, payload, OLDER).status == 200


def test_directives_work_for_text(emulator: Emulator) -> None:
    """A blocked prompt and an error are scripted as for pictures."""
    blocked = ask(emulator.url, prompt_payload("hello [[block=SAFETY]]", seed=1), WRITER)
    assert blocked.json()["promptFeedback"]["blockReason"] == "SAFETY"
    assert ask(emulator.url, prompt_payload("hello [[status=503]]", seed=1), WRITER).status == 503


def test_pictures_drawn_elsewhere_may_stand_unsigned(emulator: Emulator) -> None:
    """A text model demands no signature of a picture in a model's turn."""
    drawn = ask(emulator.url, prompt_payload("a fox")).pictures[0]
    payload = {
        "contents": [
            {"role": "model", "parts": [inline_part(drawn)]},
            {"role": "user", "parts": [{"text": "what is this?"}]},
        ]
    }
    assert ask(emulator.url, payload, FLASH).status == 400
    assert "I see 1 picture." in ask(emulator.url, payload, WRITER).parts[0]["text"]
