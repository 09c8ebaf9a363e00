"""Another program holds the database for longer than the gateway waits."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import apsw
from test_full_disk import check_no_error
from troubles import (
    check_accepted_again,
    check_delivered,
    check_refused,
    check_replayed,
    leave_after_asking,
    wait_until_settled,
)

from asking import ask
from audits import audit, list_spool, read_rows
from bills import BillBook
from gateways import MortalGateway, ask_beside, running
from orders import Order

KEY = {"Idempotency-Key": "the-one"}


@contextmanager
def locking(folder: Path) -> Iterator[None]:
    """Keep everybody else from writing for the length of the block."""
    with closing(apsw.Connection(str(folder / "data" / "limner.sqlite3"))) as connection:
        connection.set_busy_timeout(10_000)
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def test_a_locked_database_costs_no_picture(tmp_path: Path, book: BillBook) -> None:
    """Under a lock paid pictures reach their clients with a notice, nothing is bought, and later all is mended."""
    paid = Order(call="paid", size_bytes=1_000_000, holds_at=0)
    left = Order(call="left", holds_at=0)
    with running(MortalGateway(tmp_path, book.url)) as gateway:
        asked = ask_beside(gateway, paid.to_body(), headers=KEY)
        book.wait_until_held("paid")
        left_id = leave_after_asking(gateway, book, left)
        with locking(tmp_path):
            book.release("paid", "left")
            refusing = threading.Thread(target=check_refused, args=(gateway, book))
            refusing.start()
            reply = asked.result(60)
            refusing.join()
            assert ask(gateway, path="/v1/models").status == 200
            assert [row.is_over for row in read_rows(tmp_path)] == [False, False]
        paid_id = reply.headers["x-limner-generation-id"]
        (sha256,) = book.find("paid").pictures
        check_delivered(reply, sha256)
        check_accepted_again(gateway, book)
        wait_until_settled(tmp_path, paid_id)
        wait_until_settled(tmp_path, left_id)
        check_replayed(gateway, paid, KEY, sha256)
        check_replayed(gateway, left, {}, book.find("left").pictures[0])
        assert list_spool(tmp_path) == []
        audit(gateway, book)
        check_no_error(gateway)


def test_told_to_end_while_the_database_is_locked(tmp_path: Path, book: BillBook) -> None:
    """A gateway that must end answers first, and closes its books before it does if it can."""
    paid = Order(call="paid", size_bytes=1_000_000, holds_at=0)
    gateway = MortalGateway(tmp_path, book.url, variables={"LIMNER_DRAIN_SECONDS": "1"})
    asked = ask_beside(gateway, paid.to_body(), headers=KEY)
    book.wait_until_held("paid")
    with locking(tmp_path):
        gateway.process.terminate()
        book.release("paid")
        check_delivered(asked.result(60), book.find("paid").pictures[0])
    assert gateway.process.wait(60) == 0
    assert gateway.stop() == 0
    with running(MortalGateway(tmp_path, book.url)) as gateway:
        assert [row.state for row in audit(gateway, book)] == ["settled"]
        check_replayed(gateway, paid, KEY, book.find("paid").pictures[0])
        assert book.count_charges() == 1


def test_killed_while_the_database_is_locked(tmp_path: Path, book: BillBook) -> None:
    """A picture whose books could not be closed before a kill is settled by the next start."""
    paid = Order(call="paid", holds_at=0)
    gateway = MortalGateway(tmp_path, book.url)
    asked = ask_beside(gateway, paid.to_body(is_stream=True))
    book.wait_until_held("paid")
    with locking(tmp_path):
        book.release("paid")
        assert asked.result(60).status == 200
        gateway.kill()
    with running(MortalGateway(tmp_path, book.url)) as gateway:
        assert [row.state for row in audit(gateway, book)] == ["settled"]
        assert book.count_charges() == 1
