"""Reads what the bodies of `/v1/limner/keys` say of a key into what the books take. Knows fields, no books.

A field that is not known is refused: one that was misspelt would else be a limit that is not there.
"""

from decimal import Decimal
from typing import Any, TypeVar

from msgspec import UNSET, Struct
from msgspec.structs import fields

from limner.catalogue import find_model
from limner.errors import InvalidRequest
from limner.ledger.amounts import (
    ACCEPTED_DOLLARS,
    ACCEPTED_OVERLAP,
    ACCEPTED_SPAN,
    read_micro_usd,
    read_overlap_seconds,
    read_span_seconds,
)
from limner.ledger.errors import KeyRefused
from limner.ledger.key_rules import resolve_models
from limner.translate.body import to_record
from limner.translate.shown import shorten
from limner.wire.limner_keys import KeyOrder, KeyUpdate

_NAMES = {"budget_micro_usd": "budget_usd", "secret": "key"}
"""What fields are called in JSON, where that is another name."""

_SAME = ("owner", "image_output", "budget_period", "images_per_minute", "requests_per_minute")

Record = TypeVar("Record", bound=Struct)


def name_field(field: str | None) -> str | None:
    """Return what a field of a key is called in JSON."""
    return field if field is None else _NAMES.get(field, field)


def read_fields(given: dict[str, Any], kind: type[Record]) -> Record:
    """Return a body as a record. Raises InvalidRequest naming what is unknown, missing or of a wrong type."""
    known = {field.name: field for field in fields(kind)}
    for name in given:
        if name not in known:
            raise InvalidRequest(
                f"There is no {shorten(name)}; a key has {', '.join(known)}.",
                code="unsupported_parameter",
                param=name[:80],
            )
    for name, field in known.items():
        if field.required and name not in given:
            raise InvalidRequest(f"There is no {name!r}.", code="missing_required_parameter", param=name)
    return to_record(given, kind)


def read_order(order: KeyOrder, now: int) -> dict[str, Any]:
    """Return what a new key is to be, by the names that the books have for it. Raises InvalidRequest."""
    values = {name: getattr(order, name) for name in _SAME if getattr(order, name) is not None}
    if order.budget_period is not None and order.budget_usd is None:
        raise InvalidRequest(
            "'budget_period' is the period of a budget; it needs 'budget_usd'.",
            code="missing_required_parameter",
            param="budget_usd",
        )
    is_admin = _read_twins("is_admin", order.is_admin, "admin", order.admin)
    expires_at = _read_twins("expires_at", order.expires_at, "expires", _read_end(order.expires, now))
    return values | {
        "is_admin": bool(is_admin),
        "models": None if order.models is None else _read_models(order.models),
        "budget_micro_usd": _read_budget(order.budget_usd),
        "expires_at": expires_at,
        "secret": order.key,
    }


def read_changes(given: KeyUpdate, now: int) -> dict[str, Any]:
    """Return what is to change of a key, by the names that the books have for it. Raises InvalidRequest."""
    changes = {name: getattr(given, name) for name in ("name", *_SAME)}
    changes["is_admin"] = _read_twins("is_admin", given.is_admin, "admin", given.admin)
    end = given.expires if given.expires is UNSET else _read_end(given.expires, now)
    changes["expires_at"] = _read_twins("expires_at", given.expires_at, "expires", end)
    changes["models"] = _read_models(given.models) if isinstance(given.models, list) else given.models
    changes["budget_micro_usd"] = UNSET if given.budget_usd is UNSET else _read_budget(given.budget_usd)
    found = {name: value for name, value in changes.items() if value is not UNSET}
    if not found:
        raise InvalidRequest(
            "The body names nothing to change.", code="missing_required_parameter", param=None
        )
    return found


def read_overlap(text: str) -> int:
    """Return how long an old secret still works, in seconds. Raises InvalidRequest."""
    seconds = read_overlap_seconds(text)
    if seconds is None:
        raise InvalidRequest(
            f"'overlap' is {shorten(text)}; accepted: {ACCEPTED_OVERLAP}.",
            code="unsupported_value",
            param="overlap",
        )
    return seconds


def _read_twins(name: str, value: Any, other_name: str, other: Any) -> Any:
    """Return what is given under either of two names. Raises InvalidRequest: both are, and differ."""
    absent = (None, UNSET)
    if value not in absent and other not in absent and value != other:
        raise InvalidRequest(
            f"{name!r} and {other_name!r} say the same of a key, and differ here.",
            code="conflicting_input",
            param=name,
        )
    return other if value is UNSET or (value is None and other is not UNSET) else value


def _read_budget(given: float | str | None) -> int | None:
    if given is None:
        return None
    # A number's shortest decimal is what was written, as long as it has 15 digits, and more are not accepted.
    text = given if isinstance(given, str) else f"{Decimal(str(given)):f}".removesuffix(".0")
    micro_usd = read_micro_usd(text)
    if micro_usd is None:
        raise InvalidRequest(
            f"'budget_usd' is {shorten(text)}; accepted: {ACCEPTED_DOLLARS}.",
            code="unsupported_value",
            param="budget_usd",
        )
    return micro_usd


def _read_end(lifetime: str | None, now: int) -> int | None:
    if lifetime is None:
        return None
    seconds = read_span_seconds(lifetime)
    if seconds is None:
        raise InvalidRequest(
            f"'expires' is {shorten(lifetime)}; accepted: {ACCEPTED_SPAN}.",
            code="unsupported_value",
            param="expires",
        )
    return now + seconds


def _read_models(names: list[str]) -> frozenset[str]:
    try:
        return resolve_models(names)
    except KeyRefused:
        unknown = [shorten(name) for name in names if find_model(name) is None]
        told = f"no model Limner knows: {', '.join(unknown)}" if unknown else "no model at all"
        raise InvalidRequest(
            f"'models' names {told}; GET /v1/models lists them.", code="unsupported_value", param="models"
        ) from None
