"""Retention: which files may go, and what remains of their generations."""

from typing import Any

import pytest
from books import (
    COST,
    DAY,
    DIGEST,
    HOUR,
    OTHER_FINGERPRINT,
    SECOND,
    START_MS,
    Books,
    broken,
    open_books,
    settled,
    unknown,
)

from limner.ledger import lookups, retention
from limner.ledger.lookups import Known
from limner.ledger.records import RepeatWindows, Retention

books = pytest.fixture(open_books)

MONTH = 30 * DAY
YEAR = 365 * DAY
UNKEYED = 300 * SECOND

KEPT = Retention(retention_ms=MONTH, linked_retention_ms=YEAR)
FLEETING = Retention(retention_ms=0, linked_retention_ms=YEAR)

WINDOWS = RepeatWindows(idempotency_ms=2 * HOUR, undelivered_ms=3 * HOUR)
LONG_WINDOWS = RepeatWindows(idempotency_ms=40 * DAY, undelivered_ms=50 * DAY)


def list_expired(books: Books, kept: Retention = KEPT, limit: int = 100) -> list[str]:
    found = retention.list_expired(books.database, kept, books.windows, books.now_ms, limit)
    return [generation_id for generation_id, _ in found]


@pytest.mark.parametrize(
    ("kept", "windows", "store", "is_linked", "is_keyed", "is_delivered", "lives_ms"),
    [
        (KEPT, WINDOWS, None, False, False, True, MONTH),
        (KEPT, WINDOWS, None, False, True, True, MONTH),
        (KEPT, WINDOWS, None, False, False, False, MONTH),
        (KEPT, WINDOWS, True, False, False, True, YEAR),
        (KEPT, WINDOWS, True, False, True, False, YEAR),
        (KEPT, WINDOWS, False, False, False, True, UNKEYED),
        (KEPT, WINDOWS, False, False, True, True, 2 * HOUR),
        (KEPT, WINDOWS, False, False, False, False, 3 * HOUR),
        (KEPT, WINDOWS, False, False, True, False, 3 * HOUR),
        (FLEETING, WINDOWS, None, False, False, True, UNKEYED),
        (FLEETING, WINDOWS, None, False, True, True, 2 * HOUR),
        (FLEETING, WINDOWS, None, False, False, False, 3 * HOUR),
        (FLEETING, WINDOWS, True, False, False, True, UNKEYED),
        (KEPT, WINDOWS, None, True, False, True, YEAR),
        (KEPT, WINDOWS, None, True, True, False, YEAR),
        (KEPT, WINDOWS, True, True, False, True, YEAR),
        (KEPT, WINDOWS, False, True, False, True, UNKEYED),
        (KEPT, WINDOWS, False, True, True, True, 2 * HOUR),
        (FLEETING, WINDOWS, None, True, False, True, UNKEYED),
        (KEPT, LONG_WINDOWS, None, False, True, True, 40 * DAY),
        (KEPT, LONG_WINDOWS, None, False, False, False, 50 * DAY),
        (KEPT, LONG_WINDOWS, False, False, True, False, 50 * DAY),
    ],
)
def test_files_live_as_long_as_they_should(
    books: Books,
    *,
    kept: Retention,
    windows: RepeatWindows,
    store: bool | None,
    is_linked: bool,
    is_keyed: bool,
    is_delivered: bool,
    lives_ms: int,
) -> None:
    """Files go at the millisecond their time is over: by setting, links or the client's wish, never in a repeat's."""
    books.windows = windows
    digest = DIGEST if is_keyed else None
    generation_id = books.draw(
        store=store, is_linked=is_linked, idempotency_digest=digest, is_delivered=is_delivered
    )
    books.now_ms = START_MS + lives_ms - 1
    assert list_expired(books, kept) == []
    books.now_ms += 1
    assert list_expired(books, kept) == [generation_id]


def test_a_late_delivery_counts(books: Books) -> None:
    """What is not to be stored is kept for its repeat window after it was collected, not after it was made."""
    generation_id = books.claim(store=False)
    books.end(settled(generation_id))
    books.now_ms += HOUR
    assert list_expired(books) == []
    books.leave(generation_id, is_delivered=True)
    books.now_ms += UNKEYED - 1
    assert list_expired(books) == []
    books.now_ms += 1
    assert list_expired(books) == [generation_id]


def test_what_is_in_use_stays(books: Books) -> None:
    """Nothing goes while a client is answered from it, while it runs, or that has no files."""
    in_use = books.draw()
    assert books.find_repeat(is_retry=True) == in_use
    books.claim(fingerprint=OTHER_FINGERPRINT)
    books.break_off(unknown, fingerprint=OTHER_FINGERPRINT, is_always_new=True)
    books.now_ms += 2 * YEAR
    assert list_expired(books) == []


def test_lists_are_limited(books: Books) -> None:
    """Housekeeping gets its work in pieces, each with the folders to delete."""
    for _ in range(3):
        books.draw()
    books.now_ms += MONTH
    assert len(list_expired(books, limit=2)) == 2
    found = retention.list_expired(books.database, KEPT, books.windows, books.now_ms, 10)
    assert sorted(found) == [(name, f"2026-11-27/{name}") for name in ("g1", "g2", "g3")]


def forget(books: Books, *generation_ids: str) -> None:
    with books.database.transaction():
        retention.forget_files(books.database, generation_ids)


def test_the_books_outlive_the_files(books: Books) -> None:
    """Of a forgotten generation answer, folder and pictures are gone; cost, tokens and state stay."""
    generation_id = books.draw(idempotency_digest=DIGEST)
    kept = books.draw()
    forget(books, generation_id, "absent")
    found = books.find(generation_id)
    assert (found.answer, found.folder, found.stored_bytes) == (None, None, 0)
    assert (found.state, found.cost_micro_usd) == ("settled", COST)
    assert lookups.read_pictures(books.database, generation_id) == []
    assert lookups.list_known(books.database, [generation_id, kept, "absent"]) == {
        generation_id: Known(None, is_uploaded=False, is_let_go=True),
        kept: Known(f"2026-11-27/{kept}", is_uploaded=False, is_let_go=False),
    }
    assert retention.read_stored_bytes(books.database) == 1_000
    tokens = books.database.fetch_all(
        "SELECT input_tokens, output_tokens, pictures FROM generations WHERE id = :id", {"id": generation_id}
    )
    assert tokens == [(10, 1_290, 1)]


@pytest.mark.parametrize("changes", [{"idempotency_digest": DIGEST}, {"is_retry": True}])
def test_what_is_forgotten_is_not_replayed(books: Books, changes: dict[str, Any]) -> None:
    """A repeat of a call whose files had to go is a new call."""
    forget(books, books.draw(**changes))
    assert books.find_repeat(**changes) is None


def test_running_ones_are_not_forgotten(books: Books) -> None:
    """Forgetting leaves a running generation as it is."""
    generation_id = books.claim()
    before = books.find(generation_id)
    forget(books, generation_id)
    assert books.find(generation_id) == before


def list_evictable(books: Books, limit: int = 100) -> list[str]:
    found = retention.list_evictable(books.database, books.windows, books.now_ms, limit)
    return [generation_id for generation_id, _ in found]


def test_room_is_made_by_the_oldest_delivered(books: Books) -> None:
    """The oldest delivered go first; never undelivered ones, those to be stored or behind links, or those in use."""
    books.draw(is_delivered=False, is_always_new=True)
    books.draw(store=True, is_always_new=True)
    books.draw(is_linked=True, is_always_new=True)
    delivered = []
    for changes in ({}, {"store": False}, {"store": False, "is_linked": True}, {}):
        delivered.append(books.draw(is_always_new=True, **changes))
        books.now_ms += SECOND
    in_use = books.draw(fingerprint=OTHER_FINGERPRINT)
    assert books.find_repeat(fingerprint=OTHER_FINGERPRINT, is_retry=True) == in_use
    books.now_ms += HOUR
    assert list_evictable(books) == delivered
    assert list_evictable(books, limit=1) == delivered[:1]


def test_repeats_are_spared_while_there_is_a_choice(books: Books) -> None:
    """What a repeat may still be answered from goes only when nothing else is left."""
    keyed = books.draw(idempotency_digest=DIGEST)
    books.now_ms += SECOND
    plain = books.draw()
    books.now_ms += UNKEYED
    assert list_evictable(books) == [plain]
    forget(books, plain)
    assert list_evictable(books) == [keyed]


@pytest.mark.parametrize(
    ("policy", "state", "money"),
    [("hold", "unknown", (100_000, 0)), ("post", "settled", (0, 100_000)), ("void", "failed", (0, 0))],
)
def test_old_unknown_outcomes_follow_the_policy(
    books: Books, policy: str, state: str, money: tuple[int, int]
) -> None:
    """Outcomes unknown for long are held, posted or voided as set, and the entry says by whom."""
    generation_id = books.break_off(unknown)
    before_ms = books.now_ms + 1
    with books.database.transaction():
        assert retention.resolve_old_unknowns(books.database, policy, before_ms - 1, before_ms) == 0
        count = retention.resolve_old_unknowns(books.database, policy, before_ms, before_ms)
    assert count == (policy != "hold")
    assert books.find(generation_id).state == state
    assert books.read_money() == money
    if policy != "hold":
        assert books.read_entries(generation_id)[-1][-1] == "policy"


def read_prompts(books: Books) -> dict[str, tuple[str, str]]:
    """Return what is kept of what was asked in words, as it was and folded, by generation."""
    rows = books.database.fetch_all(
        "SELECT id, prompt, prompt_folded FROM generations "
        "WHERE prompt IS NOT NULL OR prompt_folded IS NOT NULL ORDER BY rowid"
    )
    return {str(generation_id): (str(prompt), str(folded)) for generation_id, prompt, folded in rows}


def forget_prompts(books: Books, kept: Retention = KEPT, limit: int = 100) -> int:
    with books.database.transaction():
        return retention.forget_prompts(books.database, kept, books.windows, books.now_ms, limit)


def test_a_prompt_goes_with_the_files(books: Books) -> None:
    """What was asked in words is kept as long as the pictures it made, and not a moment longer."""
    generation_id = books.draw(prompt="Ein GROẞES Haus")
    assert read_prompts(books) == {generation_id: ("Ein GROẞES Haus", "ein grosses haus")}
    books.now_ms += 2 * YEAR
    assert forget_prompts(books) == 0
    forget(books, generation_id)
    assert read_prompts(books) == {}


@pytest.mark.parametrize(
    ("kept", "store", "is_keyed", "lives_ms"),
    [
        (KEPT, None, False, MONTH),
        (KEPT, True, True, MONTH),
        (KEPT, False, False, UNKEYED),
        (KEPT, False, True, 2 * HOUR),
        (FLEETING, None, False, UNKEYED),
        (FLEETING, True, True, 2 * HOUR),
    ],
)
@pytest.mark.parametrize("ending_of", [unknown, lambda name: broken(name, 400, is_replayable=True)])
def test_the_prompt_of_a_call_without_files_goes_in_its_time(
    books: Books,
    ending_of: Any,
    *,
    kept: Retention,
    store: bool | None,
    is_keyed: bool,
    lives_ms: int,
) -> None:
    """Where there is only an error the prompt goes when files would: by setting, or by the client's wish."""
    books.windows = WINDOWS
    books.break_off(ending_of, prompt="a cat", store=store, idempotency_digest=DIGEST if is_keyed else None)
    books.now_ms += lives_ms - 1
    assert forget_prompts(books, kept) == 0
    books.now_ms += 1
    assert forget_prompts(books, kept) == 1
    assert read_prompts(books) == {}


def test_a_prompt_that_an_older_gateway_left_goes_at_once(books: Books) -> None:
    """A gateway of before lets files go and knows of no prompt; the next round of a newer one takes it away."""
    generation_id = books.draw(prompt="a cat")
    books.database.change(
        "UPDATE generations SET folder = NULL, stored_bytes = 0, answer = NULL WHERE id = :id",
        {"id": generation_id},
    )
    running = books.claim(prompt="a dog", is_always_new=True)
    assert forget_prompts(books) == 1
    assert read_prompts(books) == {running: ("a dog", "a dog")}


def test_prompts_go_in_pieces(books: Books) -> None:
    """So many at a time, and it is told how many went."""
    for number in range(3):
        books.break_off(prompt=f"cat {number}", is_always_new=True)
    books.now_ms += MONTH
    assert [forget_prompts(books, limit=2) for _ in range(3)] == [2, 1, 0]
