"""The data folder: what makes a server the one that it was before, among others."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from limner.ledger.data_dir import load_replica_id
from limner.ledger.errors import LedgerError


def test_a_folder_makes_one_replica(tmp_path: Path) -> None:
    """The name is made once, for its owner alone, of 16 hexadecimal digits; another folder has another."""
    name = load_replica_id(tmp_path / "a")
    assert load_replica_id(tmp_path / "a") == name
    assert load_replica_id(tmp_path / "b") != name
    assert len(name) == 16
    assert int(name, 16) >= 0
    (file,) = (tmp_path / "a").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_all_who_start_at_once_are_one_replica(tmp_path: Path) -> None:
    """Of many that find no file, one wins and all use its name."""
    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(lambda _: load_replica_id(tmp_path), range(64)))) == 1
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"0123456789abcde", b"0123456789ABCDEF", b"\xff" * 16, b"../0123456789abc"]
)
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes) -> None:
    """A file that holds something else is named and left as it is."""
    load_replica_id(tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_bytes(content)
    with pytest.raises(LedgerError, match=str(file)):
        load_replica_id(tmp_path)
    assert file.read_bytes() == content


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    """Where no file can be made the error says which."""
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerError, match=r"cannot use .*file/"):
        load_replica_id(tmp_path / "file")
