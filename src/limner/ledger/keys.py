"""Client keys: who may call, and with which limits. This module must not know HTTP or settings.

A key is shown once, when it is created; what is kept is HMAC-SHA256 over the whole key, under a key derived
from the signing secret, so that neither a copy of the database nor a timing tells a key.
"""

import secrets
import time
from collections.abc import Callable, Collection, Iterable
from copy import copy
from hashlib import sha256
from hmac import compare_digest, digest
from typing import Unpack

from limner.ledger.database import Database, SqlValue
from limner.ledger.errors import DuplicateError, KeyRefused
from limner.ledger.key_rows import to_key, to_row
from limner.ledger.key_rules import (
    BUDGET_PERIODS,
    ApiKey,
    KeyLimits,
    check_key,
    check_own_secret,
    generate_secret,
    name_taken,
)
from limner.ledger.key_secrets import SecretDigests, check_unused, end_previous, exchange, secret_taken
from limner.ledger.queries import Query, load_queries
from limner.ledger.signing import derive

_QUERIES = load_queries("keys")

__all__ = [
    "BUDGET_PERIODS",
    "ApiKey",
    "KeyLimits",
    "KeyStore",
    "shorten_key_id",
    "to_key",
    "to_row",
]

_FIXED_NAME_CHARACTERS = 14


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
        self.digests = SecretDigests(signing_secret)
        self.secret_id = self.digests.secret_id
        id_key = derive(signing_secret, "fixed client key id")
        self._fixed = {self.digests.make(key): _to_fixed_key(key, id_key) for key in fixed_keys}

    def on(self, database: Database) -> "KeyStore":
        """Return the same keys as seen through another connection."""
        keys = copy(self)
        keys._database = database  # noqa: SLF001 - its own class
        return keys

    def find_fixed(self, secret: str) -> ApiKey | None:
        """Return the configured key that `secret` is, None if it is none of them."""
        return self._fixed.get(self.digests.make(secret))

    def find(self, secret: str) -> ApiKey | None:
        """Return the key that may be used now by showing `secret`; None if unknown, revoked or expired.

        Raises:
            DatabaseError: the database cannot be read.
        """
        key = self.find_fixed(secret) or self._load(secret)
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
        secret = generate_secret() if secret is None else check_own_secret(secret)
        key_id = f"key_{secrets.token_hex(16)}"
        key = ApiKey(
            id=key_id,
            name=name,
            owner=key_id if owner is None else owner,
            is_admin=is_admin,
            models=None if models is None else frozenset(models),
            image_output=image_output,
            expires_at=expires_at,
            created_at=now,
            **limits,
        )
        check_key(key, now)
        self._insert(key, secret)
        return key, secret

    def list(self) -> list[ApiKey]:
        """Return the stored keys that are not revoked, expired ones too, oldest first."""
        return [to_key(row) for row in self._database.fetch_all(_QUERIES["list_keys"])]

    def revoke(self, name: str) -> None:
        """Make the key useless at once, in every process; its name may be given to a new one.

        Raises:
            KeyRefused: no stored key has this name.
        """
        revoked = self._database.fetch_all(_QUERIES["revoke_key"], {"name": name, "now": int(self._now())})
        if not revoked:
            raise KeyRefused(f"there is no key named {name!r}")
        end_previous(self._database, str(revoked[0][0]))

    def rotate(self, key: ApiKey, *, overlap_seconds: int, secret: str | None = None) -> str:
        """Give a stored key another secret and return it; in everything else the key stays what it is.

        What opened it before does so for `overlap_seconds` more, or not any more. `secret` brings an own one. Within a
        transaction that has locked the key.

        Raises:
            KeyRefused: the secret is taken or malformed.
        """
        now = int(self._now())
        new_secret = generate_secret() if secret is None else check_own_secret(secret)
        check_unused(self._database, self.digests, new_secret)
        new_digest = self.digests.make(new_secret)
        ends_at = now + overlap_seconds
        exchange(self._database, key.id, new_digest, secret_id=self.secret_id, ends_at=ends_at, now=now)
        return new_secret

    def has_usable_key(self) -> bool:
        """Whether any call could be let in now."""
        values: dict[str, SqlValue] = {"now": int(self._now()), "digest_secret_id": self.secret_id}
        return bool(self._fixed) or self._database.fetch_integer(_QUERIES["count_usable_keys"], values) > 0

    def count_unrecognisable_keys(self) -> int:
        """Return how many stored keys were made with another signing secret, and so can never be found."""
        values = {"digest_secret_id": self.secret_id}
        return self._database.fetch_integer(_QUERIES["count_unrecognisable_keys"], values)

    def _load(self, secret: str) -> ApiKey | None:
        found = self._match(_QUERIES["find_key"], {"digest": self.digests.make(secret)})
        if found is not None:
            return found
        values: dict[str, SqlValue] = {
            "digest": self.digests.make(secret),
            "hash_digest": self.digests.make_as_hash(secret),
            "now": int(self._now()),
        }
        return self._match(_QUERIES["find_otherwise"], values)

    def _match(self, query: Query, values: dict[str, SqlValue]) -> ApiKey | None:
        expected = [value for value in values.values() if isinstance(value, bytes)]
        for *columns, stored_digest in self._database.fetch_all(query, values):
            if isinstance(stored_digest, bytes) and any(
                compare_digest(stored_digest, one) for one in expected
            ):
                return to_key(tuple(columns))
        return None

    def _insert(self, key: ApiKey, secret: str) -> None:
        check_unused(self._database, self.digests, secret)
        try:
            self._database.fetch_all(
                _QUERIES["create_key"],
                {
                    **to_row(key),
                    "digest": self.digests.make(secret),
                    "digest_secret_id": self.secret_id,
                    "created_at": key.created_at,
                },
            )
        except DuplicateError as error:
            raise (name_taken(key.name) if "name" in str(error) else secret_taken()) from None


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
