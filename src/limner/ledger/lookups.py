"""What is there of generations, as records. This module must not write, nor know what `asked` and `answer` mean."""

from collections.abc import Iterable

from msgspec import Struct, convert, json

from limner.ledger.database import Database, SqlValue, to_integer, to_optional_integer
from limner.ledger.queries import load_queries
from limner.ledger.records import GenerationRecord, Scope, StoredPicture, UpstreamCall

_QUERIES = load_queries("generations")
_ENDINGS = load_queries("endings")

_AFTER_ALL_MS = 2**62


class Choice(Struct, frozen=True, kw_only=True):
    """Which of an owner's generations a list shows."""

    is_undelivered_only: bool = False
    """Those that run or have an answer, and have reached nobody."""
    is_stored_only: bool = False
    """Those asked with `store: true` that still have their answer."""
    idempotency_digest: bytes | None = None
    asked_begin: str | None = None
    """How `asked` has to begin; of stored ones only."""
    metadata: bytes | None = None
    """JSON: pairs that have to be among its metadata; of stored ones only."""
    after: str | None = None
    """Begin behind this one, in the order of the list."""
    limit: int = 20
    is_newest_first: bool = False


def find(database: Database, generation_id: str, scope: Scope) -> GenerationRecord | None:
    """Return the generation if it is the owner's."""
    values: dict[str, SqlValue] = {"id": generation_id, "owner": scope.owner, "end_user": scope.end_user}
    return _first(database.fetch_all(_QUERIES["find_generation"], values))


def find_any(database: Database, generation_id: str) -> GenerationRecord | None:
    """Return the generation, whosever it is: for those who mend, never for those who ask."""
    return _first(database.fetch_all(_QUERIES["find_any"], {"id": generation_id}))


def list_generations(database: Database, scope: Scope, choice: Choice) -> list[GenerationRecord]:
    """Return the owner's generations that the choice names, by time of claim."""
    place = _find_place(database, scope, choice)
    if place is None:
        return []
    values: dict[str, SqlValue] = {
        "owner": scope.owner,
        "end_user": scope.end_user,
        "after_ms": place[0],
        "after_id": place[1],
        "limit": choice.limit,
    }
    order = "newest_first" if choice.is_newest_first else "oldest_first"
    if choice.is_stored_only:
        values |= {
            "asked_begin": choice.asked_begin,
            "metadata": None if choice.metadata is None else choice.metadata.decode(),
        }
        rows = database.fetch_all(_QUERIES[f"list_stored_{order}"], values)
    else:
        values |= {
            "is_undelivered": int(choice.is_undelivered_only),
            "has_digest": int(choice.idempotency_digest is not None),
            "digest": choice.idempotency_digest,
        }
        rows = database.fetch_all(_QUERIES[f"list_{order}"], values)
    return [to_record(row) for row in rows]


def list_orphans(database: Database) -> list[GenerationRecord]:
    """Return the generations that this server left without an end when it last ran, oldest first."""
    return [to_record(row) for row in database.fetch_all(_QUERIES["list_orphans"])]


class Known(Struct, frozen=True):
    """Where the books say that a generation's files are."""

    folder: str | None
    is_uploaded: bool
    is_let_go: bool
    """Whether there was an answer with files, and they are to be there no more.

    Not so while an answer is just being kept: its files are in their place before the books say so.
    """


def list_known(database: Database, generation_ids: Iterable[str]) -> dict[str, Known]:
    """Return those of the generations that there are, by id."""
    values: dict[str, SqlValue] = {"ids": json.encode([*generation_ids]).decode()}
    return {
        str(generation_id): Known(None if folder is None else str(folder), bool(is_uploaded), bool(is_let_go))
        for generation_id, folder, is_uploaded, is_let_go in database.fetch_all(
            _QUERIES["list_known"], values
        )
    }


def read_pictures(database: Database, generation_id: str) -> list[StoredPicture]:
    """Return the pictures of a generation, in their order."""
    rows = database.fetch_all(_QUERIES["read_pictures"], {"id": generation_id})
    return [to_picture(row) for row in rows]


def find_picture(database: Database, picture_id: str) -> tuple[StoredPicture, GenerationRecord] | None:
    """Return a picture and whose it is, whosever it is; None: there is none, or its files were let go."""
    rows = database.fetch_all(_QUERIES["find_picture"], {"id": picture_id})
    if not rows:
        return None
    of_picture = len(PICTURE_COLUMNS)
    return to_picture(rows[0][:of_picture]), to_record(rows[0][of_picture:])


def _find_place(database: Database, scope: Scope, choice: Choice) -> tuple[int, str] | None:
    """Return the place behind which the list begins; None if that generation is not the owner's."""
    if choice.after is None:
        return (_AFTER_ALL_MS if choice.is_newest_first else -1), ""
    rows = database.fetch_all(_QUERIES["find_place"], {"id": choice.after, "owner": scope.owner})
    return (to_integer(rows[0][0]), choice.after) if rows else None


def _first(rows: list[tuple[SqlValue, ...]]) -> GenerationRecord | None:
    return to_record(rows[0]) if rows else None


_GENERATION_COLUMNS = GenerationRecord.__struct_fields__
PICTURE_COLUMNS = StoredPicture.__struct_fields__


def to_record(row: tuple[SqlValue, ...]) -> GenerationRecord:
    """Return the record of a row of the columns that all queries here select."""
    values: dict[str, object] = dict(zip(_GENERATION_COLUMNS, row, strict=True))
    for name in ("asked", "answer", "error", "metadata"):
        if isinstance(text := values[name], str):
            values[name] = text.encode()
    for name in ("is_stream", "store", "is_keyed"):
        if values[name] is not None:
            values[name] = bool(values[name])
    return convert(values, GenerationRecord)


def to_picture(row: tuple[SqlValue, ...]) -> StoredPicture:
    """Return the picture of a row of the columns that all queries here select."""
    values: dict[str, object] = dict(zip(PICTURE_COLUMNS, row, strict=True))
    return convert(values | {"is_thought": bool(values["is_thought"])}, StoredPicture)


def read_upstream_calls(database: Database, generation_id: str) -> list[UpstreamCall]:
    """Return what became of the calls to Gemini of a generation, by choice."""
    rows = database.fetch_all(_ENDINGS["read_upstream_calls"], {"id": generation_id})
    return [to_upstream_call(row) for row in rows]


def to_upstream_call(row: tuple[SqlValue, ...]) -> UpstreamCall:
    """Return the call of a row of the columns that all queries of calls to Gemini select."""
    choice, upstream, kind, model, attempts, status, response_id, said = row
    return UpstreamCall(
        choice=to_integer(choice),
        upstream=str(upstream),
        kind=str(kind),
        model=str(model),
        attempts=to_integer(attempts),
        status=to_optional_integer(status),
        response_id=None if response_id is None else str(response_id),
        said=None if said is None else str(said),
    )
