"""Small versions of pictures: made by a process of their own, kept, and never anything but a picture."""

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing_own import PICTURES, draw, look, see
from PIL import Image

from gateways import MortalGateway, running
from limner.pictures.thumbnail_workers import ThumbnailWorkers
from painting import Painter
from programs import Emulator, Gateway
from upstreams import Upstream


@pytest.fixture
def gateway(tmp_path: Path, emulator: Emulator) -> Iterator[Gateway]:
    """A gateway of the test's own."""
    with running(MortalGateway(tmp_path, emulator.url)) as gateway:
        yield gateway


@pytest.fixture
def workers() -> Iterator[ThumbnailWorkers]:
    """What has thumbnails made."""
    found = ThumbnailWorkers()
    yield found
    found.close()


def make(workers: ThumbnailWorkers, path: Path, side_pixels: int = 256) -> bytes:
    """Return the thumbnail of a file."""
    with path.open("rb") as file:
        return workers.make(file.fileno(), side_pixels)


def test_a_thumbnail(gateway: Gateway) -> None:
    """A thumbnail is a WebP of the size that was asked for, the same each time, and gone with its picture."""
    draw(gateway, "a lighthouse at dusk")
    (entry,) = see(gateway, PICTURES)["data"]
    for size, query in ((256, ""), (256, "?size=256"), (512, "?size=512")):
        reply = look(gateway, f"{entry['thumbnail_url']}{query}")
        image = Image.open(io.BytesIO(reply.body))
        assert (reply.headers["content-type"], image.format, max(image.size)) == ("image/webp", "WEBP", size)
        assert look(gateway, f"{entry['thumbnail_url']}{query}").body == reply.body
    assert look(gateway, entry["thumbnail_url"], size=300).error["param"] == "size"
    kept = list((gateway.folder / "data" / "thumbnails").rglob("*.webp"))
    assert len(kept) == 2
    see(gateway, f"{PICTURES}/{entry['id']}", method="DELETE")
    assert look(gateway, entry["thumbnail_url"]).status == 404


def test_of_what_is_no_picture_none_is_made(tmp_path: Path, upstream: Upstream, painter: Painter) -> None:
    """A file that only begins as a picture has no thumbnail, its bytes are there all the same, and the gateway lives."""
    with running(MortalGateway(tmp_path, upstream.url)) as gateway:
        draw(gateway, "a lighthouse at dusk")
        (entry,) = see(gateway, PICTURES)["data"]
        for _ in range(2):
            reply = look(gateway, entry["thumbnail_url"])
            assert (reply.status, reply.error["code"]) == (404, "not_found")
        assert look(gateway, f"{PICTURES}/{entry['id']}/content").body == painter.pictures[0]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_kinds_of_pictures(kind: str, workers: ThumbnailWorkers, tmp_path: Path) -> None:
    """Of each kind of picture a thumbnail is made that keeps its ratio and is not enlarged."""
    path = tmp_path / "picture"
    Image.new("RGB", (1000, 500), "navy").save(path, kind)
    assert Image.open(io.BytesIO(make(workers, path))).size == (256, 128)
    Image.new("RGB", (100, 50), "navy").save(path, kind)
    assert Image.open(io.BytesIO(make(workers, path))).size == (100, 50)


def test_a_bomb_is_not_opened(workers: ThumbnailWorkers, tmp_path: Path) -> None:
    """A small file of too many pixels, a cut one and noise make no thumbnail, and the next picture is served."""
    bomb, good = tmp_path / "bomb.png", tmp_path / "good.png"
    Image.new("1", (20_000, 20_000)).save(bomb)
    Image.new("RGB", (640, 640), "navy").save(good)
    assert bomb.stat().st_size < 1_000_000
    assert make(workers, bomb) == b""
    cut = tmp_path / "cut.png"
    cut.write_bytes(good.read_bytes()[:-40])
    assert make(workers, cut) == b""
    noise = tmp_path / "noise"
    noise.write_bytes(os.urandom(10_000))
    assert make(workers, noise) == b""
    assert make(workers, good)
