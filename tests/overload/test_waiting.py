"""Calls that wait for a slot: in both modes, with clients that leave, at a gateway that ends."""

import signal

import pytest
from crowding import FewSlots, list_charged, serving

from asking import ask, asking, digest, read_stream, split_markdown
from audits import audit, digest_pictures, read_rows
from bills import BillBook
from gateways import MortalGateway
from orders import Order
from places import Place

PNG_HEAD_BYTES = 57
"""What a drawn picture has besides its data."""


@pytest.fixture(scope="session")
def database_server() -> None:
    """What the books decide is shown with both databases elsewhere."""


def test_who_leaves_while_waiting_buys_nothing(place: Place, book: BillBook) -> None:
    """A client that goes before it had a slot gives its place up at once, and nothing of its call is written."""
    with serving(place, book, 1) as crowd:
        crowd.fill()
        for is_stream in (False, True):
            with asking(crowd.gateway, Order(call="left").to_body(is_stream=is_stream)):
                crowd.wait_until_waiting(1)
                behind = crowd.ask(f"behind {is_stream}", is_held=False)
                crowd.wait_until_waiting(2)
            crowd.wait_until_waiting(1)
            crowd.empty()
            assert behind.result(30).status == 200
            if not is_stream:
                crowd.ask("filler again")
                book.wait_until_held("filler again")
        assert len(audit(crowd.gateway, book)) == 4
    assert "left" not in list_charged(book)


@pytest.mark.real_time
def test_a_refused_call_is_not_mistaken_for_an_equal_one(place: Place, book: BillBook) -> None:
    """The retry of a call that was refused is that call, and no repeat of the equal one that was let in."""
    with serving(place, book, 1) as crowd:
        key = {"X-Limner-Repeat": "never"}
        crowd.ask("equal")
        book.wait_until_held("equal")
        body = Order(call="equal", holds_at=0).to_body()
        assert ask(crowd.gateway, body, headers=key).error["code"] == "gateway_overloaded"
        book.release("equal")
        first = crowd.get("equal")
        second = ask(crowd.gateway, body, headers={"x-stainless-retry-count": "1"})
        assert digest_pictures(second.json()) != digest_pictures(first.json())
    assert list_charged(book) == ["equal", "equal"]


def test_money_and_limits_are_told_at_once(place: Place, book: BillBook) -> None:
    """A call that will be refused whatever becomes free does not wait to be told."""
    with serving(place, book, 1) as crowd:
        poor = crowd.gateway.create_key("poor", "--budget-usd", "0.001")
        crowd.fill()
        assert (
            ask(crowd.gateway, Order(call="poor").to_body(), key=poor).error["code"] == "insufficient_quota"
        )
        assert crowd.measure("limner_calls_waiting") == 0
        crowd.empty()


def test_choices_of_one_call_take_one_slot(place: Place, book: BillBook) -> None:
    """A call for three choices is one call, however often it is sent upstream."""
    with serving(place, book, 1) as crowd:
        reply = ask(crowd.gateway, {**Order(call="three").to_body(), "n": 3})
        assert (reply.status, len(reply.json()["choices"])) == (200, 3)


def test_the_slot_is_free_while_the_answer_is_read(place: Place, book: BillBook) -> None:
    """A client that is slow to read a finished answer keeps nobody waiting."""
    with serving(place, book, 1) as crowd:
        large = Order(call="large", size_bytes=12_000_000)
        with asking(crowd.gateway, large.to_body()) as slow:
            response = slow.getresponse()
            assert crowd.measure("limner_answer_bytes") == large.size_bytes + PNG_HEAD_BYTES
            assert ask(crowd.gateway, Order(call="next").to_body()).status == 200
            body = response.read()
        assert len(body) > 16_000_000


@pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "stream"])
def test_an_end_does_not_leave_them_waiting(place: Place, book: BillBook, *, is_stream: bool) -> None:
    """When the gateway is told to end, who waits is told so at once, and nothing of it was claimed."""
    gateway = MortalGateway(place, book.url, variables={"LIMNER_MAX_CONCURRENT": "1"})
    crowd = FewSlots(gateway, book, 1)
    crowd.fill()
    waits = crowd.ask("waits", is_stream=is_stream)
    crowd.wait_until_waiting(1)
    gateway.process.send_signal(signal.SIGTERM)
    reply = waits.result(8)
    assert (reply.status, reply.error["code"]) == (503, "shutting_down")
    crowd.empty()
    assert gateway.process.wait(30) == 0
    assert gateway.stop() == 0
    assert [row.state for row in read_rows(place)] == ["settled"]


def test_pictures_are_whole_after_the_wait(place: Place, book: BillBook) -> None:
    """An answer that had to wait is as any other, in both modes."""
    with serving(place, book, 1) as crowd:
        crowd.fill()
        whole, stream = (
            crowd.ask(name, is_held=False, is_stream=name == "stream") for name in ("whole", "stream")
        )
        crowd.wait_until_waiting(2)
        crowd.empty()
        assert digest_pictures(whole.result(30).json()) == [crowd.find_picture("whole")]
        ((_, picture),) = split_markdown(read_stream(stream.result(30).body).content)[1]
        assert digest(picture) == crowd.find_picture("stream")
