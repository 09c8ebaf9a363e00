"""`GET /v1/models`: what a key may draw with, in the fields that clients and programs read."""

import time
from typing import Any

import pytest

from asking import ask
from limner.catalogue import IMAGE_MODELS, MODELS, TEXT_MODELS, Model, find_prices
from programs import Gateway

# Dollars for one picture at each size (Google's price page, 2026-07, and the notices of 2026-10).
PRICES = {
    "gemini-nano-banana-2.1": {"1K": 0.0336, "2K": 0.0504, "4K": 0.1134},
    "gemini-3-pro-image": {"1K": 0.1344, "2K": 0.1344, "4K": 0.24},
    "gemini-3.1-flash-image": {"512": 0.04482, "1K": 0.0672, "2K": 0.1008, "4K": 0.1512},
    "gemini-3.1-flash-lite-image": {"1K": 0.0336},
    "gemini-2.5-flash-image": {"1K": 0.0387},
}


@pytest.fixture(scope="module")
def listed(gateway: Gateway) -> dict[str, dict[str, Any]]:
    """All entries by their id."""
    answer = ask(gateway, path="/v1/models").json()
    assert answer["object"] == "list"
    return {entry["id"]: entry for entry in answer["data"]}


def test_all_models_and_nicknames_are_listed(listed: dict[str, dict[str, Any]]) -> None:
    """Every model stands there under its id and its nicknames, once each."""
    assert sorted(listed) == sorted(name for model in MODELS for name in (model.id, *model.aliases))
    assert {"nano-banana", "nano-banana-pro", "nano-banana-2", "nano-banana-2.1"} <= set(listed)


@pytest.mark.parametrize("model", IMAGE_MODELS, ids=lambda model: model.id)
def test_the_fields_of_an_entry(model: Model, listed: dict[str, dict[str, Any]]) -> None:
    """An entry has OpenAI's fields, modalities and prices per token, and what Limner knows of the model."""
    entry = listed[model.id]
    assert (entry["object"], entry["owned_by"]) == ("model", "google")
    assert isinstance(entry["created"], int)
    assert entry["architecture"] == {
        "input_modalities": ["text", "image"],
        "output_modalities": ["text", "image"],
    }
    assert {name: float(price) for name, price in entry["pricing"].items()} == pytest.approx(
        {
            "prompt": model.prices.input_nano_usd / 1e9,
            "completion": model.prices.output_text_nano_usd / 1e9,
            "image_output": model.prices.output_image_nano_usd / 1e9,
        }
    )
    about = entry["limner"]
    assert {"ratios", "sizes", "pixels", "price_usd", "reserve_usd", "deprecated"} <= set(about)
    assert (tuple(about["ratios"]), tuple(about["sizes"])) == (model.ratios, model.sizes)
    assert about["price_usd"] == PRICES[model.id]
    assert all(about["reserve_usd"][size] > about["price_usd"][size] for size in model.sizes)
    assert about["pixels"] == {
        ratio: {size: "{}x{}".format(*model.pixels[ratio, size]) for size in model.sizes}
        for ratio in model.ratios
    }


@pytest.mark.parametrize("model", TEXT_MODELS, ids=lambda model: model.id)
def test_the_fields_of_a_text_model(model: Model, listed: dict[str, dict[str, Any]]) -> None:
    """A text model's entry says that it answers text, what a token costs today, and what an answer may cost at most."""
    entry = listed[model.id]
    assert entry["architecture"] == {"input_modalities": ["text", "image"], "output_modalities": ["text"]}
    assert set(entry["pricing"]) == {"prompt", "completion"}
    prices = find_prices(model, at_seconds=time.time(), prompt_tokens=0)
    assert float(entry["pricing"]["completion"]) == pytest.approx(prices.output_text_nano_usd / 1e9)
    most = 65_536 * prices.output_text_nano_usd / 1e9
    assert entry["limner"] == {
        "model": model.id,
        "max_output_tokens": 65_536,
        "reserve_usd": {"text": pytest.approx(most, abs=1e-6)},
        "deprecated": model.deprecated,
    }


def test_a_nickname_says_what_it_means(listed: dict[str, dict[str, Any]]) -> None:
    """A nickname's entry is its model's under another id."""
    assert {**listed["nano-banana-pro"], "id": "gemini-3-pro-image"} == listed["gemini-3-pro-image"]


@pytest.mark.parametrize(
    "name",
    [
        "gemini-3-pro-image",
        "nano-banana-pro",
        "models/gemini-3-pro-image",
        "google/gemini-3-pro-image",
        "gemini/gemini-3-pro-image-preview",
    ],
)
def test_one_model_by_any_of_its_names(name: str, gateway: Gateway) -> None:
    """One model is found by all names that a drawing may use, and bears the one asked for."""
    entry = ask(gateway, path=f"/v1/models/{name}").json()
    assert (entry["id"], entry["limner"]["model"]) == (name, "gemini-3-pro-image")


def test_an_unknown_model_is_not_found(gateway: Gateway) -> None:
    """A model that is not there is 404, in the form of every error."""
    reply = ask(gateway, path="/v1/models/dall-e-3")
    assert (reply.status, reply.error["code"], reply.error["param"]) == (404, "model_not_found", "model")
    assert reply.error["type"] == "invalid_request_error"


def test_models_need_a_key(gateway: Gateway) -> None:
    """Neither the list nor one model is shown without a key."""
    for path in ("/v1/models", "/v1/models/nano-banana"):
        reply = ask(gateway, path=path, key=None)
        assert (reply.status, reply.error["code"]) == (401, "invalid_api_key")
