"""The queue itself, in this process, with jobs that a test holds and lets go."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from limner.generation.job_queue import Job, JobQueue
from limner.ledger.errors import DatabaseError
from limner.ledger.jobs import forget_old
from limner.ledger.opening import open_database

EVERY_SECOND = "* * * * * *"
PATIENCE_SECONDS = 40.0


@pytest.fixture
def url(tmp_path: Path, postgres_url: str) -> str:
    """A database at the newest schema."""
    open_database(tmp_path, postgres_url).close()
    return postgres_url


class Held:
    """A job that goes on when it is let go; counts how often it ran, and how often at once."""

    def __init__(self) -> None:
        self.begun = 0
        self.most_at_once = 0
        self.let_go = asyncio.Event()
        self._running = 0

    async def __call__(self) -> None:
        self.begun += 1
        self._running += 1
        self.most_at_once = max(self.most_at_once, self._running)
        try:
            await self.let_go.wait()
        finally:
            self._running -= 1


def make_queue(url: str, *works: Callable[[], Awaitable[None]], finish_seconds: float = 30) -> JobQueue:
    """Return one worker's part of a queue with some jobs that are due each second."""
    jobs = [Job(name=f"job-{number}", cron=EVERY_SECOND, work=work) for number, work in enumerate(works)]
    return JobQueue(url, jobs, finish_seconds=finish_seconds)


@asynccontextmanager
async def running(*queues: JobQueue) -> AsyncIterator[None]:
    """Run queues for the length of the block, and stop them with all they do."""
    tasks = [asyncio.create_task(queue.run()) for queue in queues]
    try:
        yield
    finally:
        for queue in (*queues, *queues):
            queue.stop()
        await asyncio.wait_for(asyncio.gather(*tasks), PATIENCE_SECONDS)


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not is_so():  # noqa: ASYNC110 - some of it is in the database
            await asyncio.sleep(0.02)


def fetch(url: str, query: LiteralString) -> list[tuple[object, ...]]:
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        cursor = connection.execute(query)
        return [] if cursor.description is None else cursor.fetchall()


def count(url: str, status: str) -> int:
    """Return how many jobs are in a state."""
    return sum(state == status for (state,) in fetch(url, "SELECT status::text FROM procrastinate_jobs"))


def test_one_of_two_workers_does_a_job_at_a_time(url: str) -> None:
    """However many workers there are, a job runs once at a time, and again and again."""

    async def do() -> None:
        work = Held()
        async with running(make_queue(url, work), make_queue(url, work)):
            await until(lambda: work.begun == 1 and count(url, "todo") > 0)
            work.let_go.set()
            await until(lambda: work.begun >= 3)
            work.let_go.clear()
        assert work.most_at_once == 1

    asyncio.run(do())


def test_a_slow_job_neither_piles_up_nor_keeps_others_waiting(url: str) -> None:
    """While a job is stuck at most one more of its kind waits, and other kinds are done."""

    async def do() -> None:
        slow, quick = Held(), Held()
        quick.let_go.set()
        async with running(make_queue(url, slow, quick)):
            await until(lambda: slow.begun == 1)
            seen = quick.begun
            await until(lambda: quick.begun >= seen + 3)
            assert slow.begun == 1
            waiting = fetch(
                url, "SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo' AND task_name = 'job-0'"
            )
            assert waiting == [(1,)]

    asyncio.run(do())


def test_a_job_that_fails_is_done_again_and_leaves_nothing(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """What a job cannot do now it does the next time; the log says so in a line, without what an error may quote."""
    failures = iter([DatabaseError("it is away"), OSError("no room"), ValueError("a secret")])
    ended = []

    async def work() -> None:
        if (failure := next(failures, None)) is not None:
            raise failure
        ended.append(True)

    async def do() -> None:
        async with running(make_queue(url, work)):
            await until(lambda: bool(ended))

    asyncio.run(do())
    said = [record.getMessage() for record in caplog.records if record.name == "limner.generation"]
    assert "job-0 is put off: it is away" in said
    assert "job-0 is put off: no room" in said
    assert any(line.startswith("job-0 failed: ValueError in ") for line in said)
    assert "a secret" not in caplog.text
    assert count(url, "failed") == 0


@pytest.mark.real_time
def test_a_job_whose_end_the_database_did_not_take_is_done_again(url: str) -> None:
    """A job whose end could not be written does not stay as being done, in the way of the next."""
    refusal = """
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'not now' USING ERRCODE = 'serialization_failure'; END $$;
    CREATE TRIGGER refuse BEFORE DELETE ON procrastinate_jobs FOR EACH ROW EXECUTE FUNCTION refuse();
    """

    async def do() -> None:
        work = Held()
        queue = make_queue(url, work)
        async with running(queue):
            await until(lambda: work.begun == 1)
            fetch(url, refusal)
            work.let_go.set()
            await until(lambda: bool(queue._unended))  # noqa: SLF001 - nothing else shows it
            fetch(url, "DROP FUNCTION refuse CASCADE")
            await until(lambda: work.begun >= 2)

    asyncio.run(do())


def test_a_queue_without_its_tables_does_not_wait_for_them(url: str) -> None:
    """What will not come by itself ends the worker, in words."""
    fetch(url, "DROP TABLE procrastinate_jobs CASCADE")
    with pytest.raises(DatabaseError, match="procrastinate_jobs"):
        asyncio.run(make_queue(url).run())


def test_what_nobody_takes_is_forgotten(tmp_path: Path, url: str) -> None:
    """After an hour a job goes that waits for a worker which is gone, and when it was last due; newer ones stay."""
    insert = """
    INSERT INTO procrastinate_jobs (queue_name, task_name, queueing_lock) VALUES ('files-gone', 'share', 'gone'), ('files-here', 'share', 'here');
    UPDATE procrastinate_events SET at = at - INTERVAL '61 minutes'
    WHERE job_id IN (SELECT id FROM procrastinate_jobs WHERE queue_name = 'files-gone');
    INSERT INTO procrastinate_periodic_defers (task_name, periodic_id, defer_timestamp, job_id)
    SELECT task_name, queue_name, extract(epoch FROM clock_timestamp()) - CASE queue_name WHEN 'files-gone' THEN 3660 ELSE 0 END, id
    FROM procrastinate_jobs;
    """
    fetch(url, insert)
    with open_database(tmp_path, url) as database, database.transaction():
        forget_old(database)
    assert fetch(url, "SELECT queue_name FROM procrastinate_jobs") == [("files-here",)]
    assert fetch(url, "SELECT periodic_id FROM procrastinate_periodic_defers") == [("files-here",)]
