"""Repeats that come to another gateway than the first call did."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from asking import Reply, ask, asking, digest, read_stream, split_markdown
from audits import digest_pictures, read_rows
from fleet import RETRY, Fleet, wait_until
from gateways import ask_beside
from orders import Order

MODES = pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "stream"])


def read_pictures(reply: Reply, *, is_stream: bool) -> list[str]:
    """Return the SHA-256 of the pictures of a good answer."""
    assert reply.status == 200, reply.body[:500]
    if not is_stream:
        return digest_pictures(reply.json())
    stream = read_stream(reply.body)
    assert stream.is_done, stream.chunks[-1]
    return [digest(data) for _, data in split_markdown(stream.content)[1]]


@MODES
def test_a_retry_joins_the_call_on_another_gateway(fleet: Fleet, *, is_stream: bool) -> None:
    """A second attempt that comes to another gateway waits for the first one's picture and gets its copy."""
    first, second = fleet.start("first"), fleet.start("second")
    order = Order(call="joined", holds_at=0.5, size_bytes=300_000)
    body = order.to_body(is_stream=is_stream)
    calls = [ask_beside(first, body)]
    fleet.book.wait_until_held("joined")
    calls.append(ask_beside(second, body, headers=RETRY))
    fleet.wait_for_clients(2)
    fleet.book.release("joined")
    replies = [call.result(30) for call in calls]
    for reply in replies:
        assert read_pictures(reply, is_stream=is_stream) == list(fleet.book.find("joined").pictures)
        assert "idempotent-replayed" not in reply.headers
    ids = {reply.headers["x-limner-generation-id"] for reply in replies}
    assert ids == {row.id for row in fleet.audit(second)}
    if not is_stream:
        assert replies[0].body == replies[1].body


def test_who_joins_a_stream_hears_that_it_is_alive(fleet: Fleet) -> None:
    """A stream that joins a call of another gateway opens at once and beats until the picture is there."""
    first = fleet.start("first")
    second = fleet.start("second", variables={"LIMNER_HEARTBEAT_SECONDS": "0.2"})
    body = Order(call="beaten", holds_at=0).to_body(is_stream=True)
    waiting = ask_beside(first, body)
    fleet.book.wait_until_held("beaten")
    with asking(second, body, headers=RETRY) as connection:
        response = connection.getresponse()
        assert response.status == 200
        heard = b""
        while heard.count(b'{"content":""}') < 4:
            heard += response.readline()
        assert b"base64" not in heard
        fleet.book.release("beaten")
        stream = read_stream(heard + response.read())
    assert stream.is_done
    assert [digest(data) for _, data in split_markdown(stream.content)[1]] == list(
        fleet.book.find("beaten").pictures
    )
    assert waiting.result(30).status == 200


@MODES
def test_a_key_is_one_picture_on_all_gateways(fleet: Fleet, *, is_stream: bool) -> None:
    """Twelve equal calls with one Idempotency-Key, spread over two gateways, are one charge and one picture."""
    gateways = [fleet.start("first"), fleet.start("second")]
    body = Order(call="keyed", delay_seconds=0.5).to_body(is_stream=is_stream)

    def call(number: int) -> Reply:
        return ask(gateways[number % 2], body, headers={"Idempotency-Key": "one"})

    with ThreadPoolExecutor(12) as threads:
        replies = list(threads.map(call, range(12)))
    (picture,) = fleet.book.find("keyed").pictures
    assert [read_pictures(reply, is_stream=is_stream) for reply in replies] == [[picture]] * 12
    assert len(fleet.audit(gateways[1])) == 1


@MODES
def test_a_replay_needs_only_the_shared_store(fleet: Fleet, *, is_stream: bool) -> None:
    """When the gateway that received a picture is gone, another one answers repeats and collectors from the copy."""
    first = fleet.start("first")
    order = Order(call="copied", size_bytes=400_000)
    key = {"Idempotency-Key": "copied"}
    original = ask(first, order.to_body(is_stream=is_stream), headers=key)
    fleet.wait_until_shared()
    assert first.stop() == 0
    second = fleet.start("second")
    for _ in range(2):
        reply = ask(second, order.to_body(is_stream=is_stream), headers=key)
        assert read_pictures(reply, is_stream=is_stream) == list(fleet.book.find("copied").pictures)
        assert reply.headers["idempotent-replayed"] == "true"
        assert is_stream or reply.body == original.body
    assert len(fleet.audit(second)) == 1


def test_an_answer_nobody_got_is_adopted_elsewhere(fleet: Fleet) -> None:
    """A client that left one gateway gets the picture of its call when it asks another one again."""
    first, second = fleet.start("first"), fleet.start("second")
    order = Order(call="left", holds_at=0)
    with asking(first, order.to_body()):
        fleet.book.wait_until_held("left")
    fleet.wait_for_clients(0)
    waiting = ask_beside(second, order.to_body())
    fleet.wait_for_clients(1)
    fleet.book.release("left")
    assert read_pictures(waiting.result(30), is_stream=False) == list(fleet.book.find("left").pictures)
    assert len(fleet.audit(first)) == 1


def test_a_running_call_is_collected_elsewhere(fleet: Fleet) -> None:
    """By its id a call that runs on one gateway is seen, waited for and had from another; strangers see nothing."""
    first, second = fleet.start("first"), fleet.start("second")
    waiting = ask_beside(first, Order(call="watched", holds_at=0).to_body())
    fleet.book.wait_until_held("watched")
    (row,) = read_rows(fleet.books)
    path = f"/v1/chat/completions/{row.id}"
    pending = ask(second, path=f"{path}?wait=0")
    assert (pending.status, pending.json()["status"]) == (202, "in_progress")
    collecting = ask_beside(second, None, path=path)
    fleet.wait_for_clients(2)
    fleet.book.release("watched")
    assert collecting.result(30).body == waiting.result(30).body
    assert len(fleet.audit(second)) == 1


def test_equal_calls_of_clients_that_are_there_stay_apart(fleet: Fleet) -> None:
    """Four equal calls at once, two at each of two gateways, are four pictures: variants are never merged."""
    gateways = [fleet.start("first"), fleet.start("second")]
    body = Order(call="variants", delay_seconds=2).to_body()
    calls = [ask_beside(gateways[number % 2], body) for number in range(4)]
    pictures = {read_pictures(call.result(60), is_stream=False)[0] for call in calls}
    assert len(pictures) == 4
    assert len(fleet.audit(gateways[0], {"variants": 4})) == 4


def test_a_call_is_not_given_up_while_another_gateway_waits_for_it(fleet: Fleet) -> None:
    """A client that leaves before anything was bought does not end a call that somebody joined elsewhere."""
    first, second = fleet.start("first"), fleet.start("second")
    order = Order(call="kept", status=503, times=2)
    body = order.to_body()
    with asking(first, body):
        wait_until(lambda: [row.state for row in read_rows(fleet.books)] == ["sent"])
        waiting = ask_beside(second, body, headers=RETRY)
        fleet.wait_for_clients(2)
    reply = waiting.result(60)
    assert read_pictures(reply, is_stream=False) == list(fleet.book.find("kept").pictures)
    assert len(fleet.audit(second)) == 1


def test_what_has_come_is_told_where_it_comes(fleet: Fleet) -> None:
    """How much of a picture has come, only the gateway that receives it can tell; another one says that it does not know."""
    first, second = fleet.start("first"), fleet.start("second")
    waiting = ask_beside(first, Order(call="counted", holds_at=0.5, size_bytes=300_000).to_body())
    fleet.book.wait_until_held("counted")
    (row,) = read_rows(fleet.books)
    path = f"/v1/limner/generations/{row.id}"
    wait_until(lambda: (ask(first, path=path).json()["received_bytes"] or 0) > 140_000)
    elsewhere = ask(second, path=path).json()
    assert (elsewhere["state"], elsewhere["received_bytes"]) == ("receiving", None)
    fleet.book.release("counted")
    assert waiting.result(30).status == 200
    assert len(fleet.audit(second)) == 1
