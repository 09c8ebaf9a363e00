"""Receiving a picture as base64 in any cut, and reading it back."""

import base64
import hashlib
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from limner.pictures.spool import FileSpool, InvalidBase64, PictureSpool, SpoolFolder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SpoolFolder]:
    folder = SpoolFolder(tmp_path_factory.mktemp("spool"))
    yield folder
    folder.close()


@pytest.fixture
def spool(folder: SpoolFolder) -> Iterator[FileSpool]:
    spool = FileSpool(folder)
    yield spool
    spool.close()


def draw_png() -> bytes:
    file = io.BytesIO()
    Image.effect_noise((64, 48), 90).save(file, "PNG")
    return file.getvalue()


def receive(spool: PictureSpool, encoded: bytes, step: int) -> None:
    for start in range(0, len(encoded), step):
        spool.append(encoded[start : start + step])
    spool.finish()


@given(st.binary(max_size=400), st.integers(1, 50))
@settings(max_examples=100, deadline=None)
def test_any_cut_gives_the_picture(folder: SpoolFolder, data: bytes, step: int) -> None:
    """However the base64 is cut, with or without its padding, bytes, size and digest are the picture's."""
    encoded = base64.b64encode(data)
    for sent in (encoded, encoded.rstrip(b"=")):
        spool = FileSpool(folder)
        receive(spool, sent, step)
        assert spool.read(0, 1000) == data
        assert (spool.size_bytes, spool.sha256) == (len(data), hashlib.sha256(data).hexdigest())
        spool.close()


@pytest.mark.parametrize("step", [1, 7, 65_536])
def test_a_real_picture_is_measured(spool: FileSpool, step: int) -> None:
    """Type and pixels are known at the end, whatever the cut."""
    receive(spool, base64.b64encode(draw_png()), step)
    assert (spool.mime_type, spool.pixels) == ("image/png", (64, 48))


def test_the_type_is_known_from_the_first_bytes(spool: FileSpool) -> None:
    """The type is there while the picture arrives; digest and pixels come at its end."""
    spool.append(base64.b64encode(draw_png())[:44])
    assert (spool.mime_type, spool.size_bytes) == ("image/png", 33)
    assert (spool.sha256, spool.pixels) == ("", None)


def test_what_came_can_be_read_at_once(spool: FileSpool) -> None:
    """A reader follows the arrival, at its own offsets, in base64 that can be joined."""
    data = os.urandom(3000)
    encoded = base64.b64encode(data)
    spool.append(encoded[:2001])
    assert spool.size_bytes == 1500
    assert spool.read_base64(0, 1500) == encoded[:2000]
    spool.append(encoded[2001:])
    spool.finish()
    joined = b"".join(spool.read_base64(offset, 900) for offset in range(0, 3000, 900))
    assert joined == encoded
    assert spool.read(2999, 10) == data[2999:]
    assert spool.read_base64(3000, 30) == b""


@pytest.mark.parametrize(
    "encoded",
    [
        b"QUJ*",
        b"QUJD====",
        b"QQ==QUJD",
        b"QQ==QQ==",
        b"=QUJ",
        b"QUJDQ",
        b"QUJD QUJD",
        b"QUJD\n",
        "QUé=".encode(),
        b"QU-_",
    ],
)
@pytest.mark.parametrize("step", [1, 3, 4, 100])
def test_what_is_not_base64_is_told(folder: SpoolFolder, encoded: bytes, step: int) -> None:
    """Other signs, padding in the middle and lone characters are refused in every cut."""
    spool = FileSpool(folder)
    with pytest.raises(InvalidBase64, match="not base64"):
        receive(spool, encoded, step)
    spool.close()


def test_nothing_is_left_in_the_folder(tmp_path: Path) -> None:
    """The file has no name: a killed process leaves nothing behind."""
    spool = FileSpool(SpoolFolder(tmp_path))
    spool.append(b"QUJD")
    assert list(tmp_path.iterdir()) == []
    spool.close()


def test_an_empty_picture(spool: FileSpool) -> None:
    """A string without a character is an empty picture of no type."""
    spool.finish()
    assert (spool.size_bytes, spool.mime_type, spool.pixels) == (0, None, None)
    assert spool.sha256 == hashlib.sha256(b"").hexdigest()
    assert spool.read_base64(0, 10) == b""


def test_a_spool_may_be_closed_twice(folder: SpoolFolder) -> None:
    """Closing is final and harmless."""
    spool = FileSpool(folder)
    spool.close()
    spool.close()


@pytest.mark.parametrize("step", [400, 65_537])
def test_a_disk_that_takes_nothing_loses_nothing(tmp_path: Path, step: int) -> None:
    """A picture whose file cannot be made is held in memory, read back whole, and says so."""
    data = os.urandom(1_600_001)
    encoded = base64.b64encode(data)
    spool = FileSpool(SpoolFolder(tmp_path / "gone"))
    for start in range(0, len(encoded), step):
        spool.append(encoded[start : start + step])
    spool.finish()
    assert spool.is_held
    assert spool.sha256 == hashlib.sha256(data).hexdigest()
    assert spool.read(700_000, 400_000) == data[700_000:1_100_000]
    assert base64.b64decode(spool.read_base64(0, len(data))) == data


def test_a_disk_that_fills_up_loses_nothing(tmp_path: Path) -> None:
    """A picture that a full disk cuts off in the middle of a write is read back whole from both places."""
    program = """
import base64, os, resource, signal, sys
from pathlib import Path
from limner.pictures.spool import FileSpool, SpoolFolder
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (700_000, 700_000))
data = os.urandom(2_000_001)
encoded = base64.b64encode(data)
spool = FileSpool(SpoolFolder(Path(sys.argv[1])))
for start in range(0, len(encoded), 65_536):
    spool.append(encoded[start : start + 65_536])
spool.finish()
pieces = [base64.b64decode(spool.read_base64(at, 49_152)) for at in range(0, len(data), 49_152)]
sys.exit(0 if spool.is_held and b"".join(pieces) == data else 1)
"""
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False, timeout=60)
    assert done.returncode == 0


@pytest.mark.parametrize("step", [400, 65_537])
def test_large_pictures_go_through_the_file(spool: FileSpool, step: int) -> None:
    """A picture far beyond what is held in memory is read back whole, while it arrives and afterwards."""
    data = os.urandom(1_600_001)
    encoded = base64.b64encode(data)
    read = b""
    for start in range(0, len(encoded), step):
        spool.append(encoded[start : start + step])
        available = spool.size_bytes - len(read)
        if start % 7 == 0:
            read += base64.b64decode(spool.read_base64(len(read), available - available % 3))
    spool.finish()
    assert not spool.is_held
    read += base64.b64decode(spool.read_base64(len(read), len(data)))
    assert read == data
    assert spool.sha256 == hashlib.sha256(data).hexdigest()
    assert b"".join(spool.read_base64(offset, 300_000) for offset in range(0, len(data), 300_000)) == encoded
    assert spool.read(1_599_990, 100) == data[1_599_990:]


@given(st.lists(st.tuples(st.integers(1, 400_000), st.integers(0, 2**30)), min_size=1, max_size=12))
@settings(max_examples=25, deadline=None)
def test_any_reader_at_any_time(folder: SpoolFolder, steps: list[tuple[int, int]]) -> None:
    """Whatever has come can be read at any offset, wherever it is kept just then."""
    data = bytes(range(251)) * 6000
    encoded = base64.b64encode(data)
    spool = FileSpool(folder)
    position = 0
    for size, place in steps:
        spool.append(encoded[position : position + size])
        position += size
        offset = place % (spool.size_bytes + 1) // 3 * 3
        whole = (spool.size_bytes - offset) // 3 * 3
        assert bytes(spool.read_base64(offset, whole)) == encoded[offset // 3 * 4 : (offset + whole) // 3 * 4]
        assert spool.read(offset, 1000) == data[offset : min(offset + 1000, spool.size_bytes)]
    spool.close()


def test_tiny_pieces_are_borne(spool: FileSpool) -> None:
    """A picture that comes in a hundred thousand pieces is as good as in one."""
    receive(spool, b"QUJD" * 200_000, 8)
    assert (spool.size_bytes, spool.read(599_997, 9)) == (600_000, b"ABC")


def test_a_used_file_shows_nothing_of_the_picture_before(tmp_path: Path) -> None:
    """Files are used again, and a shorter picture in a longer one's file reads as itself alone."""
    files = SpoolFolder(tmp_path)
    long, short = os.urandom(900_000), os.urandom(100_000)
    first = FileSpool(files)
    first.append(base64.b64encode(long))
    first.finish()
    first.close()
    second = FileSpool(files)
    second.append(base64.b64encode(short))
    second.finish()
    assert second.read(0, 900_000) == short
    assert base64.b64decode(second.read_base64(0, 900_000)) == short
    second.close()
    files.close()


def test_pictures_at_the_same_time_have_files_of_their_own(tmp_path: Path) -> None:
    """Two pictures that arrive together do not share a file."""
    files = SpoolFolder(tmp_path)
    pictures = [os.urandom(700_001), os.urandom(700_001)]
    spools = [FileSpool(files) for _ in pictures]
    for spool, data in zip(spools, pictures, strict=True):
        spool.append(base64.b64encode(data))
    for spool in spools:
        spool.finish()
    assert [spool.read(0, 800_000) for spool in spools] == pictures
    for spool in spools:
        spool.close()
    files.close()
