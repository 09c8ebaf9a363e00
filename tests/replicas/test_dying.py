"""Gateways that are killed, or stopped for a while, beside one that lives."""

import signal
import time
from http.client import HTTPException

import pytest

from asking import ask
from audits import digest_pictures, open_books, read_rows
from fleet import RETRY, Fleet, wait_until
from gateways import ask_beside
from orders import Order

# A pause as long as the issue's: a virtual machine that is moved, a laptop that is closed.
PAUSE_SECONDS = 60


@pytest.mark.real_time
def test_what_a_dead_gateway_has_left_is_ended_by_another(fleet: Fleet) -> None:
    """Who joined a call of a gateway that is killed is told that nobody knows; unsent money is free again."""
    second = fleet.start("second")
    doomed = fleet.start("unsent", program="doomed", arguments=("claim-on-disk",))
    with pytest.raises((HTTPException, OSError)):
        ask(doomed, Order(call="unsent").to_body())
    doomed.wait_until_killed()
    first = fleet.start("first")
    body = Order(call="sent", holds_at=0).to_body()
    lost = ask_beside(first, body)
    fleet.book.wait_until_held("sent")
    joined = ask_beside(second, body, headers=RETRY)
    wait_until(lambda: fleet.count_clients() == 3)
    first.kill()
    with pytest.raises((HTTPException, OSError)):
        lost.result(30)
    told = joined.result(60)
    assert (told.status, told.error["code"]) == (502, "upstream_unknown_outcome")
    assert told.headers["x-should-retry"] == "false"
    wait_until(lambda: [row.state for row in read_rows(fleet.books)] == ["failed", "unknown"])
    unsent, sent = fleet.audit(second)
    assert (unsent.entries, sent.entries) == (("reserve", "void"), ("reserve", "hold"))
    wait_until(lambda: fleet.count_clients() == 0)
    again = ask(second, Order(call="unsent").to_body())
    assert digest_pictures(again.json()) == list(fleet.book.find("unsent").pictures)
    assert ask(second, body).status == 502
    assert fleet.book.count_charges() == 2


def test_a_copy_of_a_data_folder_makes_the_older_gateway_stop(fleet: Fleet) -> None:
    """When another process registers as the same replica, the earlier one finishes what runs and takes nothing new."""
    first = fleet.start("first")
    order = Order(call="running", holds_at=0)
    running = ask_beside(first, order.to_body())
    fleet.book.wait_until_held("running")
    with open_books(fleet.books) as database:
        database.change("UPDATE replicas SET epoch = epoch + 1")
    wait_until(lambda: ask(first, path="/readyz", key=None).status == 503)
    assert ask(first, Order(call="new").to_body()).error["code"] == "shutting_down"
    fleet.book.release("running")
    assert digest_pictures(running.result(30).json()) == list(fleet.book.find("running").pictures)
    assert "copy of this data folder" in first.said


@pytest.mark.real_time
def test_a_client_that_says_nothing_of_retries_is_not_charged_again(fleet: Fleet) -> None:
    """Whoever asks another gateway again, in any way, while a killed one still counts as alive, buys nothing new."""
    first, second = fleet.start("first"), fleet.start("second")
    body = Order(call="plain", holds_at=0).to_body()
    lost = ask_beside(first, body)
    fleet.book.wait_until_held("plain")
    first.kill()
    with pytest.raises((HTTPException, OSError)):
        lost.result(30)
    told = ask(second, body)
    assert (told.status, told.error["code"]) == (502, "upstream_unknown_outcome")
    assert fleet.book.count_charges() == 1


@pytest.mark.real_time
def test_an_answer_that_a_killed_gateway_had_booked_is_adopted(fleet: Fleet) -> None:
    """A picture that was settled and not sent is had from another gateway, once the killed one's disk is back."""
    second = fleet.start("second")
    order = Order(call="booked", size_bytes=400_000)
    doomed = fleet.start("first", program="doomed", arguments=("settled",))
    with pytest.raises((HTTPException, OSError)):
        ask(doomed, order.to_body())
    doomed.wait_until_killed()
    waiting = ask_beside(second, order.to_body())
    wait_until(lambda: "is gone" in second.said or fleet.count_clients() == 1)
    fleet.start("first")
    assert digest_pictures(waiting.result(60).json()) == list(fleet.book.find("booked").pictures)
    assert len(fleet.audit(second)) == 1


@pytest.mark.real_time
def test_a_gateway_that_comes_back_brings_what_it_received(fleet: Fleet) -> None:
    """A picture on the disk of a gateway that was given up for dead is settled when the gateway starts again."""
    second = fleet.start("second")
    order = Order(call="back", size_bytes=1_200_000)
    doomed = fleet.start("first", program="doomed", arguments=("draft-synced",))
    with pytest.raises((HTTPException, OSError)):
        ask(doomed, order.to_body())
    doomed.wait_until_killed()
    fleet.wait_for_state("unknown")
    assert ask(second, order.to_body()).status == 502
    fleet.start("first")
    row = fleet.wait_for_state("settled")
    assert row.entries == ("reserve", "hold", "post")
    reply = ask(second, order.to_body())
    assert digest_pictures(reply.json()) == list(fleet.book.find("back").pictures)
    assert reply.headers["x-limner-generation-id"] == row.id
    fleet.audit(second)


@pytest.mark.real_time
@pytest.mark.timeout(PAUSE_SECONDS + 180)
def test_a_gateway_that_was_stopped_for_a_minute_pays_nothing_twice(fleet: Fleet) -> None:
    """Calls that a stopped gateway had sent are unknown meanwhile, and settled as they were once it goes on."""
    first, second = fleet.start("first"), fleet.start("second")
    orders = [Order(call=f"stopped-{at}", holds_at=at, size_bytes=300_000) for at in (0, 0.2, 0.9)]
    refused = Order(call="refused", status=503, times=1)
    waiting = [ask_beside(first, order.to_body()) for order in orders]
    for order in orders:
        fleet.book.wait_until_held(order.call)
    refused_call = ask_beside(first, refused.to_body())
    wait_until(lambda: len(read_rows(fleet.books)) == 4)
    first.process.send_signal(signal.SIGSTOP)
    stopped_at = time.monotonic()
    try:
        wait_until(lambda: [row.state for row in read_rows(fleet.books)][:3] == ["unknown"] * 3)
        for order in orders:
            told = ask(second, order.to_body(), headers=RETRY)
            assert (told.status, told.error["code"]) == (502, "upstream_unknown_outcome")
        time.sleep(max(stopped_at + PAUSE_SECONDS - time.monotonic(), 0))
        fleet.book.release(*(order.call for order in orders))
    finally:
        first.process.send_signal(signal.SIGCONT)
    for order, call in zip(orders, waiting, strict=True):
        assert digest_pictures(call.result(60).json()) == list(fleet.book.find(order.call).pictures)
    told = refused_call.result(60)
    assert (told.status, told.headers["x-should-retry"]) in {(200, None), (503, "true")}
    rows = fleet.audit(second)
    assert [row.state for row in rows[:3]] == ["settled"] * 3
    assert rows[3].state == ("settled" if told.status == 200 else "failed")
    assert {row.entries for row in rows[:3]} == {("reserve", "hold", "post")}
    for order in orders:
        reply = ask(second, order.to_body(), headers=RETRY)
        assert digest_pictures(reply.json()) == list(fleet.book.find(order.call).pictures)
    assert "was given up for dead" in first.said
