"""How generations end, and what becomes of the money set aside. This module must not know what was drawn.

Functions here run inside a transaction that their caller opens, and ends before it believes them.
"""

import msgspec

from limner.ledger.budgets import Reservation, hold, post, void
from limner.ledger.database import Database, SqlValue, to_integer
from limner.ledger.errors import LedgerError
from limner.ledger.queries import load_queries
from limner.ledger.records import Ending, StoredPicture

_QUERIES = load_queries("endings")


def end(database: Database, ending: Ending, now_ms: int) -> bool:
    """Write how a generation ended, with its pictures and its money; False, and nothing, if it had ended."""
    rows = database.fetch_all(_QUERIES["end_generation"], _to_values(ending, now_ms))
    if not rows:
        return False
    ((key_id, reserved, claimed_at_ms, is_overrun),) = rows
    reservation = _to_reservation(ending.generation_id, key_id, reserved, claimed_at_ms)
    if ending.state == "unknown":
        hold(database, reservation, now_ms)
    elif not ending.cost_micro_usd and ending.answer is None:
        void(database, reservation, now_ms, "assumed_free" if ending.is_assumed_free else None)
    else:
        note = "overrun" if is_overrun else None
        post(database, reservation, ending.cost_micro_usd or 0, now_ms, note)
    for picture in ending.pictures:
        _add_picture(database, ending.generation_id, picture)
    for call in ending.upstream_calls:
        values = {"generation_id": ending.generation_id, **msgspec.structs.asdict(call)}
        database.change(_QUERIES["write_upstream_call"], values)
    return True


def cancel(database: Database, ending: Ending, now_ms: int) -> bool:
    """Write the end of a generation that was not sent; False, and nothing, if it was, or has ended.

    Its row is taken first: whoever is about to send it waits here, and then finds it ended.
    """
    rows = database.fetch_all(_QUERIES["take_unsent"], {"id": ending.generation_id})
    return bool(rows) and end(database, ending, now_ms)


def settle_unknown(database: Database, ending: Ending, now_ms: int) -> bool:
    """Write the true end of a generation that had ended unknown; False, and nothing, if it had not."""
    return bool(database.fetch_all(_QUERIES["reopen_unknown"], {"id": ending.generation_id})) and end(
        database, ending, now_ms
    )


def resolve(
    database: Database, generation_id: str, now_ms: int, *, is_posted: bool, note: str = "operator"
) -> None:
    """Decide on a generation whose outcome is unknown: its whole reservation is spent, or given back.

    Raises:
        LedgerError: there is no generation of this id with an unknown outcome.
    """
    rows = database.fetch_all(_QUERIES["resolve_unknown"], {"id": generation_id, "is_posted": int(is_posted)})
    if not rows:
        raise LedgerError(f"there is no generation {generation_id!r} with an unknown outcome")
    ((key_id, reserved, claimed_at_ms),) = rows
    reservation = _to_reservation(generation_id, key_id, reserved, claimed_at_ms)
    if is_posted:
        post(database, reservation, reservation.micro_usd, now_ms, note)
    else:
        void(database, reservation, now_ms, note)


def resolve_all(
    database: Database, before_ms: int, now_ms: int, *, is_posted: bool, note: str = "operator"
) -> int:
    """Decide alike on all whose outcome is unknown and that ended before then; return how many."""
    found = database.fetch_all(_QUERIES["list_old_unknowns"], {"before": before_ms})
    for (generation_id,) in found:
        resolve(database, str(generation_id), now_ms, is_posted=is_posted, note=note)
    return len(found)


def _to_values(ending: Ending, now_ms: int) -> dict[str, SqlValue]:
    return {
        "id": ending.generation_id,
        "state": ending.state,
        "now": now_ms,
        "cost_micro_usd": None if ending.state == "unknown" else ending.cost_micro_usd,
        "answer": None if ending.answer is None else ending.answer.decode(),
        "error": None if ending.error is None else ending.error.decode(),
        "error_status": ending.error_status,
        "is_replayable": int(ending.is_replayable),
        "is_assumed_free": int(ending.is_assumed_free),
        "input_tokens": ending.input_tokens,
        "output_tokens": ending.output_tokens,
        "pictures": sum(not picture.is_thought for picture in ending.pictures),
        "folder": ending.folder,
        "stored_bytes": ending.stored_bytes,
        "model": ending.model,
    }


def _to_reservation(
    generation_id: str, key_id: SqlValue, reserved: SqlValue, claimed_at_ms: SqlValue
) -> Reservation:
    return Reservation(generation_id, str(key_id), to_integer(reserved), to_integer(claimed_at_ms))


def _add_picture(database: Database, generation_id: str, picture: StoredPicture) -> None:
    database.change(
        _QUERIES["add_picture"],
        {
            "id": picture.id,
            "generation_id": generation_id,
            "number": picture.number,
            "is_thought": int(picture.is_thought),
            "file_name": picture.file_name,
            "sha256": picture.sha256,
            "mime_type": picture.mime_type,
            "width": picture.width,
            "height": picture.height,
            "size_bytes": picture.size_bytes,
        },
    )
