"""kill -9 at every step of a generation, and what the next start makes of it.

The names in brackets are the rows of `facts/reliability.md` §2.2.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any

import pytest
from doomed import LARGE_BYTES

from asking import Reply, ask, read_stream
from audits import Row, audit, digest_pictures, list_spool, read_only_row, read_rows
from bills import BillBook
from gateways import MortalGateway, running
from orders import Order
from places import Place

SMALL_BYTES = 20_000
KEY = {"Idempotency-Key": "the-one-and-only"}


@dataclass(frozen=True)
class Case:
    """A point of `doomed`, and what is known of the generation afterwards."""

    row: str
    point: str
    state: str | None
    """None: it was never claimed."""
    charges: int = 1
    size_bytes: int = SMALL_BYTES
    is_truncated: bool = False
    is_answered: bool = False
    """Whether the whole answer is in the client's kernel by then."""

    def __str__(self) -> str:
        size = "large" if self.size_bytes == LARGE_BYTES else "small"
        return f"{self.row}-{self.point}-{size}"


UNCLAIMED = Case("G1", "claim-decided", None, charges=0)
UNSENT = (
    Case("G2", "claim-on-disk", "failed", charges=0),
    Case("G2", "sent-decided", "failed", charges=0),
)
UNKNOWN = (
    Case("G3", "sent-on-disk", "unknown", charges=0),
    Case("G3", "head-came", "unknown"),
    Case("G4", "picture-begun", "unknown"),
    Case("G4", "picture-half", "unknown", size_bytes=LARGE_BYTES),
)
RECEIVED = (
    Case("G4", "picture-in-file", "settled", size_bytes=LARGE_BYTES, is_truncated=True),
    Case("G5", "journal-ended", "settled"),
    Case("G5", "draft-synced", "settled", size_bytes=LARGE_BYTES),
    Case("G6", "folder-renamed", "settled"),
    Case("G8", "end-decided", "settled", size_bytes=LARGE_BYTES),
    Case("G8", "money-undecided", "settled"),
    Case("G7", "settled", "settled"),
    Case("G7", "answer-handed-over", "settled", size_bytes=LARGE_BYTES, is_answered=True),
)


MODES = ("whole", "stream-keyed")
ALL_MODES = (*MODES, "stream", "whole-keyed")


def headers_of(mode: str) -> dict[str, str]:
    return KEY if "keyed" in mode else {}


def body_of(order: Order, mode: str) -> dict[str, Any]:
    return order.to_body(is_stream="stream" in mode)


def ask_until_killed(
    gateway: MortalGateway, body: Mapping[str, Any], headers: Mapping[str, str]
) -> Reply | None:
    """Ask a gateway that will die of it; return the answer if all of it came."""
    try:
        return ask(gateway, body, headers=headers)
    except (HTTPException, OSError):
        return None


def crash(case: Case, mode: str, place: Place, book: BillBook) -> Order:
    """Run a gateway into its death by one call; return what was ordered."""
    order = Order(call="doomed", size_bytes=case.size_bytes)
    gateway = MortalGateway(place, book.url, program="doomed", arguments=(case.point,))
    reply = ask_until_killed(gateway, body_of(order, mode), headers_of(mode))
    gateway.wait_until_killed()
    assert (reply is not None) == case.is_answered
    assert book.count_charges() == case.charges
    return order


def check_replay(reply: Reply, mode: str, sha256: str) -> None:
    """Check that a repeat got the picture that was paid for."""
    assert reply.status == 200, reply.body[:500]
    assert reply.headers["idempotent-replayed"] == "true"
    if "stream" in mode:
        stream = read_stream(reply.body)
        assert stream.is_done
        answer = {"choices": [{"message": {"content": stream.content}}]}
    else:
        answer = reply.json()
    assert digest_pictures(answer) == [sha256]


def check_stored_error(reply: Reply, generation_id: str) -> None:
    """Check that a repeat was told what is known: nothing, and not to ask again."""
    assert (reply.status, reply.error["code"]) == (502, "upstream_unknown_outcome")
    assert reply.headers["x-should-retry"] == "false"
    assert reply.headers["x-limner-generation-id"] == generation_id


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", [UNCLAIMED, *UNSENT], ids=str)
def test_what_was_not_sent_is_free_and_a_repeat_is_new(
    case: Case, mode: str, place: Place, book: BillBook
) -> None:
    """Killed before anything was sent, a call leaves no debt, and its repeat is drawn as any other."""
    order = crash(case, mode, place, book)
    with running(MortalGateway(place, book.url)) as gateway:
        before = read_rows(place)
        assert [row.state for row in before] == ([] if case.state is None else [case.state])
        assert [row.entries for row in before] == ([] if case.state is None else [("reserve", "void")])
        for row in before:
            assert ask(gateway, path=f"/v1/chat/completions/{row.id}").status in {404, 503}
        reply = ask(gateway, body_of(order, mode), headers=headers_of(mode))
        assert reply.status == 200
        assert "idempotent-replayed" not in reply.headers
        rows = audit(gateway, book)
        assert [row.state for row in rows[len(before) :]] == ["settled"]
        assert book.count_charges() == 1
        assert list_spool(place) == []


@pytest.mark.parametrize(
    ("case", "mode"),
    [
        *((case, mode) for case in UNKNOWN[:2] for mode in ALL_MODES),
        *((case, mode) for case in UNKNOWN[2:] for mode in MODES),
    ],
    ids=str,
)
def test_what_was_sent_and_not_received_is_unknown(
    case: Case, mode: str, place: Place, book: BillBook
) -> None:
    """Killed while Gemini may be drawing, a call is held at its full price and never sent again by itself."""
    order = crash(case, mode, place, book)
    with running(MortalGateway(place, book.url)) as gateway:
        row = read_only_row(place)
        assert (row.state, row.entries, row.pictures) == ("unknown", ("reserve", "hold"), ())
        for _ in range(2):
            check_stored_error(ask(gateway, body_of(order, mode), headers=headers_of(mode)), row.id)
        check_stored_error(ask(gateway, path=f"/v1/chat/completions/{row.id}"), row.id)
        audit(gateway, book)
        assert book.count_charges() == case.charges
        assert {path.partition("/")[0] for path in list_spool(place)} <= {row.id}
        check_new_one(gateway, order, mode, row)
        assert book.count_charges() == case.charges + 1


def check_new_one(gateway: MortalGateway, order: Order, mode: str, row: Row) -> None:
    """Check that who insists gets a new picture, whatever became of the first."""
    headers = {"X-Limner-Repeat": "never"}
    reply = ask(gateway, body_of(order, mode), headers=headers)
    assert reply.status == 200
    assert reply.headers["x-limner-generation-id"] != row.id


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", RECEIVED, ids=str)
def test_what_was_received_is_settled_and_replayed(
    case: Case, mode: str, place: Place, book: BillBook
) -> None:
    """Killed once the picture was on disk, a call is settled at the next start, and its repeat gets the picture."""
    order = crash(case, mode, place, book)
    (sha256,) = book.find("doomed").pictures
    with running(MortalGateway(place, book.url)) as gateway:
        row = read_only_row(place)
        assert (row.state, row.entries) == ("settled", ("reserve", "post"))
        assert list_spool(place) == []
        waiting = ask(gateway, path="/v1/chat/completions?undelivered=true").json()["data"]
        assert [note["generation_id"] for note in waiting] == [row.id]
        reply = ask(gateway, body_of(order, mode), headers=headers_of(mode))
        check_replay(reply, mode, sha256)
        assert reply.headers["x-limner-generation-id"] == row.id
        found = ask(gateway, path=f"/v1/chat/completions/{row.id}").json()
        assert found["choices"][0]["finish_reason"] == ("length" if case.is_truncated else "stop")
        codes = [notice["code"] for notice in found["limner"]["notices"]]
        assert ("upstream_truncated" in codes) == case.is_truncated
        assert [row.is_estimated for row in audit(gateway, book)] == [case.is_truncated]
        assert book.count_charges() == 1


def damage(place: Place, how: str) -> None:
    """Spoil what was received, as a power cut may where a kill cannot."""
    (picture,) = place.data.rglob("picture-1.png")
    journal = picture.parent / "journal.jsonl"
    match how:
        case "picture-short":
            os.truncate(picture, picture.stat().st_size - 1)
        case "picture-altered":
            with picture.open("r+b") as file:
                file.seek(-1, os.SEEK_END)
                file.write(b"?")
        case "picture-gone":
            picture.unlink()
        case _:
            lines = journal.read_bytes().splitlines(keepends=True)
            (torn,) = [number for number, line in enumerate(lines) if b'"picture_received"' in line]
            journal.write_bytes(b"".join(lines[:torn]) + lines[torn][:-20])


@pytest.mark.parametrize(
    ("point", "how"),
    [
        ("journal-ended", "picture-short"),
        ("journal-ended", "picture-altered"),
        ("journal-ended", "picture-gone"),
        ("journal-ended", "journal-torn"),
        ("folder-renamed", "picture-altered"),
        ("folder-renamed", "journal-torn"),
    ],
)
def test_what_is_not_whole_is_never_served(point: str, how: str, place: Place, book: BillBook) -> None:
    """A picture that is not on disk as it was received counts as unknown, and no byte of it is given out."""
    case = Case("G5", point, "unknown", size_bytes=LARGE_BYTES)
    order = crash(case, "whole", place, book)
    damage(place, how)
    with running(MortalGateway(place, book.url)) as gateway:
        row = read_only_row(place)
        assert (row.state, row.entries, row.pictures) == ("unknown", ("reserve", "hold"), ())
        check_stored_error(ask(gateway, body_of(order, "whole")), row.id)
        check_stored_error(ask(gateway, path=f"/v1/chat/completions/{row.id}"), row.id)
        audit(gateway, book)
        told = [line for line in gateway.lines if "are not whole" in line]
        assert len(told) == (point == "folder-renamed"), (
            "what stays in the store is the operator's to look at"
        )
        gateway.lines[:] = [line for line in gateway.lines if line not in told]
