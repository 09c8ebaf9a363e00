"""Turns of conversations: found by pictures and by what was said before, by whom they belong to."""

import pytest
from books import Books, make_key, open_books, settled

from limner.ledger.retention import forget_files
from limner.ledger.turns import find_by_conversation, find_by_picture

books = pytest.fixture(open_books)


def find(books: Books, owner: str = "ann", end_user: str = "") -> list[str]:
    """Return who drew the picture that every generation of these tests draws."""
    sha256s = [str(row[0]) for row in books.database.fetch_all("SELECT DISTINCT sha256 FROM pictures")]
    found = find_by_picture(books.database, sha256s, owner=owner, end_user=end_user)
    return [generation_id for ids in found.values() for generation_id in ids]


def forget(books: Books, generation_id: str) -> None:
    with books.database.transaction():
        forget_files(books.database, [generation_id])


def test_pictures_are_found_by_their_caller(books: Books) -> None:
    """By owner and end user, the newest first, as long as they are kept."""
    first, second = (books.draw(is_always_new=True) for _ in range(2))
    toms = books.draw(end_user="tom")
    bobs = books.draw(key=make_key("bob"))
    assert find(books) == [second, first]
    assert find(books, end_user="tom") == [toms]
    assert find(books, owner="bob") == [bobs]
    assert find(books, owner="eve") == []
    forget(books, second)
    assert find(books) == [first]


def test_conversations_are_found_once_they_were_answered(books: Books) -> None:
    """What runs, went wrong, reached nobody or is not kept any more is no answer; one just being delivered is."""
    drawn = books.draw(conversation="c")
    books.claim(conversation="c", is_always_new=True)
    books.draw(conversation="c", is_always_new=True, is_delivered=False)
    books.break_off(conversation="c", is_always_new=True)
    gone = books.draw(conversation="c", is_always_new=True)
    forget(books, gone)
    books.draw(is_always_new=True)
    assert find_by_conversation(books.database, ["c", "d"]) == {"c": [drawn]}
    coming = books.claim(conversation="c", is_always_new=True)
    books.send(coming)
    books.end(settled(coming))
    assert find_by_conversation(books.database, ["c", "d"]) == {"c": [coming, drawn]}


def test_a_popular_conversation_does_not_hide_others(books: Books) -> None:
    """Of each a few are found, the newest first, however many there are."""
    rare = books.draw(conversation="rare")
    popular = [books.draw(conversation="popular", is_always_new=True) for _ in range(12)]
    found = find_by_conversation(books.database, ["popular", "rare"])
    assert found == {"popular": popular[::-1][:8], "rare": [rare]}
