"""What calls asked for in words: how much of it is kept, and in which form it is searched.

This module must not know who asks or searches, nor where prompts stand in a request.
"""

import unicodedata

MOST_CHARACTERS = 4_000
"""Of a prompt, which may be a whole book: enough to know a picture by."""

MOST_WORDS = 20
"""That a search goes by."""


def trim_prompt(text: str | None) -> str | None:
    """Return the beginning of a prompt as both databases can hold it; None if it says nothing."""
    cut = (text or "").strip()[:MOST_CHARACTERS].rstrip()
    # JSON can write what UTF-8 cannot; PostgreSQL's texts hold no NUL (its documentation of character types, 2026-11).
    return cut.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}") or None


def fold(text: str) -> str:
    """Return a text in the form in which texts are compared: without case, and each character in one spelling."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def split_words(query: str) -> list[str]:
    """Return the words of a search, folded; a text without spaces, as of Chinese, is one."""
    held = query.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
    return list(dict.fromkeys(fold(held).split()))[:MOST_WORDS]
