"""The models of this process, under all their names: those of the two dated tables, and what an operator adds to them.

One table, exchanged as a whole when the configuration is read: whoever asks sees the old one or the new one. Does no I/O.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from limner.catalogue.aliases import Aliases
from limner.catalogue.image_models import IMAGE_MODELS
from limner.catalogue.model import Model
from limner.catalogue.text_models import TEXT_MODELS

BUILT_IN: tuple[Model, ...] = (*IMAGE_MODELS, *TEXT_MODELS)


class Additions(Struct, frozen=True, kw_only=True):
    """What an operator says of models."""

    models: Sequence[Model] = ()
    """Models that are not in the tables, and such as stand there with other prices."""
    aliases: Aliases = Aliases()
    fallbacks: Mapping[str, tuple[str, ...]] = {}
    """By a model's id the ids of those that are asked in its place, in this order."""


class Table(Struct, frozen=True):
    """Models by their names."""

    models: tuple[Model, ...]
    by_name: Mapping[str, Model]
    aliases: Aliases
    fallbacks: Mapping[str, tuple[str, ...]]


def build_table(additions: Additions) -> Table:
    """Return the tables' models and what is added to them; an added model takes the place of one with its id."""
    models = {model.id: model for model in (*BUILT_IN, *additions.models)}
    by_name = {name: model for model in models.values() for name in (model.id, *model.aliases)}
    return Table(tuple(models.values()), by_name, additions.aliases, additions.fallbacks)


class _Place:
    """Holds the table."""

    def __init__(self) -> None:
        self.table = build_table(Additions())


_PLACE = _Place()


def get_table() -> Table:
    """Return the table as it is now."""
    return _PLACE.table


def use_additions(additions: Additions) -> None:
    """Have these additions, and no others, from now on in this process."""
    _PLACE.table = build_table(additions)
