"""What cannot be bought is refused before it costs anything, in Gemini's words and form."""

from typing import Any

import pytest

from asking import PROMPT, ask
from native import MODEL, call, look, request
from programs import CLIENT_KEY, Gateway, ListCalls, StartGateway

_RATIOS = (
    "'1:1', '1:4', '1:8', '2:3', '3:2', '3:4', '4:1', '4:3', '4:5', '5:4', '8:1', '9:16', '16:9', or '21:9'"
)
_IMAGE = "generation_config.image_config"


def configure(**config: Any) -> dict[str, Any]:
    """Return a request with this `generationConfig` and no other."""
    return {**request(), "generationConfig": config}


def draw_at(**image: Any) -> dict[str, Any]:
    return configure(imageConfig=image)


REFUSALS = [
    ({}, MODEL, "* GenerateContentRequest.contents: contents is not specified\n"),
    ({"contents": []}, MODEL, "* GenerateContentRequest.contents: contents is not specified\n"),
    ({"contents": [{"parts": []}]}, MODEL, "Request has empty input."),
    (
        {"contents": [{"role": "assistant", "parts": [{"text": "x"}]}]},
        MODEL,
        "Please use a valid role: user, model.",
    ),
    (
        {"contents": [{"parts": [None]}]},
        MODEL,
        "Invalid value at 'contents[0].parts[0]' (type.googleapis.com/google.ai.generativelanguage.v1beta.Part), null",
    ),
    (
        {"contents": [{"parts": [{"text": 5}]}]},
        MODEL,
        "Invalid value at 'contents[0].parts[0].text' (TYPE_STRING), 5",
    ),
    (
        {"contents": [{"parts": [{"inline_data": {"data": 5}}]}]},
        MODEL,
        "Invalid value at 'contents[0].parts[0].inline_data.data' (TYPE_BYTES), 5",
    ),
    (
        {"contents": [{"parts": [{"inlineData": {"mimeType": "image/png", "data": "no base64!"}}]}]},
        MODEL,
        "Invalid value at 'contents[].parts[].inline_data.data' (TYPE_BYTES), Base64 decoding failed for \"no base64!\"",
    ),
    (
        draw_at(aspectRatio="7:5"),
        MODEL,
        f"* GenerateContentRequest.{_IMAGE}.aspect_ratio: aspect_ratio must be one of {_RATIOS}.\n",
    ),
    (draw_at(aspect_ratio="1:4"), "gemini-3-pro-image", "Aspect ratio 1:4 is not supported for this model"),
    (draw_at(aspectRatio="1:1"), "gemini-3.6-flash", "Aspect ratio is not enabled for this model"),
    (
        draw_at(imageSize="8K"),
        MODEL,
        "Unsupported image_size '8K'. Supported values are: 1K, 2K, 4K, 512, 512P, 512PX.",
    ),
    (draw_at(image_size="512"), "gemini-3-pro-image", "Image size 512 is not supported for this model"),
    (draw_at(imageSize=2), MODEL, f"Invalid value at '{_IMAGE}.image_size' (TYPE_STRING), 2"),
    (configure(candidateCount=2), MODEL, "Multiple candidates is not enabled for this model"),
    (
        {**request(), "generation_config": {"candidate_count": "2"}, "generationConfig": None},
        MODEL,
        "Multiple candidates is not enabled for this model",
    ),
    (
        configure(responseModalities=["BANANA"]),
        MODEL,
        (
            "Invalid value at 'generation_config.response_modalities[0]' (type.googleapis.com/google.ai."
            'generativelanguage.v1beta.GenerationConfig.Modality), "BANANA"'
        ),
    ),
    (
        configure(responseModalities=["TEXT", "IMAGE"]),
        "gemini-3.6-flash",
        "Model does not support the requested response modalities: text,image",
    ),
    (
        configure(maxOutputTokens=10**6),
        "gemini-3.6-flash",
        "maxOutputTokens is 1000000; gemini-3.6-flash takes 1 to 65536.",
    ),
    ({**request(), "store": "no"}, MODEL, "Invalid value at 'store' (TYPE_BOOL), \"no\""),
]


@pytest.mark.parametrize(("body", "model", "message"), REFUSALS)
def test_bad_requests(
    body: dict[str, Any], model: str, message: str, gateway: Gateway, journal: ListCalls
) -> None:
    """A request that Gemini would refuse is refused here, in either spelling."""
    reply = call(gateway, body, model=model)
    assert (reply.status, reply.error["message"]) == (400, message)
    assert reply.error["status"] == "INVALID_ARGUMENT"
    assert reply.error["details"][0]["domain"] == "limner"
    assert journal() == []


def test_other_statuses(gateway: Gateway, journal: ListCalls) -> None:
    """Keys, models, paths and bodies are refused in Gemini's form too."""
    replies = {
        "key": call(gateway, request(), key="sk-nobody"),
        "model": call(gateway, request(), model="gemini-none"),
        "batch": call(gateway, request(), "batchGenerateContent"),
        "predict": call(gateway, request(), "predict", version="v1"),
        "files": look(gateway, "/v1beta/files"),
        "caches": ask(gateway, {}, path="/v1beta/cachedContents"),
        "json": call(gateway, b'{"contents": ['),
        "large": call(gateway, request("x" * 5_000_000)),
    }
    told = {name: (reply.status, reply.error["status"]) for name, reply in replies.items()}
    assert told == {
        "key": (401, "UNAUTHENTICATED"),
        "model": (404, "NOT_FOUND"),
        "batch": (404, "NOT_FOUND"),
        "predict": (404, "NOT_FOUND"),
        "files": (404, "NOT_FOUND"),
        "caches": (404, "NOT_FOUND"),
        "json": (400, "INVALID_ARGUMENT"),
        "large": (413, "INVALID_ARGUMENT"),
    }
    assert (
        replies["model"]
        .error["message"]
        .startswith("models/gemini-none is not found for API version v1beta, or is not")
    )
    assert "POST models/{model}:generateContent" in replies["files"].error["message"]
    assert journal() == []


UNPRICED = [
    {"tools": [{"googleSearch": {}}]},
    {"tools": {"google_maps": {}}},
    {"cachedContent": "cachedContents/x"},
    {"service_tier": "priority"},
    {"contents": [{"parts": [{"fileData": {"fileUri": "https://x.example/a.png"}}]}]},
    {"contents": [{"parts": [{"inlineData": {"mimeType": "audio/mp3", "data": "QUJD"}}]}]},
]


@pytest.mark.parametrize("fields", UNPRICED, ids=lambda fields: next(iter(fields)))
def test_a_budget_needs_a_price(fields: dict[str, Any], gateway: Gateway, journal: ListCalls) -> None:
    """What has a price of its own that nobody can tell beforehand is not for keys with a budget."""
    key = gateway.create_key(f"budget-{UNPRICED.index(fields)}", "--budget-usd", "1")
    reply = call(gateway, {**request(), **fields}, key=key)
    assert (reply.status, reply.error["details"][0]["reason"]) == (400, "UNSUPPORTED_PARAMETER")
    assert "this key has a budget" in reply.error["message"]
    assert journal() == []


def test_functions_and_searches(gateway: Gateway, journal: ListCalls) -> None:
    """A key with a budget may describe functions, and one without may search."""
    key = gateway.create_key("functions", "--budget-usd", "1")
    functions = [{"functionDeclarations": [{"name": "f"}]}]
    config: dict[str, Any] = {"generationConfig": {}}
    assert (
        call(gateway, {**request(), **config, "tools": functions}, model="gemini-3.6-flash", key=key).status
        == 200
    )
    assert call(gateway, request(tools=[{"googleSearch": {}}])).status == 200
    assert [entry["settings"]["tools"] for entry in journal()] == [functions, [{"googleSearch": {}}]]


def test_budgets_and_models_of_keys(gateway: Gateway, journal: ListCalls) -> None:
    """A budget that cannot hold the picture and a model that is not the key's are refused in Gemini's form."""
    poor = gateway.create_key("poor", "--budget-usd", "0.001")
    reply = call(gateway, request(), key=poor)
    assert (reply.status, reply.error["status"]) == (429, "RESOURCE_EXHAUSTED")
    other = gateway.create_key("other-model", "--models", "gemini-3-pro-image")
    reply = call(gateway, request(), key=other)
    assert (reply.status, reply.error["status"]) == (403, "PERMISSION_DENIED")
    assert journal() == []


def test_sizes_go_out_in_upper_case(gateway: Gateway, journal: ListCalls) -> None:
    """Google meters sizes in lower case wrongly, so they are raised; nothing else is changed."""
    body = {
        **request(),
        "generationConfig": None,
        "generation_config": {"image_config": {"image_size": "1k"}},
    }
    assert call(gateway, body).status == 200
    assert journal()[0]["settings"]["imageSize"] == "1K"


def test_what_is_kept_at_google(gateway: Gateway, start_gateway: StartGateway, journal: ListCalls) -> None:
    """`store: false` is added unless the client or the operator says otherwise."""
    call(gateway, request())
    call(gateway, request(store=True))
    call(start_gateway(LIMNER_UPSTREAM_STORE="true"), request())
    assert [entry["settings"].get("store") for entry in journal()] == [False, True, None]


def test_names_of_models(gateway: Gateway, journal: ListCalls) -> None:
    """Nicknames, the resource's name and that of other interfaces mean the model."""
    names = (
        "nano-banana-2",
        "models/gemini-3.1-flash-image",
        "publishers/google/models/gemini-3.1-flash-image",
    )
    for name in names:
        assert call(gateway, request(), model=name, version="v1").status == 200
    assert [entry["model"] for entry in journal()] == [MODEL] * 3
    assert CLIENT_KEY not in str(journal())
    assert journal()[0]["prompt"] == PROMPT
