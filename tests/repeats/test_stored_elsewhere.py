"""Stored answers whose files are not on this gateway's disk any more, and those that a killed gateway has left."""

import shutil
from collections.abc import Mapping
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest
from storing import ask_of, delete, make_png, show

from asking import ask
from audits import audit, digest_pictures, list_spool, read_only_row
from bills import BillBook
from gateways import MortalGateway, running
from orders import Order
from painting import wait_until
from places import Place

ORDER = Order(call="stored", size_bytes=200_000)


def to_body(picture: bytes) -> dict[str, Any]:
    """Return a call that sends a picture and asks to store."""
    content = [show(picture), {"type": "text", "text": ORDER.prompt}]
    return ORDER.to_body(messages=[{"role": "user", "content": content}], store=True, metadata={"a": "b"})


def read_content(gateway: MortalGateway, generation_id: str) -> list[dict[str, Any]]:
    """Return the parts of the only message of a stored call."""
    reply = ask_of(gateway, generation_id, "/messages")
    assert reply.status == 200, reply.body[:500]
    ((message,), has_more) = (reply.json()["data"], reply.json()["has_more"])
    assert not has_more
    parts: list[dict[str, Any]] = message["content_parts"]
    return parts


def list_names(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def shared(tmp_path: Path) -> Mapping[str, str]:
    """A shared store that is a folder."""
    return {"LIMNER_IMAGE_STORE_URL": f"file://{tmp_path}/shared"}


def test_what_only_the_shared_store_has(place: Place, book: BillBook, shared: Mapping[str, str]) -> None:
    """With its folder gone from the disk a stored answer has its picture, messages and metadata, and can be deleted."""
    picture = make_png(150_000)
    with running(MortalGateway(place, book.url, variables=shared)) as gateway:
        generation_id = ask(gateway, to_body(picture)).headers["x-limner-generation-id"]
        there = place.folder / "shared"
        wait_until(lambda: "journal.jsonl" in list_names(there))
        assert list_names(there) == {"picture-1.png", "journal.jsonl", "request.jsonl", "input-1.png"}
        (local,) = (place.data / "pictures").glob("*/gen_*")
        shutil.rmtree(local)
        assert read_content(gateway, generation_id) == [show(picture), {"type": "text", "text": ORDER.prompt}]
        shutil.rmtree(local)
        found = ask_of(gateway, generation_id).json()
        assert digest_pictures(found) == list(book.find("stored").pictures)
        assert found["metadata"] == {"a": "b"}
        shutil.rmtree(local)
        assert delete(gateway, generation_id).status == 200
        wait_until(lambda: not list_names(there))
        for below in ("", "/messages"):
            assert ask_of(gateway, generation_id, below).status == 404
        assert not local.exists()
        assert book.count_charges() == 1


def test_another_gateway_reads_and_deletes(place: Place, book: BillBook, shared: Mapping[str, str]) -> None:
    """What one gateway stored, another one gives back and deletes; for the first it is gone as well."""
    if place.database_url is None:
        pytest.skip("one server at a time works on SQLite")
    picture = make_png()
    second = Place(place.folder / "second", place.database_url)
    second.folder.mkdir()
    with (
        running(MortalGateway(place, book.url, variables=shared)) as first,
        running(MortalGateway(second, book.url, variables=shared)) as other,
    ):
        generation_id = ask(first, to_body(picture)).headers["x-limner-generation-id"]
        assert read_content(other, generation_id)[0] == show(picture)
        changed = ask_of(other, generation_id, body={"metadata": {"a": "c"}})
        assert changed.json()["metadata"] == ask_of(first, generation_id).json()["metadata"] == {"a": "c"}
        assert delete(other, generation_id).status == 200
        for gateway in (first, other):
            assert ask_of(gateway, generation_id).status == 404
            assert ask_of(gateway, generation_id, "/messages").status == 404
        again = ask(first, to_body(picture), headers={"x-stainless-retry-count": "1"})
        assert again.headers["x-limner-generation-id"] != generation_id


@pytest.mark.parametrize(
    "point", ["claim-on-disk", "request-kept", "sent-on-disk", "draft-synced", "settled"]
)
def test_kills(point: str, place: Place, book: BillBook) -> None:
    """Killed before it was sent a stored call leaves nothing; with its picture on disk it has its messages too."""
    picture = make_png(100_000)
    doomed = MortalGateway(place, book.url, program="doomed", arguments=(point,))
    with pytest.raises((HTTPException, OSError)):
        ask(doomed, to_body(picture))
    doomed.wait_until_killed()
    with running(MortalGateway(place, book.url)) as gateway:
        row = read_only_row(place)
        has_answer = point in {"draft-synced", "settled"}
        unanswered = "unknown" if point == "sent-on-disk" else "failed"
        assert row.state == ("settled" if has_answer else unanswered)
        if has_answer:
            parts = read_content(gateway, row.id)
            assert parts == [show(picture), {"type": "text", "text": ORDER.prompt}]
            assert ask_of(gateway, row.id).json()["metadata"] == {"a": "b"}
        else:
            assert ask_of(gateway, row.id, "/messages").status == 404
            assert bool(list_spool(place)) is (unanswered == "unknown")
        audit(gateway, book)
