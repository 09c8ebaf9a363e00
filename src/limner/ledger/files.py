"""Which files the books say that there are, for whoever looks whether they are. This module must not know a disk."""

from collections import defaultdict
from collections.abc import Iterator

from msgspec import Struct, json

from limner.ledger.database import Database, SqlValue, to_integer
from limner.ledger.queries import load_queries

_QUERIES = load_queries("files")

_AT_ONCE = 500


class PictureFile(Struct, frozen=True):
    """The file of one picture."""

    name: str
    size_bytes: int
    sha256: str


class KeptFiles(Struct, frozen=True):
    """What is kept of one generation."""

    generation_id: str
    folder: str
    is_uploaded: bool
    """Whether the shared store has it as well."""
    pictures: tuple[PictureFile, ...]


def list_kept(database: Database, *, replica_id: str) -> Iterator[KeptFiles]:
    """Yield what the server of this name keeps, and what was kept before servers had names."""
    after = ""
    while True:
        values: dict[str, SqlValue] = {"replica_id": replica_id, "after_id": after, "limit": _AT_ONCE}
        rows = [
            (str(row[0]), str(row[1]), bool(row[2]))
            for row in database.fetch_all(_QUERIES["list_kept"], values)
        ]
        pictures = _list_pictures(database, [generation_id for generation_id, *_ in rows])
        for generation_id, folder, is_uploaded in rows:
            yield KeptFiles(generation_id, folder, is_uploaded, tuple(pictures.get(generation_id, ())))
        if len(rows) < _AT_ONCE:
            return
        after = rows[-1][0]


def _list_pictures(database: Database, generation_ids: list[str]) -> dict[str, list[PictureFile]]:
    found: defaultdict[str, list[PictureFile]] = defaultdict(list)
    values: dict[str, SqlValue] = {"ids": json.encode(generation_ids).decode()}
    for generation_id, name, size_bytes, sha256 in database.fetch_all(_QUERIES["list_picture_files"], values):
        found[str(generation_id)].append(PictureFile(str(name), to_integer(size_bytes), str(sha256)))
    return found
