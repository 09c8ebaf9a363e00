"""What a conversation's turns are known by, and which earlier answers are looked for."""

from collections.abc import Sequence
from hashlib import sha256

import pytest

from limner.translate.history import (
    MOST_CANDIDATES,
    Known,
    Place,
    is_text_of,
    list_conversations,
    list_places,
    trace_conversation,
)
from limner.translate.messages import InputPicture, Piece, Turn


def user(*pieces: Piece) -> Turn:
    return Turn(role="user", pieces=list(pieces))


def model(*pieces: Piece, references: Sequence[str] = ()) -> Turn:
    return Turn(role="model", pieces=list(pieces), references=tuple(references))


PICTURES = [
    InputPicture(mime_type="image/png", sha256=name, size_bytes=1, text=None) for name in ("aa", "bb", "cc")
]


def trace(*turns: Turn) -> list[str]:
    return trace_conversation(turns, PICTURES, lambda text: sha256(text).hexdigest())


def find_places(known: Known, *turns: Turn) -> list[Place]:
    return list(list_places(turns, trace(*turns), PICTURES, known))


@pytest.mark.parametrize(
    "between",
    [(), (model(),), (model(""),), (model(" \n "),), (model("Here is your picture."),), (model(0, 1),)],
    ids=["dropped", "empty", "blank", "white", "placeholder", "pictures"],
)
def test_what_clients_make_of_an_answer_without_text_is_one(between: tuple[Turn, ...]) -> None:
    """Dropped, blank, a placeholder or its pictures alone: the conversation after it is the same."""
    assert trace(user("a cat"), *between, user("blue"))[-1] == trace(user("a cat"), user("blue"))[-1]


@pytest.mark.parametrize(
    "turns",
    [
        (user("a cat"), user("red")),
        (user("a dog"), user("blue")),
        (user("a cat", 0), user("blue")),
        (user("a cat"), model("so it is"), user("blue")),
        (user("a cat"), user("blue"), user("!")),
        (user("a cat blue"),),
    ],
)
def test_other_conversations_are_others(turns: tuple[Turn, ...]) -> None:
    """Another word, picture, answer or division makes another conversation."""
    assert trace(*turns)[-1] != trace(user("a cat"), user("blue"))[-1]


def test_white_space_makes_no_difference() -> None:
    """Clients trim and join texts."""
    assert trace(user("a  cat\n", " by night ")) == trace(user("a cat by", "night"))


def test_pictures_of_the_user_count_in_their_order() -> None:
    """The same two pictures in another order are another question."""
    assert trace(user("mix", 0, 1)) != trace(user("mix", 1, 0))
    assert trace(user("mix", 0, 1)) == trace(user(0, "mix", 1))


def test_an_answer_is_looked_for_where_none_is_or_none_has_pictures() -> None:
    """Between two turns of the user, and for an answer without pictures and references; never before the first turn."""
    turns = (
        user("a"),
        user("b"),
        model("text"),
        user("c"),
        model(0),
        user("d"),
        model(references=["gen_1"]),
        user("e"),
    )
    digests = trace(*turns)
    assert list_conversations(turns, digests) == {digests[0], digests[1]}
    assert list_conversations((model("hello"), user("a")), trace(model("hello"), user("a"))) == set()


def test_a_missing_answer_has_its_place_between_the_turns() -> None:
    """Two turns of the user in a row: what was answered to the first stands before the second."""
    turns = (user("a cat"), user("blue"))
    known = Known(by_conversation={trace(*turns)[0]: ["gen_2", "gen_1"]})
    (place,) = find_places(known, *turns)
    assert (place.index, place.is_missing, place.is_recalled) == (1, True, True)
    assert place.candidates == ("gen_2", "gen_1")


def test_the_last_turn_is_a_question_and_not_answered() -> None:
    """What was answered to an equal conversation before is no part of this one."""
    turns = (user("a cat"),)
    assert find_places(Known(by_conversation={trace(*turns)[0]: ["gen_1"]}), *turns) == []


def test_an_answer_with_pictures_is_known_by_them() -> None:
    """By its link first, then by its reference, then by its bytes; then what was said before does not matter."""
    turns = (user("a cat"), model("Voilà", 0, references=["gen_r"]), user("blue"))
    known = Known(
        by_number={0: "gen_l"},
        by_picture={"aa": ["gen_p", "gen_r"]},
        by_conversation={trace(*turns)[0]: ["gen_c"]},
    )
    (place,) = find_places(known, *turns)
    assert place.candidates == ("gen_l", "gen_r", "gen_p")
    assert (set(place.sha256s), place.is_recalled, place.text) == ({"aa"}, False, "Voilà")


def test_pictures_of_the_user_are_no_answers() -> None:
    """A picture in the user's turn stays where it is, whoever drew it."""
    assert find_places(Known(by_picture={"aa": ["gen_1"]}), user("mix", 0), user("more")) == []


def test_few_equal_conversations_are_looked_at() -> None:
    """A prompt that was drawn a thousand times costs no thousand reads."""
    turns = (user("a cat"), user("blue"))
    known = Known(by_conversation={trace(*turns)[0]: [f"gen_{number}" for number in range(1000)]})
    (place,) = find_places(known, *turns)
    assert len(place.candidates) == MOST_CANDIDATES


@pytest.mark.parametrize(
    ("sent", "answered", "is_equal"),
    [
        ("A cat, as asked.", "A cat,\nas asked.", True),
        ("", "Here is your picture.", True),
        ("A cat, as asked.", "A cat, as…", True),
        ("A cat", "A dog", False),
        ("A cat", None, False),
        ("A cat", "A cat, as…", False),
    ],
)
def test_of_equal_conversations_the_text_tells(sent: str, answered: str | None, *, is_equal: bool) -> None:
    """The answer that is meant has the text that was sent, as far as the books have it."""
    place = Place(index=1, is_missing=False, candidates=(), sha256s=frozenset(), text=sent)
    assert is_text_of(place, answered) is is_equal
