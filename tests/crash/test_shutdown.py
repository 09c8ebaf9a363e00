"""SIGTERM under way (G9), SIGKILL while draining (G10), and a second gateway on the same folder (G12)."""

import signal
import subprocess
import sys
import time
from http.client import HTTPException

import pytest

from asking import ask, read_stream
from audits import audit, digest_pictures, list_spool, read_only_row
from bills import BillBook
from gateways import MortalGateway, ask_beside, running
from orders import Order
from places import Place
from programs import scrub_environment


def terminate(gateway: MortalGateway) -> None:
    """Tell a gateway to end, and return when it has understood."""
    gateway.process.send_signal(signal.SIGTERM)
    ends_at = time.monotonic() + 10
    while ask(gateway, path="/readyz", key=None).status == 200:
        assert time.monotonic() < ends_at
        time.sleep(0.02)


@pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "stream"])
def test_a_draining_gateway_finishes_and_takes_nothing_new(
    place: Place, book: BillBook, *, is_stream: bool
) -> None:
    """After SIGTERM a running call is answered, a new one is told to go elsewhere, and the process ends with 0."""
    order = Order(call="held", holds_at=0.5)
    gateway = MortalGateway(place, book.url)
    running_call = ask_beside(gateway, order.to_body(is_stream=is_stream))
    book.wait_until_held("held")
    terminate(gateway)
    refused = ask(gateway, Order(call="late").to_body())
    assert (refused.status, refused.error["code"]) == (503, "shutting_down")
    assert refused.headers["x-should-retry"] == "true"
    assert int(refused.headers["retry-after"]) > 0
    book.release("held")
    reply = running_call.result(30)
    assert reply.status == 200
    assert read_stream(reply.body).is_done if is_stream else reply.json()
    assert gateway.process.wait(30) == 0
    assert gateway.stop() == 0
    with running(MortalGateway(place, book.url)) as gateway:
        assert [row.state for row in audit(gateway, book)] == ["settled"]
    assert book.count_charges() == 1


@pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "stream"])
def test_what_outlasts_the_drain_is_unknown(place: Place, book: BillBook, *, is_stream: bool) -> None:
    """A call that Gemini does not answer within LIMNER_DRAIN_SECONDS ends as unknown, and its client is told so."""
    order = Order(call="held", holds_at=0)
    gateway = MortalGateway(place, book.url, variables={"LIMNER_DRAIN_SECONDS": "1"})
    running_call = ask_beside(gateway, order.to_body(is_stream=is_stream))
    book.wait_until_held("held")
    terminate(gateway)
    assert gateway.process.wait(30) == 0
    assert gateway.stop() == 0
    told = running_call.result(30)
    assert (told.status, told.error["code"]) == (502, "upstream_unknown_outcome")
    assert told.headers["x-should-retry"] == "false"
    assert " ERROR " not in gateway.said
    with running(MortalGateway(place, book.url)) as gateway:
        row = read_only_row(place)
        assert (row.state, row.entries) == ("unknown", ("reserve", "hold"))
        reply = ask(gateway, order.to_body(is_stream=is_stream))
        assert (reply.status, reply.error["code"]) == (502, "upstream_unknown_outcome")
        assert reply.headers["x-limner-generation-id"] == row.id
        audit(gateway, book)
    assert book.count_charges() == 1


def test_killed_while_draining_before_the_answer(place: Place, book: BillBook) -> None:
    """SIGKILL during the drain leaves what was sent and not received unknown."""
    order = Order(call="held", holds_at=0.5)
    gateway = MortalGateway(place, book.url)
    running_call = ask_beside(gateway, order.to_body())
    book.wait_until_held("held")
    terminate(gateway)
    gateway.kill()
    with pytest.raises((HTTPException, OSError)):
        running_call.result(30)
    with running(MortalGateway(place, book.url)) as gateway:
        assert [row.state for row in audit(gateway, book)] == ["unknown"]
        assert ask(gateway, order.to_body()).status == 502
    assert book.count_charges() == 1


@pytest.mark.parametrize("point", ["draft-synced", "folder-renamed", "settled"])
def test_killed_while_draining_after_the_answer(point: str, place: Place, book: BillBook) -> None:
    """SIGKILL during the drain loses nothing that was received."""
    order = Order(call="held", holds_at=0.5)
    gateway = MortalGateway(place, book.url, program="doomed", arguments=(point,))
    running_call = ask_beside(gateway, order.to_body())
    book.wait_until_held("held")
    terminate(gateway)
    book.release("held")
    gateway.wait_until_killed()
    with pytest.raises((HTTPException, OSError)):
        running_call.result(30)
    with running(MortalGateway(place, book.url)) as gateway:
        assert [row.state for row in audit(gateway, book)] == ["settled"]
        assert list_spool(place) == []
    assert book.count_charges() == 1


def test_a_data_folder_has_one_gateway(place: Place, book: BillBook) -> None:
    """A second server on the same folder ends at once with one line, and the first goes on."""
    with running(MortalGateway(place, book.url)) as gateway:
        second = subprocess.run(
            [sys.executable, "-m", "limner.cli", "serve", "--port", "0"],
            cwd=place.folder,
            env={**scrub_environment(), **gateway.variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        assert second.returncode == 1
        (line,) = second.stderr.splitlines()
        assert "another limner serves" in line
        reply = ask(gateway, Order(call="first").to_body())
        assert digest_pictures(reply.json()) == list(book.find("first").pictures)
        audit(gateway, book)
