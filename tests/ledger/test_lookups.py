"""Lookups: everybody finds their own generations, and only these."""

from typing import Any

import pytest
from books import DIGEST, SECOND, Books, broken, make_key, make_picture, open_books

from limner.ledger import lookups
from limner.ledger.cases import CaseChoice, list_cases
from limner.ledger.lookups import Choice
from limner.ledger.records import Scope
from limner.ledger.retention import forget_files
from limner.ledger.stored import write_metadata

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


def test_pictures_are_found_with_whose_they_are(books: Books) -> None:
    """A picture is found by its id alone, with the generation that drew it, as long as its files are kept."""
    drawn = books.draw(end_user="tom", is_always_new=True)
    other = books.draw(key=make_key("bob"))
    found = lookups.find_picture(books.database, f"picture-{drawn}-0")
    assert found == (make_picture(drawn), books.find(drawn))
    with books.database.transaction():
        forget_files(books.database, [drawn])
    assert lookups.find_picture(books.database, f"picture-{drawn}-0") is None
    assert lookups.find_picture(books.database, "absent") is None
    assert lookups.find_picture(books.database, f"picture-{other}-0") == (
        make_picture(other), books.find(other, owner="bob"),
    )  # fmt: skip


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


def list_stored(books: Books, **choice: Any) -> list[str]:
    return list_ids(books, choice=Choice(is_stored_only=True, **choice))


@pytest.mark.parametrize("is_newest_first", [False, True])
def test_stored_ones_are_found_by_what_they_are(books: Books, *, is_newest_first: bool) -> None:
    """Metadata chooses those that have all pairs asked for, and how they were asked those that begin so; in pages."""
    pairs = [b'{"a": "1", "b": "x\'y"}', b'{"a": "1"}', b'{"a": "2", "b": "x\'y"}', b"{}", None]
    made = [
        books.draw(
            is_always_new=True, store=True, metadata=metadata, asked=b'{"model": "m%d"}' % (number % 2)
        )
        for number, metadata in enumerate(pairs)
    ]
    found = [
        list_stored(books, metadata=wanted, is_newest_first=is_newest_first)
        for wanted in (
            b'{"a": "1"}',
            b'{"b": "x\'y"}',
            b'{"b": "x\'y", "a": "1"}',
            b'{"c": "1"}',
            b'{"a": ""}',
            b"{}",
        )
    ]
    expected = [[0, 1], [0, 2], [0], [], [], range(5)]
    assert [sorted(ids) for ids in found] == [[made[number] for number in numbers] for numbers in expected]
    in_order = made[::-1] if is_newest_first else made
    assert list_stored(books, asked_begin='{"model": "m1"', is_newest_first=is_newest_first) == [
        name for name in in_order if made.index(name) % 2
    ]
    page = list_stored(books, metadata=b'{"a": "1"}', limit=1, is_newest_first=is_newest_first)
    rest = list_stored(books, metadata=b'{"a": "1"}', after=page[0], is_newest_first=is_newest_first)
    assert page + rest == [name for name in in_order if name in made[:2]]


def test_metadata_can_be_exchanged(books: Books) -> None:
    """A stored completion gets other metadata while it runs and as long as it is kept; no other call does."""
    running = books.claim(is_always_new=True, store=True, metadata=b'{"a": "1"}')
    kept = books.draw(is_always_new=True, store=True)
    plain = books.draw(is_always_new=True)
    gone = books.claim(is_always_new=True, store=True, metadata=b'{"a": "1"}')
    books.end(broken(gone, 503, is_replayable=False))
    with books.database.transaction():
        written = [
            write_metadata(books.database, name, b'{"b": "2"}')
            for name in (running, kept, plain, gone, "absent")
        ]
        assert written == [True, True, False, False, False]
    assert [books.find(name).metadata for name in (running, kept, plain, gone)] == [
        b'{"b": "2"}', b'{"b": "2"}', None, None,
    ]  # fmt: skip
    with books.database.transaction():
        assert write_metadata(books.database, kept, None)
    assert books.find(kept).metadata is None


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
    unknown = list_cases(books.database, CaseChoice(state="unknown", limit=10))
    assert [case.record.id for case in unknown] == [ids[1]]
    newest = list_cases(books.database, CaseChoice(limit=2))
    assert [case.record.id for case in newest] == [ids[2], ids[1]]
    assert [record.id for record in lookups.list_orphans(books.database)] == [ids[0], ids[2]]
