"""Makes of a call what the ledger is asked: fingerprint, reservation, and the head of its journal. Pure."""

from datetime import UTC, datetime
from hashlib import sha256
from hmac import digest

import msgspec
from msgspec import UNSET, Struct

from limner.catalogue import reserve_nano_usd
from limner.generation.journal import Head
from limner.generation.record import Asked, to_asked
from limner.ledger.keys import ApiKey
from limner.ledger.prompts import trim_prompt
from limner.ledger.records import Claim
from limner.translate.request import Drawing

RESERVED_INPUT_PICTURE_TOKENS = 1120
_NANO_PER_MICRO = 1000


class Call(Struct, frozen=True, kw_only=True):
    """A client's call as it concerns repeats and books."""

    door: str
    key: ApiKey
    end_user: str
    """'' if none was named."""
    body: bytes
    """Its canonical form: equal for bodies that ask the same."""
    idempotency_key: str | None
    is_retry: bool
    is_always_new: bool
    is_stream: bool
    store: bool | None
    metadata: dict[str, str] | None = None
    """The client's own words on it, to find it by."""
    conversation: str | None = None
    """What its answer is found by when the conversation goes on."""
    link_base: str = ""
    """The address that links to its pictures begin with."""
    link_seconds: int | None = None
    """How long links to its pictures work; None: none are given out."""


def to_claim(
    call: Call, drawing: Drawing, *, generation_id: str, now_seconds: float, fingerprint_key: bytes
) -> tuple[Claim, Asked]:
    """Return what is claimed for `call`, and what is kept of how it was asked."""
    created = int(now_seconds)
    expires_at = None if call.link_seconds is None else created + call.link_seconds
    asked = to_asked(drawing, created, door=call.door, link_base=call.link_base, links_expire_at=expires_at)
    claim = Claim(
        generation_id=generation_id,
        door=call.door,
        key=call.key,
        end_user=call.end_user,
        fingerprint=_digest(
            fingerprint_key, b"body", call.key.owner, call.end_user, call.door, value=call.body
        ),
        idempotency_digest=None
        if call.idempotency_key is None
        else digest_idempotency_key(call.key.owner, call.door, call.idempotency_key, fingerprint_key),
        model=drawing.model.id,
        asked=msgspec.json.encode(asked),
        is_stream=call.is_stream,
        store=call.store,
        metadata=None if call.metadata is None else msgspec.json.encode(call.metadata),
        prompt=None if call.store is False else trim_prompt(drawing.prompt),
        conversation=call.conversation or None,
        is_linked=asked.image_output == "url",
        pictures_asked=asked.n if asked.draws else 0,
        reserved_micro_usd=reserve_micro_usd(drawing, now_seconds),
        is_retry=call.is_retry,
        is_always_new=call.is_always_new,
    )
    return claim, asked


def digest_idempotency_key(owner: str, door: str, idempotency_key: str, fingerprint_key: bytes) -> bytes:
    """Return what stands for an Idempotency-Key in the books."""
    return _digest(fingerprint_key, b"key", owner, door, value=idempotency_key.encode())


def reserve_micro_usd(drawing: Drawing, now_seconds: float) -> int:
    """Return the most that a call may cost, whichever of its models draws.

    That is for each choice its picture's tokens, 2,000 of text, and the input; a text model's choice is reserved as long
    as it may become.
    """
    return max(_reserve_one(each, now_seconds) for each in (drawing, *drawing.alternatives))


def _reserve_one(drawing: Drawing, now_seconds: float) -> int:
    limit = drawing.settings.generation_config.max_output_tokens
    nano_usd = reserve_nano_usd(
        drawing.model,
        size=drawing.settings.image_size,
        max_output_tokens=None if limit is UNSET else limit,
        input_tokens=drawing.text_bytes + len(drawing.pictures) * RESERVED_INPUT_PICTURE_TOKENS,
        at_seconds=now_seconds,
    )
    return -(-nano_usd * drawing.settings.n // _NANO_PER_MICRO)


def to_head(claim: Claim, asked: Asked, claimed_at_ms: int) -> Head:
    """Return the first line of the journal."""
    return Head(
        generation_id=claim.generation_id,
        door=claim.door,
        owner=claim.key.owner,
        end_user=claim.end_user,
        key_id=claim.key.id,
        fingerprint=claim.fingerprint.hex(),
        idempotency_digest=None if claim.idempotency_digest is None else claim.idempotency_digest.hex(),
        asked=asked,
        is_stream=claim.is_stream,
        store=claim.store,
        metadata=None if claim.metadata is None else msgspec.json.decode(claim.metadata),
        prompt=claim.prompt,
        conversation=claim.conversation,
        is_linked=claim.is_linked,
        reserved_micro_usd=claim.reserved_micro_usd,
        claimed_at_ms=claimed_at_ms,
    )


def name_folder(generation_id: str, created: int) -> str:
    """Return where the files of a generation are kept: the UTC day it was asked on, then its id."""
    return f"{datetime.fromtimestamp(created, UTC):%Y-%m-%d}/{generation_id}"


def _digest(key: bytes, kind: bytes, *scope: str, value: bytes) -> bytes:
    parts = [kind, *(part.encode("utf-8", "surrogatepass") for part in scope)]
    # Lengths first, so that no two different scopes read the same.
    return digest(key, b"".join(b"%d:%b" % (len(part), part) for part in parts) + value, sha256)
