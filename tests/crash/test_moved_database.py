"""A gateway whose books were moved to PostgreSQL between two starts: it goes on as if nothing had been."""

import subprocess
import sys
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest
from doomed import LARGE_BYTES

from asking import Reply, ask, asking
from audits import audit, digest_pictures, list_spool, read_rows
from bills import BillBook
from gateways import MortalGateway, running
from orders import Order
from painting import wait_until
from places import SIGNING_SECRET, Place
from programs import scrub_environment

KEY = {"Idempotency-Key": "the-one"}
RETRY = {"x-stainless-retry-count": "1"}
SECRET = {"LIMNER_SIGNING_SECRET": SIGNING_SECRET}
UNDELIVERED = "/v1/chat/completions?undelivered=true"


def start(place: Place, book: BillBook, **options: Any) -> MortalGateway:
    """Start a gateway whose signing secret is the same on both databases."""
    return MortalGateway(place, book.url, variables=SECRET, **options)


def migrate(folder: Path, url: str) -> "subprocess.CompletedProcess[str]":
    """Run the move of a place's books."""
    return run_command(Place(folder), "migrate", "--to", url)


def run_command(place: Place, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run `limner database` for a place."""
    return subprocess.run(
        [sys.executable, "-m", "limner.cli", "database", *arguments],
        env={**scrub_environment(), **place.variables, **SECRET},
        cwd=place.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def list_undelivered(gateway: MortalGateway) -> list[dict[str, Any]]:
    """Return what the owner's list of undelivered answers says."""
    found: list[dict[str, Any]] = ask(gateway, path=UNDELIVERED).json()["data"]
    return found


def lose(gateway: MortalGateway, book: BillBook, order: Order) -> None:
    """Have something drawn for a client that has gone."""
    lost = len(list_undelivered(gateway))
    charges = book.count_charges()
    with asking(gateway, order.to_body()):
        book.wait_for_charges(charges + 1)
    book.release(order.call)
    wait_until(lambda: [note["status"] for note in list_undelivered(gateway)] == ["completed"] * (lost + 1))


def test_everything_is_there_after_the_move(tmp_path: Path, postgres_url: str, book: BillBook) -> None:
    """Repeats are replayed, what reached nobody is still to be had, each picture is its owner's, nothing is bought again."""
    keyed, plain = Order(call="keyed", size_bytes=LARGE_BYTES), Order(call="plain", pictures=2)
    lost, new = Order(call="lost", holds_at=0), Order(call="new")
    gateway = start(Place(tmp_path), book)
    first = [ask(gateway, keyed.to_body(), headers=KEY), ask(gateway, plain.to_body())]
    lose(gateway, book, lost)
    undelivered = list_undelivered(gateway)
    assert run_command(gateway.place, "check").returncode == 0
    refused = migrate(tmp_path, postgres_url)
    assert (refused.returncode, "serves" in refused.stderr) == (1, True)
    assert gateway.stop() == 0
    moved = migrate(tmp_path, postgres_url)
    assert moved.returncode == 0, moved.stderr
    with running(start(Place(tmp_path, postgres_url), book)) as gateway:
        assert list_undelivered(gateway) == undelivered
        again = [
            ask(gateway, keyed.to_body(), headers=KEY),
            ask(gateway, plain.to_body(), headers=RETRY),
        ]
        assert [reply.body for reply in again] == [reply.body for reply in first]
        found = ask(gateway, lost.to_body())
        assert found.headers["idempotent-replayed"] == "true"
        assert digest_pictures(found.json()) == list(book.find("lost").pictures)
        assert list_undelivered(gateway) == []
        assert book.count_charges() == 3
        assert ask(gateway, new.to_body()).status == 200
        assert run_command(gateway.place, "check").returncode == 0
        audit(gateway, book)
    assert [row.state for row in read_rows(Place(tmp_path, postgres_url))] == ["settled"] * 4


def test_a_budget_holds_across_the_move(tmp_path: Path, postgres_url: str, book: BillBook) -> None:
    """What was spent before counts afterwards: the key buys for what is left and no more."""
    orders = [Order(call=f"c{number}") for number in range(6)]
    gateway = start(Place(tmp_path), book)
    # The second call costs a little less than is reserved for it, as the first does.
    budget = orders[0].reserved_micro_usd * 5 // 2
    secret = gateway.create_key("buyer", "--budget-usd", f"{budget / 1_000_000:.6f}")
    assert ask(gateway, orders[0].to_body(), key=secret).status == 200
    assert gateway.stop() == 0
    assert migrate(tmp_path, postgres_url).returncode == 0
    with running(start(Place(tmp_path, postgres_url), book)) as gateway:
        statuses = [ask(gateway, order.to_body(), key=secret).status for order in orders[1:]]
    assert statuses == [200, 429, 429, 429, 429]
    assert book.count_charges() == 2


@pytest.mark.parametrize(
    ("point", "size_bytes", "state", "charges"),
    [
        ("claim-on-disk", 20_000, "failed", 0),
        ("sent-on-disk", 20_000, "unknown", 0),
        ("picture-half", LARGE_BYTES, "unknown", 1),
        ("picture-in-file", LARGE_BYTES, "settled", 1),
        ("folder-renamed", 20_000, "settled", 1),
        ("settled", 20_000, "settled", 1),
    ],
)
def test_what_a_kill_left_is_ended_after_the_move(
    tmp_path: Path, postgres_url: str, book: BillBook, point: str, size_bytes: int, state: str, charges: int
) -> None:
    """A call that ran when the gateway was killed gets, on PostgreSQL, the end that its files tell of."""
    order = Order(call="doomed", size_bytes=size_bytes)
    gateway = start(Place(tmp_path), book, program="doomed", arguments=(point,))
    ask_until_killed(gateway, order)
    gateway.wait_until_killed()
    assert migrate(tmp_path, postgres_url).returncode == 0
    place = Place(tmp_path, postgres_url)
    with running(start(place, book)) as gateway:
        (row,) = read_rows(place)
        assert (row.state, row.is_over) == (state, True)
        assert book.count_charges() == charges
        if state == "settled":
            reply = ask(gateway, order.to_body(), headers=KEY)
            assert reply.headers["idempotent-replayed"] == "true"
            assert digest_pictures(reply.json()) == list(book.find("doomed").pictures)
        audit(gateway, book)
    assert book.count_charges() == charges
    assert (list_spool(place) == []) == (state != "unknown" or charges == 0)


def ask_until_killed(gateway: MortalGateway, order: Order) -> Reply | None:
    """Ask a gateway that will die of it."""
    try:
        return ask(gateway, order.to_body(), headers=KEY)
    except (HTTPException, OSError):
        return None
