"""Prompts as they are kept and searched."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner.ledger.prompts import MOST_CHARACTERS, MOST_WORDS, fold, split_words, trim_prompt


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (None, None),
        ("", None),
        (" \n\t", None),
        ("  a cat \n", "a cat"),
        ("a\0b", "a\N{REPLACEMENT CHARACTER}b"),
        ("a\ud800b", "a?b"),
        ("x" * 5_000, "x" * MOST_CHARACTERS),
        ("x" * 3_999 + " y", "x" * 3_999),
    ],
)
def test_what_is_kept_of_a_prompt(text: str | None, kept: str | None) -> None:
    """It is cut to a bound, says something, and holds nothing that a database refuses."""
    assert trim_prompt(text) == kept


@given(st.text(st.characters(codec=None)))
def test_any_prompt_can_be_kept(text: str) -> None:
    """Whatever JSON can write becomes UTF-8 without NUL, and so does its folded form."""
    kept = trim_prompt(text)
    if kept is not None:
        assert 0 < len(kept) <= MOST_CHARACTERS
        for form in (kept, fold(kept)):
            assert "\0" not in form.encode().decode()


@given(st.text())
def test_folding_is_done_once(text: str) -> None:
    """A folded text folds to itself, whichever way its characters were spelled before."""
    folded = fold(text)
    assert fold(folded) == folded
    assert fold(unicodedata.normalize("NFD", text)) == folded


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", []),
        (" Red  CAT red ", ["red", "cat"]),
        ("\N{IDEOGRAPHIC SPACE}红猫\N{IDEOGRAPHIC SPACE}花", ["红猫", "花"]),
        ("ΣΊΣΥΦΟΣ", ["σίσυφοσ"]),
        ("STRASSE straße", ["strasse"]),
        ("\N{FULLWIDTH LATIN CAPITAL LETTER C}at", ["cat"]),
        ("100% a_b", ["100%", "a_b"]),
    ],
)
def test_words_of_a_search(query: str, words: list[str]) -> None:
    """A search is split at spaces of every script, each word once, without case in every script."""
    assert split_words(query) == words


def test_a_search_has_a_bound() -> None:
    """Beyond some words a search goes by no more."""
    assert len(split_words(" ".join(map(str, range(1_000))))) == MOST_WORDS
