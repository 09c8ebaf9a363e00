"""The models Limner sells, under all their names. Two dated tables and how to find something there; does no I/O."""

import re

from limner.catalogue.aliases import fold
from limner.catalogue.image_models import ALL_RATIOS, IMAGE_MODELS, describe_pixels
from limner.catalogue.model import (
    RESERVED_TEXT_TOKENS,
    SIZES,
    Model,
    Prices,
    find_prices,
    price_nano_usd,
    reserve_nano_usd,
    to_unlisted,
)
from limner.catalogue.table import Additions, Table, build_table, get_table, use_additions
from limner.catalogue.text_models import TEXT_MODELS

__all__ = [
    "ALL_RATIOS",
    "IMAGE_MODELS",
    "MODELS",
    "RESERVED_TEXT_TOKENS",
    "SIZES",
    "TEXT_MODELS",
    "Additions",
    "Model",
    "Prices",
    "Table",
    "build_table",
    "describe_pixels",
    "find_by_any_name",
    "find_fallbacks",
    "find_model",
    "find_model_and_suffixes",
    "find_prices",
    "find_used_model",
    "list_models",
    "list_names",
    "price_nano_usd",
    "reserve_nano_usd",
    "resolve_alias",
    "strip_prefixes",
    "to_unlisted",
    "use_additions",
]

MODELS = (*IMAGE_MODELS, *TEXT_MODELS)
"""Those of the tables; `list_models` has all there are."""

_PREFIXES = ("models/", "google/", "gemini/", "vertex_ai/")


def find_model(name: str, table: Table | None = None) -> Model | None:
    """Return the model that `name` means, or None.

    Takes Gemini's ids and the nicknames, in any case, with or without `models/`, `google/`, `gemini/`
    or `vertex_ai/` in front and `-preview` behind.
    """
    key = strip_prefixes(name)
    by_name = (table or get_table()).by_name
    return by_name.get(key) or by_name.get(key.removesuffix("-preview"))


def find_used_model(name: str) -> Model:
    """Return a model that was asked; of one that is not in the catalogue nothing is known."""
    return find_model(name) or to_unlisted(name)


def list_models() -> tuple[Model, ...]:
    """Return all models there are, those that were added by configuration too."""
    return get_table().models


def find_fallbacks(model: Model) -> list[Model]:
    """Return the models that are asked in this one's place where it cannot be had, in their order."""
    found = (find_model(model_id) for model_id in get_table().fallbacks.get(model.id, ()))
    return [fallback for fallback in found if fallback is not None]


def resolve_alias(name: str) -> str:
    """Return the name that an alias stands for, with the settings behind it; other names as they are."""
    return get_table().aliases.resolve(name)


def strip_prefixes(name: str) -> str:
    """Return a name in lower case, without `models/`, `google/`, `gemini/` and `vertex_ai/` in front."""
    key = name.strip().lower()
    while (prefix := next((p for p in _PREFIXES if key.startswith(p)), None)) is not None:
        key = key.removeprefix(prefix)
    return key


_SUFFIX = re.compile(r"-(512|[124]k|hd|\d{1,2}[x-]\d{1,2})(?:-preview)?$")


def find_model_and_suffixes(name: str, table: Table | None = None) -> tuple[Model, tuple[str, ...]] | None:
    """Return the model that `name` means and the settings behind its name, such as `16x9` and `4k`, or None.

    A name that is a model's wins: `nano-banana-2` is a model, `nano-banana-2-16-9-4k` that model with settings. A text
    model has none.
    """
    suffixes: list[str] = []
    rest = name.strip().lower()
    while (model := find_model(rest, table)) is None:
        found = _SUFFIX.search(rest)
        if found is None or (found[1][0].isdigit() and not _is_setting(found[1])):
            return None
        suffixes.insert(0, found[1])
        rest = rest[: found.start()]
    return None if suffixes and not model.draws else (model, tuple(suffixes))


def find_by_any_name(name: str) -> Model | None:
    """Return the model of a name of its own, or of an alias; None if there is none."""
    target = get_table().aliases.targets.get(fold(name))
    found = None if target is None else find_model_and_suffixes(target)
    return find_model(name) if found is None else found[0]


def list_names(model: Model) -> list[str]:
    """Return a model's id, its nicknames and the aliases that stand for it."""
    own = [alias for alias in get_table().aliases.targets if find_by_any_name(alias) is model]
    return [model.id, *model.aliases, *own]


def _is_setting(suffix: str) -> bool:
    return suffix.endswith("k") or suffix == "512" or re.sub("[x-]", ":", suffix) in ALL_RATIOS
