"""A call becomes a generation or is found to be one. This module must not know what is drawn or answered.

Functions here run inside a transaction that their caller opens, and ends before it believes them.
"""

from msgspec import Struct

from limner.errors import GatewayError, IdempotencyKeyReused, no_storage
from limner.ledger.budgets import Reservation, check_budget, reserve
from limner.ledger.database import Database, SqlValue
from limner.ledger.limits import check_images, check_requests, count_request
from limner.ledger.prompts import fold
from limner.ledger.queries import load_queries
from limner.ledger.records import (
    Claim,
    Crowded,
    Doubtful,
    Found,
    Fresh,
    NewGeneration,
    Occupied,
    RepeatWindows,
)
from limner.ledger.repeats import find_repeat, list_occupiers, note_refusal

_QUERIES = load_queries("claims")


Decision = Fresh | Found | Occupied | Doubtful | Crowded
"""What a call is, or why that cannot be said yet."""


class Refused(Struct, frozen=True):
    """The claim is refused. Returned, not raised: that it was refused must be committed."""

    error: GatewayError


def claim(database: Database, call: Claim, windows: RepeatWindows, now_ms: int) -> Decision | Refused:
    """Decide on a call: a repeat, too many, too expensive, or a new generation, which is then written.

    A repeat counts as a request and is never one too many: refused, it would come back as a call of its own.
    """
    # Always in this order: first equal calls one after another, then all calls of a key that has limits.
    database.lock("call", call.fingerprint if call.idempotency_digest is None else call.idempotency_digest)
    if call.key.is_limited:
        database.lock("key", call.key.id)
    try:
        repeat = find_repeat(database, call, windows, now_ms)
    except IdempotencyKeyReused as error:
        count_request(database, call.key, now_ms)
        return Refused(error)
    if (doubtful := _ask_around(database, call, repeat, windows, now_ms)) is not None:
        return doubtful
    if isinstance(repeat, Occupied):  # it comes again, and counts then
        return repeat
    if repeat is not None:
        count_request(database, call.key, now_ms)
        attach(database, repeat.generation_id)
        return repeat
    return _claim_new(database, call, now_ms)


def _claim_new(database: Database, call: Claim, now_ms: int) -> Fresh | Crowded | Refused:
    too_many = check_requests(database, call.key, now_ms)
    refusal = (
        (None if call.may_buy else no_storage())
        or too_many
        or check_images(database, call.key, call.pictures_asked, now_ms)
        or check_budget(database, call.key, call.reserved_micro_usd, now_ms)
    )
    if refusal is None and not call.is_admitted:  # it comes again, and counts then
        return Crowded()
    if too_many is None:
        count_request(database, call.key, now_ms)
    if refusal is not None:
        return _refuse(database, call, refusal, now_ms)
    insert(database, _to_new(call, now_ms), clients=1)
    return Fresh()


def _ask_around(
    database: Database, call: Claim, repeat: Found | Occupied | None, windows: RepeatWindows, now_ms: int
) -> Doubtful | None:
    """Return whose clients would make a call a new one, if it is not known yet that those replicas live.

    A replica that was killed still has its clients in the books: the call may be the repeat of one of them.
    """
    if isinstance(repeat, Found) or call.has_asked_around:
        return None
    if call.is_always_new or call.idempotency_digest is not None:
        return None
    occupiers = list_occupiers(database, call, windows, now_ms)
    return Doubtful(occupiers) if occupiers else None


def mark_sent(database: Database, generation_id: str, now_ms: int) -> bool:
    """Write that the first byte may leave; False if the generation has ended."""
    return database.change(_QUERIES["mark_sent"], {"id": generation_id, "now": now_ms}) == 1


def note_receiving(database: Database, generation_id: str) -> None:
    """Write that the answer has begun."""
    database.change(_QUERIES["note_receiving"], {"id": generation_id})


def attach(database: Database, generation_id: str) -> None:
    """Count one client more."""
    database.change(_QUERIES["attach"], {"id": generation_id})


def is_wanted_elsewhere(database: Database, generation_id: str) -> bool:
    """Return whether a client of another server waits for the generation; nobody joins it until the end."""
    return database.fetch_integer(_QUERIES["is_wanted_elsewhere"], {"id": generation_id}) > 0


def stop_replaying(database: Database, generation_id: str) -> None:
    """Write that no repeat is answered from it any more: what it had to give is not there."""
    database.change(_QUERIES["stop_replaying"], {"id": generation_id})


def leave(database: Database, generation_id: str, now_ms: int, *, is_delivered: bool) -> None:
    """Count one client less, and whether the answer has reached it."""
    database.change(
        _QUERIES["leave"], {"id": generation_id, "is_delivered": int(is_delivered), "now": now_ms}
    )


def _refuse(database: Database, call: Claim, error: GatewayError, now_ms: int) -> Refused:
    if call.idempotency_digest is None:
        note_refusal(database, call.fingerprint, now_ms)
    return Refused(error)


def insert(database: Database, new: NewGeneration, *, clients: int) -> None:
    """Write a generation and set its money aside.

    Raises:
        DuplicateError: its id is taken.
    """
    values: dict[str, SqlValue] = {
        "id": new.generation_id,
        "door": new.door,
        "owner": new.owner,
        "end_user": new.end_user,
        "key_id": new.key_id,
        "fingerprint": new.fingerprint,
        "idempotency_digest": new.idempotency_digest,
        "model": new.model,
        "asked": new.asked.decode(),
        "is_stream": int(new.is_stream),
        "store": None if new.store is None else int(new.store),
        "metadata": None if new.metadata is None else new.metadata.decode(),
        "prompt": new.prompt,
        "prompt_folded": None if new.prompt is None else fold(new.prompt),
        "conversation": new.conversation,
        "is_linked": int(new.is_linked),
        "pictures_asked": new.pictures_asked,
        "reserved_micro_usd": new.reserved_micro_usd,
        "claimed_at_ms": new.claimed_at_ms,
        "clients": clients,
    }
    database.change(_QUERIES["insert_generation"], values)
    reserve(database, Reservation(new.generation_id, new.key_id, new.reserved_micro_usd, new.claimed_at_ms))


def _to_new(call: Claim, now_ms: int) -> NewGeneration:
    return NewGeneration(
        generation_id=call.generation_id,
        door=call.door,
        owner=call.key.owner,
        end_user=call.end_user,
        key_id=call.key.id,
        fingerprint=call.fingerprint,
        idempotency_digest=None if call.is_always_new else call.idempotency_digest,
        model=call.model,
        asked=call.asked,
        is_stream=call.is_stream,
        store=call.store,
        metadata=call.metadata,
        prompt=call.prompt,
        conversation=call.conversation,
        is_linked=call.is_linked,
        pictures_asked=call.pictures_asked,
        reserved_micro_usd=call.reserved_micro_usd,
        claimed_at_ms=now_ms,
    )
