"""`GET /v1/models` and `/v1/models/{id}`: what a key may ask, and what it costs now."""

import time
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from limner.catalogue import (
    Model,
    find_by_any_name,
    find_prices,
    list_models,
    list_names,
    price_nano_usd,
    reserve_nano_usd,
)
from limner.errors import NotFound
from limner.web.auth import FindKey, authenticate
from limner.web.native_models import NativeModelsDoor, is_native, may_use


class ModelsDoor:
    """Both doors."""

    def __init__(self, find_key: FindKey, native: NativeModelsDoor) -> None:
        """`native` answers who speaks Gemini's API."""
        self._find_key = find_key
        self._native = native

    async def list(self, request: Request) -> Response:
        """Answer with all models the key may use, nicknames and aliases too."""
        if is_native(request):
            return await self._native.list(request)
        key = await authenticate(request.headers, self._find_key)
        now = time.time()
        entries = [
            describe(model, name, now)
            for model in list_models()
            if may_use(key, model)
            for name in list_names(model)
        ]
        return _to_json({"object": "list", "data": entries})

    async def show(self, request: Request) -> Response:
        """Answer with one model. Raises NotFound."""
        if is_native(request):
            return await self._native.show(request)
        key = await authenticate(request.headers, self._find_key)
        name = request.path_params["name"]
        model = find_by_any_name(name)
        if model is None or not may_use(key, model):
            raise NotFound(f"There is no model {name!r} here.", code="model_not_found", param="model")
        return _to_json(describe(model, name, time.time()))


def describe(model: Model, name: str, now_seconds: float) -> dict[str, Any]:
    """Return the entry of `model` under `name`. Prices are dollars, those of `pricing` per token."""
    prices = find_prices(model, at_seconds=now_seconds, prompt_tokens=0)
    pricing = {
        "prompt": _per_token(prices.input_nano_usd),
        "completion": _per_token(prices.output_text_nano_usd),
    }
    if model.draws:
        pricing["image_output"] = _per_token(prices.output_image_nano_usd)
    return {
        "id": name,
        "object": "model",
        "created": model.created,
        "owned_by": "google",
        "name": model.title,
        "architecture": {
            "input_modalities": ["text", "image"],
            "output_modalities": ["text", "image"] if model.draws else ["text"],
        },
        "pricing": pricing,
        "limner": {
            "model": model.id,
            **(_describe_drawing(model, now_seconds) if model.draws else _describe_text(model, now_seconds)),
            "deprecated": model.deprecated,
        },
    }


def _describe_drawing(model: Model, now_seconds: float) -> dict[str, Any]:
    return {
        "ratios": list(model.ratios),
        "sizes": list(model.sizes),
        "pixels": _list_pixels(model),
        "price_usd": {size: _to_usd(price_nano_usd(model, size)) for size in model.sizes},
        "reserve_usd": {
            size: _to_usd(reserve_nano_usd(model, size=size, at_seconds=now_seconds)) for size in model.sizes
        },
    }


def _describe_text(model: Model, now_seconds: float) -> dict[str, Any]:
    return {
        "max_output_tokens": model.max_output_tokens,
        "reserve_usd": {"text": _to_usd(reserve_nano_usd(model, size="", at_seconds=now_seconds))},
    }


def _list_pixels(model: Model) -> dict[str, dict[str, str]]:
    table: dict[str, dict[str, str]] = {}
    for (ratio, size), (width, height) in model.pixels.items():
        table.setdefault(ratio, {})[size] = f"{width}x{height}"
    return table


def _per_token(nano_usd: int) -> str:
    """Return a price as a decimal string, as OpenRouter writes them."""
    return f"{nano_usd / 1_000_000_000:.10f}".rstrip("0")


def _to_usd(nano_usd: int) -> float:
    """Return dollars, rounded up to a micro-dollar."""
    return -(-nano_usd // 1000) / 1_000_000


def _to_json(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")
