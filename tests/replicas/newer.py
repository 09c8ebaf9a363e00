"""Runs `limner` as its next version might be: with one more migration. `python -m newer serve …`.

The migration is of the kind that ours are: it adds, so that gateways of before work on.
"""

from limner.cli import main
from limner.ledger import queries, schema

_NEXT = """-- needs: 1
ALTER TABLE generations ADD COLUMN note TEXT NOT NULL DEFAULT '';
ALTER TABLE api_keys ADD COLUMN note TEXT;
CREATE INDEX generations_note ON generations (note) WHERE note <> '';
CREATE TABLE notes (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text TEXT NOT NULL);
"""


def load_more_migrations(dialect: str) -> tuple[queries.Migration, ...]:
    """Return the migrations of this version and one more."""
    known = queries.load_migrations(dialect)
    return (*known, queries.Migration(known[-1].number + 1, "next", _NEXT, 1))


if __name__ == "__main__":
    vars(schema)["load_migrations"] = load_more_migrations
    main()
