"""`limner database migrate`: moving the books from SQLite to PostgreSQL.

This module must not know how the books are kept, copied or compared.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
from pydantic import TypeAdapter, ValidationError

from limner.cli_failure import CommandFailed
from limner.cli_keys import load_secret
from limner.cli_listing import format_usd, print_json, to_usd
from limner.config import Settings, load_settings
from limner.config_values import DatabaseUrl
from limner.ledger.data_dir import load_replica_id
from limner.ledger.keys import KeyStore
from limner.ledger.lock import lock_data_dir
from limner.ledger.moving import TABLES, Moved, find_move, move
from limner.ledger.postgres import PostgresDatabase, describe
from limner.ledger.schema import bring_up_to_date
from limner.ledger.sqlite import FILE_NAME, SqliteDatabase

_SECRET_FILE_NAME = "signing-secret"  # noqa: S105 - a file's name

OnProgress = Callable[[str, int, int], None]


def parse_target(to: str | None) -> str | None:
    """Return the address of `--to`; None if it was not given.

    Raises:
        typer.BadParameter: it is no address of a database; its value may hold a password and is not shown.
    """
    if to is None:
        return None
    try:
        return TypeAdapter(DatabaseUrl).validate_python(to.strip()).get_secret_value()
    except ValidationError as error:
        reason = error.errors(include_url=False, include_input=False)[0]["ctx"]["error"]
    raise typer.BadParameter(
        f"--to is refused (value not shown): {reason}; accepted: postgresql://user@host:port/database"
    )


def migrate(to: str | None, *, as_json: bool) -> None:
    """Move the books to the database at `to`, else at LIMNER_DATABASE_URL, and say what has come there."""
    settings = load_settings()
    if to is None and settings.database_url is not None:
        to = settings.database_url.get_secret_value()
    if to is None:
        raise typer.BadParameter(
            "--to says where: postgresql://user@host:port/database; else LIMNER_DATABASE_URL"
        )
    before = find_move(settings.data_dir)
    if before is not None:
        raise CommandFailed(
            f"the books of {settings.data_dir.absolute()} were moved to {before} already: set LIMNER_DATABASE_URL to it"
        )
    began = time.monotonic()
    with lock_data_dir(settings.data_dir), SqliteDatabase(settings.data_dir) as source:
        _check_secret(source, settings)
        with PostgresDatabase.connect(to) as target, _shown_progress() as on_progress:
            bring_up_to_date(target)
            replica_id = load_replica_id(settings.data_dir)
            moved = move(source, target, replica_id=replica_id, on_progress=on_progress)
    _print_moved(moved, settings, describe(to), time.monotonic() - began, as_json=as_json)


def _check_secret(source: SqliteDatabase, settings: Settings) -> None:
    """Refuse to go on under a signing secret that none of the keys was made with; warn of a doubtful one."""
    file = settings.data_dir.absolute() / _SECRET_FILE_NAME
    has_other = settings.signing_secret is not None and file.exists()
    has_other = has_other and file.read_bytes().strip() != load_secret(settings)
    keys = KeyStore(source, signing_secret=load_secret(settings))
    unrecognisable = keys.count_unrecognisable_keys()
    if unrecognisable and unrecognisable == len(keys.list()):
        raise CommandFailed(
            "every client key was made with another signing secret than the one in use; "
            + (
                f"set LIMNER_SIGNING_SECRET_FILE={file}"
                if has_other
                else f"restore {file} or set the old one"
            )
            + ", or revoke the keys"
        )
    if unrecognisable:
        _warn(f"{unrecognisable} client keys were made with another signing secret: not accepted")
    elif has_other:
        _warn(
            f"LIMNER_SIGNING_SECRET is not the secret in {file}; earlier calls are known by one of them only"
        )


def _print_moved(moved: Moved, settings: Settings, name: str, seconds: float, *, as_json: bool) -> None:
    for fault in moved.faults:
        _warn(f"as before the move, {fault}")
    folder = settings.data_dir.absolute()
    if as_json:
        money = {
            "posted_usd": to_usd(moved.posted_micro_usd),
            "reserved_usd": to_usd(moved.pending_micro_usd),
        }
        document = {"database": name, "rows": moved.rows, **money, "was_there": moved.was_there}
        print_json({**document, "problems": list(moved.faults), "seconds": round(seconds, 3)})
        return
    if moved.was_there:
        print(f"An earlier move to {name} was complete: {count_rows(moved.rows)}.")
    else:
        print(f"Moved to {name} in {seconds:.1f} s: {count_rows(moved.rows)}.")
    print(
        f"Compared with {folder / FILE_NAME}: every sum is the same; {format_usd(moved.posted_micro_usd)} spent, "
        f"{format_usd(moved.pending_micro_usd)} reserved."
    )
    secret = f"LIMNER_SIGNING_SECRET_FILE={folder / _SECRET_FILE_NAME}"
    if settings.signing_secret is not None:
        secret = "LIMNER_SIGNING_SECRET as it is"  # noqa: S105 - words
    print(
        f"Next: set LIMNER_DATABASE_URL to this database, {secret}, and start the gateway on {folder} again."
    )
    print(f"Keep {FILE_NAME} as a backup; it is marked as moved, and no limner opens it any more.")


def count_rows(rows: dict[str, int]) -> str:
    """Return how much there is, in words."""
    words = {
        "api_keys": "client keys",
        "ledger_entries": "ledger entries",
        "key_previous_secrets": "old secrets of keys",
    }
    return ", ".join(f"{count:,} {words.get(table, table)}" for table, count in rows.items())


def _warn(line: str) -> None:
    print(f"Warning: {line}", file=sys.stderr)


@contextmanager
def _shown_progress() -> Iterator[OnProgress]:
    """Show how far a move is on a terminal, and leave nothing behind; on anything else show nothing."""
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console  # noqa: PLC0415 - slow to load, and not needed for a pipe
    from rich.progress import Progress  # noqa: PLC0415 - as above

    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("connecting", total=None)

        def show(table: str, done: int, total: int) -> None:
            what = "comparing" if table == TABLES[-1] and done == total else table
            progress.update(bar, description=what, completed=done, total=total)

        yield show
