"""Budgets: what a key may still begin, by day, by month and in all."""

from datetime import UTC, datetime

import pytest
from books import COST, HOUR, RESERVED, Books, broken, make_key, open_books, settled, unknown

from limner.errors import InsufficientQuota
from limner.ledger.budgets import find_period

books = pytest.fixture(open_books)

ENOUGH_FOR_TWO = make_key(budget_micro_usd=2 * RESERVED)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def test_a_budget_holds_what_it_can(books: Books) -> None:
    """What is reserved and what is spent both count, to the last micro-dollar."""
    first = books.claim(key=ENOUGH_FOR_TWO)
    books.claim(key=ENOUGH_FOR_TWO)
    assert isinstance(books.refuse(key=ENOUGH_FOR_TWO), InsufficientQuota)
    books.end(settled(first))
    room = RESERVED - COST
    assert isinstance(books.refuse(key=ENOUGH_FOR_TWO, reserved_micro_usd=room + 1), InsufficientQuota)
    books.claim(key=ENOUGH_FOR_TWO, reserved_micro_usd=room)
    assert books.read_money() == (RESERVED + room, COST)


def test_the_refusal_names_the_dollars(books: Books) -> None:
    """The message says the budget, what is spent and reserved, what is needed, and when the period ends."""
    key = make_key(budget_micro_usd=500_000, budget_period="day")
    books.draw(key=key)
    books.claim(key=key, reserved_micro_usd=401_250)
    error = books.refuse(key=key)
    assert error.message == (
        "The budget of the key 'ann' cannot hold this picture: it is $0.50 a day, $0.06 are spent, $0.40125 are "
        "reserved for others, and this one may cost $0.10. The period ends at 2026-11-28 00:00 UTC."
    )
    assert error.retry_after_seconds == 12 * 3600
    assert not error.should_retry


def test_a_total_budget_has_no_end(books: Books) -> None:
    """The message for a budget in all names no end, and clients are told to wait long."""
    error = books.refuse(key=make_key(budget_micro_usd=0))
    assert error.message == (
        "The budget of the key 'ann' cannot hold this picture: it is $0.00 in all, $0.00 are spent, $0.00 are "
        "reserved for others, and this one may cost $0.10."
    )
    assert error.retry_after_seconds == 3600


def test_refusals_change_nothing(books: Books) -> None:
    """A refused call leaves no generation, no entry and no money reserved."""
    books.refuse(key=make_key(budget_micro_usd=RESERVED - 1))
    assert books.database.fetch_integer("SELECT count(*) FROM generations") == 0
    assert books.database.fetch_integer("SELECT count(*) FROM ledger_entries") == 0


def test_what_failed_is_given_back(books: Books) -> None:
    """A call that bought nothing frees its reservation, one with an unknown outcome holds it."""
    key = make_key(budget_micro_usd=RESERVED)
    books.end(broken(books.claim(key=key), 503, is_replayable=False))
    held = books.claim(key=key)
    books.end(unknown(held))
    assert books.refuse(key=key, is_always_new=True).code == "insufficient_quota"
    books.resolve(held, is_posted=False)
    books.claim(key=key, is_always_new=True)


@pytest.mark.parametrize(
    ("period", "last", "first"),
    [
        ("day", "2026-11-27T23:59:59.999", "2026-11-28"),
        ("day", "2026-12-31T23:59:59.999", "2027-01-01"),
        ("day", "2028-02-28T23:59:59.999", "2028-02-29"),
        ("month", "2026-11-30T23:59:59.999", "2026-12-01"),
        ("month", "2026-12-31T23:59:59.999", "2027-01-01"),
        ("month", "2028-02-29T23:59:59.999", "2028-03-01"),
    ],
)
def test_periods_end_by_utc(books: Books, period: str, last: str, first: str) -> None:
    """A used-up budget refuses to the last millisecond of its day or month and is whole in the next."""
    key = make_key(budget_micro_usd=RESERVED, budget_period=period)
    books.now_ms = at(last) - 5 * HOUR
    books.claim(key=key)
    books.now_ms = at(last)
    error = books.refuse(key=key)
    assert f"{first} 00:00 UTC" in error.message
    assert error.retry_after_seconds == pytest.approx(0.001)
    books.now_ms = at(first)
    books.claim(key=key)


def test_a_month_is_the_sum_of_its_days(books: Books) -> None:
    """What was spent on the first and the last of a month counts all month, what lies beside it does not."""
    key = make_key(budget_micro_usd=3 * RESERVED, budget_period="month")
    for day in ("2026-10-31", "2026-11-01", "2026-11-30", "2026-12-01"):
        books.now_ms = at(day)
        books.claim(key=key)
    books.now_ms = at("2026-11-30T12:00")
    books.claim(key=key)
    assert books.refuse(key=key).code == "insufficient_quota"


def test_all_entries_count_in_the_period_of_the_claim(books: Books) -> None:
    """A call claimed before midnight and ended after it belongs to the day before."""
    books.now_ms = at("2026-11-27T23:59")
    generation_id = books.claim()
    books.now_ms = at("2026-11-28T00:01")
    books.end(settled(generation_id))
    assert books.read_money(period="2026-11-27") == (0, COST)
    assert books.read_money(period="2026-11-28") == (0, 0)


def test_total_budgets_never_begin_anew(books: Books) -> None:
    """A budget in all counts what was spent years ago."""
    key = make_key(budget_micro_usd=RESERVED)
    books.claim(key=key)
    books.now_ms = at("2036-01-01")
    assert books.refuse(key=key).code == "insufficient_quota"


def test_a_budget_given_later_counts_the_past(books: Books) -> None:
    """A key that gets its budget after it has spent money has that much less."""
    books.draw()
    key = make_key(budget_micro_usd=COST + RESERVED - 1, budget_period="month")
    assert books.refuse(key=key).code == "insufficient_quota"


def test_an_overrun_is_posted_flagged_and_pauses_the_key(books: Books) -> None:
    """What cost more than its reservation is spent in full, and the key refused until it fits again."""
    key = make_key(budget_micro_usd=2 * RESERVED)
    generation_id = books.claim(key=key)
    books.end(settled(generation_id, cost_micro_usd=3 * RESERVED))
    assert books.read_money() == (0, 3 * RESERVED)
    assert books.read_entries(generation_id)[1] == ("post", -RESERVED, 3 * RESERVED, "overrun")
    flagged = books.database.fetch_all("SELECT id FROM generations WHERE is_overrun = 1")
    assert flagged == [(generation_id,)]
    assert books.refuse(key=key, reserved_micro_usd=0).code == "insufficient_quota"
    books.claim(key=make_key(budget_micro_usd=4 * RESERVED))


def test_periods_have_names_and_ends() -> None:
    """A period runs from its first to its last day and ends when the next begins; a total has none."""
    period = find_period("month", at("2028-02-10T12:30"))
    assert period is not None
    assert (period.first_day, period.last_day, period.end_ms) == (
        "2028-02-01", "2028-02-29", at("2028-03-01"),
    )  # fmt: skip
    assert find_period("total", 0) is None
