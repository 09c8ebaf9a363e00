"""A store that turns read-only under way, as disks with errors do."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from test_full_disk import check_no_error
from troubles import (
    check_accepted_again,
    check_refused,
    check_trouble_is_survived,
)
from volumes import Volume, mounting

from audits import audit
from bills import BillBook
from gateways import MortalGateway, running
from orders import Order
from places import Place


@pytest.fixture
def volume(tmp_path: Path) -> Iterator[Volume]:
    """A volume for pictures; the database, which holds its files open, is elsewhere."""
    with mounting(tmp_path / "volume", 64) as volume:
        (tmp_path / "data").mkdir()
        for name in ("spool", "pictures"):
            (volume.path / name).mkdir()
            (tmp_path / "data" / name).symlink_to(volume.path / name)
        yield volume


@pytest.mark.parametrize("size_bytes", [40_000, 3_000_000], ids=["small", "large"])
def test_a_store_that_turns_read_only(place: Place, book: BillBook, volume: Volume, size_bytes: int) -> None:
    """A picture paid for before is delivered from memory, none is bought, and all is mended afterwards."""
    order = Order(call="paid", size_bytes=size_bytes, holds_at=0)
    with running(MortalGateway(place, book.url)) as gateway:
        check_trouble_is_survived(gateway, book, order, begin=volume.protect, end=volume.unprotect)
        check_no_error(gateway)


def test_a_store_that_is_read_only_before(place: Place, book: BillBook, volume: Volume) -> None:
    """Nothing is bought for a store that cannot be written, whoever has noticed it first."""
    with running(MortalGateway(place, book.url)) as gateway:
        volume.protect()
        check_refused(gateway, book)
        volume.unprotect()
        check_accepted_again(gateway, book)
        audit(gateway, book)
