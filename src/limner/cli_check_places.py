"""Tries where a gateway keeps things: its data folder, its database, its picture store. Leaves nothing behind.

This module must not know what is kept there.
"""

import secrets
from pathlib import Path

from limner.cli_check_finding import Finding
from limner.cli_keys import open_books_database, open_key_store
from limner.config import Settings
from limner.ledger.errors import LedgerError
from limner.ledger.postgres import describe
from limner.ledger.sqlite import FILE_NAME
from limner.ledger.standing import read_schema, try_writing
from limner.pictures.disk import PROBE, measure_free_bytes, sync_file, sync_folder
from limner.pictures.shared import SharedStoreError, open_shared_store

_GIB = 1024**3
_LITTLE_BYTES = 2 * _GIB
_LEAST_BYTES = 128 * 1024**2
"""Below this a gateway buys no 4K picture; see `generation.storage`."""

_PROBE_BYTES = b"limner" * 1024


def check_data_folder(settings: Settings) -> list[Finding]:
    """Write a file into the data folder, make sure of it, and read it again."""
    folder, item = settings.data_dir.absolute(), "data folder"
    try:
        if not folder.exists():
            return [_look_at_parent(folder)]
        _try_file(folder)
        free_bytes = measure_free_bytes(folder)
    except OSError as error:
        told = f"{folder} cannot be written ({error.strerror})"
        return [
            Finding(
                item,
                "failed",
                told,
                "give it to the user that runs limner, or set LIMNER_DATA_DIR to another",
            )
        ]
    told = f"{folder}, {free_bytes / _GIB:.1f} GiB free"
    if free_bytes < _LEAST_BYTES:
        return [Finding(item, "failed", told, "make room: pictures could not be stored, so none are bought")]
    if free_bytes < _LITTLE_BYTES:
        return [Finding(item, "warning", told, "make room, or set LIMNER_STORE_MAX_GIB below it")]
    return [Finding(item, "ok", told)]


def _look_at_parent(folder: Path) -> Finding:
    """Say whether a folder could be made; the one who runs `check` need not be the one who runs the gateway."""
    parent = next(path for path in folder.parents if path.exists())
    try:
        _try_file(parent)
    except OSError as error:
        told = f"{folder} is not there, and {parent} cannot be written ({error.strerror})"
        return Finding("data folder", "failed", told, "make it, or set LIMNER_DATA_DIR to another")
    return Finding("data folder", "ok", f"{folder} is not there yet; `limner serve` makes it")


def _try_file(folder: Path) -> None:
    path = folder / f"{PROBE}-{secrets.token_hex(8)}"
    try:
        path.write_bytes(_PROBE_BYTES)
        sync_file(path)
        sync_folder(folder)
        if path.read_bytes() != _PROBE_BYTES:
            raise OSError(5, "it gives back something else than was written")
    finally:
        path.unlink(missing_ok=True)


def check_database(settings: Settings) -> list[Finding]:
    """Open the database at this version's schema, as every command does, and write into it."""
    item = "database"
    url = settings.database_url
    name = (
        describe(url.get_secret_value()) if url is not None else str(settings.data_dir.absolute() / FILE_NAME)
    )
    try:
        if url is None and not (settings.data_dir / FILE_NAME).exists():
            return [Finding(item, "ok", f"{name} is not there yet; `limner serve` makes it")]
        with open_books_database(settings) as database:
            schema = read_schema(database)
            try_writing(database)
            keys = open_key_store(database, settings)
            usable, unrecognisable = keys.has_usable_key(), keys.count_unrecognisable_keys()
    except OSError as error:
        return [
            Finding(item, "failed", f"{name} cannot be reached ({error.strerror})", "see the data folder")
        ]
    except LedgerError as error:
        advice = "see that it runs, and that host, user and password are right" if url is not None else None
        return [Finding(item, "failed", str(error), advice or "`limner database check` looks at it closely")]
    found = [Finding(item, "ok", f"{name}, schema {schema}, can be written")]
    if unrecognisable:
        told = f"{unrecognisable} were made with another signing secret, and are not accepted"
        found.append(
            Finding("client keys", "warning", told, "set LIMNER_SIGNING_SECRET to the one of before")
        )
    if not usable:
        found.append(Finding("client keys", "warning", "there are none", "limner keys create NAME"))
    return found


async def check_store(settings: Settings) -> list[Finding]:
    """Write, read, list and delete an object in the picture store."""
    item, url = "picture store", settings.image_store_url
    if url is None:
        return [Finding(item, "ok", "in the data folder")]
    options = {name: value.get_secret_value() for name, value in settings.image_store_options.items()}
    try:
        await open_shared_store(url, options).check()
    except (SharedStoreError, ValueError) as error:
        advice = "see that the bucket is there, and that the credentials may write, list and delete in it"
        return [Finding(item, "failed", f"{url}: {error}", advice)]
    return [Finding(item, "ok", f"{url} can be written, read, listed and cleared")]
