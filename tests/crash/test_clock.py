"""Someone sets the machine's clock by an hour, under way and between two starts (G13)."""

from pathlib import Path

import pytest

from asking import Reply, ask
from audits import audit, digest_pictures, read_only_row, read_rows
from bills import BillBook
from gateways import MortalGateway, ask_beside, running
from orders import Order
from places import Place

HOUR = 3600
LIBRARY = Path("/usr/lib")


def start(place: Place, book: BillBook, clock: Path) -> MortalGateway:
    return MortalGateway(place, book.url, program="jumping", arguments=(str(clock),))


def set_clock(clock: Path, seconds: float) -> None:
    """Replace the file at once: it is read at any time."""
    draft = clock.with_suffix(".new")
    draft.write_text(str(seconds), encoding="ascii")
    draft.replace(clock)


def check_same(reply: Reply, first: Reply) -> None:
    """Check that a repeat was answered from the store."""
    assert reply.headers["idempotent-replayed"] == "true"
    assert reply.body == first.body


@pytest.mark.parametrize("seconds", [HOUR, -HOUR])
def test_a_jump_under_way_repeats_nothing(place: Place, book: BillBook, seconds: float) -> None:
    """A clock that jumps while a picture is drawn neither ends the call nor hides it from its repeats."""
    clock = place.folder / "clock"
    set_clock(clock, 0)
    held, cut = Order(call="held", holds_at=0), Order(call="cut", cut_at=0)
    keyed = {"Idempotency-Key": "the-one"}
    with running(start(place, book, clock)) as gateway:
        assert ask(gateway, cut.to_body()).status == 502
        first = ask_beside(gateway, held.to_body(), headers=keyed)
        book.wait_until_held("held")
        set_clock(clock, seconds)
        joined = ask_beside(gateway, held.to_body(), headers=keyed)
        book.release("held")
        assert first.result(30).body == joined.result(30).body
        check_same(ask(gateway, held.to_body(), headers=keyed), first.result())
        assert ask(gateway, cut.to_body()).error["code"] == "upstream_unknown_outcome"
        assert [row.state for row in audit(gateway, book)] == ["unknown", "settled"]
        assert book.count_charges() == 2


@pytest.mark.parametrize("seconds", [HOUR, -HOUR])
def test_a_jump_between_two_starts_loses_nothing(place: Place, book: BillBook, seconds: float) -> None:
    """A gateway killed and started an hour off finds what it had bought, and ends what was under way."""
    clock = place.folder / "clock"
    set_clock(clock, 0)
    done, held = Order(call="done"), Order(call="held", holds_at=0)
    keyed = {"Idempotency-Key": "the-one"}
    gateway = start(place, book, clock)
    first = ask(gateway, done.to_body(), headers=keyed)
    ask_beside(gateway, held.to_body(), headers={"Idempotency-Key": "the-other"})
    book.wait_until_held("held")
    gateway.kill()
    set_clock(clock, seconds)
    with running(start(place, book, clock)) as gateway:
        assert [row.state for row in read_rows(place)] == ["settled", "unknown"]
        check_same(ask(gateway, done.to_body(), headers=keyed), first)
        reply = ask(gateway, held.to_body(), headers={"Idempotency-Key": "the-other"})
        assert reply.error["code"] == "upstream_unknown_outcome"
        audit(gateway, book)
        assert book.count_charges() == 2


@pytest.mark.skipif(
    not [*LIBRARY.glob("*/faketime/libfaketimeMT.so.1")],
    reason="libfaketime is not installed on this machine",
)
def test_a_jump_that_the_whole_process_sees(place: Place, book: BillBook) -> None:
    """A clock that libfaketime sets by an hour for every part of the process changes nothing either."""
    (library,) = LIBRARY.glob("*/faketime/libfaketimeMT.so.1")
    offset = place.folder / "faketimerc"
    offset.write_text("+0", encoding="ascii")
    variables = {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    held = Order(call="held", holds_at=0)
    with running(MortalGateway(place, book.url, variables=variables)) as gateway:
        first = ask_beside(gateway, held.to_body())
        book.wait_until_held("held")
        offset.write_text("-3600", encoding="ascii")
        book.release("held")
        assert digest_pictures(first.result(30).json()) == list(book.find("held").pictures)
        assert read_only_row(place).state == "settled"
        audit(gateway, book)
