"""The data folder of one server: made for its owner alone, with files that are written once and never again.

This module must not know what any file is for, but for the name of the replica that the folder makes a server.
"""

import os
import re
import secrets
from pathlib import Path

from limner.ledger.errors import LedgerError

_REPLICA_FILE_NAME = "replica-id"
_REPLICA_ID = re.compile(r"[0-9a-f]{16}")


def create_data_dir(data_dir: Path) -> None:
    """Create the folder for its owner alone; one that exists keeps the modes its owner gave it."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)


def load_replica_id(data_dir: Path) -> str:
    """Return what the server on this folder is called among others, 16 hexadecimal digits; made once.

    A server that is started again on the folder is the same one: what its files hold is its own to finish.

    Raises:
        LedgerError: the file cannot be read or written, or holds something else.
    """
    path = data_dir / _REPLICA_FILE_NAME
    try:
        create_data_dir(data_dir)
        if not path.exists():
            write_once(path, secrets.token_hex(8).encode() + b"\n")
        replica_id = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise LedgerError(f"cannot use {path} ({getattr(error, 'strerror', None) or 'not text'})") from error
    if _REPLICA_ID.fullmatch(replica_id) is None:
        raise LedgerError(f"{path} holds no name of a replica; delete it, and a new one is made")
    return replica_id


def write_once(path: Path, content: bytes) -> None:
    """Write a new file for its owner alone, unless another process is first. Raises OSError.

    The name appears only when the content is on disk: a link to a finished file, which fails if the name is
    taken, so that of two processes starting at once both read the same and none reads half of it.
    """
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
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
