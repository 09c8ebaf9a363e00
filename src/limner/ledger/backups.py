"""Copies of the SQLite file: made while a server works on it, put back when none does, and looked at before they are used.

A restore ends in one rename: a process that is killed has restored everything or nothing. This module must not know
settings, pictures or PostgreSQL.
"""

import os
import shutil
from contextlib import closing, suppress
from pathlib import Path

import apsw
from msgspec import Struct

from limner.ledger.data_dir import create_data_dir
from limner.ledger.errors import DatabaseError, LedgerError
from limner.ledger.queries import load_migrations, load_queries
from limner.ledger.sqlite import FILE_NAME, MOVED_SCHEMA

_PART = ".part"
_JOURNALS = ("-wal", "-shm")
_READ_VERSION = load_queries("schema")["read_schema_version"].sqlite

# Of SQLite's file format (sqlite.org/fileformat2.html, 1.3, read 2026-11): where the page size and the number of pages stand.
_HEADER_BYTES = 100
_PAGE_SIZE_AT = slice(16, 18)
_PAGES_AT = slice(28, 32)


class Copied(Struct, frozen=True):
    """A copy that was made."""

    schema: int
    generations: int
    size_bytes: int


def back_up(data_dir: Path, target: Path) -> Copied:
    """Copy the database of a data folder to a file that is not there yet; a server may go on writing.

    Raises:
        LedgerError: nothing was copied.
    """
    if target.exists():
        raise LedgerError(f"{target} is there already; name a new folder")
    source = data_dir / FILE_NAME
    part = target.with_name(target.name + _PART)
    try:
        create_data_dir(target.parent)
        copied = _copy(source, part)
        part.rename(target)
        _sync(target.parent)
    except OSError as error:
        raise LedgerError(f"cannot write {target} ({error.strerror})") from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return copied


def restore(source: Path, data_dir: Path, *, mark: str) -> tuple[Copied, Path | None]:
    """Put a copy in the place of the database of a data folder that has no server; return where the old one is now.

    The old one stays beside it, its name ending with `mark`.

    Raises:
        LedgerError: nothing was changed, but that the old one's journal may have been folded into it.
    """
    target = data_dir / FILE_NAME
    part = target.with_name(f"{FILE_NAME}{_PART}")
    aside = target.with_name(f"{FILE_NAME}.{mark}")
    try:
        create_data_dir(data_dir)
        copied = _copy(source, part)
        is_there = target.exists()
        if is_there:
            _fold(target, aside)
            _keep_aside(target, aside)
        part.replace(target)
        _sync(data_dir)
    except OSError as error:
        raise LedgerError(f"cannot put {source} in the place of {target} ({error.strerror})") from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return copied, aside if is_there else None


def find_damage(data_dir: Path) -> str | None:
    """Return what shows that a file is not whole, or that its journal belongs to another one; None if nothing does.

    To be asked before this process opens it, by whoever has the folder's lock. After a crash the whole file is read.
    """
    path, journal = data_dir / FILE_NAME, data_dir / f"{FILE_NAME}-wal"
    has_journal = journal.is_file() and journal.stat().st_size > 0
    if not path.is_file():
        return (
            f"there is {journal} and no {FILE_NAME}: put the file back, or remove both"
            if has_journal
            else None
        )
    if not has_journal:
        return _find_cut(path) if path.stat().st_size else None
    said = _check_with_journal(path)
    if said is None:
        return None
    return (
        f"{path} and the journal beside it are not whole together ({said}): if a copy was put in the place of the "
        "file, the journal was another's; use `limner database restore`"
    )


def _check_with_journal(path: Path) -> str | None:
    """Return what SQLite finds wrong with a file and its journal, of which nothing is folded into it."""
    try:
        with closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)) as connection:
            connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
            ((said,),) = connection.execute("PRAGMA quick_check(1)").fetchall()
    except apsw.BusyError:
        return None  # a command is just writing, and so it is whole
    except apsw.Error as error:
        return str(error)
    return None if said == "ok" else str(said).splitlines()[-1]


def _find_cut(path: Path) -> str | None:
    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES)
    if len(header) < _HEADER_BYTES:
        return f"{path} is cut short: copy it again, or use `limner database restore`"
    page_bytes = int.from_bytes(header[_PAGE_SIZE_AT], "big")
    page_bytes = 65_536 if page_bytes == 1 else page_bytes
    wanted_bytes = int.from_bytes(header[_PAGES_AT], "big") * page_bytes
    size_bytes = path.stat().st_size
    if size_bytes >= wanted_bytes:
        return None
    return f"{path} is cut short ({size_bytes} of {wanted_bytes} bytes): copy it again, or use `limner database restore`"


def _copy(source: Path, part: Path) -> Copied:
    """Copy a database as it is at one moment, look whether the copy is whole, and bring it to the disk."""
    if not source.is_file():
        raise LedgerError(f"there is no {source}")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with (
            closing(apsw.Connection(str(source), flags=apsw.SQLITE_OPEN_READONLY)) as old,
            closing(apsw.Connection(str(part))) as new,
        ):
            with new.backup("main", old, "main") as backup:
                backup.step()
            copied = _look_at(new, source)
    except apsw.Error as error:
        raise DatabaseError(f"cannot copy {source} ({error})") from error
    for name in _JOURNALS:
        part.with_name(part.name + name).unlink(missing_ok=True)
    _sync(part)
    return copied


def _look_at(connection: apsw.Connection, source: Path) -> Copied:
    """Return what a copy holds. Raises DatabaseError: it is damaged, or none of this Limner's."""
    found = [str(line) for (line,) in connection.execute("PRAGMA integrity_check(3)")]
    if found != ["ok"]:
        raise DatabaseError(f"{source} is damaged: {'; '.join(found)}")
    ((schema,),) = connection.execute(_READ_VERSION).fetchall()
    newest = load_migrations("sqlite")[-1].number
    if schema == MOVED_SCHEMA:
        raise DatabaseError(f"the books of {source} were moved to PostgreSQL")
    if not isinstance(schema, int) or schema > newest:
        raise DatabaseError(f"{source} has schema {schema} and this Limner knows up to {newest}")
    ((generations,),) = connection.execute("SELECT count(*) FROM generations").fetchall()
    ((pages,),) = connection.execute("PRAGMA page_count").fetchall()
    ((page_bytes,),) = connection.execute("PRAGMA page_size").fetchall()
    return Copied(schema, int(str(generations)), int(str(pages)) * int(str(page_bytes)))


def _fold(path: Path, aside: Path) -> None:
    """Fold a database's journal into it; of one that is damaged the journal goes aside as well."""
    try:
        with closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except apsw.Error:
        pass
    for name in _JOURNALS:
        journal = path.with_name(path.name + name)
        if journal.exists():
            shutil.move(journal, aside.with_name(aside.name + name))


def _keep_aside(path: Path, aside: Path) -> None:
    """Give a file a second name, or where the volume has none a copy, so that it never is not there."""
    try:
        os.link(path, aside)
    except OSError:
        shutil.copy2(path, aside)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
