"""`limner database backup` and `restore`: copies of the SQLite file with the signing secret. Of PostgreSQL its own tools do it.

This module must not know how a database is copied.
"""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import typer

from limner.cli_failure import CommandFailed
from limner.cli_listing import print_json
from limner.config import Settings, load_settings
from limner.ledger.backups import back_up as copy_database
from limner.ledger.backups import restore as put_back
from limner.ledger.lock import lock_data_dir
from limner.ledger.sqlite import FILE_NAME
from limner.pictures.store import PictureStore

_SECRET_NAME = "signing-secret"  # noqa: S105 - a file's name


def back_up(to: Path, *, as_json: bool) -> None:
    """Copy the database and the signing secret to a new folder.

    Raises:
        LedgerError: it cannot be copied. typer.BadParameter: it is PostgreSQL's.
    """
    settings = load_settings()
    if settings.database_url is not None:
        raise typer.BadParameter(
            "the books are in PostgreSQL: pg_dump --format=custom --file=limner.dump URL copies them while gateways "
            "run; then keep the signing secret, and the pictures"
        )
    copied = copy_database(settings.data_dir, to / FILE_NAME)
    has_secret = _copy_secret(settings.data_dir, to)
    if as_json:
        print_json(
            {
                "folder": str(to.absolute()),
                "schema": copied.schema,
                "generations": copied.generations,
                "bytes": copied.size_bytes,
                "has_signing_secret": has_secret,
            }
        )
        return
    secret = (
        "with the signing secret"
        if has_secret
        else "without the signing secret, which is not in the data folder"
    )
    print(
        f"{to / FILE_NAME}: {copied.generations:,} generations, {copied.size_bytes:,} bytes, schema {copied.schema}, {secret}."
    )
    print(
        f"Now copy the pictures: cp -a {settings.data_dir.absolute() / 'pictures'} … Those that are newer are adopted."
    )


def restore(source: Path, *, as_json: bool) -> None:
    """Put a backup in the place of the database, in a folder without a server.

    Raises:
        LedgerError, CommandFailed: it cannot be done. typer.BadParameter: it is PostgreSQL's.
    """
    settings = load_settings()
    if settings.database_url is not None:
        raise typer.BadParameter(
            "the books are in PostgreSQL: stop all gateways, then pg_restore --clean --if-exists --dbname=URL limner.dump"
        )
    if not (source / FILE_NAME).is_file():
        raise CommandFailed(f"there is no {source / FILE_NAME}; FROM is the folder of a backup")
    mark = f"replaced-{datetime.now(UTC):%Y%m%dT%H%M%S}Z"
    with lock_data_dir(settings.data_dir):
        copied, aside = put_back(source / FILE_NAME, settings.data_dir, mark=mark)
        secret_aside = _restore_secret(source, settings, mark)
    if as_json:
        print_json(
            {
                "database": str((settings.data_dir / FILE_NAME).absolute()),
                "generations": copied.generations,
                "schema": copied.schema,
                "replaced": None if aside is None else str(aside.absolute()),
            }
        )
        return
    print(f"{settings.data_dir / FILE_NAME} is {source / FILE_NAME} now: {copied.generations:,} generations.")
    for path in (aside, secret_aside):
        if path is not None:
            print(f"What was there before is {path}; remove it when all is well.")
    folders = sum(1 for _ in PictureStore(settings.data_dir).list_folders()) if _has_pictures(settings) else 0
    print(
        f"Start the gateway: of {folders:,} answers on the disk it adopts those that are newer. Then run "
        "`limner database check --files`."
    )


def _copy_secret(data_dir: Path, to: Path) -> bool:
    source = data_dir / _SECRET_NAME
    if not source.is_file():
        return False
    try:
        shutil.copy2(source, to / _SECRET_NAME)
    except OSError as error:
        raise CommandFailed(f"cannot write {to / _SECRET_NAME} ({error.strerror})") from error
    return True


def _restore_secret(source: Path, settings: Settings, mark: str) -> Path | None:
    """Put the backup's secret in the place of another one; return where that is now."""
    new, old = source / _SECRET_NAME, settings.data_dir / _SECRET_NAME
    if settings.signing_secret is not None or not new.is_file():
        return None
    try:
        aside = None
        if old.is_file():
            if old.read_bytes() == new.read_bytes():
                return None
            aside = old.rename(old.with_name(f"{_SECRET_NAME}.{mark}"))
        shutil.copy2(new, old)
    except OSError as error:
        raise CommandFailed(f"cannot put {new} in the place of {old} ({error.strerror})") from error
    return aside


def _has_pictures(settings: Settings) -> bool:
    return (settings.data_dir / "pictures").is_dir()
