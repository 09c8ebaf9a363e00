"""The lock by which a data folder has one server. This module must not know what is in the folder.

The system holds the lock for the process and lets go of it when the process ends, however it ends. Commands beside
a running server do not take it: the database lets them write.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from limner.ledger.data_dir import create_data_dir
from limner.ledger.errors import LedgerError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_FILE_NAME = "server.lock"


@contextmanager
def lock_data_dir(data_dir: Path) -> Iterator[None]:
    """Keep other servers out of the folder for the time of the block.

    Raises:
        LedgerError: another server has it, or the lock cannot be made.
    """
    path = data_dir / _FILE_NAME
    try:
        create_data_dir(data_dir)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise LedgerError(f"cannot use {path} ({error.strerror})") from error
    try:
        _lock(descriptor, path)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, path: Path) -> None:
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        raise LedgerError(
            f"another limner serves {path.parent} already; stop it, or set LIMNER_DATA_DIR to another folder"
        ) from None
    except OSError as error:
        raise LedgerError(f"cannot lock {path} ({error.strerror})") from error
