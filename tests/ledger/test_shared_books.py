"""The books on PostgreSQL: jobs in transactions of their own, tried again where others or the server were in the way."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, LiteralString

import psycopg
import pytest
from books import until
from databases import FIRST, SECOND, connect, make_postgres_place

from limner.ledger import shared_books
from limner.ledger.database import Database
from limner.ledger.errors import CommitInDoubt, DatabaseError, DuplicateError
from limner.ledger.shared_books import THREADS, SharedBooks
from lossy_wire import wiring
from places import Place

place = pytest.fixture(make_postgres_place)

ADD = "INSERT INTO request_marks (key_id, at_ms) VALUES (:name, :number)"
ADD_ONCE = "INSERT INTO refusals (fingerprint, at_ms) VALUES (:name, 1)"


def run(place: Place, steps: Callable[[SharedBooks], Awaitable[None]]) -> None:
    """Give the steps open books."""

    async def main() -> None:
        books = SharedBooks(place.database_url or "", replica_id=FIRST)
        try:
            await asyncio.wait_for(steps(books), 60)
        finally:
            books.close()

    asyncio.run(main())


def add(name: str, number: int = 0) -> Callable[[Database], int]:
    """Return a job that writes a row and returns its number."""

    def job(database: Database) -> int:
        database.change(ADD, {"name": name, "number": number})
        return number

    return job


def list_added(place: Place) -> list[Any]:
    """Return the names in the order in which they were written."""
    with connect(place) as database:
        # By transaction and command: rows do not lie in the table in the order they came.
        order = "CAST(CAST(xmin AS TEXT) AS BIGINT), CAST(CAST(cmin AS TEXT) AS BIGINT)"
        return [name for (name,) in database.fetch_all(f"SELECT key_id FROM request_marks ORDER BY {order}")]  # noqa: S608 - a constant


def kill(place: Place, database: Database) -> None:
    """End the server's side of a connection, and return when it has gone."""
    pid = database.fetch_integer("SELECT pg_backend_pid()")
    with connect(place) as other:
        other.fetch_all("SELECT pg_terminate_backend(:pid, 10000)", {"pid": pid})


def kill_all(place: Place) -> None:
    """End the server's side of all connections but this one."""
    with connect(place) as other:
        other.fetch_all(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename = current_user"
        )


def test_a_job_is_written_when_it_returns(place: Place) -> None:
    """When the future has its result another connection sees what was written; a question sees it too."""

    async def steps(books: SharedBooks) -> None:
        assert await books.submit(add("a", 7)) == 7
        assert list_added(place) == ["a"]
        assert (
            await books.ask(lambda database: database.fetch_integer("SELECT at_ms FROM request_marks")) == 7
        )

    run(place, steps)


def test_jobs_run_side_by_side(place: Place) -> None:
    """As many jobs as there are threads can be in the middle of their transactions, and more are done after them."""

    async def steps(books: SharedBooks) -> None:
        met = threading.Barrier(THREADS, timeout=30)

        def meet(database: Database) -> None:
            add("met")(database)
            met.wait()

        await asyncio.gather(*(books.submit(meet) for _ in range(THREADS)))
        await asyncio.gather(*(books.submit(add("more")) for _ in range(50)))

    run(place, steps)
    assert sorted(list_added(place)) == ["met"] * THREADS + ["more"] * 50


def test_a_bad_job_fails_alone(place: Place) -> None:
    """A job that raises undoes its own writes and gets its own error, whoever runs beside it."""

    async def steps(books: SharedBooks) -> None:
        def fail(database: Database) -> None:
            add("bad")(database)
            raise KeyError("mine")

        def repeat(database: Database) -> None:
            for _ in range(2):
                database.change(ADD_ONCE, {"name": b"same"})

        jobs: list[Callable[[Database], Any]] = [add("a"), fail, repeat, add("b")]
        results = await asyncio.gather(*map(books.submit, jobs), return_exceptions=True)
        assert [type(result) for result in results] == [int, KeyError, DuplicateError, int]

    run(place, steps)
    assert sorted(list_added(place)) == ["a", "b"]


def test_a_deadlock_is_tried_again(place: Place) -> None:
    """Two jobs that wait for each other are both done, each once."""
    met = threading.Barrier(2, timeout=30)
    tries: list[str] = []

    def lock(first: str, second: str) -> Callable[[Database], None]:
        def job(database: Database) -> None:
            tries.append(first)
            database.lock("test", first)
            add(first)(database)
            if tries.count(first) == 1:
                met.wait()
            database.lock("test", second)

        return job

    async def steps(books: SharedBooks) -> None:
        await asyncio.gather(books.submit(lock("a", "b")), books.submit(lock("b", "a")))

    run(place, steps)
    assert sorted(list_added(place)) == ["a", "b"]
    assert len(tries) > 2


def test_a_serialization_failure_is_tried_again(place: Place) -> None:
    """A job that another has overtaken is done again and sees what that one wrote."""
    met = threading.Barrier(2, timeout=30)
    tries: list[str] = []
    seen: dict[str, int] = {}

    def count(name: str) -> Callable[[Database], None]:
        def job(database: Database) -> None:
            tries.append(name)
            database.change("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
            seen[name] = database.fetch_integer("SELECT count(*) FROM request_marks")
            if tries.count(name) == 1:
                met.wait()
            add(name)(database)

        return job

    async def steps(books: SharedBooks) -> None:
        await asyncio.gather(books.submit(count("a")), books.submit(count("b")))

    run(place, steps)
    assert sorted(list_added(place)) == ["a", "b"]
    assert sorted(seen.values()) == [0, 1]
    assert len(tries) > 2


def test_a_connection_lost_under_way_is_made_up_for(place: Place) -> None:
    """A job whose connection is ended before its transaction is, is done on another one, once."""
    tries: list[int] = []

    def job(database: Database) -> str:
        tries.append(1)
        add("a")(database)
        if len(tries) == 1:
            kill(place, database)
        add("b")(database)
        return "done"

    async def steps(books: SharedBooks) -> None:
        assert await books.submit(job) == "done"
        await books.submit(add("c"))

    run(place, steps)
    assert list_added(place) == ["a", "b", "c"]
    assert len(tries) == 2


def test_connections_lost_between_jobs_cost_nothing(place: Place) -> None:
    """When the server has ended all connections the next jobs, questions and notes find new ones."""

    async def steps(books: SharedBooks) -> None:
        await asyncio.gather(*(books.submit(add("a")) for _ in range(THREADS)))
        kill_all(place)
        await asyncio.gather(*(books.submit(add("b")) for _ in range(THREADS)))
        kill_all(place)
        assert (
            await books.ask(lambda database: database.fetch_integer("SELECT count(*) FROM request_marks")) > 0
        )

    run(place, steps)
    assert sorted(list_added(place)) == ["a"] * THREADS + ["b"] * THREADS


def test_lost_connections_make_notes_late_once(place: Place) -> None:
    """Of notes after the server has ended all connections the first may have to be made again, the next is made."""

    async def steps(books: SharedBooks) -> None:
        met = threading.Barrier(THREADS, timeout=30)
        await asyncio.gather(*(books.submit(lambda _: met.wait()) for _ in range(THREADS)))
        kill_all(place)
        with suppress(DatabaseError):
            await books.submit(add("a"), is_urgent=False)
        await books.submit(add("b"), is_urgent=False)
        await books.submit(add("c"), is_ordered=True)

    run(place, steps)
    assert list_added(place) == ["b", "c"]


@contextmanager
def killing_at_the_end(place: Place) -> Iterator[None]:
    """Have the server end any connection that has written a mark, in the middle of its COMMIT."""
    begin: LiteralString = """
    CREATE FUNCTION end_it() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(0.01); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER end_it AFTER INSERT ON request_marks DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION end_it()
    """
    with psycopg.connect(place.database_url or "", autocommit=True) as connection:
        connection.execute(begin)
        try:
            yield
        finally:
            connection.execute("DROP FUNCTION end_it CASCADE")


def test_a_connection_lost_in_the_end_leaves_a_doubt(place: Place) -> None:
    """A job whose COMMIT gets no answer is not done again: the caller is told, and what it returned goes to be undone."""
    abandoned: list[int] = []

    async def steps(books: SharedBooks) -> None:
        with killing_at_the_end(place):
            future = books.submit(add("lost", 5), on_abandoned=abandoned.append)
            with pytest.raises(CommitInDoubt, match=r"^cannot use postgresql://127\.0\.0\.1"):
                await future
        assert abandoned == [5]
        await books.submit(add("next"))

    run(place, steps)
    assert list_added(place) == ["next"]


def test_what_was_written_unheard_is_a_doubt_too(place: Place) -> None:
    """A job that was written, and whose caller cannot know, is told like one that was not, and is not written twice."""
    abandoned: list[int] = []

    async def steps(books: SharedBooks) -> None:
        with pytest.raises(CommitInDoubt):
            await books.submit(add("unheard", 5), on_abandoned=abandoned.append)
        assert abandoned == [5]
        await books.submit(add("next"))

    with wiring(place.database_url or "") as wire:
        wire.lose_commit_after("INSERT INTO request_marks")
        run(Place(place.folder, wire.url), steps)
        wire.wait_until_lost()
    assert list_added(place) == ["unheard", "next"]


def test_a_cancelled_caller_does_not_stop_its_job(place: Place) -> None:
    """A job whose caller has gone is done; its result goes where the caller said, an error nowhere."""
    abandoned: list[int] = []

    def fail(_: Database) -> int:
        raise KeyError

    async def steps(books: SharedBooks) -> None:
        for job in (add("a", 1), fail):
            books.submit(job, on_abandoned=abandoned.append).cancel()
        await until(lambda: abandoned == [1])

    run(place, steps)
    assert list_added(place) == ["a"]


def test_notes_are_made_in_their_order(place: Place) -> None:
    """What nobody waits for is written in the order in which it was noted, whatever runs beside it."""

    async def steps(books: SharedBooks) -> None:
        notes = []
        for number in range(300):
            notes.append(books.submit(add(f"{number:03}", number), is_urgent=False))
            if number % 50 == 0:
                await books.submit(add("urgent"))
        assert await asyncio.gather(*notes) == list(range(300))

    run(place, steps)
    names = [name for name in list_added(place) if name != "urgent"]
    assert names == [f"{number:03}" for number in range(300)]


def test_an_ordered_job_sees_what_was_noted(place: Place) -> None:
    """A job that is ordered finds all earlier notes written, also beside one that failed, and many such jobs at once."""

    def fail(_: Database) -> None:
        raise KeyError

    async def steps(books: SharedBooks) -> None:
        for turn in range(1, 6):
            books.submit(add("note"), is_urgent=False)
            failed = books.submit(fail, is_urgent=False)
            counts = await asyncio.gather(
                *(
                    books.submit(
                        lambda database: database.fetch_integer("SELECT count(*) FROM request_marks"),
                        is_ordered=True,
                    )
                    for _ in range(3)
                )
            )
            assert counts == [turn] * 3
            with pytest.raises(KeyError):
                await failed

    run(place, steps)


def test_notes_that_cannot_be_written_hold_nobody_for_long(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While another keeps the notes waiting an ordered job is told so in time; any other is done."""
    monkeypatch.setattr(shared_books, "_NOTES_PATIENCE_SECONDS", 0.2)

    async def steps(books: SharedBooks) -> None:
        with connect(place, SECOND) as other, other.transaction():
            other.lock("test", "busy")
            note = books.submit(lambda database: database.lock("test", "busy"), is_urgent=False)
            await books.submit(add("other"))
            with pytest.raises(DatabaseError, match="earlier notes are not written in time"):
                await books.submit(add("ordered"), is_ordered=True)
        await note
        await books.submit(add("later"), is_ordered=True)

    run(place, steps)
    assert list_added(place) == ["other", "later"]


def test_notes_wait_for_a_lock_once(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch of notes, one of which waits for a lock in vain, fails whole: none is told that it was written."""
    monkeypatch.setattr(
        "limner.ledger.postgres._SETTINGS",
        ("SET SESSION lock_timeout = '100ms'", "SET SESSION TIME ZONE 'UTC'"),
    )

    async def steps(books: SharedBooks) -> None:
        with connect(place, SECOND) as other, other.transaction():
            other.lock("test", "busy")
            notes: list[asyncio.Future[Any]] = [
                books.submit(job, is_urgent=False)
                for job in (add("a"), lambda database: database.lock("test", "busy"), add("b"))
            ]
            results = await asyncio.gather(*notes, return_exceptions=True)
        assert all(isinstance(result, DatabaseError) for result in results)

    run(place, steps)
    assert list_added(place) == []


def test_closing_does_what_was_submitted(place: Place) -> None:
    """Closing writes what was submitted, urgent or noted, and then takes no more; it can be done twice."""

    async def steps(books: SharedBooks) -> None:
        urgent = [books.submit(add("urgent", number)) for number in range(40)]
        notes = [books.submit(add("note", number), is_urgent=False) for number in range(40)]
        books.close()
        books.close()
        assert books.is_closed
        assert len(list_added(place)) == 80
        assert await asyncio.gather(*urgent, *notes) == [*range(40), *range(40)]
        with pytest.raises(DatabaseError, match="closed"):
            books.submit(add("late"))
        with pytest.raises(DatabaseError, match="closed"):
            books.submit(add("late"), is_urgent=False)
        with pytest.raises(DatabaseError, match="closed"):
            await books.ask(lambda _: None)

    run(place, steps)
    assert sorted(list_added(place)) == ["note"] * 40 + ["urgent"] * 40


def test_an_ordered_job_that_closing_overtakes_is_told(place: Place) -> None:
    """A job that still waited for notes when the books were closed is not done, and says so."""

    async def steps(books: SharedBooks) -> None:
        books.submit(add("note"), is_urgent=False)
        ordered = books.submit(add("ordered"), is_ordered=True)
        books.close()
        with pytest.raises(DatabaseError, match="closed"):
            await ordered

    run(place, steps)
    assert list_added(place) == ["note"]


@pytest.mark.parametrize(
    ("default", "used"), [("off", "on"), ("local", "on"), ("on", "on"), ("remote_apply",) * 2]
)
def test_every_commit_is_on_disk(place: Place, default: str, used: str) -> None:
    """All connections wait for the disk, whatever the server's default is; a stronger one stays."""

    def show(database: Database) -> object:
        return database.fetch_all("SHOW synchronous_commit")[0][0]

    async def steps(books: SharedBooks) -> None:
        shown = {
            await books.submit(show),
            await books.submit(show, is_urgent=False),
            await books.ask(show),
            *await asyncio.gather(*(books.submit(show) for _ in range(2 * THREADS))),
        }
        kill_all(place)
        shown |= {*await asyncio.gather(*(books.submit(show) for _ in range(THREADS)))}
        assert shown == {used}

    url = f"{place.database_url}?options=-csynchronous_commit%3D{default}"
    run(Place(place.folder, url), steps)


def test_who_writes_is_known(place: Place) -> None:
    """Each connection says for whom it writes."""

    async def steps(books: SharedBooks) -> None:
        def show(database: Database) -> object:
            return database.fetch_all("SELECT current_setting('limner.replica')")[0][0]

        assert {*await asyncio.gather(*(books.submit(show) for _ in range(2 * THREADS)))} == {FIRST}

    run(place, steps)


def test_books_that_are_not_there_are_named(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no server answers the books cannot be opened, and the error says where it was looked for."""
    monkeypatch.setattr(shared_books, "_CONNECTION_PATIENCE_SECONDS", 0.2)
    with pytest.raises(DatabaseError, match=r"^cannot use postgresql://127\.0\.0\.1:1/limner") as caught:
        SharedBooks("postgresql://ann:secret@127.0.0.1:1/limner", replica_id=FIRST)
    assert "secret" not in str(caught.value)
    assert list_added(place) == []
