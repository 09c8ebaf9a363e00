"""The writer: jobs of many callers in one transaction, in their order, each all or nothing."""

import asyncio
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from threading import Event
from typing import Any

import apsw
import pytest
from databases import connect, make_place

from limner.ledger.database import Database
from limner.ledger.errors import DatabaseError, DuplicateError
from limner.ledger.queries import Query
from limner.ledger.sqlite import FILE_NAME, SqliteDatabase
from limner.ledger.writer import Writer
from places import Place

FILL_THE_DISK = """
import asyncio, resource, sys
from contextlib import nullcontext
from pathlib import Path
from limner.ledger.sqlite import SqliteDatabase
from limner.ledger.writer import Writer

def write(number, size):
    return lambda database: database.change(
        "INSERT INTO refusals VALUES (:key, 1)", {"key": bytes([number]) + bytes(size)}
    )

async def main():
    database = SqliteDatabase(Path(sys.argv[1]))
    writer = Writer(lambda: nullcontext(database))
    await writer.submit(write(1, 10))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, limits[1]))
    results = await asyncio.gather(
        *(writer.submit(write(number, 300_000)) for number in (2, 3)), return_exceptions=True
    )
    print(*(type(result).__name__ for result in results))
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    await writer.submit(write(4, 300_000))
    writer.close()

asyncio.run(main())
"""


place = pytest.fixture(make_place)


@contextmanager
def write_on(database: Database) -> Iterator[Writer]:
    writer = Writer(lambda: nullcontext(database))
    try:
        yield writer
    finally:
        writer.close()
        database.close()


@pytest.fixture
def writer(place: Place) -> Iterator[Writer]:
    with write_on(connect(place)) as writer:
        yield writer


def insert(number: int) -> Callable[[Database], int]:
    """Return a job that writes a number and returns it."""

    def job(database: Database) -> int:
        database.change("INSERT INTO request_marks VALUES ('k', :number)", {"number": number})
        return number

    return job


def fail(number: int) -> Callable[[Database], int]:
    """Return a job that writes a number and raises."""

    def job(database: Database) -> int:
        insert(number)(database)
        raise KeyError(number)

    return job


def read_numbers(place: Place) -> list[Any]:
    """Return the numbers in the order in which they were written."""
    in_order = Query(
        "SELECT at_ms FROM request_marks ORDER BY rowid", "SELECT at_ms FROM request_marks ORDER BY ctid"
    )
    with connect(place) as database:
        rows = database.fetch_all(in_order)
    return [number for (number,) in rows]


def run(steps: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(steps, 30))


def hold(writer: Writer) -> Event:
    """Keep the thread busy until the event is set, so that what follows is one batch."""
    event = Event()
    writer.submit(lambda _: event.wait())
    time.sleep(0.05)
    return event


def test_a_job_is_written_when_it_returns(writer: Writer, place: Place) -> None:
    """When the future has its result another connection sees what was written."""

    async def steps() -> None:
        assert await writer.submit(insert(7)) == 7
        assert read_numbers(place) == [7]

    run(steps())


def test_jobs_run_in_their_order(writer: Writer, place: Place) -> None:
    """Urgent or not, jobs run as they were submitted, over many batches."""

    async def steps() -> None:
        futures = [writer.submit(insert(number), is_urgent=number % 3 == 0) for number in range(1_000)]
        assert await asyncio.gather(*futures) == list(range(1_000))

    run(steps())
    assert read_numbers(place) == list(range(1_000))


def test_waiting_jobs_share_a_transaction(writer: Writer, place: Place) -> None:
    """Jobs that came while the thread was busy are committed together, and wait for the disk once."""

    async def steps() -> None:
        event = hold(writer)
        seen: list[int] = []

        def look(_: Database) -> None:
            with connect(place) as other:
                seen.append(other.fetch_integer("SELECT count(*) FROM request_marks"))

        futures: list[asyncio.Future[Any]] = [writer.submit(job) for job in (insert(1), look, insert(2))]
        event.set()
        await asyncio.gather(*futures)
        assert seen == [0]

    run(steps())
    assert read_numbers(place) == [1, 2]


def test_a_bad_job_fails_alone(writer: Writer, place: Place) -> None:
    """A job that raises, in a batch or alone, undoes its own writes and gets its own error."""

    async def steps() -> None:
        event = hold(writer)
        futures = [writer.submit(job) for job in (insert(1), fail(2), insert(3), fail(4))]
        event.set()
        results = await asyncio.gather(*futures, return_exceptions=True)
        assert results[::2] == [1, 3]
        assert [type(result) for result in results[1::2]] == [KeyError, KeyError]
        with pytest.raises(KeyError):
            await writer.submit(fail(5))
        await writer.submit(insert(6))

    run(steps())
    assert read_numbers(place) == [1, 3, 6]


def test_errors_of_the_library_are_mapped(writer: Writer) -> None:
    """A failing statement reaches its caller as an error of the ledger's."""

    async def steps() -> None:
        sql = "INSERT INTO schema_version SELECT * FROM schema_version"
        with pytest.raises(DuplicateError):
            await writer.submit(lambda database: database.change(sql))

    run(steps())


def test_a_job_without_haste_waits_for_company(writer: Writer, place: Place) -> None:
    """A job that is not urgent goes with the next urgent one, or by itself after 20 ms."""

    async def steps() -> None:
        quiet = writer.submit(insert(1), is_urgent=False)
        assert read_numbers(place) == []
        await writer.submit(insert(2))
        assert quiet.done()
        await asyncio.wait_for(writer.submit(insert(3), is_urgent=False), 1)

    run(steps())
    assert read_numbers(place) == [1, 2, 3]


def test_a_locked_database_fails_in_time(tmp_path: Path) -> None:
    """While another process holds SQLite's file all jobs of a batch fail after the timeout; then all is well."""

    async def steps() -> None:
        with write_on(SqliteDatabase(tmp_path, busy_timeout_seconds=0.3)) as writer:
            other = apsw.Connection(str(tmp_path / FILE_NAME))
            other.execute("BEGIN IMMEDIATE")
            futures = [writer.submit(insert(number)) for number in range(3)]
            results = await asyncio.gather(*futures, return_exceptions=True)
            assert [type(result) for result in results] == [DatabaseError] * 3
            assert "locked" in str(results[0])
            other.execute("COMMIT")
            other.close()
            await writer.submit(insert(9))

    run(steps())
    with SqliteDatabase(tmp_path) as database:
        assert database.fetch_all("SELECT at_ms FROM request_marks") == [(9,)]


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="needs a limit of file sizes")
def test_a_full_disk_fails_and_is_survived(tmp_path: Path) -> None:
    """When the disk takes no more the whole batch fails and is undone, and the writer works on afterwards."""
    done = subprocess.run(
        [sys.executable, "-c", FILL_THE_DISK, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "DatabaseError DatabaseError\n", "")
    with SqliteDatabase(tmp_path) as database:
        kept = [row[0] for row in database.fetch_all("SELECT hex(substr(fingerprint, 1, 1)) FROM refusals")]
        assert kept == ["01", "04"]


def test_a_job_that_ends_the_transaction_fails_its_batch(writer: Writer, place: Place) -> None:
    """If the database itself undoes the transaction, as on a failed disk, no job of the batch is told that it worked."""

    async def steps() -> None:
        def lose(database: Database) -> None:
            database.fetch_all("ROLLBACK")
            database.fetch_all("SELECT * FROM absent")

        event = hold(writer)
        futures: list[asyncio.Future[Any]] = [writer.submit(job) for job in (insert(1), lose, insert(2))]
        event.set()
        results = await asyncio.gather(*futures, return_exceptions=True)
        assert [type(result) for result in results] == [DatabaseError] * 3
        await writer.submit(insert(3))

    run(steps())
    assert read_numbers(place) == [3]


def test_a_cancelled_caller_does_not_stop_its_job(writer: Writer, place: Place) -> None:
    """A job whose caller has gone is done; its result goes where the caller said, an error nowhere."""

    async def steps() -> None:
        abandoned: list[int] = []
        event = hold(writer)
        for job in (insert(1), fail(2)):
            writer.submit(job, on_abandoned=abandoned.append).cancel()
        event.set()
        await writer.submit(insert(3), on_abandoned=abandoned.append)
        assert abandoned == [1]

    run(steps())
    assert read_numbers(place) == [1, 3]


def test_closing_runs_what_is_queued(place: Place) -> None:
    """Closing writes what was submitted, urgent or not, and then takes no more; it can be done twice."""

    async def steps() -> None:
        with write_on(connect(place)) as writer:
            futures = [writer.submit(insert(number), is_urgent=number == 2) for number in range(5)]
            writer.close()
            assert writer.is_closed
            assert await asyncio.gather(*futures) == list(range(5))
            assert not writer.is_busy
            with pytest.raises(DatabaseError, match="closed"):
                writer.submit(insert(6))

    run(steps())
    assert read_numbers(place) == list(range(5))


def test_a_loop_that_is_gone_is_not_waited_for(place: Place) -> None:
    """Jobs whose event loop was closed are written all the same."""
    with write_on(connect(place)) as writer:

        async def steps() -> None:
            writer.submit(insert(1), is_urgent=False)

        run(steps())
    assert read_numbers(place) == [1]


def test_a_writer_is_busy_until_all_is_done(writer: Writer) -> None:
    """Whether a job is not done yet is known, also of one that fails."""

    async def steps() -> None:
        seen = [writer.is_busy]
        event = hold(writer)
        futures = [writer.submit(job, is_urgent=False) for job in (insert(1), fail(2))]
        seen.append(writer.is_busy)
        event.set()
        await asyncio.gather(*futures, return_exceptions=True)
        assert [*seen, writer.is_busy] == [False, True, False]

    run(steps())
