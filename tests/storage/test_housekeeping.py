"""What a running gateway deletes by itself, and what it decides of outcomes that nobody knows.

Housekeeping comes round at the start and then each minute, so each test draws, restarts and looks.
"""

import time
from collections.abc import Callable, Mapping

import pytest
from troubles import KEY, leave_after_asking, wait_until_settled

from asking import ask
from audits import check_books, digest_pictures, list_spool, read_rows
from bills import BillBook
from gateways import MortalGateway, running
from orders import Order
from places import Place

# Windows of a third of a second, so that a restart is after them.
SHORT = {"LIMNER_IDEMPOTENCY_HOURS": "0.0001"}
_PATIENCE_SECONDS = 15.0


def list_kept(place: Place) -> set[str]:
    """Return the generations whose pictures are in the store."""
    return {path.name for path in (place.data / "pictures").glob("*/gen_*")}


def wait_until(is_so: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + _PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < ends_at
        time.sleep(0.05)


def draw_one_and_leave_one(
    place: Place, book: BillBook, variables: Mapping[str, str], *, store: bool | None = None
) -> tuple[str, str]:
    """Let one answer be delivered and one be left behind; return the ids of both."""
    with running(MortalGateway(place, book.url, variables=variables)) as gateway:
        fields = {} if store is None else {"store": store}
        reply = ask(gateway, Order(call="had").to_body(**fields), headers=KEY)
        assert reply.status == 200
        left_id = leave_after_asking(gateway, book, Order(call="left", holds_at=0))
        book.release("left")
        wait_until_settled(place, left_id)
    return reply.headers["x-limner-generation-id"], left_id


@pytest.mark.parametrize(
    ("variables", "store"),
    [({"LIMNER_IMAGE_RETENTION_HOURS": "0"}, None), ({}, False)],
    ids=["retention 0", "store false"],
)
def test_what_nobody_may_keep_goes_once_delivered(
    place: Place, book: BillBook, variables: dict[str, str], *, store: bool | None
) -> None:
    """Picture and answer go after delivery and the repeat window; the books stay, and what nobody got stays too."""
    had_id, left_id = draw_one_and_leave_one(place, book, SHORT | variables, store=store)
    assert list_kept(place) == {had_id, left_id}
    with running(MortalGateway(place, book.url, variables=SHORT | variables)) as gateway:
        wait_until(lambda: list_kept(place) == {left_id})
        assert ask(gateway, path=f"/v1/chat/completions/{had_id}").status == 404
        kept = ask(gateway, path=f"/v1/chat/completions/{left_id}")
        assert digest_pictures(kept.json()) == list(book.find("left").pictures)
    (row,) = [row for row in read_rows(place) if row.id == had_id]
    assert (row.state, row.folder, row.pictures) == ("settled", None, ())
    assert row.cost_micro_usd
    check_books(place)


def test_a_full_store_lets_go_of_what_was_delivered_only(place: Place, book: BillBook) -> None:
    """Over its limit the store deletes delivered answers, never others, and buys nothing while these fill it."""
    had_id, left_id = draw_one_and_leave_one(place, book, {})
    small = {"LIMNER_STORE_MAX_GIB": "0.000001"}
    with running(MortalGateway(place, book.url, variables=small)) as gateway:
        wait_until(lambda: had_id not in list_kept(place))
        assert list_kept(place) == {left_id}
        wait_until(lambda: ask(gateway, Order(call="more", status=400).to_body()).status == 503)
        reply = ask(gateway, Order(call="more").to_body())
        assert (reply.status, reply.error["code"]) == (503, "storage_unavailable")
        assert book.count_charges("more") == 0
        kept = ask(gateway, path=f"/v1/chat/completions/{left_id}")
        assert digest_pictures(kept.json()) == list(book.find("left").pictures)
        gateway.wait_until_said("the store is full")
    check_books(place)


@pytest.mark.parametrize(("policy", "state"), [("hold", "unknown"), ("post", "settled"), ("void", "failed")])
def test_old_unknown_outcomes_are_decided_by_policy(
    place: Place, book: BillBook, policy: str, state: str
) -> None:
    """After its time the money of an unknown outcome stays held, is spent or is given back, as was set."""
    order = Order(call="cut", size_bytes=900_000, cut_at=0.8)
    with running(MortalGateway(place, book.url)) as gateway:
        assert ask(gateway, order.to_body()).error["code"] == "upstream_unknown_outcome"
    assert len(list_spool(place)) == 1
    decided = {"LIMNER_UNKNOWN_POLICY": policy, "LIMNER_UNKNOWN_HOURS": "0"}
    with running(MortalGateway(place, book.url, variables=decided)):
        wait_until(lambda: read_rows(place)[0].state == state)
    with running(MortalGateway(place, book.url, variables=decided)):
        wait_until(lambda: bool(list_spool(place)) == (policy == "hold"))
    (row,) = read_rows(place)
    spent = {"hold": None, "post": order.reserved_micro_usd, "void": 0}
    assert (row.state, row.cost_micro_usd) == (state, spent[policy])
    check_books(place)
