"""The models that a key may use, as records: OpenAI's list with what a client has to know to ask. Records only.

`architecture` and `pricing` are written as OpenRouter does (its API reference, 2026-11).
"""

from typing import Literal

from msgspec import UNSET, Struct, UnsetType


class Architecture(Struct):
    """What goes in and what comes out."""

    input_modalities: list[str]
    output_modalities: list[str]


class Pricing(Struct):
    """Dollars for one token, as decimal text."""

    prompt: str
    completion: str
    image_output: str | UnsetType = UNSET


class ModelNote(Struct, kw_only=True):
    """What Limner adds: of models that draw ratios, sizes, pixels and prices, of others how much they say."""

    model: str
    ratios: list[str] | UnsetType = UNSET
    sizes: list[str] | UnsetType = UNSET
    pixels: dict[str, dict[str, str]] | UnsetType = UNSET
    price_usd: dict[str, float] | UnsetType = UNSET
    max_output_tokens: int | UnsetType | None = UNSET
    reserve_usd: dict[str, float]
    deprecated: bool


class ModelEntry(Struct, kw_only=True):
    """One model under one of its names."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: Literal["google"] = "google"
    name: str
    architecture: Architecture
    pricing: Pricing
    limner: ModelNote


class ModelList(Struct, kw_only=True):
    """All of them."""

    object: Literal["list"] = "list"
    data: list[ModelEntry]
