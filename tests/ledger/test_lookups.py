"""Lookups: everybody finds their own generations, and only these."""

import pytest
from books import DIGEST, SECOND, Books, broken, make_key, open_books

from limner.ledger import lookups
from limner.ledger.lookups import Choice
from limner.ledger.records import Scope

books = pytest.fixture(open_books)

ANNS = Scope(owner="ann", end_user=None)
BOBS = Scope(owner="bob", end_user=None)
TOMS = Scope(owner="ann", end_user="tom")
UNNAMED = Scope(owner="ann", end_user="")


def list_ids(books: Books, scope: Scope = ANNS, choice: Choice | None = None) -> list[str]:
    return [
        record.id for record in lookups.list_generations(books.database, scope, choice or Choice(limit=100))
    ]


def test_owners_find_their_own(books: Books) -> None:
    """A generation of another owner, or of another end user, is not there."""
    own = books.claim(end_user="tom", idempotency_digest=DIGEST)
    for scope in (ANNS, TOMS):
        assert lookups.find(books.database, own, scope) is not None
        assert list_ids(books, scope) == [own]
    for scope in (BOBS, UNNAMED, Scope(owner="ann", end_user="eve")):
        assert lookups.find(books.database, own, scope) is None
        assert list_ids(books, scope) == []
    assert lookups.find_any(books.database, own) is not None
    assert lookups.find_any(books.database, "absent") is None


def test_keys_of_one_owner_share(books: Books) -> None:
    """What one key of an owner made is there for the owner's other keys."""
    first = books.claim(key=make_key("a", owner="ann"))
    second = books.claim(key=make_key("b", owner="ann"), is_always_new=True)
    assert sorted(list_ids(books)) == [first, second]


@pytest.mark.parametrize("is_newest_first", [False, True])
def test_lists_are_paged(books: Books, *, is_newest_first: bool) -> None:
    """Pages follow each other without gap or repetition, also among those claimed in one millisecond."""
    made = []
    for number in range(9):
        made.append(books.claim())
        books.now_ms += SECOND if number % 3 == 2 else 0
    pages: list[list[str]] = []
    after = None
    while True:
        page = list_ids(books, choice=Choice(after=after, limit=2, is_newest_first=is_newest_first))
        if not page:
            break
        pages.append(page)
        after = page[-1]
    assert [len(page) for page in pages] == [2, 2, 2, 2, 1]
    assert [name for page in pages for name in page] == (made[::-1] if is_newest_first else made)
    assert list_ids(books, choice=Choice(after="absent")) == []


def test_undelivered_ones_are_listed(books: Books) -> None:
    """Among the undelivered are those that run or have an answer, and no others."""
    running = books.claim(is_always_new=True)
    waiting = books.draw(is_always_new=True, is_delivered=False)
    unknown = books.claim(is_always_new=True)
    books.end(broken(unknown, 502, is_replayable=True, state="unknown"))
    books.end(broken(books.claim(is_always_new=True), 503, is_replayable=False))
    books.draw(is_always_new=True)
    assert list_ids(books, choice=Choice(is_undelivered_only=True)) == [running, waiting]


def test_stored_ones_are_listed(books: Books) -> None:
    """Among the stored are those asked with store: true that have an answer."""
    books.draw(is_always_new=True)
    books.draw(is_always_new=True, store=False)
    books.claim(is_always_new=True, store=True)
    stored = books.draw(is_always_new=True, store=True)
    assert list_ids(books, choice=Choice(is_stored_only=True)) == [stored]


def test_those_of_one_key_are_listed(books: Books) -> None:
    """An Idempotency-Key chooses its generations."""
    books.draw()
    first = books.claim(idempotency_digest=DIGEST)
    books.end(broken(first, 503, is_replayable=False))
    books.now_ms += SECOND
    second = books.claim(idempotency_digest=DIGEST)
    assert list_ids(books, choice=Choice(idempotency_digest=DIGEST)) == [first, second]


def test_operators_list_everybodys(books: Books) -> None:
    """States are listed over all owners, newest first, up to a limit; the running ones oldest first."""
    ids = [books.claim(key=make_key(name)) for name in ("ann", "bob", "eve")]
    books.end(broken(ids[1], 502, is_replayable=True, state="unknown"))
    assert [record.id for record in lookups.list_by_state(books.database, "unknown", 10)] == [ids[1]]
    assert [record.id for record in lookups.list_by_state(books.database, None, 2)] == [ids[2], ids[1]]
    assert [record.id for record in lookups.list_orphans(books.database)] == [ids[0], ids[2]]
