"""`limner database check`: whether the database is whole, and whether the files that it tells of are there. Mends nothing.

This module must not know how books or files are compared.
"""

from limner.cli_database import count_rows
from limner.cli_failure import CommandFailed
from limner.cli_keys import open_books_database
from limner.cli_listing import print_json
from limner.config import Settings, load_settings
from limner.generation.file_check import Looked, check_files
from limner.ledger.data_dir import load_replica_id
from limner.ledger.database import Database
from limner.ledger.integrity import check as check_database
from limner.ledger.moving import find_move
from limner.ledger.postgres import describe
from limner.ledger.sqlite import FILE_NAME
from limner.pictures.store import PictureStore

_ADVICE = (
    ("SQLite says:", "restore a backup"),
    ("a row of ", "restore a backup"),
    ("the trigger ", "stop limner and restore a backup; the books are not sure to add up since"),
    ("the constraint ", "validate it, or restore a backup"),
    ("the next generation ", "set the sequence behind the greatest number"),
    ("the server has found ", "test the disk, and restore a backup"),
    ("fsync is off", "set it on"),
    ("the account of ", "please report it; `limner database backup` keeps what there is"),
    ("generation ", "look at it with `limner generations show`, and please report it"),
    ("cannot use ", "restore a backup"),
)
"""What to do, by how a line of `limner.ledger.integrity` begins."""


def check(*, with_files: bool, is_deep: bool, as_json: bool) -> None:
    """Look at the configured database, and at the files beside it, and print what is wrong.

    Raises:
        CommandFailed: something is.
    """
    settings = load_settings()
    name = _name_database(settings)
    looked = Looked() if with_files else None
    with open_books_database(settings) as database:
        found = check_database(database)
        problems = [_advise(line) for line in found.problems]
        if looked is not None:
            problems += _look_at_files(database, settings, looked, is_deep=is_deep)
    if as_json:
        document = {"database": name, "schema": found.schema, "rows": found.rows, "problems": problems}
        print_json(document if looked is None else {**document, "files": _to_json(looked)})
    else:
        for line in problems:
            print(line)
    if problems:
        raise CommandFailed(f"{name} has {len(problems)} problems")
    if not as_json:
        print(f"{name}, schema {found.schema}: {count_rows(found.rows)}. No difference, no damage.")
        if looked is not None:
            print(_word_files(looked, is_deep=is_deep))


def _name_database(settings: Settings) -> str:
    """Return what the database is called. Raises CommandFailed: it is elsewhere now."""
    if settings.database_url is not None:
        return describe(settings.database_url.get_secret_value())
    name = str((settings.data_dir / FILE_NAME).absolute())
    if (place := find_move(settings.data_dir)) is not None:
        raise CommandFailed(f"the books of {name} were moved to {place}: set LIMNER_DATABASE_URL to it")
    return name


def _look_at_files(database: Database, settings: Settings, looked: Looked, *, is_deep: bool) -> list[str]:
    store = PictureStore(settings.data_dir)
    folders = (store.spool_folder, settings.data_dir / "pictures")
    if missing := [folder for folder in folders if not folder.is_dir()]:
        told = "copy it from a backup; if there never was one, start the gateway once"
        return [f"there is no {folder}: {told}" for folder in missing]
    replica_id = "" if settings.database_url is None else load_replica_id(settings.data_dir)
    try:
        return list(check_files(database, store, looked, replica_id=replica_id, is_deep=is_deep))
    except OSError as error:
        raise CommandFailed(f"cannot look at {settings.data_dir} ({error.strerror})") from error


def _advise(line: str) -> str:
    advice = next((advice for begin, advice in _ADVICE if line.startswith(begin)), None)
    return line if advice is None else f"{line}: {advice}"


def _to_json(looked: Looked) -> dict[str, int]:
    return {
        "answers": looked.answers,
        "pictures": looked.pictures,
        "bytes": looked.size_bytes,
        "only_in_shared_store": looked.elsewhere,
    }


def _word_files(looked: Looked, *, is_deep: bool) -> str:
    how = "read and compared" if is_deep else "there with their sizes"
    said = f"Files: {looked.answers:,} answers, {looked.pictures:,} pictures, {looked.size_bytes:,} bytes, {how}."
    if looked.elsewhere:
        said += f" {looked.elsewhere:,} answers are in the shared store only, and were not looked at."
    return said
