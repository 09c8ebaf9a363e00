"""A disk that takes no more, after a picture was paid for and before the next is."""

import os
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from troubles import (
    KEY,
    check_accepted_again,
    check_delivered,
    check_refused,
    check_replayed,
    check_trouble_is_survived,
    leave_after_asking,
    wait_until_settled,
)
from volumes import Volume, mounting

from asking import ask
from audits import audit, list_spool
from bills import BillBook
from gateways import MortalGateway, ask_beside, running
from orders import Order
from places import Place

MIB = 1024 * 1024

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits of another process need Linux")


@pytest.fixture
def volume(tmp_path: Path) -> Iterator[Volume]:
    """A volume of 24 MiB where the data folder is."""
    with mounting(tmp_path / "data", 24) as volume:
        yield volume


def limit_files(gateway: MortalGateway, size_bytes: int) -> None:
    """Let no file of a running gateway grow beyond this: a full disk for large files alone."""
    _, most = resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, (size_bytes, most))


def check_no_error(gateway: MortalGateway) -> None:
    """Check that storage trouble, which is logged as an error, is all that was logged as one."""
    errors = [line for line in gateway.lines if " ERROR " in line]
    assert [line for line in errors if "cannot be stored" not in line and "claimed" not in line] == []
    assert "Traceback" not in gateway.said
    gateway.lines[:] = [line for line in gateway.lines if line not in errors]


@pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("size_bytes", [40_000, 3 * MIB], ids=["small", "large"])
def test_a_file_that_cannot_grow(place: Place, book: BillBook, *, size_bytes: int, is_stream: bool) -> None:
    """A picture that its file cannot hold reaches its client, and is stored once it can be."""
    order = Order(call="paid", size_bytes=size_bytes, holds_at=0.5)
    with running(MortalGateway(place, book.url)) as gateway:
        asked = ask_beside(gateway, order.to_body(is_stream=is_stream), headers=KEY)
        book.wait_until_held("paid")
        limit_files(gateway, 16 * 1024)
        book.release("paid")
        reply = asked.result(60)
        (sha256,) = book.find("paid").pictures
        assert reply.status == 200
        if not is_stream:
            check_delivered(reply, sha256)
        assert b"storage_trouble" in reply.body
        check_refused(gateway, book)
        limit_files(gateway, resource.RLIM_INFINITY)
        check_accepted_again(gateway, book)
        wait_until_settled(place, reply.headers["x-limner-generation-id"])
        check_replayed(gateway, order, KEY, sha256)
        assert list_spool(place) == []
        audit(gateway, book)
        check_no_error(gateway)


@pytest.mark.parametrize("size_bytes", [40_000, 3 * MIB], ids=["small", "large"])
def test_a_full_volume(place: Place, book: BillBook, volume: Volume, size_bytes: int) -> None:
    """On a volume that fills up under way the paid picture is delivered, and all is mended when there is room."""
    order = Order(call="paid", size_bytes=size_bytes, holds_at=0.5)
    with running(MortalGateway(place, book.url)) as gateway:
        check_trouble_is_survived(gateway, book, order, begin=volume.fill, end=volume.empty)
        check_no_error(gateway)


@pytest.mark.parametrize("size_bytes", [40_000, 3 * MIB], ids=["small", "large"])
def test_a_client_that_left_finds_its_picture_when_there_is_room(
    place: Place, book: BillBook, volume: Volume, size_bytes: int
) -> None:
    """A picture that nobody waits for and no disk takes is kept in memory until one does."""
    order = Order(call="paid", size_bytes=size_bytes, holds_at=0.5)
    with running(MortalGateway(place, book.url)) as gateway:
        generation_id = leave_after_asking(gateway, book, order)
        volume.fill()
        book.release("paid")
        gateway.wait_until_said("kept in memory")
        volume.empty()
        (sha256,) = book.find("paid").pictures
        wait_until_settled(place, generation_id)
        check_replayed(gateway, order, {}, sha256)
        audit(gateway, book)
        check_no_error(gateway)


def test_a_volume_without_room_buys_nothing(place: Place, book: BillBook, volume: Volume) -> None:
    """Where a picture would not fit it is not bought."""
    with running(MortalGateway(place, book.url)) as gateway:
        (volume.path / "others").write_bytes(os.urandom(16 * MIB))
        check_refused(gateway, book)
        (volume.path / "others").unlink()
        check_accepted_again(gateway, book)
        assert ask(gateway, path="/readyz", key=None).status == 200
        audit(gateway, book)
