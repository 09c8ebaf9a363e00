"""Client keys: who may call, and with which limits. This module must not know HTTP or settings.

A key is shown once, when it is created; what is kept is HMAC-SHA256 over the whole key, under a key derived
from the signing secret, so that neither a copy of the database nor a timing tells a key.
"""

import json
import secrets
import string
import time
from collections.abc import Callable, Collection, Iterable
from copy import copy
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest, digest
from typing import TypedDict, Unpack

from limner.ledger.database import Database, SqlValue, to_integer, to_optional_integer
from limner.ledger.errors import DuplicateError, KeyRefused
from limner.ledger.queries import load_queries
from limner.ledger.signing import derive, identify_secret

_QUERIES = load_queries("keys")

BUDGET_PERIODS = ("day", "month", "total")

_BASE62 = string.digits + string.ascii_letters
_RANDOM_CHARACTERS = 43  # of base62: 256 bits
_SHORTEST_KEY_CHARACTERS = 20
_FIXED_NAME_CHARACTERS = 14
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


class KeyStore:
    """The client keys of one database, and the fixed ones, which are configured and never stored.

    `find` asks the database at each call, so that what any process writes counts at once. Expiry is checked at
    each call by `now`.
    """

    def __init__(
        self,
        database: Database,
        *,
        signing_secret: bytes,
        fixed_keys: Iterable[str] = (),
        now: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._now = now
        self._digest_key = derive(signing_secret, "client key digest")
        self._digest_secret_id = identify_secret(signing_secret)
        id_key = derive(signing_secret, "fixed client key id")
        self._fixed = {self._digest(key): _to_fixed_key(key, id_key) for key in fixed_keys}

    def on(self, database: Database) -> "KeyStore":
        """Return the same keys as seen through another connection."""
        keys = copy(self)
        keys._database = database  # noqa: SLF001 - its own class
        return keys

    def find_fixed(self, secret: str) -> ApiKey | None:
        """Return the configured key that `secret` is, None if it is none of them."""
        return self._fixed.get(self._digest(secret))

    def find(self, secret: str) -> ApiKey | None:
        """Return the key that may be used now by showing `secret`; None if unknown, revoked or expired.

        Raises:
            DatabaseError: the database cannot be read.
        """
        key = self.find_fixed(secret) or self._load(self._digest(secret))
        is_usable = key is not None and (key.expires_at is None or key.expires_at > self._now())
        return key if is_usable else None

    def create(
        self,
        name: str,
        *,
        owner: str | None = None,
        is_admin: bool = False,
        models: Collection[str] | None = None,
        image_output: str | None = None,
        expires_at: int | None = None,
        secret: str | None = None,
        **limits: Unpack[KeyLimits],
    ) -> tuple[ApiKey, str]:
        """Store a key and return it with its secret, which can never be read again.

        `secret` brings an own key; None generates one. `owner` None makes the key its own owner.

        Raises:
            KeyRefused: the name or the secret is taken or malformed, a limit is none, or the key would have expired
                already.
        """
        now = int(self._now())
        _check_text("name", name)
        if expires_at is not None and expires_at <= now:
            raise KeyRefused(f"key {name!r} would have expired already")
        secret = _generate_secret() if secret is None else _check_own_secret(secret)
        key_id = f"key_{secrets.token_hex(16)}"
        key = ApiKey(
            id=key_id,
            name=name,
            owner=key_id if owner is None else _check_text("owner", owner),
            is_admin=is_admin,
            models=None if models is None else frozenset(models),
            image_output=image_output,
            expires_at=expires_at,
            created_at=now,
            **limits,
        )
        _check_limits(key)
        self._insert(key, self._digest(secret))
        return key, secret

    def list(self) -> list[ApiKey]:
        """Return the stored keys that are not revoked, expired ones too, oldest first."""
        return [_to_key(row) for row in self._database.fetch_all(_QUERIES["list_keys"])]

    def revoke(self, name: str) -> None:
        """Make the key useless at once, in every process; its name may be given to a new one.

        Raises:
            KeyRefused: no stored key has this name.
        """
        if not self._database.fetch_all(_QUERIES["revoke_key"], {"name": name, "now": int(self._now())}):
            raise KeyRefused(f"there is no key named {name!r}")

    def has_usable_key(self) -> bool:
        """Whether any call could be let in now."""
        values: dict[str, SqlValue] = {"now": int(self._now()), "digest_secret_id": self._digest_secret_id}
        return bool(self._fixed) or self._database.fetch_integer(_QUERIES["count_usable_keys"], values) > 0

    def count_unrecognisable_keys(self) -> int:
        """Return how many stored keys were made with another signing secret, and so can never be found."""
        values = {"digest_secret_id": self._digest_secret_id}
        return self._database.fetch_integer(_QUERIES["count_unrecognisable_keys"], values)

    def _digest(self, secret: str) -> bytes:
        return digest(self._digest_key, secret.encode("utf-8", "surrogatepass"), sha256)

    def _load(self, secret_digest: bytes) -> ApiKey | None:
        for *columns, stored_digest in self._database.fetch_all(
            _QUERIES["find_key"], {"digest": secret_digest}
        ):
            if isinstance(stored_digest, bytes) and compare_digest(stored_digest, secret_digest):
                return _to_key(tuple(columns))
        return None

    def _insert(self, key: ApiKey, secret_digest: bytes) -> None:
        try:
            self._database.fetch_all(
                _QUERIES["create_key"],
                {
                    "id": key.id,
                    "name": key.name,
                    "digest": secret_digest,
                    "digest_secret_id": self._digest_secret_id,
                    "owner": key.owner,
                    "is_admin": int(key.is_admin),
                    "models": None if key.models is None else json.dumps(sorted(key.models)),
                    "image_output": key.image_output,
                    "expires_at": key.expires_at,
                    "created_at": key.created_at,
                    "budget_micro_usd": key.budget_micro_usd,
                    "budget_period": key.budget_period,
                    "images_per_minute": key.images_per_minute,
                    "requests_per_minute": key.requests_per_minute,
                },
            )
        except DuplicateError as error:
            if "name" in str(error):
                raise KeyRefused(
                    f"there is a key named {key.name!r} already; revoke it or choose another name"
                ) from None
            raise KeyRefused(
                "this key is or was in use already; choose another --key, or leave it out"
            ) from None


def _to_key(row: tuple[SqlValue, ...]) -> ApiKey:
    key_id, name, owner, is_admin, models, image_output, expires_at, created_at, *limits = row
    budget_micro_usd, budget_period, images_per_minute, requests_per_minute = limits
    return ApiKey(
        id=str(key_id),
        name=str(name),
        owner=str(owner),
        is_admin=bool(is_admin),
        models=None if models is None else frozenset(json.loads(str(models))),
        image_output=None if image_output is None else str(image_output),
        expires_at=to_optional_integer(expires_at),
        created_at=to_integer(created_at),
        budget_micro_usd=to_optional_integer(budget_micro_usd),
        budget_period=str(budget_period),
        images_per_minute=to_optional_integer(images_per_minute),
        requests_per_minute=to_optional_integer(requests_per_minute),
    )


def shorten_key_id(key_id: str) -> str:
    """Return what a key is called that has no name: a fixed one by the beginning of its id."""
    return key_id[:_FIXED_NAME_CHARACTERS] if key_id.startswith("fixed_") else key_id


def _to_fixed_key(secret: str, id_key: bytes) -> ApiKey:
    key_id = "fixed_" + digest(id_key, secret.encode(), sha256).hex()[:32]
    return ApiKey(
        id=key_id,
        name=shorten_key_id(key_id),
        owner=key_id,
        is_admin=False,
        models=None,
        image_output=None,
        expires_at=None,
        created_at=0,
    )


def _generate_secret() -> str:
    return "sk-limner-" + "".join(secrets.choice(_BASE62) for _ in range(_RANDOM_CHARACTERS))


def _check_text(what: str, text: str) -> str:
    if not text or text != text.strip() or not text.isprintable() or len(text) > _LONGEST_NAME_CHARACTERS:
        raise KeyRefused(
            f"{what} {text[:_LONGEST_NAME_CHARACTERS]!r} is refused; accepted: 1 to {_LONGEST_NAME_CHARACTERS} "
            "printable characters without space at the ends"
        )
    return text


def _check_limits(key: ApiKey) -> None:
    if key.budget_period not in BUDGET_PERIODS:
        raise KeyRefused(
            f"budget period {key.budget_period!r} is refused; accepted: {', '.join(BUDGET_PERIODS)}"
        )
    if key.budget_micro_usd is not None and not 0 <= key.budget_micro_usd <= _HIGHEST_LIMIT:
        raise KeyRefused("the budget is refused; accepted: 0 dollars and more")
    for limit in (key.images_per_minute, key.requests_per_minute):
        if limit is not None and not 1 <= limit <= _HIGHEST_LIMIT:
            raise KeyRefused(f"a limit of {limit} a minute is refused; accepted: 1 and more")


def _check_own_secret(secret: str) -> str:
    visible = all("!" <= character <= "~" for character in secret)
    fits = _SHORTEST_KEY_CHARACTERS <= len(secret) <= _LONGEST_KEY_CHARACTERS
    if not (secret.startswith("sk-") and visible and fits):
        raise KeyRefused(
            f"the key brought along is refused; accepted: sk- and more, {_SHORTEST_KEY_CHARACTERS} to "
            f"{_LONGEST_KEY_CHARACTERS} visible ASCII characters in all"
        )
    return secret
