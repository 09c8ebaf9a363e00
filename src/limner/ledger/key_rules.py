"""What a client key is, and what it may be: names, owners, limits, the form of its secret. Knows no database."""

import secrets
import string
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypedDict

from limner.catalogue import find_by_any_name
from limner.ledger.errors import KeyRefused

BUDGET_PERIODS = ("day", "month", "total")
IMAGE_OUTPUTS = ("auto", "markdown", "url", "images")

_BASE62 = string.digits + string.ascii_letters
_RANDOM_CHARACTERS = 43  # of base62: 256 bits
_SHORTEST_KEY_CHARACTERS = 20
_LONGEST_NAME_CHARACTERS = 100
_LONGEST_KEY_CHARACTERS = 512
_HIGHEST_LIMIT = 10**15  # a sum of such stays within SQLite's integers


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiKey:
    """A client key, without the key."""

    #: `key_…` for a key of the database, `fixed_…` for a configured one; never used again for another key.
    id: str
    name: str
    #: What the key makes belongs to this owner; keys may share one.
    owner: str
    is_admin: bool
    #: The models the key may use; None: all.
    models: frozenset[str] | None
    #: Where the picture stands in an answer, unless the call says; None: the gateway's setting.
    image_output: str | None
    #: Epoch seconds.
    expires_at: int | None
    created_at: int
    #: What it may spend in a period; None: no limit.
    budget_micro_usd: int | None = None
    #: One of BUDGET_PERIODS.
    budget_period: str = "total"
    #: How many pictures it may begin, and how often it may ask, in any sixty seconds; None: no limit.
    images_per_minute: int | None = None
    requests_per_minute: int | None = None
    #: Epoch seconds; None: it was not.
    revoked_at: int | None = None

    @property
    def is_limited(self) -> bool:
        """Whether what it has done before decides on what it may do now."""
        limits = (self.budget_micro_usd, self.images_per_minute, self.requests_per_minute)
        return any(limit is not None for limit in limits)


class KeyLimits(TypedDict, total=False):
    """The limits of a key, by the names they have in ApiKey; what is absent is no limit."""

    budget_micro_usd: int | None
    budget_period: str
    images_per_minute: int | None
    requests_per_minute: int | None


def generate_secret() -> str:
    """Return a new secret, 256 random bits."""
    return "sk-limner-" + "".join(secrets.choice(_BASE62) for _ in range(_RANDOM_CHARACTERS))


def check_key(key: ApiKey, now: int) -> None:
    """Return if a key may be as it is from now on, epoch seconds. Raises KeyRefused."""
    _check_text("name", key.name)
    _check_text("owner", key.owner)
    if key.expires_at is not None and not now < key.expires_at <= _HIGHEST_LIMIT:
        raise KeyRefused(f"key {key.name!r} would have expired already", field="expires_at")
    if key.image_output is not None and key.image_output not in IMAGE_OUTPUTS:
        raise KeyRefused(
            f"image output {key.image_output!r} is refused; accepted: {', '.join(IMAGE_OUTPUTS)}",
            field="image_output",
        )
    _check_limits(key)


def resolve_models(names: Iterable[str]) -> frozenset[str]:
    """Return the ids of models, by whatever name they are called. Raises KeyRefused: one is unknown, or there is none."""
    models = {name: find_by_any_name(name) for name in names}
    unknown = [name for name, model in models.items() if model is None]
    if unknown or not models:
        raise KeyRefused(
            f"no model Limner knows: {', '.join(map(_shorten, unknown)) or 'it is empty'}", field="models"
        )
    return frozenset(model.id for model in models.values() if model is not None)


def name_taken(name: str) -> KeyRefused:
    """Return what is said of a name that another key has."""
    return KeyRefused(
        f"there is a key named {name!r} already; revoke it or choose another name", field="name"
    )


def _shorten(text: str) -> str:
    return text[:_LONGEST_NAME_CHARACTERS]


def _check_text(what: str, text: str) -> None:
    if not text or text != text.strip() or not text.isprintable() or len(text) > _LONGEST_NAME_CHARACTERS:
        raise KeyRefused(
            f"{what} {text[:_LONGEST_NAME_CHARACTERS]!r} is refused; accepted: 1 to {_LONGEST_NAME_CHARACTERS} "
            "printable characters without space at the ends",
            field=what,
        )


def _check_limits(key: ApiKey) -> None:
    if key.budget_period not in BUDGET_PERIODS:
        raise KeyRefused(
            f"budget period {key.budget_period!r} is refused; accepted: {', '.join(BUDGET_PERIODS)}",
            field="budget_period",
        )
    if key.budget_micro_usd is not None and not 0 <= key.budget_micro_usd <= _HIGHEST_LIMIT:
        raise KeyRefused("the budget is refused; accepted: 0 dollars and more", field="budget_micro_usd")
    for field in ("images_per_minute", "requests_per_minute"):
        limit = getattr(key, field)
        if limit is not None and not 1 <= limit <= _HIGHEST_LIMIT:
            raise KeyRefused(f"a limit of {limit} a minute is refused; accepted: 1 and more", field=field)


def check_own_secret(secret: str) -> str:
    """Return a secret that was brought along. Raises KeyRefused, without the secret."""
    visible = all("!" <= character <= "~" for character in secret)
    fits = _SHORTEST_KEY_CHARACTERS <= len(secret) <= _LONGEST_KEY_CHARACTERS
    if not (secret.startswith("sk-") and visible and fits):
        raise KeyRefused(
            f"the key brought along is refused; accepted: sk- and more, {_SHORTEST_KEY_CHARACTERS} to "
            f"{_LONGEST_KEY_CHARACTERS} visible ASCII characters in all",
            field="secret",
        )
    return secret
