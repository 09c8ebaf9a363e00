"""Usage: who made what, and what it cost."""

import pytest
from books import COST, DAY, RESERVED, Books, make_key, open_books, unknown

from limner.ledger.keys import KeyStore
from limner.ledger.records import UsageRow
from limner.ledger.usage import read_usage

books = pytest.fixture(open_books)


def test_usage_is_by_key_user_and_model(books: Books) -> None:
    """Each combination is one row with its pictures, tokens and dollars; held money stands apart."""
    books.draw()
    books.draw()
    books.break_off(unknown, is_always_new=True)
    books.claim(is_always_new=True)
    books.draw(end_user="tom", model="pro", is_always_new=True)
    assert read_usage(books.database) == [
        UsageRow(
            key_name="key_ann",
            end_user="",
            model="gemini-2.5-flash-image",
            generations=4,
            pictures=2,
            input_tokens=20,
            output_tokens=2_580,
            cost_micro_usd=2 * COST,
            held_micro_usd=RESERVED,
        ),
        UsageRow(
            key_name="key_ann",
            end_user="tom",
            model="pro",
            generations=1,
            pictures=1,
            input_tokens=10,
            output_tokens=1_290,
            cost_micro_usd=COST,
            held_micro_usd=0,
        ),
    ]


def test_usage_is_chosen(books: Books) -> None:
    """Key, end user and time each narrow what is counted; '' is those without a name."""
    books.draw(key=make_key("bob"))
    books.draw(end_user="tom")
    books.now_ms += DAY
    books.draw()
    names = [(row.key_name, row.end_user) for row in read_usage(books.database)]
    assert names == [("key_ann", ""), ("key_ann", "tom"), ("key_bob", "")]
    assert len(read_usage(books.database, key_name="key_bob")) == 1
    assert len(read_usage(books.database, end_user="")) == 2
    assert len(read_usage(books.database, since_ms=books.now_ms)) == 1
    assert read_usage(books.database, key_name="key_eve") == []


def test_revoked_and_fixed_keys_are_counted(books: Books) -> None:
    """A revoked key counts under its name, together with its successor; a fixed key under its short id."""
    keys = KeyStore(books.database, signing_secret=b"secret", fixed_keys=["sk-fixed"])
    first, _ = keys.create("studio")
    keys.revoke("studio")
    second, _ = keys.create("studio")
    fixed = keys.find("sk-fixed")
    assert fixed is not None
    for key in (first, second, fixed):
        books.draw(key=key)
    rows = read_usage(books.database)
    assert [(row.key_name, row.generations) for row in rows] == [(fixed.name, 1), ("studio", 2)]
    assert read_usage(books.database, key_name="studio") == rows[1:]
