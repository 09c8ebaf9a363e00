"""Compares a gateway's books and files with the bill book, and with what its doors give out.

Every check may run while the gateway works, and must not be run between a kill and the next start: it opens the
database, which would mend what the start is to mend. What a check is given is a place, or the folder of one whose
database is in it.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct, convert

from asking import ask, digest, get_message, split_images, split_markdown
from bills import BillBook, Charge
from gateways import STRANGER_KEY, MortalGateway
from limner.ledger.database import Database, SqlValue
from limner.ledger.opening import open_database
from limner.ledger.sums import check_sums
from places import Place, to_place
from programs import CLIENT_KEY, Gateway

_ENDS = {"settled": "post", "refused": None, "failed": "void", "unknown": "hold"}


_GENERATIONS = """
SELECT id, state, key_id, reserved_micro_usd, cost_micro_usd, ended_at_ms IS NOT NULL,
    delivered_at_ms IS NOT NULL, folder, answer, error
FROM generations ORDER BY rowid
"""
_NAMES = (
    "id",
    "state",
    "key_id",
    "reserved_micro_usd",
    "cost_micro_usd",
    "is_over",
    "is_delivered",
    "folder",
)
_BUDGETS = "SELECT id, budget_micro_usd FROM api_keys WHERE budget_micro_usd IS NOT NULL"

# In the order in which they counted. SQLite has one writer, who dates them in it; of PostgreSQL's writers one may
# wait for another after it has looked at the clock. Of those of one moment what gives back goes first.
_ENTRIES = """
SELECT key_id, pending_micro_usd, posted_micro_usd, note FROM ledger_entries ORDER BY {}, pending_micro_usd
"""
_ORDERS = {"sqlite": "at_ms", "postgres": "pg_xact_commit_timestamp(xmin)"}


class Row(Struct, frozen=True, kw_only=True):
    """One generation as the database has it."""

    id: str
    state: str
    key_id: str
    reserved_micro_usd: int
    cost_micro_usd: int | None
    is_over: bool
    is_delivered: bool
    folder: str | None
    is_estimated: bool
    """Whether its cost is the table's, for want of a count."""
    code: str | None
    """Of the error it ended with."""
    entries: tuple[str, ...]
    """The kinds of its ledger entries in their order."""
    pictures: tuple[tuple[str, str], ...]
    """File name and SHA-256 of each."""


def open_books(place: Place | Path) -> Database:
    """Open a place's database beside the gateway that runs there."""
    found = to_place(place)
    return open_database(found.data, found.database_url)


def read_rows(place: Place | Path) -> list[Row]:
    """Return every generation, the first claimed first."""
    with open_books(place) as database, database.snapshot():
        entries = database.fetch_all("SELECT generation_id, kind FROM ledger_entries ORDER BY step")
        pictures = database.fetch_all("SELECT generation_id, file_name, sha256 FROM pictures ORDER BY number")
        found = database.fetch_all(_GENERATIONS)
    kinds: defaultdict[SqlValue, list[str]] = defaultdict(list)
    for generation_id, kind in entries:
        kinds[generation_id].append(str(kind))
    drawn: defaultdict[SqlValue, list[tuple[str, str]]] = defaultdict(list)
    for generation_id, file_name, sha256 in pictures:
        drawn[generation_id].append((str(file_name), str(sha256)))
    return [
        convert(
            {
                **dict(zip(_NAMES, values, strict=True)),
                "is_estimated": "usage_estimated" in str(answer),
                "code": None if error is None else json.loads(str(error))["code"],
                "entries": kinds[values[0]],
                "pictures": drawn[values[0]],
            },
            Row,
            strict=False,
        )
        for *values, answer, error in found
    ]


def read_key_ids(place: Place | Path) -> dict[str, str]:
    """Return the ids of the client keys that were created, by name."""
    with open_books(place) as database:
        return dict(convert(database.fetch_all("SELECT name, id FROM api_keys"), list[tuple[str, str]]))


def read_only_row(place: Place | Path) -> Row:
    """Return the only generation."""
    (row,) = read_rows(place)
    return row


def check_books(place: Place | Path) -> None:
    """Check that the ledger agrees with itself and that no key was ever over its budget."""
    with open_books(place) as database, database.snapshot():
        assert check_sums(database) == []
        budgets = dict(convert(database.fetch_all(_BUDGETS), list[tuple[str, int]]))
        entries = convert(
            database.fetch_all(_ENTRIES.format(_ORDERS[database.dialect])),
            list[tuple[str, int, int, str | None]],
        )
    used: Counter[str] = Counter()
    overrun: Counter[str] = Counter()
    for key_id, pending, posted, note in entries:
        used[key_id] += pending + posted
        if note == "overrun":
            overrun[key_id] += pending + posted
        if key_id in budgets:
            assert used[key_id] <= budgets[key_id] + overrun[key_id], key_id


def check_charges(book: BillBook, allowed: Mapping[str, int] | None = None) -> None:
    """Check that no logical call was charged more often than it was deliberately made: once, if not said."""
    counted = Counter(charge.call for charge in tuple(book.charges))
    dear = {call: count for call, count in counted.items() if count > (allowed or {}).get(call, 1)}
    assert dear == {}


def check_store(place: Place | Path, book: BillBook, seen: set[str] | None = None) -> list[Row]:
    """Check that what is kept is what was charged, once each and byte for byte; return the generations.

    `seen` are the ids of those whose files were looked at before and need not be again.
    """
    rows = read_rows(place)
    charges = list_by_picture(book)
    kept = [sha256 for row in rows for _, sha256 in row.pictures]
    assert [sha256 for sha256, count in Counter(kept).items() if count > 1] == []
    assert [sha256 for sha256 in kept if sha256 not in charges] == []
    for row in rows:
        if not row.pictures or (seen is not None and row.id in seen):
            continue
        assert row.folder is not None
        for file_name, sha256 in row.pictures:
            path = to_place(place).data / "pictures" / row.folder / file_name
            assert hashlib.sha256(path.read_bytes()).hexdigest() == sha256
        known = charges[row.pictures[0][1]].cost_micro_usd
        assert row.is_estimated or row.cost_micro_usd == known
        if seen is not None:
            seen.add(row.id)
    return rows


def check_ends(rows: Sequence[Row], book: BillBook) -> None:
    """Check, when nothing runs any more, that all has ended and every charge is in the books."""
    assert [row.id for row in rows if not row.is_over] == []
    for row in rows:
        end = _ENDS[row.state]
        assert row.entries[0] == "reserve"
        assert end is None or row.entries[-1] == end, row
    kept = {sha256 for row in rows for _, sha256 in row.pictures}
    lost = [charge for charge in tuple(book.charges) if not kept.issuperset(charge.pictures)]
    unknown = sum(row.state == "unknown" for row in rows)
    partly = sum(bool(kept.intersection(charge.pictures)) for charge in lost)
    assert len(lost) - partly <= unknown


def check_doors(gateway: Gateway, rows: Sequence[Row], secrets: Mapping[str, str], stranger: str) -> None:
    """Check that owners, found by the id of the key, get every kept picture by id, and that nobody else does."""
    for row in rows:
        if not row.pictures:
            continue
        path = f"/v1/chat/completions/{row.id}"
        reply = ask(gateway, path=path, key=secrets[row.key_id])
        assert reply.status == 200, reply.body[:500]
        assert set(digest_pictures(reply.json())) == {sha256 for _, sha256 in row.pictures}
        assert ask(gateway, path=path, key=stranger).status == 404


def audit(gateway: MortalGateway, book: BillBook, allowed: Mapping[str, int] | None = None) -> list[Row]:
    """Make every check of a gateway at rest whose client keys are the fixed one; return its generations."""
    check_charges(book, allowed)
    check_books(gateway.place)
    rows = check_store(gateway.place, book)
    check_ends(rows, book)
    secrets = {row.key_id: CLIENT_KEY for row in rows}
    check_doors(gateway, rows, secrets, STRANGER_KEY)
    return rows


def list_by_picture(book: BillBook) -> dict[str, Charge]:
    """Return every charge by the SHA-256 of each of its pictures."""
    return {sha256: charge for charge in tuple(book.charges) for sha256 in charge.pictures}


def digest_pictures(answer: Mapping[str, Any]) -> list[str]:
    """Return the SHA-256 of each picture of an answer."""
    message = get_message(answer)
    found = split_markdown(message["content"])[1] or split_images(message.get("images", ()))
    return [digest(data) for _, data in found]


def list_spool(place: Place | Path) -> list[str]:
    """Return what lies in the spool, by its path there."""
    spool = to_place(place).data / "spool"
    return sorted(str(path.relative_to(spool)) for path in spool.rglob("*") if path.is_file())
