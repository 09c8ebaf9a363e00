"""A database restored from a backup that is older than the files beside it."""

import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from asking import ask
from audits import audit, digest_pictures, read_rows
from bills import BillBook
from gateways import MortalGateway, ask_beside, running
from orders import Order

KEY = {"Idempotency-Key": "the-one"}


def back_up(folder: Path) -> Path:
    """Return a copy of the database as it is now; the gateway may run."""
    copy = folder / "backup.sqlite3"
    with (
        closing(apsw.Connection(str(folder / "data" / "limner.sqlite3"))) as source,
        closing(apsw.Connection(str(copy))) as target,
        target.backup("main", source, "main") as backup,
    ):
        backup.step()
    return copy


def restore(folder: Path, copy: Path) -> None:
    """Put a copy in the place of the database, as an operator would."""
    for path in (folder / "data").glob("limner.sqlite3*"):
        path.unlink()
    shutil.copy(copy, folder / "data" / "limner.sqlite3")


@pytest.fixture(params=["before it was claimed", "while it was drawn"])
def when(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_files_newer_than_the_database_are_adopted(
    tmp_path: Path, book: BillBook, when: str, how: str
) -> None:
    """Pictures that a restored database has not heard of are their owner's again, by id and for repeats."""
    orders = [Order(call=call, size_bytes=size, holds_at=0) for call, size in (("a", 20_000), ("b", 900_000))]
    bodies = [order.to_body(is_stream=order.call == "b") for order in orders]
    gateway = MortalGateway(tmp_path, book.url)
    copy = back_up(tmp_path)
    asked = [ask_beside(gateway, body, headers=KEY if body["stream"] else {}) for body in bodies]
    book.wait_for_charges(2)
    if when == "while it was drawn":
        copy.unlink()
        copy = back_up(tmp_path)
    book.release("a", "b")
    ids = [future.result(30).headers["x-limner-generation-id"] for future in asked]
    stop: Callable[[], object] = gateway.stop if how == "stopped" else gateway.kill
    stop()
    restore(tmp_path, copy)
    with running(MortalGateway(tmp_path, book.url)) as gateway:
        assert {row.id: row.state for row in read_rows(tmp_path)} == dict.fromkeys(ids, "settled")
        listed = ask(gateway, path="/v1/chat/completions?undelivered=true").json()["data"]
        assert {note["generation_id"] for note in listed} == set(ids)
        for order, generation_id in zip(orders, ids, strict=True):
            found = ask(gateway, path=f"/v1/chat/completions/{generation_id}")
            assert digest_pictures(found.json()) == list(book.find(order.call).pictures)
        repeat = ask(gateway, bodies[1], headers=KEY)
        assert repeat.headers["idempotent-replayed"] == "true"
        assert repeat.headers["x-limner-generation-id"] == ids[1]
        audit(gateway, book)
        assert book.count_charges() == 2
