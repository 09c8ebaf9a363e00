"""Secrets of client keys: their digests, and those that a key had before and that work until their overlap ends.

A secret is kept as HMAC-SHA256 of all of it. One of which another gateway kept only the SHA-256 (litellm does) is kept
as HMAC-SHA256 of that, under a key of its own: who shows the SHA-256 itself is let in by nothing. This module must not
know what a key may do. Functions here run inside a transaction that their caller opens.
"""

from hashlib import sha256
from hmac import digest

from limner.ledger.database import Database, SqlValue
from limner.ledger.errors import DuplicateError, KeyRefused
from limner.ledger.queries import load_queries
from limner.ledger.signing import derive, identify_secret

_QUERIES = load_queries("keys")


class SecretDigests:
    """Makes digests under one signing secret."""

    def __init__(self, signing_secret: bytes) -> None:
        self.secret_id = identify_secret(signing_secret)
        self._key = derive(signing_secret, "client key digest")
        self._hash_key = derive(signing_secret, "client key digest of sha256")

    def make(self, secret: str) -> bytes:
        """Return the digest of a secret, whatever a client sent as one."""
        return digest(self._key, _encode(secret), sha256)

    def make_of_hash(self, secret_sha256: bytes) -> bytes:
        """Return the digest of a secret of which only the SHA-256 is known."""
        return digest(self._hash_key, secret_sha256, sha256)

    def make_as_hash(self, secret: str) -> bytes:
        """Return the digest that a secret has if only its SHA-256 was known."""
        return self.make_of_hash(sha256(_encode(secret)).digest())


def check_unused(database: Database, digests: SecretDigests, secret: str) -> None:
    """Return if no key has a secret or had it lately. Raises KeyRefused."""
    values: dict[str, SqlValue] = {
        "digest": digests.make(secret),
        "hash_digest": digests.make_as_hash(secret),
    }
    if database.fetch_integer(_QUERIES["count_secret"], values):
        raise secret_taken()


def exchange(
    database: Database, key_id: str, new_digest: bytes, *, secret_id: str, ends_at: int, now: int
) -> None:
    """Give a key another secret; all that it had before end at `ends_at`, epoch seconds, or sooner.

    Raises:
        KeyRefused: the secret is taken.
    """
    values: dict[str, SqlValue] = {"id": key_id, "ends_at": ends_at}
    database.change(_QUERIES["shorten_previous"], values)
    if ends_at > now:
        database.change(_QUERIES["keep_secret"], values)
    sweep_previous(database, now)
    try:
        database.change(
            _QUERIES["change_secret"], {"id": key_id, "digest": new_digest, "digest_secret_id": secret_id}
        )
    except DuplicateError:
        raise secret_taken() from None


def end_previous(database: Database, key_id: str) -> None:
    """Forget what opened a key before its present secret."""
    database.change(_QUERIES["end_previous"], {"id": key_id})


def sweep_previous(database: Database, now: int) -> None:
    """Forget the secrets whose overlap is over."""
    database.change(_QUERIES["sweep_previous"], {"now": now})


def secret_taken() -> KeyRefused:
    """Return what is said of a secret that a key has or had."""
    return KeyRefused(
        "this key is or was in use already; choose another, or leave it out and one is made", field="secret"
    )


def _encode(secret: str) -> bytes:
    return secret.encode("utf-8", "surrogatepass")
