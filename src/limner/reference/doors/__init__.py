"""Descriptions of the doors, one module for each group. No code of a door."""

from limner.reference.doors import (
    chat,
    completions,
    health,
    images,
    keys,
    limner,
    models,
    native,
    own,
    pictures,
    resolutions,
)
from limner.reference.operation import Operation, Rules

_GROUPS = (chat, images, native, completions, models, pictures, limner, resolutions, keys, health, own)

TAGS = tuple(tag for group in _GROUPS for tag in group.TAGS)


def list_operations(rules: Rules) -> list[Operation]:
    """Return all doors in the order in which readers want them."""
    return [operation for group in _GROUPS for operation in group.list_operations(rules)]
