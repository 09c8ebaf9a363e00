"""Writes what `/v1/limner/*` shows of pictures and generations. Knows their records, none of their files."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct
from starlette.responses import Response

from limner.catalogue.image_models import ALL_RATIOS
from limner.generation.evidence import Terms, weigh
from limner.generation.journal import ErrorNote
from limner.generation.record import Asked
from limner.generation.settling import StoredAnswer
from limner.ledger.calls import ShownCall
from limner.ledger.gallery import ShownPicture
from limner.ledger.keys import shorten_key_id
from limner.ledger.records import MICRO_USD_PER_USD, GenerationRecord, UpstreamCall
from limner.pictures.links import PictureLinks
from limner.web.ownership import to_completion_id
from limner.wire.limner import (
    GenerationEntry,
    GenerationError,
    Picture,
    PictureEntry,
    PictureSettings,
    UnknownEntry,
    UpstreamEntry,
)

PICTURES_PATH = "/v1/limner/pictures"

_DAY_SECONDS = 86_400
_RATIOS = tuple((name, int(name.split(":")[0]), int(name.split(":")[1])) for name in ALL_RATIOS)
_NEAR = 0.03
"""Gemini's pixels are off their ratios by up to two in a hundred (measured 2026-09)."""


class LinkTerms(Struct, frozen=True, kw_only=True):
    """What links to pictures are made with."""

    links: PictureLinks
    base: str
    """The address that they begin with."""
    now_seconds: float


def to_picture_entry(shown: ShownPicture, terms: LinkTerms) -> PictureEntry:
    """Return a picture as lists show it."""
    return PictureEntry(**_to_fields(shown, _read_asked(shown.record), terms))


def to_picture(shown: ShownPicture, terms: LinkTerms, picture_ids: Sequence[str]) -> Picture:
    """Return a picture with how it was asked for."""
    asked = _read_asked(shown.record)
    return Picture(
        **_to_fields(shown, asked, terms),
        settings=PictureSettings(
            aspect_ratio=asked.aspect_ratio,
            image_size=asked.image_size,
            image_output=asked.image_output,
            n=asked.n,
            input_pictures=asked.input_pictures,
        ),
        picture_ids=list(picture_ids),
    )


class Mending(Struct, frozen=True):
    """What is told of a call to whoever looks after the gateway."""

    calls: Sequence[UpstreamCall]
    terms: Terms
    arrived_bytes: int | None


def to_generation_entry(
    shown: ShownCall, picture_ids: Sequence[str], mending: Mending | None, received_bytes: int | None
) -> GenerationEntry:
    """Return a generation as lists show it: to its owner; or, with `mending`, neither what was asked nor what came.

    `received_bytes` of its pictures have come if it runs here.
    """
    is_own = mending is None
    record, asked = shown.record, _read_asked(shown.record)
    is_pending = not record.is_over or record.state == "unknown"
    return GenerationEntry(
        id=record.id,
        completion_id=to_completion_id(record.id),
        state=record.state,
        door=record.door,
        model=asked.model,
        upstream_model=record.model,
        prompt=shown.prompt if is_own else None,
        created=asked.created,
        ended=None if record.ended_at_ms is None else record.ended_at_ms // 1000,
        cost_usd=_find_cost_usd(record),
        held_usd=record.reserved_micro_usd / MICRO_USD_PER_USD if is_pending else 0,
        error=_to_error(record),
        is_delivered=record.delivered_at_ms is not None,
        picture_ids=list(picture_ids) if is_own else [],
        can_cancel=record.state == "claimed" and record.sent_at_ms is None,
        received_bytes=None if record.is_over else received_bytes,
        key=None if is_own else shown.key_name or shorten_key_id(record.key_id),
        owner=None if is_own else record.owner,
        upstream_calls=None if mending is None else [_to_upstream_entry(call) for call in mending.calls],
        unknown=None if mending is None or record.state != "unknown" else _to_unknown(record, mending),
    )


def find_ratio(width: int | None, height: int | None) -> str | None:
    """Return the ratio that pixels come nearest to; None if they come near to none that a model draws."""
    if not (width and height):
        return None
    distance, name = min((abs(width * h / (height * w) - 1), name) for name, w, h in _RATIOS)
    return name if distance <= _NEAR else None


def to_json(answer: Struct) -> Response:
    """Return an answer that nobody keeps: what it shows changes, and is its owner's alone."""
    return Response(
        msgspec.json.encode(answer), media_type="application/json", headers={"cache-control": "no-store"}
    )


def _to_fields(shown: ShownPicture, asked: Asked, terms: LinkTerms) -> dict[str, Any]:
    picture, record = shown.picture, shown.record
    link = terms.links.sign(picture.id, _find_expiry(asked, terms.now_seconds))
    return {
        "id": picture.id,
        "generation_id": record.id,
        "completion_id": to_completion_id(record.id),
        "created": asked.created,
        "model": asked.model,
        "upstream_model": record.model,
        "prompt": shown.prompt,
        "aspect_ratio": find_ratio(picture.width, picture.height),
        "image_size": asked.image_size,
        "width": picture.width,
        "height": picture.height,
        "mime_type": picture.mime_type,
        "bytes": picture.size_bytes,
        "sha256": picture.sha256,
        "url": f"{terms.base}{link}",
        "thumbnail_url": f"{PICTURES_PATH}/{picture.id}/thumbnail",
        "cost_usd": _find_cost_usd(record),
        "is_delivered": record.delivered_at_ms is not None,
        "door": record.door,
    }


def _to_upstream_entry(call: UpstreamCall) -> UpstreamEntry:
    return UpstreamEntry(**msgspec.structs.asdict(call))


def _to_unknown(record: GenerationRecord, mending: Mending) -> UnknownEntry:
    evidence = weigh(record, mending.calls, arrived_bytes=mending.arrived_bytes)
    end_ms = mending.terms.find_end_ms(record)
    return UnknownEntry(
        policy=mending.terms.policy,
        decided=None if end_ms is None else end_ms // 1000,
        leaning=evidence.leaning,
        reasons=list(evidence.reasons),
    )


def _find_expiry(asked: Asked, now_seconds: float) -> int:
    """Return when a link ends that is given out now: as those that were given out, or later; the same all day."""
    soon = (int(now_seconds) // _DAY_SECONDS + 3) * _DAY_SECONDS
    return max(asked.links_expire_at or 0, soon)


def _find_cost_usd(record: GenerationRecord) -> float | None:
    """Return what a generation cost; of an answer its bill knows whether that is known."""
    if record.answer is None:
        cost = record.cost_micro_usd
    else:
        cost = msgspec.json.decode(record.answer, type=StoredAnswer).bill.cost_micro_usd
    return None if cost is None else cost / MICRO_USD_PER_USD


def _to_error(record: GenerationRecord) -> GenerationError | None:
    if record.error is None:
        return None
    note = msgspec.json.decode(record.error, type=ErrorNote)
    return GenerationError(code=note.code, message=note.message, status=record.error_status or 500)


def _read_asked(record: GenerationRecord) -> Asked:
    return msgspec.json.decode(record.asked, type=Asked)
