"""What a worker does beside gateways, and who does it when there is none."""

import pytest
from crews import AT_ONCE, Crew

from asking import ask
from audits import check_books, digest_pictures, list_spool, read_only_row, read_rows
from fleet import wait_until
from gateways import ask_beside
from orders import Order

FOLDERS = "SELECT count(*) FROM generations WHERE folder IS NOT NULL"
REMOVALS = "SELECT count(*) FROM transfers WHERE kind = 'removal'"
PICTURES = 12


def test_retention_is_the_workers(crew: Crew) -> None:
    """What the worker is told to let go goes from books and store, though the gateway would keep it for a month."""
    gateway = crew.start("first")
    generation_id = crew.draw(gateway, "had")
    crew.wait_until_shared()
    assert len(crew.s3.list_objects()) == 2
    crew.start_worker("worker", AT_ONCE)
    crew.wait_for(FOLDERS, (0,))
    crew.wait_until_removed()
    assert ask(gateway, path=f"/v1/chat/completions/{generation_id}").status == 404
    row = read_only_row(crew.books)
    assert (row.state, row.entries) == ("settled", ("reserve", "post"))
    assert crew.book.count_charges() == 1


@pytest.mark.parametrize("trouble", ["down", "stalled"])
def test_what_is_let_go_leaves_the_store_when_it_is_back(trouble: str, crew: Crew) -> None:
    """While the store is away the books remember what has to go from it, and the worker does it afterwards."""
    crew.draw(crew.start("first"), "had")
    crew.wait_until_shared()
    if trouble == "down":
        crew.s3.cut()
    else:
        crew.s3.wire.stall()
    worker = crew.start_worker("worker", AT_ONCE)
    crew.wait_until_taken()
    if trouble == "down":
        worker.wait_until_said("cannot be removed from the shared store now")
    assert crew.fetch(REMOVALS) == [(1,)]
    assert len(crew.s3.list_objects()) == 2
    crew.s3.restore()
    crew.make_due()
    crew.wait_until_removed()


def test_old_unknown_outcomes_are_decided_by_the_worker(crew: Crew) -> None:
    """The worker's policy decides on the money of an outcome that nobody knows, though the gateway's would hold it."""
    gateway = crew.start("first")
    cut = Order(call="cut", size_bytes=900_000, cut_at=0.8)
    assert ask(gateway, cut.to_body()).error["code"] == "upstream_unknown_outcome"
    crew.start_worker("worker", {"LIMNER_UNKNOWN_POLICY": "void", "LIMNER_UNKNOWN_HOURS": "0"})
    crew.wait_for("SELECT state FROM generations", ("failed",))
    check_books(crew.books)


def test_two_workers_share_the_work(crew: Crew) -> None:
    """Two at once delete everything once, and leave a queue that holds no more than the next of each kind."""
    gateway = crew.start("first")
    for number in range(PICTURES):
        crew.draw(gateway, f"had-{number}")
    crew.wait_until_shared()
    assert len(crew.s3.list_objects()) == 2 * PICTURES
    workers = [crew.start_worker(name, AT_ONCE) for name in ("one", "two")]
    crew.wait_for(FOLDERS, (0,))
    crew.wait_until_removed()
    for worker in workers:
        assert worker.process.poll() is None
        assert "put off" not in worker.said
    crew.wait_for("SELECT count(*) FROM procrastinate_jobs WHERE status NOT IN ('todo', 'doing')", (0,))
    ((waiting, kinds),) = crew.fetch(
        "SELECT count(*), count(DISTINCT queueing_lock) FROM procrastinate_jobs WHERE status = 'todo'"
    )
    assert waiting == kinds
    check_books(crew.books)
    assert {row.entries for row in read_rows(crew.books)} == {("reserve", "post")}
    assert crew.book.count_charges() == PICTURES


@pytest.mark.parametrize("end", ["told", "killed"])
def test_a_gateway_takes_over_when_the_worker_has_gone(end: str, crew: Crew) -> None:
    """What a worker that ended, or was killed, has left to be removed is removed by a gateway."""
    crew.draw(crew.start("first"), "had")
    crew.wait_until_shared()
    crew.s3.cut()
    worker = crew.start_worker("worker", AT_ONCE)
    crew.wait_until_taken()
    if end == "told":
        assert worker.stop() == 0
        assert crew.fetch("SELECT count(*) FROM replicas WHERE kind = 'worker'") == [(0,)]
    else:
        worker.kill()
        crew.age_workers()
    crew.s3.restore()
    crew.make_due()
    crew.wait_until_removed()


@pytest.mark.real_time
def test_a_worker_on_a_gateways_folder(crew: Crew) -> None:
    """It uploads what lies there, leaves what arrives alone, and when the gateway is killed ends what it has left."""
    crew.s3.cut()
    first = crew.start("first")
    kept_id = crew.draw(first, "kept")
    arriving = Order(call="arriving", holds_at=0.9, size_bytes=3_000_000)
    cut_off = Order(call="cut-off", holds_at=0.9, size_bytes=3_000_000)
    answered, lost = (ask_beside(first, order.to_body()) for order in (arriving, cut_off))
    for order in (arriving, cut_off):
        crew.book.wait_until_held(order.call)
    wait_until(lambda: len(list_spool(first.place)) >= 2)
    worker = crew.start_worker("first")
    crew.book.release("arriving")
    assert digest_pictures(answered.result(30).json()) == list(crew.book.find("arriving").pictures)
    spool = list_spool(first.place)
    first.kill()
    assert lost.exception(30) is not None
    crew.s3.restore()
    crew.make_due()
    crew.wait_until_shared()
    assert len(crew.s3.list_objects()) == 4
    crew.fetch("UPDATE replicas SET seen_at = seen_at - INTERVAL '1 minute' WHERE kind = 'gateway'")
    crew.wait_for("SELECT state FROM generations ORDER BY state", ("settled",), ("settled",), ("unknown",))
    worker.wait_until_said("of a gateway that is gone ended as unknown")
    assert list_spool(first.place) == spool
    second = crew.start("second")
    reply = ask(second, path=f"/v1/chat/completions/{kept_id}")
    assert digest_pictures(reply.json()) == list(crew.book.find("kept").pictures)
    assert ask(second, cut_off.to_body()).error["code"] == "upstream_unknown_outcome"
    assert crew.book.count_charges() == 3
    check_books(crew.books)


def test_a_second_worker_on_a_folder_takes_the_place_of_the_first(crew: Crew) -> None:
    """The first ends with code 1 and says why; the second works on."""
    first = crew.start_worker("same")
    second = crew.start_worker("same")
    assert first.process.wait(30) == 1
    assert first.stop() == 1
    assert "each needs one of its own" in first.lines[-1]
    assert second.process.poll() is None
