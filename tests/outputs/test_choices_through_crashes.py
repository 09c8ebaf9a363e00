"""kill -9 while several choices are on their way, and what the next start makes of them."""

from http.client import HTTPException

import pytest
from doomed import LARGE_BYTES
from shapes import MODES, Read, ask_in, digest_choices, read_answer

from asking import ask
from audits import check_books, list_spool, read_only_row
from bills import BillBook
from gateways import MortalGateway, running
from orders import Order
from places import Place

KEY = {"Idempotency-Key": "the-one-and-only"}
N = 3

modes = pytest.mark.parametrize("mode", MODES)


def crash(point: str, order: Order, mode: str, place: Place, book: BillBook) -> None:
    """Run a gateway into its death by one call of several choices."""
    gateway = MortalGateway(place, book.url, program="doomed", arguments=(point,))
    with pytest.raises((HTTPException, OSError)):
        ask_in(gateway, order.to_body(n=N), "images", mode, KEY)
    gateway.wait_until_killed()


def read_twice(gateway: MortalGateway, order: Order) -> Read:
    """Repeat the call in both modes; return the answer, which must be the same."""
    replies = [ask_in(gateway, order.to_body(n=N), "images", mode, KEY) for mode in MODES]
    assert [reply.headers["idempotent-replayed"] for reply in replies] == ["true", "true"]
    first, second = map(read_answer, replies)
    assert first == second
    return first


@modes
@pytest.mark.parametrize(
    "point", ["journal-ended", "draft-synced", "folder-renamed", "end-decided", "settled"]
)
def test_choices_that_were_received_are_all_there(
    point: str, mode: str, place: Place, book: BillBook
) -> None:
    """Killed once all had come, a call is settled at the next start with each choice, for what it cost."""
    order = Order(call="doomed")
    crash(point, order, mode, place, book)
    with running(MortalGateway(place, book.url)) as gateway:
        row = read_only_row(place)
        costs = [charge.cost_micro_usd or 0 for charge in book.charges]
        assert (row.state, row.entries, row.cost_micro_usd) == ("settled", ("reserve", "post"), sum(costs))
        answer = read_twice(gateway, order)
        drawn = sorted(sha256 for charge in book.charges for sha256 in charge.pictures)
        assert sorted(sha256 for found in digest_choices(gateway, answer) for sha256 in found) == drawn
        assert [len(found) for found in digest_choices(gateway, answer)] == [1] * N
        assert len({name for name, _ in row.pictures}) == N
        assert list_spool(place) == []
        assert book.count_charges() == N
        check_books(place)


@modes
def test_the_choice_that_had_come_is_kept(mode: str, place: Place, book: BillBook) -> None:
    """Killed when the first picture was on disk, that choice is the answer; of the others nobody knows.

    They count as if a picture had been drawn for each, and never as more than was set aside.
    """
    order = Order(call="doomed", size_bytes=LARGE_BYTES)
    crash("picture-in-file", order, mode, place, book)
    with running(MortalGateway(place, book.url)) as gateway:
        row = read_only_row(place)
        assert (row.state, row.entries) == ("settled", ("reserve", "post"))
        assert row.cost_micro_usd is not None
        assert N * 747 * 60 <= row.cost_micro_usd <= row.reserved_micro_usd
        answer = read_twice(gateway, order)
        found = digest_choices(gateway, answer)
        kept = [pictures for pictures in found if pictures]
        drawn = {sha256 for charge in book.charges for sha256 in charge.pictures}
        assert kept
        assert {sha256 for (sha256,) in kept} <= drawn
        failed = [said for said, pictures in zip(answer.choices, found, strict=True) if not pictures]
        assert all(said.content == "" and said.refusal for said in failed)
        assert answer.codes.count("choice_unknown") == len(failed) == N - len(kept)
        waiting = ask(gateway, path=f"/v1/chat/completions/{row.id}")
        assert read_answer(waiting) == answer
        assert book.count_charges() <= N
        check_books(place)


@modes
@pytest.mark.parametrize("point", ["sent-on-disk", "head-came", "picture-begun"])
def test_choices_that_were_sent_and_not_received_are_unknown(
    point: str, mode: str, place: Place, book: BillBook
) -> None:
    """Killed before any had come, all that was set aside is held, and nothing is sent again."""
    order = Order(call="doomed", size_bytes=LARGE_BYTES)
    crash(point, order, mode, place, book)
    with running(MortalGateway(place, book.url)) as gateway:
        row = read_only_row(place)
        assert (row.state, row.entries, row.pictures) == ("unknown", ("reserve", "hold"), ())
        charges = book.count_charges()
        reply = ask_in(gateway, order.to_body(n=N), "images", mode, KEY)
        assert (reply.status, reply.error["code"]) == (502, "upstream_unknown_outcome")
        assert book.count_charges() == charges
        check_books(place)


@modes
@pytest.mark.parametrize("point", ["claim-on-disk", "sent-decided"])
def test_choices_that_were_not_sent_are_free(point: str, mode: str, place: Place, book: BillBook) -> None:
    """Killed before anything left, a call leaves no debt, and its repeat is drawn as any other."""
    order = Order(call="doomed")
    crash(point, order, mode, place, book)
    with running(MortalGateway(place, book.url)) as gateway:
        assert read_only_row(place).entries == ("reserve", "void")
        answer = read_answer(ask_in(gateway, order.to_body(n=N), "images", mode, KEY))
        assert len(answer.note["images"]) == book.count_charges() == N
        check_books(place)
