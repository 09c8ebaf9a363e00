"""Repeats: which call is answered from which generation, and which is a new one."""

from typing import Any

import pytest
from books import (
    ANN,
    DAY,
    DIGEST,
    FINGERPRINT,
    HOUR,
    OTHER_FINGERPRINT,
    SECOND,
    Books,
    broken,
    make_key,
    open_books,
    settled,
    unknown,
)

from limner.errors import IdempotencyKeyReused
from limner.ledger.records import Found, Fresh, Occupied

books = pytest.fixture(open_books)

KEYED: dict[str, Any] = {"idempotency_digest": DIGEST}


def cancelled(generation_id: str) -> Any:
    return broken(generation_id, 409, is_replayable=False)


def overloaded(generation_id: str) -> Any:
    return broken(generation_id, 503, is_replayable=False)


def internal(generation_id: str) -> Any:
    return broken(generation_id, 500, is_replayable=True)


def test_a_key_finds_its_running_call(books: Books) -> None:
    """Calls with the Idempotency-Key of a running one join it, each as one client more."""
    first = books.claim(**KEYED)
    assert [books.find_repeat(**KEYED) for _ in range(3)] == [first] * 3
    assert books.count_clients(first) == 4


def test_a_key_finds_its_answer_until_its_window_ends(books: Books) -> None:
    """A delivered answer is given again, any number of times, for 24 hours from its end and not after."""
    first = books.claim(**KEYED)
    books.now_ms += HOUR
    books.end(settled(first))
    books.leave(first, is_delivered=True)
    books.now_ms += DAY - 1
    assert [books.find_repeat(**KEYED) for _ in range(2)] == [first] * 2
    books.now_ms += 1
    assert books.find_repeat(**KEYED) is None


def test_a_key_stands_for_one_call(books: Books) -> None:
    """Another body under a used key is refused with 422, while the first runs and after; it leaves no client."""
    first = books.claim(**KEYED)
    assert isinstance(books.refuse(**KEYED, fingerprint=OTHER_FINGERPRINT), IdempotencyKeyReused)
    books.end(settled(first))
    error = books.refuse(**KEYED, fingerprint=OTHER_FINGERPRINT)
    assert error.code == "idempotency_key_reused"
    assert books.count_clients(first) == 1


@pytest.mark.parametrize("ending_of", [cancelled, overloaded])
def test_a_key_is_released_by_what_is_not_stored(books: Books, ending_of: Any) -> None:
    """After a cancelled or an overloaded call its key starts a new one, even with another body."""
    books.break_off(ending_of, **KEYED)
    assert books.find_repeat(**KEYED, fingerprint=OTHER_FINGERPRINT) is None


@pytest.mark.parametrize("ending_of", [unknown, internal])
def test_a_key_finds_errors_that_are_stored(books: Books, ending_of: Any) -> None:
    """An unknown outcome and a last error after sending are told again for the whole window."""
    first = books.break_off(ending_of, **KEYED)
    books.now_ms += DAY - 1
    assert books.find_repeat(**KEYED) == first


def test_keyed_and_unkeyed_calls_do_not_meet(books: Books) -> None:
    """A call with a key is found by the key only: not by its body, and not another by the body either."""
    keyed = books.draw(is_delivered=False, **KEYED)
    assert books.find_repeat() is None
    assert books.find_repeat(idempotency_digest=b"e" * 32) is None
    assert books.find_repeat(**KEYED) == keyed


def test_the_newest_of_a_key_counts(books: Books) -> None:
    """After a released key was used again, repeats find the new call."""
    books.break_off(overloaded, **KEYED)
    books.now_ms += SECOND
    second = books.draw(**KEYED)
    assert books.find_repeat(**KEYED) == second


def test_an_undelivered_answer_is_adopted_once(books: Books) -> None:
    """An answer that reached nobody goes to the next equal call; the one after that draws anew."""
    first = books.draw(is_delivered=False)
    assert books.find_repeat() == first
    assert books.count_clients(first) == 1
    assert books.find_repeat() is None


def test_a_running_call_without_client_is_adopted(books: Books) -> None:
    """A call whose client has gone is joined by its repeat, however it is marked."""
    first = books.claim()
    books.send(first)
    books.leave(first)
    assert books.find_repeat(is_retry=True) == first


def test_an_adopter_that_leaves_undelivered_is_followed(books: Books) -> None:
    """Whoever adopts and gets nothing leaves the answer to the next repeat."""
    first = books.draw(is_delivered=False)
    for _ in range(3):
        assert books.find_repeat() == first
        books.leave(first)


@pytest.mark.parametrize("running", [True, False])
def test_four_repeats_adopt_one_each(books: Books, *, running: bool) -> None:
    """Four equal calls that lost their clients are adopted by four repeats, oldest first; a fifth is new."""
    lost = [books.claim() for _ in range(4)]
    for generation_id in lost:
        books.now_ms += 1
        if not running:
            books.end(settled(generation_id))
        books.leave(generation_id)
    assert [books.find_repeat() for _ in range(5)] == [*lost, None]


def test_adoption_ends_with_its_window(books: Books) -> None:
    """An undelivered answer is adopted up to 24 hours from its claim, and not after."""
    first = books.draw(is_delivered=False)
    books.now_ms += DAY - 1
    assert books.find_repeat() == first
    books.leave(first)
    books.now_ms += 1
    assert books.find_repeat() is None


def test_an_answer_without_a_picture_is_adopted_too(books: Books) -> None:
    """An answer without a picture that reached nobody was paid as well, and is adopted."""
    first = books.claim()
    books.end(settled(first, pictures=()))
    books.leave(first)
    assert books.find_repeat() == first


def test_a_blocked_prompt_is_not_adopted(books: Books) -> None:
    """A refusal of Gemini's is no answer to wait for: whoever asks again may be let through."""
    first = books.claim()
    books.end(broken(first, 400, is_replayable=True, state="refused"))
    books.leave(first)
    assert books.find_repeat() is None


@pytest.mark.parametrize("ending_of", [cancelled, overloaded])
def test_what_bought_nothing_is_not_adopted(books: Books, ending_of: Any) -> None:
    """A cancelled or overloaded call is not given to a repeat, though it reached nobody."""
    first = books.claim()
    books.end(ending_of(first))
    books.leave(first)
    assert books.find_repeat(is_retry=True) is None


@pytest.mark.parametrize("status", [500, 502, 504])
def test_errors_after_sending_are_told_again(books: Books, status: int) -> None:
    """For 300 s an equal call gets the stored error instead of a second purchase, and then draws."""
    first = books.break_off(lambda g: broken(g, status, is_replayable=True))
    books.now_ms += 300 * SECOND - 1
    assert [books.find_repeat() for _ in range(2)] == [first] * 2
    books.now_ms += 1
    assert books.find_repeat() is None


def test_unknown_outcomes_are_told_again(books: Books) -> None:
    """For 300 s an equal call is told that the outcome is unknown, and then draws."""
    first = books.break_off(unknown)
    books.now_ms += 300 * SECOND - 1
    assert books.find_repeat() == first
    books.now_ms += 1
    assert books.find_repeat() is None


@pytest.mark.parametrize("is_posted", [True, False])
def test_a_resolved_outcome_is_still_told(books: Books, *, is_posted: bool) -> None:
    """That an operator has decided about the money does not make a repeat buy again at once."""
    first = books.break_off(unknown)
    books.resolve(first, is_posted=is_posted)
    assert books.find_repeat() == first


def test_errors_before_sending_are_not_told_again(books: Books) -> None:
    """A call that failed before it was sent bought nothing, and its repeat is new."""
    first = books.claim()
    books.end(broken(first, 502, is_replayable=True))
    books.leave(first, is_delivered=True)
    assert books.find_repeat() is None


def test_adoption_goes_before_errors(books: Books) -> None:
    """Where an undelivered answer and a newer error are there, the repeat gets the answer."""
    waiting = books.draw(is_delivered=False)
    books.leave(waiting)
    books.now_ms += SECOND
    with_error = books.claim(is_always_new=True)
    books.send(with_error)
    books.end(unknown(with_error))
    books.leave(with_error, is_delivered=True)
    assert books.find_repeat() == waiting
    assert books.find_repeat() == with_error


def test_errors_go_before_the_newest(books: Books) -> None:
    """A client's retry is told the error of the last 300 s rather than given a newer delivered answer."""
    with_error = books.break_off(unknown)
    books.now_ms += SECOND
    books.draw(is_always_new=True)
    assert books.find_repeat(is_retry=True) == with_error


def test_a_delivered_answer_is_not_a_repeat(books: Books) -> None:
    """The same question after a delivered answer, which is how one asks for another picture, is new."""
    books.draw()
    assert books.find_repeat() is None


def test_a_retry_gets_the_newest_answer(books: Books) -> None:
    """A client's own retry gets the newest equal answer, even a delivered one, for 120 s from its end."""
    books.draw()
    books.now_ms += SECOND
    second = books.draw()
    books.now_ms += 120 * SECOND - 1
    assert books.find_repeat(is_retry=True) == second
    books.now_ms += 1
    assert books.find_repeat(is_retry=True) is None


def test_a_retry_joins_a_running_call(books: Books) -> None:
    """A client's own retry joins the newest equal running call, though its client seems to be there."""
    first = books.claim()
    books.now_ms += 200 * SECOND
    assert books.find_repeat(is_retry=True) == first


@pytest.mark.parametrize("how", ["noted", "upstream", "key's limit"])
def test_a_retry_of_a_refused_call_is_new(books: Books, how: str) -> None:
    """Once an equal call was refused for want of capacity, a retry is that one, and not the running one's."""
    limited = make_key(images_per_minute=1)
    books.claim(key=limited)
    books.now_ms += 500
    if how == "noted":
        books.note_refusal()
    elif how == "upstream":
        books.break_off(overloaded)
    else:
        assert books.refuse(key=limited).status == 429
    books.now_ms += SECOND
    assert books.ask(is_retry=True)[1] == Fresh()


def test_a_refusal_before_the_claim_does_not_count(books: Books) -> None:
    """A refusal from before the newest equal call was claimed says nothing about a retry of it."""
    books.note_refusal()
    books.now_ms += 1
    first = books.claim()
    assert books.find_repeat(is_retry=True) == first


def test_old_refusals_are_swept(books: Books) -> None:
    """A refusal that no repeat can ask for is deleted when another one is noted."""
    books.note_refusal()
    books.now_ms += 2 * HOUR
    books.refuse(fingerprint=OTHER_FINGERPRINT, key=make_key(budget_micro_usd=0))
    assert books.database.fetch_all("SELECT fingerprint FROM refusals") == [(OTHER_FINGERPRINT,)]


def test_a_call_waits_for_a_client_that_may_be_leaving(books: Books) -> None:
    """Beside an equal call that has run for over a second nothing is claimed until the caller has waited."""
    first = books.claim()
    books.now_ms += 1 * SECOND
    books.claim(has_waited=False)  # a second call at the same time is one of several variants
    books.now_ms += 1
    before = books.database.fetch_all("SELECT * FROM generations")
    assert books.ask(has_waited=False)[1] == Occupied()
    assert books.database.fetch_all("SELECT * FROM generations") == before
    assert books.ask()[1] == Fresh()
    books.leave(first)
    assert books.ask()[1] == Found(first)


def test_always_new_means_new(books: Books) -> None:
    """Who wants no repeat gets a new generation beside any other, and one that its key does not find."""
    books.draw(is_delivered=False)
    keyed = books.claim(**KEYED)
    books.break_off(unknown, is_always_new=True)
    books.now_ms += 2 * SECOND
    new = books.claim(is_always_new=True, is_retry=True, **KEYED)
    assert books.find_repeat(**KEYED) == keyed
    assert not books.find(new).is_keyed


def test_other_calls_are_not_found(books: Books) -> None:
    """A call of another fingerprint, which another owner's always is, never meets this one's generations."""
    books.draw(is_delivered=False)
    books.break_off(unknown, is_always_new=True)
    assert books.find_repeat(fingerprint=OTHER_FINGERPRINT, is_retry=True) is None


def test_repeats_cost_nothing_and_pass_every_limit_but_requests(books: Books) -> None:
    """A repeat is answered though the key has no money left and has begun its pictures of this minute."""
    key = make_key(budget_micro_usd=100_000, images_per_minute=1)
    first = books.draw(is_delivered=False, key=key)
    assert books.find_repeat(key=key) == first
    assert books.refuse(key=key).status == 429
    assert books.read_money(ANN.id)[0] == 0


def test_four_by_four(books: Books) -> None:
    """Equal calls of clients that are all there are never merged."""
    assert [books.find_repeat(fingerprint=FINGERPRINT) for _ in range(4)] == [None] * 4
