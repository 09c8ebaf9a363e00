"""The signing secret: generated once, kept private, never used itself."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from limner.ledger.errors import LedgerError
from limner.ledger.signing import derive, load_signing_secret


def test_the_secret_is_generated_once(tmp_path: Path) -> None:
    """The first call creates the file for its owner alone; later ones read the same secret."""
    secret = load_signing_secret(tmp_path / "data", None)
    assert load_signing_secret(tmp_path / "data", None) == secret
    assert len(secret) >= 32
    file = tmp_path / "data" / "signing-secret"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert list(file.parent.iterdir()) == [file]


def test_all_who_start_at_once_get_one_secret(tmp_path: Path) -> None:
    """Of many that find no file, one wins and all use its secret."""
    with ThreadPoolExecutor(16) as pool:
        found = set(pool.map(lambda _: load_signing_secret(tmp_path, None), range(64)))
    assert len(found) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["signing-secret"]


def test_a_configured_secret_leaves_no_file(tmp_path: Path) -> None:
    """With a configured secret nothing is generated."""
    assert load_signing_secret(tmp_path, "configured-by-hand") == b"configured-by-hand"
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    """An empty file is not taken for a secret and not written over; one that cannot be read is named."""
    (tmp_path / "signing-secret").write_text("\n")
    with pytest.raises(LedgerError, match="holds no secret"):
        load_signing_secret(tmp_path, None)
    with pytest.raises(LedgerError, match="LIMNER_SIGNING_SECRET can stand in"):
        load_signing_secret(tmp_path / "signing-secret", None)


def test_derived_keys_follow_hkdf() -> None:
    """Each purpose has its own 32 bytes, those of HKDF-SHA256 with salt `limner`."""
    assert derive(b"secret", "a") != derive(b"secret", "b")
    assert derive(b"secret", "a") != derive(b"other", "a")
    assert (
        derive(b"secret", "links").hex() == "e2c84d7cbf9fe86a1de80afef6e88f74c2c07b563e23367c8ec32b2f684e5935"
    )
