"""`limner keys set`: changes a key that exists. Each limit has a word that takes it away.

This module must not know how keys are stored.
"""

import sys
import time
from collections.abc import Mapping
from typing import Any

import typer

from limner.cli_keys import open_keys, parse_models
from limner.cli_values import parse_lifetime_seconds, parse_micro_usd
from limner.ledger.key_changes import change_key, find_named_key
from limner.ledger.key_rules import BUDGET_PERIODS, IMAGE_OUTPUTS

_WORDS = {
    "models": "all",
    "expires_at": "never",
    "image_output": "default",
    "owner": "self",
    "budget_micro_usd": "none",
    "images_per_minute": "none",
    "requests_per_minute": "none",
}
"""What takes a limit away."""

_CHOICES = {"budget_period": BUDGET_PERIODS, "image_output": IMAGE_OUTPUTS}


def parse_changes(given: Mapping[str, str | None], *, is_admin: bool | None) -> dict[str, Any]:
    """Return what is to change, by the names of a key's fields.

    Raises:
        typer.BadParameter: a value is malformed, or nothing is to change.
    """
    changes = {field: _parse(field, text) for field, text in given.items() if text is not None}
    if is_admin is not None:
        changes["is_admin"] = is_admin
    if not changes:
        raise typer.BadParameter("nothing is to change: name an option")
    return changes


def change(name: str, changes: dict[str, Any]) -> None:
    """Change a key and say so. Raises KeyRefused."""
    with open_keys() as (database, _), database.transaction():
        key = find_named_key(database, name)
        database.lock("key", key.id)
        key = find_named_key(database, name)
        changed = change_key(database, key, changes, int(time.time()))
    print(f"Key {changed.name!r} is changed.", file=sys.stderr)


def _parse(field: str, text: str) -> Any:
    if text == _WORDS.get(field):
        return None
    option = "--" + field.removesuffix("_at").replace("micro_usd", "usd").replace("_", "-")
    if field == "models":
        return parse_models(text)
    if field == "expires_at":
        return int(time.time()) + parse_lifetime_seconds(option, text)
    if field == "budget_micro_usd":
        return parse_micro_usd(option, text)
    if field in _CHOICES and text not in _CHOICES[field]:
        raise typer.BadParameter(f"{option} is {text!r}; accepted: {', '.join(_CHOICES[field])}")
    if field.endswith("_per_minute"):
        if not (text.isascii() and text.isdecimal() and 1 <= int(text[:16]) <= 10**15):
            raise typer.BadParameter(f"{option} is {text!r}; accepted: 1 and more, or none")
        return int(text)
    return text
