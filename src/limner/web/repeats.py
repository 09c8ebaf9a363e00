"""Reads from a request's headers how it stands to others: keys, attempts, end users. Knows no door.

What is found out of it goes back in headers: which generation answers, and whether from the store.

Facts (clients measured 2026-11): OpenAI's own clients number their attempts in `x-stainless-retry-count`;
none of the common clients sends an Idempotency-Key unless told to.
"""

from starlette.datastructures import Headers
from starlette.types import Scope

from limner.errors import InvalidRequest

_MOST_CHARACTERS = 255
_MOST_END_USER_CHARACTERS = 255


def read_idempotency_key(headers: Headers) -> str | None:
    """Return the Idempotency-Key, None if there is none. Raises InvalidRequest."""
    given = headers.getlist("idempotency-key")
    if not given:
        return None
    key = given[0].strip(" \t")
    is_visible = all("!" <= character <= "~" for character in key)
    if len(given) > 1 or not (is_visible and 1 <= len(key) <= _MOST_CHARACTERS):
        raise InvalidRequest(
            f"The Idempotency-Key is not usable; accepted: one header of 1 to {_MOST_CHARACTERS} visible ASCII "
            "characters.",
            code="invalid_idempotency_key",
        )
    return key


def is_retry(headers: Headers) -> bool:
    """Return whether the client says that this is not its first attempt."""
    count = headers.get("x-stainless-retry-count", "")
    return count.isdecimal() and int(count[:9]) > 0


def is_always_new(headers: Headers) -> bool:
    """Return whether the client wants a new picture whatever came before."""
    return headers.get("x-limner-repeat", "").strip().lower() == "never"


def read_end_user(named: str | None, user: str | None) -> str:
    """Return who asks behind the key: as `named` by the header that is set up for it, else by the body's `user`."""
    text = (named or user or "").encode("utf-8", "replace").decode()  # JSON can write what UTF-8 cannot
    # PostgreSQL's texts hold no NUL (its documentation of character types, 2026-11).
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").strip()[:_MOST_END_USER_CHARACTERS]


def note_generation(scope: Scope, generation_id: str, *, is_replayed: bool) -> None:
    """Have the answer's headers name its generation; the edge writes them."""
    scope["limner.generation_id"] = generation_id
    scope["limner.is_replayed"] = is_replayed
