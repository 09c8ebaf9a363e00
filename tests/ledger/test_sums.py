"""Sums: the books say by themselves when they do not agree."""

from contextlib import suppress

import pytest
from books import Books, open_books, unknown

from limner.ledger.sums import check_sums

books = pytest.fixture(open_books)


class Undo(Exception):
    """The damage is seen and goes."""


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        (
            "UPDATE accounts SET posted_micro_usd = 1 WHERE period = 'total'",
            "the account of key_ann for total has 200000 pending and 1 posted, its entries say 200000 and 60000",
        ),
        (
            "DELETE FROM accounts WHERE period <> 'total'",
            "the account of key_ann for 2026-11-27 has no row, its entries say 200000 and 60000",
        ),
        (
            "INSERT INTO accounts VALUES ('key_bob', 'total', 1, 0)",
            "the account of key_bob for total has 1 pending and 0 posted, its entries say nothing",
        ),
        (
            "UPDATE generations SET reserved_micro_usd = 5 WHERE id = 'g1'",
            "generation g1 reserved 5 and its entries say 100000 for key_ann",
        ),
        (
            "UPDATE generations SET key_id = 'key_bob' WHERE id = 'g2'",
            "generation g2 reserved 100000 and its entries say 100000 for key_ann",
        ),
        (
            "UPDATE generations SET state = 'failed', ended_at_ms = 1 WHERE id = 'g2'",
            "generation g2 is failed and its money is not settled",
        ),
        (
            "UPDATE generations SET state = 'settled' WHERE id = 'g3'",
            "generation g3 is settled and its money is not settled",
        ),
        (
            "UPDATE generations SET state = 'unknown' WHERE id = 'g1'",
            "generation g1 is unknown and its money is settled by post",
        ),
        (
            "UPDATE generations SET cost_micro_usd = 7 WHERE id = 'g1'",
            "generation g1 cost 7 and its entries posted 60000",
        ),
        (
            "UPDATE accounts SET pending_micro_usd = -5 WHERE period = 'total'",
            "the account of key_ann for total has -5 pending and 60000 posted",
        ),
    ],
)
def test_each_difference_is_a_line(books: Books, damage: str, line: str) -> None:
    """Whatever is changed by hand in the database is named, with both figures."""
    books.draw()
    books.claim()
    books.break_off(unknown, is_always_new=True)
    books.check()
    with suppress(Undo), books.database.transaction():
        books.database.change(damage)
        found = check_sums(books.database)
        raise Undo
    assert line in found
