"""Room for bodies and answers: large bodies wait to be read, small ones never, and one call alone always goes."""

import base64
import json
import os
import time
from collections.abc import Iterator
from typing import Any

import pytest
from crowding import FewSlots, list_charged, serving

from asking import Reply, ask
from bills import BillBook
from gateways import ask_beside
from orders import Order
from places import Place
from programs import CLIENT_KEY

MIB = 1024 * 1024


@pytest.fixture(scope="session")
def database_server() -> None:
    """What the books decide is shown with both databases elsewhere."""


def draw_from(name: str, size_bytes: int, *, is_held: bool = True) -> dict[str, Any]:
    """Return a call with a picture so large, which is held upstream."""
    picture = b"\x89PNG\r\n\x1a\n" + os.urandom(size_bytes)
    order = Order(call=name, holds_at=0 if is_held else None)
    body = order.to_body()
    url = "data:image/png;base64," + base64.b64encode(picture).decode()
    image = {"type": "image_url", "image_url": {"url": url}}
    text = {"type": "text", "text": body["messages"][0]["content"]}
    return {**body, "messages": [{"role": "user", "content": [image, text]}]}


def test_large_bodies_wait_to_be_read(place: Place, book: BillBook) -> None:
    """A second large body is read when the first call is over; small calls, health and models pass it meanwhile."""
    with serving(place, book, 8, LIMNER_MAX_RELAY_MIB="24") as crowd:
        first = ask_beside(crowd.gateway, draw_from("first", 12 * MIB))
        book.wait_until_held("first")
        assert 12 * MIB < crowd.measure("limner_request_bytes") < 18 * MIB
        second = ask_beside(crowd.gateway, draw_from("second", 12 * MIB, is_held=False))
        crowd.wait_until_waiting(1)
        held_bytes = crowd.measure("limner_request_bytes")
        assert ask(crowd.gateway, Order(call="small").to_body()).status == 200
        assert ask(crowd.gateway, path="/healthz", key=None).status == 200
        assert ask(crowd.gateway, path="/v1/models").status == 200
        assert (crowd.measure("limner_calls_waiting"), held_bytes) == (1, held_bytes)
        book.release("first")
        assert [call.result(30).status for call in (first, second)] == [200, 200]
    assert list_charged(book) == ["first", "small", "second"]


@pytest.mark.real_time
@pytest.mark.parametrize("is_chunked", [False, True], ids=["length", "chunked"])
def test_a_body_that_finds_no_room_is_refused(place: Place, book: BillBook, *, is_chunked: bool) -> None:
    """After 10 s it is told 503, on a connection that reads all of it, and the next call on the gateway is served."""
    with serving(place, book, 8, LIMNER_MAX_RELAY_MIB="24") as crowd:
        first = ask_beside(crowd.gateway, draw_from("first", 12 * MIB))
        book.wait_until_held("first")
        refused = _ask_large(crowd, is_chunked=is_chunked)
        assert (refused.status, refused.error["code"]) == (503, "gateway_overloaded")
        assert "LIMNER_MAX_RELAY_MIB" in refused.error["message"]
        assert refused.headers["x-should-retry"] == "true"
        assert 2 <= int(refused.headers["retry-after"]) <= 6
        book.release("first")
        assert first.result(30).status == 200
        assert ask(crowd.gateway, draw_from("again", 12 * MIB, is_held=False)).status == 200
    assert list_charged(book) == ["first", "again"]


def _ask_large(crowd: FewSlots, *, is_chunked: bool) -> Reply:
    order = Order(call="refused").to_body()
    order["padding"] = "x" * (3 * MIB)
    order["more"] = ["x" * 60_000] * 10
    order["picture"] = "data:image/png;base64," + "AAAA" * (4 * MIB)
    sent = json.dumps(order).encode()
    if not is_chunked:
        return ask(crowd.gateway, sent)

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(sent), MIB):
            yield sent[start : start + MIB]

    return ask(crowd.gateway, pieces(), headers={"Authorization": f"Bearer {CLIENT_KEY}"})


def test_a_call_larger_than_all_room_is_drawn_alone(place: Place, book: BillBook) -> None:
    """A call that would never find room is served when nothing else is under way."""
    with serving(place, book, 8, LIMNER_MAX_RELAY_MIB="1") as crowd:
        large = draw_from("large", 6 * MIB, is_held=False)
        assert ask(crowd.gateway, {**large, "n": 2}).status == 200


def test_room_is_kept_for_answers(place: Place, book: BillBook) -> None:
    """Where no answer more would find room its call waits, and goes on when one has been given out."""
    with serving(place, book, 8, LIMNER_MAX_RELAY_MIB="7") as crowd:
        for name in ("one", "two"):
            crowd.ask(name)
            book.wait_until_held(name)
        third = crowd.ask("three", is_held=False)
        crowd.wait_until_waiting(1)
        assert crowd.measure("limner_calls_running") == 2
        book.release("one")
        assert [crowd.get("one").status, third.result(30).status] == [200, 200]
        book.release("two")
        assert crowd.get("two").status == 200


def test_a_client_that_leaves_while_its_body_waits(place: Place, book: BillBook) -> None:
    """Its place is given up at once, whether it goes before or while it sends."""
    with serving(place, book, 8, LIMNER_MAX_RELAY_MIB="24") as crowd:
        first = ask_beside(crowd.gateway, draw_from("first", 12 * MIB))
        book.wait_until_held("first")
        connection = crowd.gateway.connect()
        connection.putrequest("POST", "/v1/chat/completions")
        for name, value in (
            ("Authorization", f"Bearer {CLIENT_KEY}"),
            ("Content-Type", "application/json"),
            ("Content-Length", str(13 * MIB)),
        ):
            connection.putheader(name, value)
        connection.endheaders(b"{" + b" " * 1000)
        crowd.wait_until_waiting(1)
        connection.close()
        crowd.wait_until_waiting(0)
        time.sleep(0.1)
        book.release("first")
        assert first.result(30).status == 200
    assert list_charged(book) == ["first"]
