"""The commands `limner database …`: names and options. What they do stands in `cli_database.py` and its neighbours."""

from pathlib import Path
from typing import Annotated

import typer

from limner import cli_options as option
from limner.cli_failure import reported_failures

database_app = typer.Typer(
    help="The database: checking it, backing it up, moving it to PostgreSQL.", no_args_is_help=True
)


@database_app.command("migrate")
def migrate_database(
    *,
    to: Annotated[
        str | None, typer.Option(metavar="URL", help="postgresql://…, else LIMNER_DATABASE_URL.")
    ] = None,
    json: option.Json = False,
) -> None:
    """Move the books from SQLite to an empty PostgreSQL database, and compare all sums."""
    from limner import cli_database  # noqa: PLC0415 - heavy

    target = cli_database.parse_target(to)
    with reported_failures():
        cli_database.migrate(target, as_json=json)


@database_app.command("check")
def check_database(
    *,
    files: Annotated[bool, typer.Option("--files", help="Look at the pictures on this disk too.")] = False,
    deep: Annotated[
        bool, typer.Option("--deep", help="Read every picture, and compare its SHA-256.")
    ] = False,
    json: option.Json = False,
) -> None:
    """Look whether the database is whole, the books agree with themselves, and the files are there."""
    from limner import cli_database_check  # noqa: PLC0415 - heavy

    with reported_failures():
        cli_database_check.check(with_files=files or deep, is_deep=deep, as_json=json)


@database_app.command("backup")
def back_up_database(
    to: Annotated[Path, typer.Argument(metavar="TO", help="A new folder.")], *, json: option.Json = False
) -> None:
    """Copy the SQLite file and the signing secret to a folder, while serve runs or not."""
    from limner import cli_database_backup  # noqa: PLC0415 - heavy

    with reported_failures():
        cli_database_backup.back_up(to, as_json=json)


@database_app.command("restore")
def restore_database(
    source: Annotated[Path, typer.Argument(metavar="FROM", help="The folder of a backup.")],
    *,
    json: option.Json = False,
) -> None:
    """Put a backup in the place of the SQLite file; the old one stays beside it."""
    from limner import cli_database_backup  # noqa: PLC0415 - heavy

    with reported_failures():
        cli_database_backup.restore(source, as_json=json)
