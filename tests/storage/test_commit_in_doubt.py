"""A connection to PostgreSQL that is lost while a transaction ends: it was written, and the gateway cannot know."""

from collections.abc import Iterator

import pytest
from test_full_disk import check_no_error
from troubles import KEY, check_accepted_again, check_replayed, wait_until_settled

from asking import ask
from audits import audit, digest_pictures, list_spool, read_rows
from bills import BillBook
from gateways import MortalGateway, running
from lossy_wire import LossyWire, wiring
from orders import Order
from painting import wait_until
from places import Place, making_place
from postgres import PostgresServer


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer) -> Iterator[Place]:
    with making_place(tmp_path_factory.mktemp("place"), postgres_server) as place:
        yield place


@pytest.fixture
def wire(place: Place) -> Iterator[LossyWire]:
    with wiring(place.database_url or "") as wire:
        yield wire


def start(place: Place, book: BillBook, wire: LossyWire) -> MortalGateway:
    return MortalGateway(place, book.url, variables={"LIMNER_DATABASE_URL": wire.url})


@pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("words", ["INSERT INTO generations", "SET state = 'sent'"], ids=["claim", "sent"])
def test_what_may_not_be_claimed_is_not_sent(
    place: Place, book: BillBook, wire: LossyWire, words: str, *, is_stream: bool
) -> None:
    """Before it was sent such a call is refused, unbought, and what was written of it is undone."""
    order = Order(call="doubtful")
    with running(start(place, book, wire)) as gateway:
        wire.lose_commit_after(words)
        reply = ask(gateway, order.to_body(is_stream=is_stream), headers=KEY)
        wire.wait_until_lost()
        assert (reply.status, reply.error["code"]) == (503, "storage_unavailable")
        assert reply.headers["x-should-retry"] == "true"
        assert book.count_charges() == 0
        wait_until(lambda: all(row.is_over for row in read_rows(place)))
        (row,) = read_rows(place)
        assert (row.state, row.entries) == ("failed", ("reserve", "void"))
        check_accepted_again(gateway, book)
        again = ask(gateway, order.to_body(is_stream=is_stream), headers=KEY)
        assert again.status == 200
        assert again.headers["x-limner-generation-id"] != row.id
        assert [row.state for row in audit(gateway, book)] == ["failed", "settled", "settled"]
        check_no_error(gateway)


def test_an_end_is_written_once(place: Place, book: BillBook, wire: LossyWire) -> None:
    """A picture whose end may be written or not is delivered, paid for once, and there for repeats."""
    order = Order(call="doubtful", size_bytes=900_000)
    with running(start(place, book, wire)) as gateway:
        wire.lose_commit_after("INSERT INTO pictures")
        reply = ask(gateway, order.to_body(), headers=KEY)
        wire.wait_until_lost()
        (sha256,) = book.find("doubtful").pictures
        assert digest_pictures(reply.json()) == [sha256]
        row = wait_until_settled(place, reply.headers["x-limner-generation-id"])
        assert row.entries == ("reserve", "post")
        check_accepted_again(gateway, book)
        check_replayed(gateway, order, KEY, sha256)
        audit(gateway, book)
        assert list_spool(place) == []
        assert book.count_charges("doubtful") == 1
        check_no_error(gateway)
