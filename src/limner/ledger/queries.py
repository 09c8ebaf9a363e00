"""The named queries of a `.sql` file. This module knows the files' layout and nothing of what they ask.

A block is `-- name: create_key`, a line `-- what it does`, and the query.
"""

import re
from functools import cache
from importlib.resources import files

_NAME = re.compile(r"^-- name: *(\w+)\n-- .+\n", re.MULTILINE)


@cache
def load_queries(name: str) -> dict[str, str]:
    """Return the queries of `sql/sqlite/<name>.sql` by their names."""
    text = files("limner.ledger").joinpath("sql", "sqlite", f"{name}.sql").read_text(encoding="utf-8")
    _, *blocks = _NAME.split(text)
    return {key: sql.strip() for key, sql in zip(blocks[::2], blocks[1::2], strict=True)}


@cache
def load_migrations() -> tuple[tuple[int, str, str], ...]:
    """Return number, name and SQL of each migration, in order."""
    found = []
    for entry in files("limner.ledger").joinpath("sql", "sqlite", "migrations").iterdir():
        number, _, name = entry.name.removesuffix(".sql").partition("_")
        if entry.name.endswith(".sql"):
            found.append((int(number), name, entry.read_text(encoding="utf-8")))
    return tuple(sorted(found))
