"""The named queries of `.sql` files, for both databases. This module knows the files' layout and nothing of what they ask.

A block is `-- name: create_key`, a line `-- what it does`, and the query. `sql/` holds what both databases
understand; a query of the same name below `sql/sqlite` or `sql/postgres` stands before it there. Parameters are
`:named` everywhere; for PostgreSQL they become psycopg's.
"""

import re
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

_NAME = re.compile(r"^-- name: *(\w+)\n-- .+\n", re.MULTILINE)
_NEEDS = re.compile(r"^-- needs: *(\d+)\n")
_INCLUDE = re.compile(r"^-- include: *(\w+) (\S+)\n", re.MULTILINE)
# Two colons are a cast, and what is in quotes is text.
_PARAMETER = re.compile(r"'[^']*'|(?<![:\w]):([a-z]\w*)")


class Query(NamedTuple):
    """One query, as each database takes it."""

    sqlite: str
    postgres: str


class Migration(NamedTuple):
    """One step of the schema."""

    number: int
    name: str
    sql: str
    needs: int
    """The oldest schema that a Limner must know to work on after this step."""


@cache
def load_queries(name: str) -> dict[str, Query]:
    """Return the queries of `<name>.sql` by their names."""
    common, sqlite, postgres = (_read_blocks(folder, name) for folder in ("", "sqlite", "postgres"))
    return {
        key: Query(
            sqlite.get(key, common.get(key, "")),
            to_postgres(postgres.get(key, common.get(key, ""))),
        )
        for key in {**common, **sqlite, **postgres}
    }


@cache
def to_postgres(sql: str) -> str:
    """Return a query with psycopg's parameters in place of `:named` ones."""
    return _PARAMETER.sub(lambda match: f"%({match[1]})s" if match[1] else match[0], sql.replace("%", "%%"))


@cache
def load_migrations(dialect: str) -> tuple[Migration, ...]:
    """Return the migrations of a database, in order.

    `-- include: package path` in one stands for a file that an installed package brings.
    """
    found = []
    for entry in _locate(dialect).joinpath("migrations").iterdir():
        number, _, name = entry.name.removesuffix(".sql").partition("_")
        if entry.name.endswith(".sql"):
            text = _INCLUDE.sub(_read_included, entry.read_text(encoding="utf-8"))
            needs = _NEEDS.match(text)
            found.append(Migration(int(number), name, text, int(needs[1] if needs else number)))
    return tuple(sorted(found))


def _read_included(match: re.Match[str]) -> str:
    spec = find_spec(match[1])  # the file is wanted, not the package, which takes its time to import
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{match[1]} is not installed")
    return Path(spec.origin).parent.joinpath(match[2]).read_text(encoding="utf-8")


def _read_blocks(folder: str, name: str) -> dict[str, str]:
    file = _locate(folder).joinpath(f"{name}.sql")
    if not file.is_file():
        return {}
    _, *blocks = _NAME.split(file.read_text(encoding="utf-8"))
    return {key: sql.strip() for key, sql in zip(blocks[::2], blocks[1::2], strict=True)}


def _locate(folder: str) -> Traversable:
    sql = files("limner.ledger").joinpath("sql")
    return sql.joinpath(folder) if folder else sql
