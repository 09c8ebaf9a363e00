"""Workers that are told to end, killed, or cut off from the database while they do something."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from crews import AT_ONCE, Crew

from audits import check_books
from bills import BillBook
from fleet import running, wait_until
from gateways import MortalGateway
from postgres import PostgresServer, run_postgres
from s3 import S3Server


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with run_postgres() as server:
        yield server


def start_busy(crew: Crew, variables: dict[str, str] | None = None) -> MortalGateway:
    """Start a worker, and return it while it is removing a folder from a store that does not answer."""
    gateway = crew.start("first")
    crew.draw(gateway, "had")
    crew.wait_until_shared()
    assert gateway.stop() == 0
    crew.s3.wire.stall()
    worker = crew.start_worker("worker", AT_ONCE | (variables or {}))
    crew.wait_until_taken()
    return worker


def test_told_to_end_a_worker_finishes_what_it_does(crew: Crew) -> None:
    """After SIGTERM the removal that is under way is finished, the others are told, and the code is 0."""
    worker = start_busy(crew)
    worker.process.terminate()
    worker.wait_until_said("what is being done is finished")
    crew.s3.restore()
    assert worker.process.wait(60) == 0
    crew.wait_until_removed()
    assert crew.count_doing() == 0
    assert crew.fetch("SELECT count(*) FROM replicas") == [(0,)]


@pytest.mark.parametrize("hurried_by", ["its settings", "a second signal"])
def test_a_worker_does_not_wait_for_ever(hurried_by: str, crew: Crew) -> None:
    """A removal that does not end by itself is given up, with code 0, and the next worker does it."""
    worker = start_busy(crew, {"LIMNER_DRAIN_SECONDS": "1" if hurried_by == "its settings" else "150"})
    worker.process.terminate()
    worker.wait_until_said("what is being done is finished")
    if hurried_by == "a second signal":
        worker.process.terminate()
    assert worker.stop() == 0
    assert crew.count_doing() == 0
    assert len(crew.s3.list_objects()) == 2
    crew.s3.restore()
    crew.make_due()
    crew.start_worker("another")
    crew.wait_until_removed()


def test_a_worker_killed_in_the_middle_keeps_nothing_from_being_done(crew: Crew) -> None:
    """Its job stays as being done; the next worker clears that away and does it, and nothing is paid."""
    worker = start_busy(crew)
    worker.kill()
    assert crew.count_doing() >= 1  # a job of a minute or of five seconds may have been under way as well
    crew.age_workers()
    crew.s3.restore()
    crew.make_due()
    crew.start_worker("another")
    crew.wait_until_removed()
    crew.wait_for(
        "SELECT count(*) FROM procrastinate_jobs WHERE worker_id IS NULL AND status = 'doing'", (0,)
    )
    check_books(crew.books)
    assert crew.book.count_charges() == 1


@pytest.mark.real_time
def test_a_worker_outlives_its_database(
    tmp_path: Path, server: PostgresServer, s3: S3Server, book: BillBook
) -> None:
    """While PostgreSQL is down it says so and waits; when it is back, the work goes on in the same process."""
    with running(Crew(tmp_path, server.create_database(), s3, book, [])) as crew:
        crew.s3.cut()
        gateway = crew.start("first")
        crew.draw(gateway, "had")
        assert gateway.stop() == 0
        worker = crew.start_worker("first")
        worker.wait_until_said("is not in the shared store yet")
        server.stop()
        wait_until(lambda: "no jobs are done for now" in worker.said)
        server.start()
        wait_until(lambda: "jobs are done again" in worker.said)
        crew.s3.restore()
        crew.make_due()
        crew.wait_until_shared()
        assert len(crew.s3.list_objects()) == 2
        assert worker.said.count("no jobs are done for now") == 1
        assert "psycopg.pool" not in worker.said
        assert worker.stop() == 0
        assert crew.count_doing() == 0


def test_a_worker_that_was_stopped_for_long_goes_on(crew: Crew) -> None:
    """One that others have given up meanwhile, with the job it was doing, takes its place again and works on."""
    stopped = start_busy(crew)
    stopped.process.send_signal(signal.SIGSTOP)
    crew.age_workers()
    crew.s3.restore()
    crew.make_due()
    other = crew.start_worker("another")
    crew.wait_until_removed()
    assert other.stop() == 0
    stopped.process.send_signal(signal.SIGCONT)
    wait_until(lambda: "jobs are done again" in stopped.said)
    crew.wait_for("SELECT count(*) FROM replicas WHERE kind = 'worker'", (1,))
    assert crew.book.count_charges() == 1
