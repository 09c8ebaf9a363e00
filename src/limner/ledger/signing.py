"""The signing secret and what is derived from it. This module must not know what the derived keys are for.

The configured secret, or the one generated into the data folder, is never used itself: each purpose gets
its own key, so that what leaks from one (a link's signature) says nothing about another (key digests).
"""

import os
import secrets
from hashlib import sha256
from hmac import digest
from pathlib import Path

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
            _generate_secret(path)
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


def create_data_dir(data_dir: Path) -> None:
    """Create the folder for its owner alone; one that exists keeps the modes its owner gave it."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)


def derive(secret: bytes, purpose: str) -> bytes:
    """Return 32 bytes for one purpose, by HKDF-SHA256 (RFC 5869) with `purpose` as its info."""
    pseudorandom_key = digest(b"limner", secret, sha256)
    return digest(pseudorandom_key, purpose.encode() + b"\x01", sha256)


def _generate_secret(path: Path) -> None:
    """Write a new secret, unless another process is first.

    The name appears only when the content is on disk: a link to a finished file, which fails if the name is
    taken, so that of two processes starting at once both read the same secret and none reads half of one.
    """
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_urlsafe(32).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":  # a folder cannot be opened elsewhere
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
