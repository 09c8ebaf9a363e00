"""Holds the files on this disk against the books: what is missing, cut short or altered, and what nobody knows. Mends nothing.

A server may work on both meanwhile: what has just been let go, or is just being kept, is no problem. Blocks.
"""

from collections.abc import Iterable, Iterator
from itertools import islice

from msgspec import Struct

from limner.ledger.database import Database
from limner.ledger.files import KeptFiles, list_kept
from limner.ledger.lookups import find_any, list_known
from limner.pictures.store import JOURNAL_NAME, PictureStore
from limner.pictures.stored import verify

_FOLDERS_AT_ONCE = 500


class Looked(Struct):
    """What was looked at."""

    answers: int = 0
    pictures: int = 0
    size_bytes: int = 0
    elsewhere: int = 0
    """Answers that are in the shared store and not here."""


def check_files(
    database: Database, store: PictureStore, looked: Looked, *, replica_id: str, is_deep: bool
) -> Iterator[str]:
    """Yield a line for each problem, with what to do; `is_deep` reads every picture. Raises OSError or DatabaseError."""
    # What is on the disk is listed first: a folder is there before the books say so.
    folders, drafts = list(store.list_folders()), store.list_drafts()
    for kept in list_kept(database, replica_id=replica_id):
        problems = list(_check_kept(kept, store, looked, is_deep=is_deep))
        if problems and _is_still_kept(database, kept):
            yield from problems
    yield from _list_strange_folders(database, folders)
    yield from _list_strange_drafts(database, drafts)


def _check_kept(kept: KeptFiles, store: PictureStore, looked: Looked, *, is_deep: bool) -> Iterator[str]:
    path = store.get_path(kept.folder)
    if not path.is_dir():
        if kept.is_uploaded:
            looked.elsewhere += 1
        else:
            yield f"the files of {kept.generation_id} are gone: copy pictures/{kept.folder} from a backup"
        return
    looked.answers += 1
    names = {picture.name for picture in kept.pictures} | {JOURNAL_NAME}
    for name in sorted(name for name in names if not (path / name).is_file()):
        yield f"pictures/{kept.folder}/{name} is gone: copy it from a backup"
    for picture in kept.pictures:
        file = path / picture.name
        if not file.is_file():
            continue
        looked.pictures += 1
        looked.size_bytes += (size_bytes := file.stat().st_size)
        where = f"pictures/{kept.folder}/{picture.name}"
        if size_bytes != picture.size_bytes:
            told = f"has {size_bytes} bytes and was stored with {picture.size_bytes}"
            yield f"{where} {told}: copy it from a backup"
        elif is_deep and not verify(file, picture.size_bytes, picture.sha256):
            yield f"{where} is not what was stored (SHA-256 differs): copy it from a backup, and test the disk"


def _is_still_kept(database: Database, kept: KeptFiles) -> bool:
    record = find_any(database, kept.generation_id)
    return record is not None and record.folder == kept.folder


def _list_strange_folders(database: Database, folders: Iterable[str]) -> Iterator[str]:
    remaining = iter(folders)
    while some := list(islice(remaining, _FOLDERS_AT_ONCE)):
        known = list_known(database, [folder.partition("/")[2] for folder in some])
        for folder in some:
            found = known.get(folder.partition("/")[2])
            if found is None:
                yield f"the books do not know pictures/{folder}: start the gateway, which adopts what is whole"
            elif found.is_let_go:
                yield f"pictures/{folder} was let go and is still here: start the gateway, which removes it"
            elif found.folder not in (None, folder):
                yield f"the books look for pictures/{folder} in pictures/{found.folder}: move it there"


def _list_strange_drafts(database: Database, drafts: Iterable[str]) -> Iterator[str]:
    for generation_id in drafts:
        record = find_any(database, generation_id)
        if record is None:
            yield f"the books do not know spool/{generation_id}: start the gateway, which adopts what is whole"
        elif record.is_over and record.state not in ("unknown", "settled"):
            yield f"spool/{generation_id} is left over, its call is {record.state}: start the gateway, which removes it"
