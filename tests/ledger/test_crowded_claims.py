"""Claims of calls that have no place yet: repeats are found as ever, a new one comes back with nothing written."""

import pytest
from books import ANN, DIGEST, OTHER_FINGERPRINT, SECOND, Books, make_key, open_books

from limner.ledger.records import Crowded, Occupied

books = pytest.fixture(open_books)


def test_nothing_is_written_of_a_call_without_a_place(books: Books) -> None:
    """A new call comes back: no generation, no money, no request of the minute, and its repeat is a new one too."""
    key = make_key(requests_per_minute=1, images_per_minute=1, budget_micro_usd=100_000)
    for _ in range(5):
        assert books.ask(key=key, is_admitted=False)[1] == Crowded()
    assert books.read_money() == (0, 0)
    generation_id = books.claim(key=key)
    assert books.read_entries(generation_id) == [("reserve", 100_000, 0, None)]


def test_no_refusal_is_noted_of_it(books: Books) -> None:
    """A retry still joins the call that was let in before, for the one that waits was not refused yet."""
    first = books.claim()
    books.now_ms += SECOND
    assert books.ask(is_admitted=False)[1] == Crowded()
    assert books.find_repeat(is_retry=True, is_admitted=False) == first


@pytest.mark.parametrize("is_delivered", [False, True])
def test_repeats_need_no_place(books: Books, *, is_delivered: bool) -> None:
    """An answer that nobody got, one that is retried and one with its Idempotency-Key are found without a place."""
    drawn = books.draw(is_delivered=is_delivered)
    assert books.find_repeat(is_retry=True, is_admitted=False) == drawn
    keyed = books.draw(idempotency_digest=DIGEST, fingerprint=OTHER_FINGERPRINT)
    found = books.find_repeat(idempotency_digest=DIGEST, fingerprint=OTHER_FINGERPRINT, is_admitted=False)
    assert found == keyed


def test_an_equal_call_is_waited_for_first(books: Books) -> None:
    """A call whose equal may just be abandoned is sent to wait for that, not for a place."""
    books.claim()
    books.now_ms += 2 * SECOND
    assert books.ask(has_waited=False, is_admitted=False)[1] == Occupied()
    assert books.ask(is_admitted=False)[1] == Crowded()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"key": make_key(budget_micro_usd=1)}, "insufficient_quota"),
        ({"key": make_key(images_per_minute=1), "pictures_asked": 2}, "rate_limit_exceeded"),
        ({"key": ANN, "may_buy": False}, "storage_unavailable"),
    ],
)
def test_what_is_refused_anyway_does_not_wait(books: Books, changes: dict[str, object], code: str) -> None:
    """A call that has no money, no rate or no disk is told so at once."""
    assert books.refuse(is_admitted=False, **changes).code == code
