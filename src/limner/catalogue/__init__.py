"""The models Limner sells, under all their names. Two dated tables and how to find something there; does no I/O."""

import re

from limner.catalogue.aliases import Aliases, fold
from limner.catalogue.image_models import ALL_RATIOS, IMAGE_MODELS
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
from limner.catalogue.text_models import TEXT_MODELS

__all__ = [
    "IMAGE_MODELS",
    "MODELS",
    "RESERVED_TEXT_TOKENS",
    "SIZES",
    "TEXT_MODELS",
    "Model",
    "Prices",
    "find_by_any_name",
    "find_model",
    "find_model_and_suffixes",
    "find_prices",
    "list_names",
    "price_nano_usd",
    "reserve_nano_usd",
    "strip_prefixes",
    "to_unlisted",
]

MODELS = (*IMAGE_MODELS, *TEXT_MODELS)

_BY_NAME = {name: model for model in MODELS for name in (model.id, *model.aliases)}
_PREFIXES = ("models/", "google/", "gemini/", "vertex_ai/")


def find_model(name: str) -> Model | None:
    """Return the model that `name` means, or None.

    Takes Gemini's ids and the nicknames, in any case, with or without `models/`, `google/`, `gemini/`
    or `vertex_ai/` in front and `-preview` behind.
    """
    key = strip_prefixes(name)
    return _BY_NAME.get(key) or _BY_NAME.get(key.removesuffix("-preview"))


def strip_prefixes(name: str) -> str:
    """Return a name in lower case, without `models/`, `google/`, `gemini/` and `vertex_ai/` in front."""
    key = name.strip().lower()
    while (prefix := next((p for p in _PREFIXES if key.startswith(p)), None)) is not None:
        key = key.removeprefix(prefix)
    return key


_SUFFIX = re.compile(r"-(512|[124]k|hd|\d{1,2}[x-]\d{1,2})(?:-preview)?$")


def find_model_and_suffixes(name: str) -> tuple[Model, tuple[str, ...]] | None:
    """Return the model that `name` means and the settings behind its name, such as `16x9` and `4k`, or None.

    A name that is a model's wins: `nano-banana-2` is a model, `nano-banana-2-16-9-4k` that model with settings. A text
    model has none.
    """
    suffixes: list[str] = []
    rest = name.strip().lower()
    while (model := find_model(rest)) is None:
        found = _SUFFIX.search(rest)
        if found is None or (found[1][0].isdigit() and not _is_setting(found[1])):
            return None
        suffixes.insert(0, found[1])
        rest = rest[: found.start()]
    return None if suffixes and not model.draws else (model, tuple(suffixes))


def find_by_any_name(name: str, aliases: Aliases) -> Model | None:
    """Return the model of a name of its own, or of an alias; None if there is none."""
    target = aliases.targets.get(fold(name))
    found = None if target is None else find_model_and_suffixes(target)
    return find_model(name) if found is None else found[0]


def list_names(model: Model, aliases: Aliases) -> list[str]:
    """Return a model's id, its nicknames and the aliases that stand for it."""
    own = [alias for alias in aliases.targets if find_by_any_name(alias, aliases) is model]
    return [model.id, *model.aliases, *own]


def _is_setting(suffix: str) -> bool:
    return suffix.endswith("k") or suffix == "512" or re.sub("[x-]", ":", suffix) in ALL_RATIOS
