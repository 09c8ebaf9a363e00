"""The lock: a data folder has one server."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from limner.ledger.errors import LedgerError
from limner.ledger.keys import KeyStore
from limner.ledger.lock import lock_data_dir
from limner.ledger.sqlite import SqliteDatabase

HOLD = """
import sys
from pathlib import Path
from limner.ledger.lock import lock_data_dir
with lock_data_dir(Path(sys.argv[1])):
    print("locked", flush=True)
    sys.stdin.read()
"""


def test_a_second_server_is_refused(tmp_path: Path) -> None:
    """While another process has the folder the lock is refused with what to do; a kill frees it."""
    folder = tmp_path / "data"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "locked\n"
        with (
            pytest.raises(LedgerError, match=r"another limner serves .*LIMNER_DATA_DIR"),
            lock_data_dir(folder),
        ):
            pass
        child.kill()
    with lock_data_dir(folder):
        assert stat.S_IMODE((folder / "server.lock").stat().st_mode) == 0o600


def test_the_lock_can_be_taken_again(tmp_path: Path) -> None:
    """Who lets go of the folder can take it again."""
    for _ in range(2):
        with lock_data_dir(tmp_path):
            pass


def test_commands_work_beside_a_server(tmp_path: Path) -> None:
    """The lock keeps nobody from the database."""
    with lock_data_dir(tmp_path), SqliteDatabase(tmp_path) as database:
        KeyStore(database, signing_secret=b"secret").create("studio")


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    """Where no lock file can be made the error names it."""
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerError, match=r"cannot use .*server\.lock"), lock_data_dir(tmp_path / "file"):
        pass
