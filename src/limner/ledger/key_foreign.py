"""Keys of other gateways: the columns of new-api's `tokens` and of litellm's `LiteLLM_VerificationToken`.

Facts, read 2026-11 in QuantumNous/new-api `model/token.go` and BerriAI/litellm `schema.prisma`:
new-api keeps the key without the `sk-` that clients send before it, counts money in units of which 500,000 are a dollar,
writes -1 for a time that never comes, and has the states 1 enabled, 2 disabled, 3 expired, 4 exhausted; names need not
differ. litellm keeps in `token` the SHA-256 of the key as clients send it, has `budget_duration` as `30d` or `1mo`, and
keeps sessions of its page beside the keys, with the team `litellm-dashboard`.
"""

from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Any

from limner.ledger.key_cells import Cells, find_models
from limner.ledger.key_formats import Format, LeftOut, Wanted, read_sha256, to_budget
from limner.ledger.records import MICRO_USD_PER_USD

_MICRO_USD_PER_UNIT = MICRO_USD_PER_USD // 500_000
_ENABLED, _EXHAUSTED = 1, 4
_HIGHEST_DOLLARS = 10**9
_SHA256_DIGITS = 64
_PERIODS = {"1d": "day", "24h": "day", "30d": "month", "31d": "month", "1mo": "month"}
_ALL_MODELS = frozenset({"all-proxy-models", "all-team-models", "*"})


def read_new_api(cells: Cells, now: int) -> Wanted | LeftOut:
    """Return what a row of new-api's table wants."""
    number = cells.read("id") or str(cells.line)
    status = cells.read_integer("status")
    ends_at = cells.read_integer("expired_time")
    if cells.read("deleted_at"):
        return LeftOut(line=cells.line, reason="it is deleted there")
    if status not in {None, _ENABLED, _EXHAUSTED}:
        return LeftOut(line=cells.line, reason="it is disabled or expired there")
    if ends_at is not None and 0 < ends_at <= now:
        return LeftOut(line=cells.line, reason="it is expired there")
    models, notes = _read_models(cells, "model_limits" if cells.read_flag("model_limits_enabled") else None)
    if models == frozenset():
        return LeftOut(line=cells.line, reason="it may use no model that Limner knows")
    if cells.read("allow_ips"):
        notes.append("allow_ips: Limner does not limit the addresses that a key is used from")
    name = cells.read("name")
    return Wanted(
        line=cells.line,
        name=name or f"new-api-{number}",
        other_name=f"{name}-{number}",
        secret=_read_new_api_secret(cells),
        fields={
            "models": models,
            "expires_at": None if ends_at is None or ends_at <= 0 else ends_at,
            **to_budget(_read_quota(cells), "total"),
        },
        notes=tuple(notes),
    )


def _read_new_api_secret(cells: Cells) -> str | None:
    text = cells.read("key")
    if not text or "*" in text:
        cells.problems.append("key is missing or masked; take the table from the database, where it is whole")
        return None
    return f"sk-{text.removeprefix('sk-')}"


def _read_quota(cells: Cells) -> int | None:
    left = cells.read_integer("remain_quota")
    if cells.read_flag("unlimited_quota"):
        return None
    if left is None:
        cells.problems.append(
            "remain_quota is missing; accepted: a number of units, of which 500000 are a dollar"
        )
        return None
    return max(left, 0) * _MICRO_USD_PER_UNIT


def read_litellm(cells: Cells, now: int) -> Wanted | LeftOut:
    """Return what a row of litellm's table wants."""
    ends_at = cells.read_moment("expires", now)
    if cells.read("team_id") == "litellm-dashboard":
        return LeftOut(line=cells.line, reason="it is a session of litellm's page")
    if cells.read_flag("blocked"):
        return LeftOut(line=cells.line, reason="it is blocked there")
    if ends_at is not None and ends_at <= now:
        return LeftOut(line=cells.line, reason="it is expired there")
    models, notes = _read_models(cells, "models")
    if models == frozenset():
        return LeftOut(line=cells.line, reason="it may use no model that Limner knows")
    notes += [
        f"{name}: Limner has no such limit"
        for name in ("tpm_limit", "max_parallel_requests")
        if cells.read(name)
    ]
    secret, secret_sha256 = _read_litellm_secret(cells)
    mark = _mark(secret, secret_sha256)
    alias = cells.read("key_alias")
    return Wanted(
        line=cells.line,
        name=alias or f"litellm-{mark}",
        other_name=f"{alias}-{mark}",
        secret=secret,
        sha256=secret_sha256,
        fields={
            "models": models,
            "expires_at": ends_at,
            "requests_per_minute": cells.read_integer("rpm_limit"),
            **_read_litellm_budget(cells),
        },
        notes=tuple(notes),
    )


def _read_litellm_secret(cells: Cells) -> tuple[str | None, bytes | None]:
    for name in ("key", "api_key", "token"):
        text = cells.read(name)
        if text.startswith("sk-") and "..." not in text:
            return text, None
        if len(text) == _SHA256_DIGITS:
            return None, read_sha256(cells, name)
    cells.problems.append(
        "there is no key: neither one that begins with sk- nor the SHA-256 that litellm keeps as token"
    )
    return None, None


def _mark(secret: str | None, secret_sha256: bytes | None) -> str:
    """Return by what a key without a name is told from others; it says nothing of it."""
    known = secret_sha256 if secret is None else sha256(secret.encode()).digest()
    return sha256(b"name" + (known or b"")).hexdigest()[:8]


def _read_litellm_budget(cells: Cells) -> dict[str, Any]:
    budget = _read_decimal(cells, "max_budget")
    if budget is None:
        return to_budget(None, "total")
    duration = cells.read("budget_duration").lower()
    if not duration:
        budget = max(budget - (_read_decimal(cells, "spend") or 0), Decimal(0))
    elif duration not in _PERIODS:
        cells.refuse(
            "budget_duration", f"{', '.join(_PERIODS)}, or none for a budget in all; change it in the file"
        )
    return to_budget(int(budget * MICRO_USD_PER_USD), _PERIODS.get(duration, "total"))


def _read_decimal(cells: Cells, name: str) -> Decimal | None:
    text = cells.read(name)
    if not text:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("nan")
    if not (number.is_finite() and 0 <= number < _HIGHEST_DOLLARS):
        cells.refuse(name, "dollars below a billion")
        return None
    return number


def _read_models(cells: Cells, column: str | None) -> tuple[frozenset[str] | None, list[str]]:
    """Return the models that a key may use, None for all, and what is to be noted of others."""
    names = [] if column is None else cells.read_names(column)
    if not names or _ALL_MODELS & set(names):
        return None, []
    found, unknown = find_models(names)
    return found, [f"{column}: models that Limner does not know are not kept"] if unknown else []


FOREIGN = (
    Format(
        name="new-api",
        marks=frozenset({"remain_quota", "unlimited_quota", "expired_time"}),
        read=read_new_api,
    ),
    Format(
        name="litellm",
        marks=frozenset({"token", "key_alias", "max_budget", "budget_duration", "rpm_limit"}),
        read=read_litellm,
    ),
)
