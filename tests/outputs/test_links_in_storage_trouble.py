"""Links where the answer could not be stored: there is nothing that they could lead to."""

import resource
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from shapes import MODES, ask_in, find_pictures, read_answer

from asking import digest
from audits import read_only_row
from bills import BillBook
from gateways import MortalGateway, running
from orders import Order
from painting import wait_until
from places import Place

KEY = {"Idempotency-Key": "the-one-and-only"}

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits of another process need Linux")


def limit_files(gateway: MortalGateway, size_bytes: int) -> None:
    """Let no file of a running gateway grow beyond this."""
    _, most = resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, (size_bytes, most))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("n", [1, 2])
def test_the_picture_itself_is_given(n: int, mode: str, place: Place, book: BillBook) -> None:
    """Its bytes stand in the content; once it is stored a repeat gets the link."""
    order = Order(call="paid", size_bytes=40_000, holds_at=0.5)
    with running(MortalGateway(place, book.url)) as gateway, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask_in, gateway, order.to_body(n=n), "url", mode, KEY)
        book.wait_for_charges(n)
        book.wait_until_held("paid")
        limit_files(gateway, 16 * 1024)
        book.release("paid")
        answer = read_answer(asked.result(60))
        drawn = sorted(sha256 for charge in book.charges for sha256 in charge.pictures)
        assert sorted(digest(p) for said in answer.choices for p in find_pictures(gateway, said)) == drawn
        assert all(";base64," in said.content for said in answer.choices)
        assert [image["url"] for image in answer.note["images"]] == [None] * n
        assert "storage_trouble" in answer.codes
        limit_files(gateway, resource.RLIM_INFINITY)
        wait_until(lambda: read_only_row(place).state == "settled")
        again = read_answer(ask_in(gateway, order.to_body(n=n), "url", mode, KEY))
        assert all("/images/img_" in said.content for said in again.choices)
        assert sorted(digest(p) for said in again.choices for p in find_pictures(gateway, said)) == drawn
        assert book.count_charges() == n
        gateway.lines[:] = [line for line in gateway.lines if "cannot be stored" not in line]
