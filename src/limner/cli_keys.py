"""The commands on client keys. They need the data folder and the signing secret, and work while `serve` runs.

This module must not know how keys are stored or hashed.
"""

import json
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import typer

from limner.catalogue import find_model
from limner.config import Settings, load_settings
from limner.ledger.keys import ApiKey, KeyStore
from limner.ledger.signing import load_signing_secret
from limner.ledger.sqlite import Database

_LIFETIME = re.compile(r"([1-9][0-9]{0,4})([hdw])")
_UNIT_SECONDS = {"h": 3600, "d": 86400, "w": 7 * 86400}
_IMAGE_OUTPUTS = ("auto", "markdown", "images")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a new key may do, as checked options."""

    models: frozenset[str] | None
    expires_at: int | None
    image_output: str | None


def parse_limits(*, models: str | None, expires: str | None, image_output: str | None) -> Limits:
    """Return the options' values.

    Raises:
        typer.BadParameter: a model is unknown, or a value malformed.
    """
    if image_output is not None and image_output not in _IMAGE_OUTPUTS:
        raise typer.BadParameter(f"--image-output is {image_output!r}; accepted: {', '.join(_IMAGE_OUTPUTS)}")
    return Limits(
        models=None if models is None else _parse_models(models),
        expires_at=None if expires is None else int(time.time()) + _parse_lifetime_seconds(expires),
        image_output=image_output,
    )


def create(
    name: str, limits: Limits, *, owner: str | None, is_admin: bool, secret: str | None, as_json: bool
) -> None:
    """Create a key and print it: alone on stdout, or as `{"name", "key"}`."""
    with _open_keys() as keys:
        key, shown_secret = keys.create(
            name,
            owner=owner,
            is_admin=is_admin,
            models=limits.models,
            image_output=limits.image_output,
            expires_at=limits.expires_at,
            secret=secret,
        )
    if as_json:
        print(json.dumps({"name": key.name, "key": shown_secret}))
        return
    print(shown_secret)
    print(f"This is key {key.name!r}. Keep it: it is not shown again.", file=sys.stderr)


def show_all(*, as_json: bool) -> None:
    """Print the keys that are not revoked."""
    with _open_keys() as keys:
        found = keys.list()
        unrecognisable = keys.count_unrecognisable_keys()
    if as_json:
        print(json.dumps([_to_json(key) for key in found], indent=2))
    elif found:
        _print_table(
            [("NAME", "OWNER", "ADMIN", "MODELS", "OUTPUT", "EXPIRES", "CREATED"), *map(_to_row, found)]
        )
    else:
        print("There are no keys; `limner keys create NAME` makes one.", file=sys.stderr)
    if unrecognisable:
        print(
            f"{unrecognisable} of these were made with another signing secret and are not accepted.",
            file=sys.stderr,
        )


def revoke(name: str) -> None:
    """Revoke a key and say so."""
    with _open_keys() as keys:
        keys.revoke(name)
    print(f"Key {name!r} is revoked.", file=sys.stderr)


def open_key_store(database: Database, settings: Settings) -> KeyStore:
    """Return the client keys of `database`, as the settings sign and complete them."""
    configured = settings.signing_secret
    secret = load_signing_secret(settings.data_dir, configured.get_secret_value() if configured else None)
    fixed_keys = [key.get_secret_value() for key in settings.client_api_keys]
    return KeyStore(database, signing_secret=secret, fixed_keys=fixed_keys)


@contextmanager
def _open_keys() -> Iterator[KeyStore]:
    settings = load_settings()
    with Database(settings.data_dir) as database:
        yield open_key_store(database, settings)


def _parse_models(text: str) -> frozenset[str]:
    names = [name for piece in text.split(",") if (name := piece.strip())]
    models = {name: find_model(name) for name in names}
    unknown = [name for name, model in models.items() if model is None]
    if unknown or not names:
        raise typer.BadParameter(
            f"--models names no model Limner knows: {', '.join(unknown) or 'it is empty'}"
        )
    return frozenset(model.id for model in models.values() if model is not None)


def _parse_lifetime_seconds(text: str) -> int:
    match = _LIFETIME.fullmatch(text)
    if match is None:
        raise typer.BadParameter(
            f"--expires is {text!r}; accepted: hours, days or weeks, such as 12h, 30d or 8w"
        )
    return int(match[1]) * _UNIT_SECONDS[match[2]]


def _to_json(key: ApiKey) -> dict[str, object]:
    return asdict(key) | {"models": None if key.models is None else sorted(key.models)}


def _to_row(key: ApiKey) -> tuple[str, ...]:
    is_expired = key.expires_at is not None and key.expires_at <= time.time()
    return (
        key.name,
        key.owner,
        "yes" if key.is_admin else "no",
        "all" if key.models is None else ",".join(sorted(key.models)),
        key.image_output or "-",
        "never"
        if key.expires_at is None
        else _format_time(key.expires_at) + (" (over)" if is_expired else ""),
        _format_time(key.created_at),
    )


def _format_time(epoch_seconds: int) -> str:
    return datetime.fromtimestamp(epoch_seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _print_table(rows: list[tuple[str, ...]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
