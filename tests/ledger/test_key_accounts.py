"""What a key is shown to have spent, on each database: of its budget's day, month or of all time, to the millisecond."""

from datetime import UTC, datetime

import pytest
from books import COST, RESERVED, Books, open_books, settled

from limner.ledger.key_accounts import describe_keys
from limner.ledger.keys import ApiKey, KeyStore
from limner.wire.limner_keys import KeyEntry

books = pytest.fixture(open_books)

PERIODS = ("day", "month", "total")
Keys = dict[str, ApiKey]


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.fixture
def keys(books: Books) -> Keys:
    """A key for each period, of one owner, and one without a budget."""
    store = KeyStore(books.database, signing_secret=b"a signing secret of the tests", now=lambda: 1.0)
    made = {
        period: store.create(period, owner="ann", budget_micro_usd=10 * RESERVED, budget_period=period)[0]
        for period in PERIODS
    }
    return {**made, "free": store.create("free", owner="ann")[0]}


def look(books: Books, keys: Keys, when: str) -> dict[str, KeyEntry]:
    """Return how the keys are shown at a time."""
    return {entry.name: entry for entry in describe_keys(books.database, [*keys.values()], at(when))}


def spend(books: Books, keys: Keys, when: str) -> None:
    """Have each key draw a picture, and begin another."""
    books.now_ms = at(when)
    for key in keys.values():
        books.end(settled(books.claim(key=key, is_always_new=True)))
        books.claim(key=key, is_always_new=True)


def test_sums_are_of_the_period(books: Books, keys: Keys) -> None:
    """At midnight a day's sums begin anew, on the first of a month its month's; those of all time never do."""
    spend(books, keys, "2026-11-29T12:00")
    spend(books, keys, "2026-11-30T23:59:59.999")
    expected = {
        "2026-11-30T23:59:59.999": {"day": 1, "month": 2, "total": 2, "free": 2},
        "2026-12-01T00:00": {"day": 0, "month": 0, "total": 2, "free": 2},
    }
    for when, counts in expected.items():
        shown = look(books, keys, when)
        for name, count in counts.items():
            assert shown[name].spent_usd == pytest.approx(count * COST / 1e6), (when, name)
            assert shown[name].reserved_usd == pytest.approx(count * RESERVED / 1e6), (when, name)
            left = None if name == "free" else (10 * RESERVED - count * (COST + RESERVED)) / 1e6
            assert shown[name].left_usd == pytest.approx(left), (when, name)


def test_ends_of_periods(books: Books, keys: Keys) -> None:
    """A key says when its day or month ends; one for all time has no end."""
    shown = look(books, keys, "2026-11-30T23:59:59.999")
    first = at("2026-12-01") // 1000
    assert [shown[name].period_ends_at for name in (*PERIODS, "free")] == [first, first, None, None]
    shown = look(books, keys, "2026-12-01T00:00")
    assert [shown[name].period_ends_at for name in PERIODS] == [
        at("2026-12-02") // 1000,
        at("2027-01-01") // 1000,
        None,
    ]


def test_many_are_as_each_alone(books: Books, keys: Keys) -> None:
    """Keys shown together are as each is shown alone, in the order that was asked for; none is none."""
    spend(books, keys, "2026-11-29T12:00")
    now_ms = at("2026-11-29T12:00")
    together = describe_keys(books.database, [*keys.values()], now_ms)
    assert together == [describe_keys(books.database, [key], now_ms)[0] for key in keys.values()]
    assert describe_keys(books.database, [], now_ms) == []
