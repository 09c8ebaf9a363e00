"""PostgreSQL that is out of reach under way: down, locked by a stranger, without a connection to spare, cut off.

Each test has a server of its own to be cruel to.
"""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from test_full_disk import check_no_error
from troubles import (
    KEY,
    check_accepted_again,
    check_delivered,
    check_refused,
    check_replayed,
    leave_after_asking,
    wait_until_settled,
)

from asking import Reply, ask
from audits import audit, digest_pictures, list_spool, read_only_row, read_rows
from bills import BillBook
from gateways import MortalGateway, ask_beside, running
from orders import Order
from places import Place, making_place
from postgres import PostgresServer, run_postgres
from programs import scrub_environment

CONNECTIONS = 40
STRANGER = "stranger"
CALLERS = 12
CALLS = 8

_TABLES = "SELECT string_agg(quote_ident(tablename), ', ') FROM pg_tables WHERE schemaname = 'public'"
_CUT = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND usename = 'limner' AND application_name <> 'stranger'
"""


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with run_postgres(max_connections=str(CONNECTIONS)) as server:
        yield server


@pytest.fixture
def place(tmp_path: Path, server: PostgresServer) -> Iterator[Place]:
    with making_place(tmp_path, server) as place:
        yield place


def cut(server: PostgresServer, place: Place) -> int:
    """Break every connection of the place's gateway, as a proxy or an administrator may; return how many."""
    ((count,),) = server.fetch_all(place.database_url or "", _CUT)
    return int(count)


@contextmanager
def stopping(server: PostgresServer, _: Place) -> Iterator[None]:
    """Let the server be down, as after a crash."""
    server.stop()
    try:
        yield
    finally:
        server.start()


@contextmanager
def locking(_: PostgresServer, place: Place) -> Iterator[None]:
    """Let a stranger keep everybody else from writing to every table."""
    with closing(psycopg.connect(place.database_url or "", application_name=STRANGER)) as connection:
        ((tables,),) = connection.execute(_TABLES).fetchall()
        connection.execute(f"LOCK TABLE {tables} IN EXCLUSIVE MODE")
        yield
        connection.rollback()


@contextmanager
def crowding(server: PostgresServer, place: Place) -> Iterator[None]:
    """Let strangers take all connections, also those that were the gateway's."""
    with ExitStack() as strangers:

        def take_all() -> None:
            with suppress(psycopg.OperationalError):
                while True:
                    connection = psycopg.connect(place.database_url or "", application_name=STRANGER)
                    strangers.enter_context(closing(connection))

        take_all()
        while cut(server, place):
            take_all()
        yield


Trouble = Callable[[PostgresServer, Place], AbstractContextManager[None]]


@pytest.mark.parametrize("trouble", [stopping, locking, crowding])
def test_a_database_out_of_reach_costs_no_picture(
    trouble: Trouble, server: PostgresServer, place: Place, book: BillBook
) -> None:
    """Meanwhile paid pictures reach their clients with a notice, nothing is bought, and later all is mended."""
    paid = Order(call="paid", size_bytes=1_000_000, holds_at=0)
    left = Order(call="left", holds_at=0)
    with running(MortalGateway(place, book.url)) as gateway:
        asked = ask_beside(gateway, paid.to_body(), headers=KEY)
        book.wait_until_held("paid")
        left_id = leave_after_asking(gateway, book, left)
        with trouble(server, place):
            book.release("paid", "left")
            refusing = threading.Thread(target=check_refused, args=(gateway, book))
            refusing.start()
            reply = asked.result(60)
            refusing.join()
            check_refused(gateway, book)
        paid_id = reply.headers["x-limner-generation-id"]
        (sha256,) = book.find("paid").pictures
        check_delivered(reply, sha256)
        check_accepted_again(gateway, book)
        wait_until_settled(place, paid_id)
        wait_until_settled(place, left_id)
        check_replayed(gateway, paid, KEY, sha256)
        check_replayed(gateway, left, {}, book.find("left").pictures[0])
        assert list_spool(place) == []
        audit(gateway, book)
        check_no_error(gateway)


def test_connections_that_are_cut_once_are_not_noticed(
    server: PostgresServer, place: Place, book: BillBook
) -> None:
    """Where a server lets go of its clients, as at a failover, a call under way ends without a notice."""
    paid = Order(call="paid", holds_at=0)
    with running(MortalGateway(place, book.url)) as gateway:
        asked = ask_beside(gateway, paid.to_body(), headers=KEY)
        book.wait_until_held("paid")
        assert cut(server, place) > 0
        book.release("paid")
        answer = asked.result(60).json()
        assert answer["limner"]["notices"] == []
        assert digest_pictures(answer) == list(book.find("paid").pictures)
        assert [row.state for row in audit(gateway, book)] == ["settled"]


def test_who_watches_is_told(server: PostgresServer, place: Place, book: BillBook) -> None:
    """While the database is down the gateway lives and is not ready; afterwards it is, without a restart."""
    with running(MortalGateway(place, book.url)) as gateway:
        with stopping(server, place):
            assert ask(gateway, path="/healthz", key=None).status == 200
            assert ask(gateway, path="/readyz", key=None).status == 503
            unknown = ask(gateway, path="/v1/models", key="sk-of-somebody")
            assert (unknown.status, unknown.error["code"]) == (503, "storage_unavailable")
        check_accepted_again(gateway, book)
        assert ask(gateway, path="/readyz", key=None).status == 200
        assert ask(gateway, path="/v1/models", key="sk-of-somebody").status == 401
        check_no_error(gateway)


def test_told_to_end_while_the_database_is_down(server: PostgresServer, place: Place, book: BillBook) -> None:
    """A gateway that must end answers first, and closes its books before it does if it can."""
    paid = Order(call="paid", size_bytes=1_000_000, holds_at=0)
    gateway = MortalGateway(place, book.url, variables={"LIMNER_DRAIN_SECONDS": "1"})
    asked = ask_beside(gateway, paid.to_body(), headers=KEY)
    book.wait_until_held("paid")
    with stopping(server, place):
        gateway.process.terminate()
        book.release("paid")
        check_delivered(asked.result(60), book.find("paid").pictures[0])
    assert gateway.process.wait(60) == 0
    assert gateway.stop() == 0
    with running(MortalGateway(place, book.url)) as gateway:
        assert [row.state for row in audit(gateway, book)] == ["settled"]
        check_replayed(gateway, paid, KEY, book.find("paid").pictures[0])
        assert book.count_charges() == 1


def test_killed_while_the_database_is_down(server: PostgresServer, place: Place, book: BillBook) -> None:
    """A picture whose books could not be closed before a kill is settled by the next start."""
    paid = Order(call="paid", holds_at=0)
    gateway = MortalGateway(place, book.url)
    asked = ask_beside(gateway, paid.to_body(is_stream=True))
    book.wait_until_held("paid")
    with stopping(server, place):
        book.release("paid")
        assert asked.result(60).status == 200
        gateway.kill()
    with running(MortalGateway(place, book.url)) as gateway:
        assert [row.state for row in audit(gateway, book)] == ["settled"]
        assert book.count_charges() == 1


def test_what_leaves_is_on_the_servers_disk(server: PostgresServer, place: Place, book: BillBook) -> None:
    """A call that has reached Gemini is known to a server that crashed that moment and to a gateway that did too."""
    held = Order(call="held", holds_at=0)
    gateway = MortalGateway(place, book.url)
    asked = ask_beside(gateway, held.to_body())
    book.wait_until_held("held")
    with stopping(server, place):
        gateway.kill()
    assert asked.exception(30) is not None
    assert read_only_row(place).state == "sent"
    with running(MortalGateway(place, book.url)) as gateway:
        assert [(row.state, row.entries) for row in audit(gateway, book)] == [
            ("unknown", ("reserve", "hold"))
        ]


@pytest.mark.parametrize("trouble", [stopping, crowding])
def test_no_start_without_the_database(
    trouble: Trouble, server: PostgresServer, place: Place, book: BillBook
) -> None:
    """A gateway that cannot reach its database ends with code 1 and one line that says so and gives nothing away."""
    with running(MortalGateway(place, book.url)) as gateway:
        pass
    with trouble(server, place):
        done = subprocess.run(
            [sys.executable, "-m", "limner.cli", "serve", "--port", "0"],
            cwd=place.folder,
            env={**scrub_environment(), **gateway.variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert f"127.0.0.1:{server.port}" in line
    assert [secret for secret in gateway.secrets if secret in done.stdout + done.stderr] == []


@contextmanager
def cutting(server: PostgresServer, place: Place) -> Iterator[list[int]]:
    """Break the gateway's connections again and again for the length of the block; give how many each time."""
    is_over = threading.Event()
    counts: list[int] = []

    def cut_on() -> None:
        while not is_over.wait(0.04):
            counts.append(cut(server, place))

    thread = threading.Thread(target=cut_on)
    thread.start()
    try:
        yield counts
    finally:
        is_over.set()
        thread.join()


def call_on(gateway: MortalGateway, caller: int) -> list[tuple[Order, Reply]]:
    """Make some calls, of all modes, one after the other."""
    replies = []
    for number in range(CALLS):
        order = Order(call=f"{caller}-{number}", delay_seconds=0.05 * (number % 3))
        headers = {"Idempotency-Key": order.call} if number % 2 else {}
        reply = ask(gateway, order.to_body(is_stream=number % 4 > 1), headers=headers)
        replies.append((order, reply))
    return replies


def test_connections_that_are_cut_lose_nothing(server: PostgresServer, place: Place, book: BillBook) -> None:
    """However often connections break, each call is answered, or refused unbought, and the books are right."""
    with running(MortalGateway(place, book.url)) as gateway:
        with cutting(server, place) as counts, ThreadPoolExecutor(CALLERS) as threads:
            replies = [
                reply
                for found in threads.map(lambda caller: call_on(gateway, caller), range(CALLERS))
                for reply in found
            ]
        assert sum(counts) > CALLERS
        for order, reply in replies:
            if reply.status == 200:
                assert book.count_charges(order.call) == 1
            else:
                assert (reply.status, reply.error["code"]) == (503, "storage_unavailable")
                assert book.count_charges(order.call) == 0
        check_accepted_again(gateway, book)
        wait_until_quiet(place)
        states = {row.state for row in audit(gateway, book)}
        assert states <= {"settled", "failed"}
        assert "settled" in states
        assert list_spool(place) == []
        check_no_error(gateway)


def wait_until_quiet(place: Place) -> None:
    """Return when every generation has ended."""
    ends_at = time.monotonic() + 40
    while running_now := [row for row in read_rows(place) if not row.is_over]:
        assert time.monotonic() < ends_at, running_now
        time.sleep(0.1)
