"""The commands on client keys. They need the data folder and the signing secret, and work while `serve` runs.

This module must not know how keys are stored or hashed.
"""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import typer

from limner.cli_values import parse_lifetime_seconds, parse_micro_usd
from limner.config import Settings, load_settings
from limner.ledger.database import Database
from limner.ledger.errors import KeyRefused
from limner.ledger.key_rules import IMAGE_OUTPUTS, resolve_models
from limner.ledger.keys import BUDGET_PERIODS, KeyLimits, KeyStore
from limner.ledger.opening import open_database
from limner.ledger.signing import load_signing_secret


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a new key may do, as checked options."""

    models: frozenset[str] | None
    expires_at: int | None
    image_output: str | None
    spending: KeyLimits


def parse_limits(
    *, models: str | None, expires: str | None, image_output: str | None, spending: KeyLimits
) -> Limits:
    """Return the options' values.

    Raises:
        typer.BadParameter: a model is unknown, or a value malformed.
    """
    if image_output is not None and image_output not in IMAGE_OUTPUTS:
        raise typer.BadParameter(f"--image-output is {image_output!r}; accepted: {', '.join(IMAGE_OUTPUTS)}")
    lifetime_seconds = None if expires is None else parse_lifetime_seconds("--expires", expires)
    return Limits(
        models=None if models is None else parse_models(models),
        expires_at=None if lifetime_seconds is None else int(time.time()) + lifetime_seconds,
        image_output=image_output,
        spending=spending,
    )


def parse_spending(
    *, budget: str | None, period: str | None, images_per_minute: int | None, requests_per_minute: int | None
) -> KeyLimits:
    """Return the values of the options that limit how much a key may ask for.

    Raises:
        typer.BadParameter: a value is malformed, or a period has no budget.
    """
    if period is not None and period not in BUDGET_PERIODS:
        raise typer.BadParameter(f"--budget-period is {period!r}; accepted: {', '.join(BUDGET_PERIODS)}")
    if period is not None and budget is None:
        raise typer.BadParameter("--budget-period needs --budget-usd")
    return KeyLimits(
        budget_micro_usd=None if budget is None else parse_micro_usd("--budget-usd", budget),
        budget_period=period or "total",
        images_per_minute=images_per_minute,
        requests_per_minute=requests_per_minute,
    )


def create(
    name: str, limits: Limits, *, owner: str | None, is_admin: bool, secret: str | None, as_json: bool
) -> None:
    """Create a key and print it: alone on stdout, or as `{"name", "key"}`."""
    with open_keys() as (_, keys):
        key, shown_secret = keys.create(
            name,
            owner=owner,
            is_admin=is_admin,
            models=limits.models,
            image_output=limits.image_output,
            expires_at=limits.expires_at,
            secret=secret,
            **limits.spending,
        )
    if as_json:
        print(json.dumps({"name": key.name, "key": shown_secret}))
        return
    print(shown_secret)
    print(f"This is key {key.name!r}. Keep it: it is not shown again.", file=sys.stderr)


def revoke(name: str) -> None:
    """Revoke a key and say so."""
    with open_keys() as (_, keys):
        keys.revoke(name)
    print(f"Key {name!r} is revoked.", file=sys.stderr)


def open_key_store(database: Database, settings: Settings) -> KeyStore:
    """Return the client keys of `database`, as the settings sign and complete them."""
    fixed_keys = [key.get_secret_value() for key in settings.client_api_keys]
    return KeyStore(database, signing_secret=load_secret(settings), fixed_keys=fixed_keys)


def load_secret(settings: Settings) -> bytes:
    """Return the signing secret: the configured one, else that of the data folder."""
    configured = settings.signing_secret
    return load_signing_secret(settings.data_dir, configured.get_secret_value() if configured else None)


def open_books_database(settings: Settings) -> Database:
    """Return a connection to the books, for a command. Raises DatabaseError."""
    url = settings.database_url
    return open_database(settings.data_dir, None if url is None else url.get_secret_value())


@contextmanager
def open_keys() -> Iterator[tuple[Database, KeyStore]]:
    """Give the books and the keys in them, by the settings, for the length of the block."""
    settings = load_settings()
    with open_books_database(settings) as database:
        yield database, open_key_store(database, settings)


def parse_models(text: str) -> frozenset[str]:
    """Return the ids of models named with commas between them.

    Raises:
        typer.BadParameter: there is no such model, in the configuration neither.
        SettingsError: the configuration cannot be read.
    """
    load_settings()
    names = [name for piece in text.split(",") if (name := piece.strip())]
    try:
        return resolve_models(names)
    except KeyRefused as refused:
        raise typer.BadParameter(f"--models names {refused}") from None
