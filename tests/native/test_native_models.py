"""Models in Gemini's form, and counts of tokens."""

import pytest

from asking import ask
from native import MODEL, call, look, request, to_png
from programs import Gateway, ListCalls


@pytest.mark.parametrize("version", ["v1beta", "v1"])
def test_the_list(version: str, gateway: Gateway) -> None:
    """It lists each model by its own name, a page at a time, with what is served of it."""
    listed = look(gateway, f"/{version}/models").json()["models"]
    names = [model["name"] for model in listed]
    assert f"models/{MODEL}" in names
    assert "models/nano-banana-2" not in names
    assert all(model["supportedGenerationMethods"] == ["generateContent", "countTokens"] for model in listed)
    paged: list[str] = []
    token = ""
    while True:
        page = look(gateway, f"/{version}/models?pageSize=5&pageToken={token}").json()
        paged += [model["name"] for model in page["models"]]
        token = page.get("nextPageToken", "")
        if not token:
            break
        assert len(page["models"]) == 5
    assert paged == names


def test_one_model(gateway: Gateway) -> None:
    """A model is shown as Google's list shows it, by nickname too."""
    shown = look(gateway, f"/v1beta/models/{MODEL}").json()
    assert shown == {
        "name": f"models/{MODEL}",
        "baseModelId": MODEL,
        "version": "3.0",
        "displayName": "Nano Banana 2",
        "description": "Gemini 3.1 Flash Image.",
        "inputTokenLimit": 65536,
        "outputTokenLimit": 65536,
        "supportedGenerationMethods": ["generateContent", "countTokens"],
        "temperature": 1,
        "topP": 0.95,
        "topK": 64,
        "maxTemperature": 1,
        "thinking": True,
    }
    assert look(gateway, "/v1/models/nano-banana-2").json() == {**shown, "name": "models/nano-banana-2"}
    missing = look(gateway, "/v1beta/models/none")
    assert (missing.status, missing.error["status"]) == (404, "NOT_FOUND")


def test_who_asks_decides_the_form(gateway: Gateway) -> None:
    """At the path that both APIs have OpenAI's clients get OpenAI's form, Google's get Gemini's."""
    assert ask(gateway, path="/v1/models").json()["object"] == "list"
    as_google = ask(gateway, path="/v1/models", headers={"x-goog-api-client": "google-genai-sdk/3.4.0"})
    assert "models" in as_google.json()


def test_a_page_that_is_none(gateway: Gateway) -> None:
    """A token or a size that cannot be is refused."""
    for query in ("pageToken=none", "pageSize=x", "pageSize=-1"):
        assert look(gateway, f"/v1beta/models?{query}").status == 400


def test_a_key_sees_its_models(gateway: Gateway) -> None:
    """A key with models of its own is shown these alone."""
    key = gateway.create_key("one-model", "--models", MODEL)
    listed = look(gateway, "/v1beta/models", key=key).json()["models"]
    assert [model["name"] for model in listed] == [f"models/{MODEL}"]
    assert look(gateway, "/v1beta/models/gemini-3-pro-image", key=key).status == 404
    assert call(gateway, request(), "countTokens", model="gemini-3-pro-image", key=key).status == 403


def test_counts(gateway: Gateway, journal: ListCalls) -> None:
    """Gemini's own count comes back, in both forms of asking; nothing is bought."""
    contents = request("some words")["contents"]
    plain = call(gateway, {"contents": contents}, "countTokens")
    whole = {"model": "models/nano-banana-2", "contents": contents}
    inside = call(
        gateway, {"generateContentRequest": whole}, "countTokens", model="nano-banana-2", version="v1"
    )
    assert (plain.status, inside.status) == (200, 200)
    assert plain.body == inside.body
    assert plain.json()["totalTokens"] > 0
    assert "x-limner-generation-id" not in plain.headers
    bad = call(gateway, {"contents": []}, "countTokens")
    assert (bad.status, bad.error["status"]) == (400, "INVALID_ARGUMENT")
    broken = [{"parts": [{"inlineData": {"mimeType": "image/png", "data": to_png(1)}}]}]
    assert call(gateway, {"contents": broken}, "countTokens").status == 400
    assert journal() == []
