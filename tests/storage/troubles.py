"""What is expected of a gateway in storage trouble, whatever the trouble is."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from asking import Reply, ask, asking
from audits import Row, audit, digest_pictures, list_spool, read_rows
from bills import BillBook
from gateways import MortalGateway, ask_beside
from orders import Order
from places import Place

_PATIENCE_SECONDS = 40.0

KEY = {"Idempotency-Key": "the-one"}


def check_delivered(reply: Reply, sha256: str) -> None:
    """Check that a paid picture reached its client, with a notice that it is not in the store."""
    assert reply.status == 200, reply.body[:500]
    answer = reply.json()
    assert digest_pictures(answer) == [sha256]
    assert "storage_trouble" in [notice["code"] for notice in answer["limner"]["notices"]]


def check_refused(gateway: MortalGateway, book: BillBook) -> None:
    """Check that a new picture is refused before it is bought, and that the client may come again."""
    reply = ask(gateway, Order(call="in-trouble").to_body())
    assert (reply.status, reply.error["code"]) == (503, "storage_unavailable")
    assert reply.headers["x-should-retry"] == "true"
    assert int(reply.headers["retry-after"]) > 0
    assert book.count_charges("in-trouble") == 0


def check_accepted_again(gateway: MortalGateway, book: BillBook) -> None:
    """Check that new pictures are drawn once the trouble is over."""
    order = Order(call="after-trouble")
    ends_at = time.monotonic() + _PATIENCE_SECONDS
    while (reply := ask(gateway, order.to_body())).status == 503 and time.monotonic() < ends_at:
        time.sleep(0.2)
    assert digest_pictures(reply.json()) == list(book.find("after-trouble").pictures)
    assert "storage_trouble" not in [notice["code"] for notice in reply.json()["limner"]["notices"]]


def wait_until_settled(place: Place | Path, generation_id: str) -> Row:
    """Return the row of a generation when its books are closed."""
    ends_at = time.monotonic() + _PATIENCE_SECONDS
    while True:
        (row,) = [row for row in read_rows(place) if row.id == generation_id]
        if row.state == "settled":
            return row
        assert time.monotonic() < ends_at, row
        time.sleep(0.1)


def check_replayed(gateway: MortalGateway, order: Order, headers: Mapping[str, str], sha256: str) -> None:
    """Check that a repeat gets the same picture from the store."""
    reply = ask(gateway, order.to_body(), headers=headers)
    assert digest_pictures(reply.json()) == [sha256]
    assert reply.headers["idempotent-replayed"] == "true"


def leave_after_asking(gateway: MortalGateway, book: BillBook, order: Order) -> str:
    """Ask, leave while the answer is held upstream, and return the generation's id once that was seen."""
    with asking(gateway, order.to_body()):
        book.wait_until_held(order.call)
    gateway.wait_until_said("client_left")
    return read_rows(gateway.place)[-1].id


def check_trouble_is_survived(
    gateway: MortalGateway,
    book: BillBook,
    order: Order,
    *,
    begin: Callable[[], None],
    end: Callable[[], None],
) -> None:
    """Let trouble begin while a picture is paid for, and check what becomes of it, of the next, and afterwards."""
    asked = ask_beside(gateway, order.to_body(), headers=KEY)
    book.wait_until_held(order.call)
    begin()
    book.release(order.call)
    reply = asked.result(60)
    (sha256,) = book.find(order.call).pictures
    check_delivered(reply, sha256)
    check_refused(gateway, book)
    end()
    check_accepted_again(gateway, book)
    wait_until_settled(gateway.place, reply.headers["x-limner-generation-id"])
    check_replayed(gateway, order, KEY, sha256)
    assert list_spool(gateway.place) == []
    audit(gateway, book)
