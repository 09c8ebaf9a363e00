"""Kept pictures as their owner looks at them: page by page, searched, one by one. This module must not write.

A search goes through the owner's calls along an index, some at a time, so that one among many thousands keeps nobody
waiting who asks the same books meanwhile.
"""

from msgspec import Struct, json

from limner.ledger.database import Database, SqlValue, to_integer
from limner.ledger.lookups import PICTURE_COLUMNS, to_picture, to_record
from limner.ledger.prompts import split_words
from limner.ledger.queries import load_queries
from limner.ledger.records import GenerationRecord, Scope, StoredPicture

_QUERIES = load_queries("gallery")

CALLS_AT_ONCE = 500
"""How many calls a search goes through before others may ask."""

_AFTER_ALL_MS = 2**62
_AFTER_ALL = 2**31 - 1


class ShownPicture(Struct, frozen=True):
    """A picture, the call it came of, and what was asked there in words."""

    picture: StoredPicture
    record: GenerationRecord
    prompt: str | None


class PictureChoice(Struct, frozen=True, kw_only=True):
    """Which of an owner's pictures a page shows."""

    words: tuple[str, ...] = ()
    """All of these have to be in what was asked, folded."""
    model: str | None = None
    """The model that drew, by its id; or what `asked_begin` says."""
    asked_begin: str | None = None
    """How `asked` may begin instead."""
    ratio: tuple[int, int] | None = None
    """Width and height that a picture's come near to, by three in a hundred."""
    since_ms: int = 0
    until_ms: int = _AFTER_ALL_MS
    """When the call was claimed; the end is not included."""
    limit: int = 20
    is_newest_first: bool = True


class Place(Struct, frozen=True):
    """A place in an owner's pictures: by time and id of the call, then by their number in it."""

    claimed_at_ms: int
    generation_id: str
    number: int


def search(query: str) -> tuple[str, ...]:
    """Return the words that a query has, as PictureChoice takes them."""
    return tuple(split_words(query))


def begin(choice: PictureChoice) -> Place:
    """Return the place before all pictures that a page may show."""
    if choice.is_newest_first:
        return Place(choice.until_ms, "", -1)
    return Place(choice.since_ms - 1, "", _AFTER_ALL)


def to_place(shown: ShownPicture) -> Place:
    """Return where a picture stands."""
    return Place(shown.record.claimed_at_ms, shown.record.id, shown.picture.number)


def find_picture(database: Database, picture_id: str, scope: Scope) -> ShownPicture | None:
    """Return a picture of the owner's; None: there is none, it was let go, or it is a thought."""
    values: dict[str, SqlValue] = {"id": picture_id, "owner": scope.owner, "end_user": scope.end_user}
    rows = database.fetch_all(_QUERIES["find_picture"], values)
    return _to_shown(rows[0]) if rows else None


def list_some(
    database: Database, scope: Scope, choice: PictureChoice, after: Place
) -> tuple[list[ShownPicture], Place | None]:
    """Return pictures behind a place, and where to go on for more; None: there are no more calls to go through."""
    order = "newest_first" if choice.is_newest_first else "oldest_first"
    values: dict[str, SqlValue] = {
        "owner": scope.owner,
        "after_ms": after.claimed_at_ms,
        "after_id": after.generation_id,
        "since_ms": choice.since_ms,
        "until_ms": choice.until_ms,
    }
    edge = database.fetch_all(_QUERIES[f"find_edge_{order}"], {**values, "offset": CALLS_AT_ONCE - 1})
    end_ms = choice.since_ms if choice.is_newest_first else choice.until_ms
    edge_ms, edge_id = edge[0] if edge else (end_ms, "")
    ratio_width, ratio_height = choice.ratio or (0, 0)
    values |= {
        "after_number": after.number,
        "edge_ms": edge_ms,
        "edge_id": edge_id,
        "end_user": scope.end_user,
        "model": choice.model,
        "asked_begin": choice.asked_begin,
        "ratio_width": ratio_width,
        "ratio_height": ratio_height,
        "words": json.encode(choice.words).decode(),
        "limit": choice.limit,
    }
    found = [_to_shown(row) for row in database.fetch_all(_QUERIES[f"list_{order}"], values)]
    if len(found) == choice.limit:
        return found, to_place(found[-1])
    if not edge:
        return found, None
    return found, Place(to_integer(edge_ms), str(edge_id), begin(choice).number)


def _to_shown(row: tuple[SqlValue, ...]) -> ShownPicture:
    of_picture = len(PICTURE_COLUMNS)
    prompt = row[of_picture]
    return ShownPicture(
        to_picture(row[:of_picture]),
        to_record(row[of_picture + 1 :]),
        None if prompt is None else str(prompt),
    )
