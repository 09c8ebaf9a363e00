"""Claims: what is written of a call before it is sent, and who is there for its answer."""

import pytest
from books import ANN, CLAIM, COST, DIGEST, RESERVED, SECOND, START_MS, Books, open_books, settled

from limner.ledger.errors import DuplicateError

books = pytest.fixture(open_books)


def test_a_claim_is_written_whole(books: Books) -> None:
    """A new generation has all that was claimed, one client and its reservation."""
    generation_id = books.claim(
        idempotency_digest=DIGEST, end_user="tom", is_stream=True, store=True, door="images"
    )
    found = books.find(generation_id)
    assert (found.id, found.state, found.door, found.owner) == (generation_id, "claimed", "images", "ann")
    assert (found.end_user, found.key_id, found.model) == ("tom", ANN.id, CLAIM.model)
    assert (found.asked, found.is_stream, found.store, found.is_keyed) == (CLAIM.asked, True, True, True)
    assert (found.reserved_micro_usd, found.claimed_at_ms) == (RESERVED, START_MS)
    assert (found.sent_at_ms, found.ended_at_ms, found.cost_micro_usd) == (None, None, None)
    assert not found.is_over
    assert books.count_clients(generation_id) == 1
    assert books.read_entries(generation_id) == [("reserve", RESERVED, 0, None)]


def test_an_id_is_used_once(books: Books) -> None:
    """A second generation with the same id is an error, and leaves the first and its money as they were."""
    books.claim(generation_id="same")
    with pytest.raises(DuplicateError):
        books.ask(generation_id="same", is_always_new=True)
    assert books.read_money() == (RESERVED, 0)


def test_sending_is_marked_once(books: Books) -> None:
    """The time of sending is that of the first mark; what has ended cannot be sent any more."""
    generation_id = books.claim()
    assert books.send(generation_id)
    books.now_ms += SECOND
    assert books.send(generation_id)
    found = books.find(generation_id)
    assert (found.state, found.sent_at_ms) == ("sent", START_MS)
    books.end(settled(generation_id))
    assert not books.send(generation_id)
    assert books.find(generation_id).state == "settled"


def test_clients_come_and_leave(books: Books) -> None:
    """The count never falls below nobody, and the first delivery is the one that is dated."""
    generation_id = books.claim()
    books.leave(generation_id)
    books.leave(generation_id)
    assert books.count_clients(generation_id) == 0
    assert books.find(generation_id).delivered_at_ms is None
    books.leave(generation_id, is_delivered=True)
    books.now_ms += SECOND
    books.leave(generation_id, is_delivered=True)
    assert books.find(generation_id).delivered_at_ms == START_MS


def test_a_generation_without_budget_has_accounts(books: Books) -> None:
    """Accounts are kept for keys without a budget too, so that one given later counts what was spent."""
    books.draw()
    assert books.read_money() == (0, COST)
    assert books.read_money(period="2026-11-27") == (0, COST)
