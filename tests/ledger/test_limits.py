"""Limits per minute: counted over the last sixty seconds, with the exact time to wait."""

import pytest
from books import DIGEST, OTHER_FINGERPRINT, SECOND, Books, broken, make_key, open_books, settled

from limner.errors import RateLimited
from limner.ledger.records import Occupied

books = pytest.fixture(open_books)

HURRIED = make_key(requests_per_minute=3)
BUSY = make_key(images_per_minute=2)


def test_requests_are_limited(books: Books) -> None:
    """The request after the last allowed one is refused, and let in when the oldest is a minute old."""
    for _ in range(3):
        books.claim(key=HURRIED)
        books.now_ms += 10 * SECOND
    error = books.refuse(key=HURRIED)
    assert isinstance(error, RateLimited)
    assert (error.retry_after_seconds, error.should_retry) == (30.0, True)
    assert error.message == "The key 'ann' may have 3 requests a minute; there is room in 30.0 s."
    books.now_ms += 30 * SECOND - 1
    assert books.refuse(key=HURRIED).retry_after_seconds == 0.001
    books.now_ms += 1
    books.claim(key=HURRIED)


def test_repeats_and_refusals_by_money_are_requests(books: Books) -> None:
    """A repeat counts as a request, a call without money too, and one under a used key; the refused one not."""
    key = make_key(requests_per_minute=4, budget_micro_usd=100_000)
    first = books.draw(key=key, is_delivered=False)
    assert books.find_repeat(key=key) == first
    assert books.refuse(key=key).code == "insufficient_quota"
    books.find_repeat(key=make_key(), idempotency_digest=DIGEST)
    assert books.refuse(key=key, idempotency_digest=DIGEST, fingerprint=OTHER_FINGERPRINT).status == 422
    assert [books.refuse(key=key).code for _ in range(3)] == ["rate_limit_exceeded"] * 3
    books.now_ms += 60 * SECOND
    assert books.refuse(key=key).code == "insufficient_quota"


def test_a_call_that_waits_counts_once(books: Books) -> None:
    """A call sent back to wait for another's client is one request when it comes again."""
    books.claim(key=HURRIED)
    books.now_ms += 2 * SECOND
    for _ in range(5):
        assert books.ask(key=HURRIED, has_waited=False)[1] == Occupied()
    books.claim(key=HURRIED)
    books.claim(key=HURRIED)
    assert books.refuse(key=HURRIED).code == "rate_limit_exceeded"


def test_marks_are_swept(books: Books) -> None:
    """Of a key's requests only those of the last minute are kept, and none of a key without the limit."""
    books.claim()
    for _ in range(10):
        books.claim(key=HURRIED)
        books.now_ms += 30 * SECOND
    assert books.database.fetch_integer("SELECT count(*) FROM request_marks") == 2


def test_pictures_are_limited(books: Books) -> None:
    """The picture after the last allowed one is refused until the oldest was begun a minute ago."""
    books.claim(key=BUSY)
    books.now_ms += 20 * SECOND
    books.claim(key=BUSY)
    error = books.refuse(key=BUSY)
    assert (error.code, error.retry_after_seconds) == ("rate_limit_exceeded", 40.0)
    assert "2 pictures a minute" in error.message
    books.now_ms += 40 * SECOND
    books.claim(key=BUSY)


def test_failed_pictures_do_not_count(books: Books) -> None:
    """A call that failed gives its place back; one with an answer or an unknown outcome keeps it."""
    for status in (503, 429):
        books.end(broken(books.claim(key=BUSY), status, is_replayable=False))
    books.end(settled(books.claim(key=BUSY)))
    books.end(broken(books.claim(key=BUSY), 502, is_replayable=True, state="unknown"))
    assert books.refuse(key=BUSY, is_always_new=True).code == "rate_limit_exceeded"


def test_a_lowered_limit_is_told_truly(books: Books) -> None:
    """Where more was begun than a lowered limit allows, the wait is until enough of it is a minute old."""
    for _ in range(5):
        books.claim(key=make_key(images_per_minute=10))
        books.now_ms += SECOND
    error = books.refuse(key=BUSY)
    books.now_ms += int(error.retry_after_seconds * SECOND)
    books.claim(key=BUSY)


def test_keys_are_limited_apart(books: Books) -> None:
    """Two keys of one owner do not use up each other's minute."""
    for name in ("a", "b"):
        for _ in range(2):
            books.claim(key=make_key(name, owner="ann", images_per_minute=2, requests_per_minute=2))
        assert books.refuse(key=make_key(name, owner="ann", images_per_minute=2)).status == 429


def test_several_choices_are_several_pictures(books: Books) -> None:
    """A call of three pictures counts three, one of a text model none; it waits for as much room as it needs."""
    key = make_key(images_per_minute=4)
    books.claim(key=key, pictures_asked=1, is_always_new=True)
    books.now_ms += 10 * SECOND
    books.claim(key=key, pictures_asked=2, is_always_new=True)
    books.claim(key=key, pictures_asked=0, is_always_new=True)
    books.now_ms += 10 * SECOND
    books.claim(key=key, pictures_asked=1, is_always_new=True)
    assert books.refuse(key=key, pictures_asked=1, is_always_new=True).retry_after_seconds == 40.0
    assert books.refuse(key=key, pictures_asked=3, is_always_new=True).retry_after_seconds == 50.0
    books.claim(key=key, pictures_asked=0, is_always_new=True)
    never = books.refuse(key=key, pictures_asked=5, is_always_new=True)
    assert (never.should_retry, never.message) == (
        False,
        "The key 'ann' may have 4 pictures a minute, and the call asks for 5.",
    )
    books.now_ms += 50 * SECOND
    books.claim(key=key, pictures_asked=3, is_always_new=True)
