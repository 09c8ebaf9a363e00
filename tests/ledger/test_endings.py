"""Ends: what becomes of a generation and of the money that was set aside for it."""

import pytest
from books import COST, RESERVED, SECOND, Books, broken, make_picture, open_books, settled, unknown

from limner.ledger import endings, lookups
from limner.ledger.errors import DatabaseError, DuplicateError, LedgerError
from limner.ledger.records import Ending

books = pytest.fixture(open_books)


def test_an_answer_is_written_whole(books: Books) -> None:
    """Answer, cost, pictures and files are there together; the reservation is given back, the cost spent."""
    generation_id = books.claim()
    books.now_ms += SECOND
    pictures = (
        make_picture(generation_id, 0, is_thought=True, width=None, height=None),
        make_picture(generation_id, 1, sha256="1" * 64),
    )
    assert books.end(settled(generation_id, pictures=pictures))
    found = books.find(generation_id)
    assert (found.state, found.ended_at_ms, found.cost_micro_usd) == ("settled", books.now_ms, COST)
    assert (found.answer, found.error, found.error_status) == (b'{"text": "here"}', None, None)
    assert (found.folder, found.stored_bytes) == (f"2026-11-27/{generation_id}", 1_000)
    assert found.is_over
    assert lookups.read_pictures(books.database, generation_id) == list(pictures)
    assert books.database.fetch_integer("SELECT pictures FROM generations") == 1
    assert books.read_entries(generation_id)[1:] == [("post", -RESERVED, COST, None)]


def test_a_generation_ends_once(books: Books) -> None:
    """A second end changes nothing and says so, whatever it brings."""
    generation_id = books.claim()
    assert books.end(settled(generation_id))
    before = books.find(generation_id)
    assert not books.end(settled(generation_id, cost_micro_usd=1))
    assert not books.end(unknown(generation_id))
    assert not books.end(settled("never-claimed"))
    assert books.find(generation_id) == before


@pytest.mark.parametrize(
    ("ending", "entry"),
    [
        (broken("g1", 503, is_replayable=False), ("void", -RESERVED, 0, None)),
        (
            Ending(
                generation_id="g1", state="failed", cost_micro_usd=0, is_replayable=True, is_assumed_free=True
            ),
            ("void", -RESERVED, 0, "assumed_free"),
        ),
        (unknown("g1"), ("hold", 0, 0, None)),
        (settled("g1", cost_micro_usd=0), ("post", -RESERVED, 0, None)),
        (settled("g1", cost_micro_usd=None), ("post", -RESERVED, 0, None)),
        (settled("g1", state="refused", answer=None, cost_micro_usd=7), ("post", -RESERVED, 7, None)),
        (settled("g1", cost_micro_usd=RESERVED), ("post", -RESERVED, RESERVED, None)),
        (settled("g1", cost_micro_usd=RESERVED + 1), ("post", -RESERVED, RESERVED + 1, "overrun")),
    ],
)
def test_each_end_has_its_entry(books: Books, ending: Ending, entry: tuple[object, ...]) -> None:
    """Money is posted where something was bought, given back where nothing was, held where nobody knows."""
    books.claim()
    books.end(ending)
    assert books.read_entries("g1")[1:] == [entry]


def test_an_end_is_all_or_nothing(books: Books) -> None:
    """If a picture cannot be written the generation has not ended and its money is where it was."""
    first = books.draw()
    generation_id = books.claim()
    with pytest.raises(DuplicateError):
        books.end(settled(generation_id, pictures=(make_picture(first),)))
    assert not books.find(generation_id).is_over
    assert books.read_money() == (RESERVED, COST)


@pytest.mark.parametrize(
    ("is_posted", "state", "cost", "entry"),
    [
        (True, "settled", RESERVED, ("post", -RESERVED, RESERVED)),
        (False, "failed", 0, ("void", -RESERVED, 0)),
    ],
)
def test_operators_decide_on_unknown_outcomes(
    books: Books, *, is_posted: bool, state: str, cost: int, entry: tuple[object, ...]
) -> None:
    """Posting spends the whole reservation, voiding gives it back; the stored error stays."""
    generation_id = books.break_off()
    books.resolve(generation_id, is_posted=is_posted)
    found = books.find(generation_id)
    assert (found.state, found.cost_micro_usd, found.error_status) == (state, cost, 502)
    assert books.read_entries(generation_id)[1:] == [("hold", 0, 0, None), (*entry, "operator")]


def test_only_unknown_outcomes_are_decided_on(books: Books) -> None:
    """What is running, over, decided already or not there is refused by its id, and nothing changes."""
    decided = books.break_off()
    books.resolve(decided, is_posted=True)
    for generation_id in (books.claim(is_always_new=True), books.draw(is_always_new=True), decided, "absent"):
        with pytest.raises(LedgerError, match=f"no generation '{generation_id}' with an unknown outcome"):
            books.resolve(generation_id, is_posted=False)


def test_all_old_ones_are_decided_on(books: Books) -> None:
    """Deciding on all takes those that ended before the given moment, and says how many they were."""
    old = [books.break_off(is_always_new=True) for _ in range(2)]
    books.now_ms += SECOND
    young = books.break_off(is_always_new=True)
    with books.database.transaction():
        count = endings.resolve_all(books.database, books.now_ms, books.now_ms, is_posted=True)
    assert count == 2
    assert [books.find(generation_id).state for generation_id in (*old, young)] == [
        "settled",
        "settled",
        "unknown",
    ]
    assert books.read_money() == (RESERVED, 2 * RESERVED)


def test_an_unknown_outcome_may_turn_out(books: Books) -> None:
    """When the files of an unknown outcome are found whole it is settled truly, and waits to be collected."""
    generation_id = books.break_off()
    books.now_ms += SECOND
    with books.database.transaction():
        assert endings.settle_unknown(books.database, settled(generation_id), books.now_ms)
        assert not endings.settle_unknown(books.database, settled(generation_id), books.now_ms)
    found = books.find(generation_id)
    assert (found.state, found.cost_micro_usd, found.delivered_at_ms) == ("settled", COST, None)
    assert (found.error, found.ended_at_ms) == (None, books.now_ms)
    assert books.read_money() == (0, COST)
    assert books.find_repeat() == generation_id


CHANGES = [
    "UPDATE ledger_entries SET posted_micro_usd = 0",
    "UPDATE ledger_entries SET note = 'mine'",
    "DELETE FROM ledger_entries",
    """
    INSERT INTO ledger_entries SELECT * FROM ledger_entries WHERE kind = 'post'
    ON CONFLICT (generation_id, step) DO UPDATE SET posted_micro_usd = 0
    """,
]
OWN_CHANGES = {
    "sqlite": ["REPLACE INTO ledger_entries SELECT * FROM ledger_entries WHERE kind = 'post'"],
    "postgres": ["TRUNCATE ledger_entries", "TRUNCATE generations CASCADE"],
}


def test_entries_stay_as_they_are(books: Books) -> None:
    """The database itself refuses to change or delete an entry, or to write another in its place."""
    books.draw()
    before = books.database.fetch_all("SELECT * FROM ledger_entries")
    for statement in CHANGES + OWN_CHANGES[books.database.dialect]:
        with pytest.raises(DatabaseError, match="ledger entries are never"):
            books.database.change(statement)
        assert books.database.fetch_all("SELECT * FROM ledger_entries") == before


@pytest.mark.parametrize("kind", ["reserve", "post", "void", "credit"])
def test_no_money_moves_twice(books: Books, kind: str) -> None:
    """The database refuses a second reservation, a second settlement, and a kind of entry it does not know."""
    generation_id = books.draw()
    with pytest.raises(
        DatabaseError, match=r"never replaced|CHECK|ledger_entries_(pkey|kind_check|step_check)"
    ):
        books.database.change(
            "INSERT INTO ledger_entries SELECT generation_id, "
            "CASE CAST(:kind AS TEXT) WHEN 'reserve' THEN 0 ELSE 2 END, :kind, "
            "at_ms, key_id, 0, 0, budget_at_ms, NULL FROM ledger_entries WHERE generation_id = :id AND step = 0",
            {"id": generation_id, "kind": kind},
        )
    assert [entry[0] for entry in books.read_entries(generation_id)] == ["reserve", "post"]
