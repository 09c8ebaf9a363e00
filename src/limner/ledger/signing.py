"""The signing secret and what is derived from it. This module must not know what the derived keys are for.

The configured secret, or the one generated into the data folder, is never used itself: each purpose gets
its own key, so that what leaks from one (a link's signature) says nothing about another (key digests).
"""

import secrets
from hashlib import sha256
from hmac import digest
from pathlib import Path

from limner.ledger.data_dir import create_data_dir, write_once
from limner.ledger.errors import LedgerError

_FILE_NAME = "signing-secret"
_SHORTEST_SECRET_BYTES = 16


def load_signing_secret(data_dir: Path, configured: str | None) -> bytes:
    """Return the configured secret, else the one in `data_dir`, generated if there is none yet.

    Raises:
        LedgerError: the file cannot be read or written, or is not a secret.
    """
    if configured is not None:
        return configured.encode()
    path = data_dir / _FILE_NAME
    try:
        create_data_dir(data_dir)
        if not path.exists():
            write_once(path, secrets.token_urlsafe(32).encode() + b"\n")
        secret = path.read_bytes().strip()
    except OSError as error:
        raise LedgerError(
            f"cannot use {path} ({error.strerror}); LIMNER_SIGNING_SECRET can stand in for it"
        ) from error
    if len(secret) < _SHORTEST_SECRET_BYTES:
        raise LedgerError(
            f"{path} holds no secret of {_SHORTEST_SECRET_BYTES} bytes or more; restore it from a backup"
        )
    return secret


def derive(secret: bytes, purpose: str) -> bytes:
    """Return 32 bytes for one purpose, by HKDF-SHA256 (RFC 5869) with `purpose` as its info."""
    pseudorandom_key = digest(b"limner", secret, sha256)
    return digest(pseudorandom_key, purpose.encode() + b"\x01", sha256)


def identify_secret(secret: bytes) -> str:
    """Return what a signing secret is told from others by; it says nothing of it."""
    return derive(secret, "signing secret id").hex()[:16]
