"""A database restored from a backup that is older than the files beside it."""

import shutil
from collections.abc import Callable
from contextlib import closing

import apsw
import pytest

from asking import ask
from audits import audit, digest_pictures, read_rows
from bills import BillBook
from gateways import MortalGateway, ask_beside, running
from orders import Order
from places import Place
from postgres import PostgresServer

KEY = {"Idempotency-Key": "the-one"}


def back_up(place: Place, server: PostgresServer | None) -> Place:
    """Return a place with a copy of the database as it is now; the gateway may run."""
    copy = Place(place.folder / "backup")
    if server is not None and place.database_url is not None:
        return Place(copy.folder, server.copy_database(place.database_url))
    copy.data.mkdir(parents=True)
    with (
        closing(apsw.Connection(str(place.data / "limner.sqlite3"))) as source,
        closing(apsw.Connection(str(copy.data / "limner.sqlite3"))) as target,
        target.backup("main", source, "main") as backup,
    ):
        backup.step()
    return copy


def restore(place: Place, copy: Place) -> Place:
    """Put a copy in the place of the database, as an operator would; return the place with it."""
    if copy.database_url is not None:
        return Place(place.folder, copy.database_url)
    for path in place.data.glob("limner.sqlite3*"):
        path.unlink()
    shutil.copy(copy.data / "limner.sqlite3", place.data)
    return place


@pytest.mark.parametrize("when", ["before it was claimed", "while it was drawn"])
@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_files_newer_than_the_database_are_adopted(
    place: Place, database_server: PostgresServer | None, book: BillBook, when: str, how: str
) -> None:
    """Pictures that a restored database has not heard of are their owner's again, by id and for repeats."""
    orders = [Order(call=call, size_bytes=size, holds_at=0) for call, size in (("a", 20_000), ("b", 900_000))]
    bodies = [order.to_body(is_stream=order.call == "b") for order in orders]
    gateway = MortalGateway(place, book.url)
    copies = [back_up(place, database_server)] if when == "before it was claimed" else []
    asked = [ask_beside(gateway, body, headers=KEY if body["stream"] else {}) for body in bodies]
    book.wait_for_charges(2)
    (copy,) = copies or [back_up(place, database_server)]
    book.release("a", "b")
    ids = [future.result(30).headers["x-limner-generation-id"] for future in asked]
    stop: Callable[[], object] = gateway.stop if how == "stopped" else gateway.kill
    stop()
    with running(MortalGateway(restore(place, copy), book.url)) as gateway:
        assert {row.id: row.state for row in read_rows(gateway.place)} == dict.fromkeys(ids, "settled")
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
