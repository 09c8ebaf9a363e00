"""What tests of the ledger share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from books import Books
from limner.ledger.sqlite import Database


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    """A new ledger, which must agree with itself at the end."""
    with Database(tmp_path) as database:
        books = Books(database)
        yield books
        books.check()
