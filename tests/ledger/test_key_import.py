"""Files of keys, put into the books on each database: all of it or nothing, and what is there already."""

import time
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest
from databases import connect, make_place

from limner.ledger.database import Database
from limner.ledger.errors import KeyRefused
from limner.ledger.key_changes import KeyChoice, find_named_key, list_keys
from limner.ledger.key_import import ImportRules, import_keys
from limner.ledger.key_reading import read_key_file
from limner.ledger.key_table import ImportRefused
from limner.ledger.keys import ApiKey, KeyStore
from limner.wire.limner_keys import KeyImport
from places import Place

place = pytest.fixture(make_place)

NOW = 1_795_942_800
FIRST = "sk-first-0123456789abcdef"
SECOND = "sk-second-0123456789abcdef"


class Shelf:
    """Keys in a database, and files that are imported there."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.store = KeyStore(database, signing_secret=b"a signing secret of the tests", now=lambda: NOW)

    def take(self, *lines: str, **rules: Any) -> KeyImport:
        """Import a file of these lines."""
        digests = self.store.digests
        file = read_key_file("\n".join(lines).encode(), digests, owner_from=None, now=NOW)
        with self.database.transaction():
            return import_keys(self.database, file, digests, ImportRules(**rules), NOW)

    def refuse(self, *lines: str, **rules: Any) -> list[str]:
        """Import what must be refused, change nothing by that, and return what is said."""
        before = self.store.list()
        with pytest.raises(ImportRefused) as caught:
            self.take(*lines, **rules)
        assert self.store.list() == before
        return caught.value.problems

    def names(self, **choice: Any) -> list[str]:
        """Return the names of keys that are chosen, in alphabetical order."""
        found = list_keys(self.database, after=None, limit=1000, choice=KeyChoice(**choice), now=NOW)
        return sorted(key.name for key in found)

    def get(self, name: str) -> ApiKey:
        """Return a key."""
        return find_named_key(self.database, name)


@pytest.fixture
def shelf(place: Place) -> Iterator[Shelf]:
    with connect(place) as database:
        yield Shelf(database)


def test_imported_keys_work(shelf: Shelf) -> None:
    """Each key of a file opens with its own secret, or with the one that was made for it, and has its limits."""
    done = shelf.take(
        "name,key,owner,budget_usd,budget_period,images_per_minute,models,admin",
        f"ann,{FIRST},studio,2.5,day,3,nano-banana,",
        "bob,,,,,,,true",
    )
    assert (done.created, done.updated, done.skipped, done.format) == (2, 0, 0, "limner")
    (made,) = done.keys
    assert (made.line, made.name) == (3, "bob")
    ann, bob = shelf.store.find(FIRST), shelf.store.find(made.key)
    assert ann == shelf.get("ann")
    assert bob == shelf.get("bob")
    assert ann is not None
    assert (ann.owner, ann.budget_micro_usd, ann.budget_period) == ("studio", 2_500_000, "day")
    assert (ann.images_per_minute, ann.models) == (3, frozenset({"gemini-2.5-flash-image"}))
    assert bob is not None
    assert (bob.owner, bob.is_admin, bob.budget_micro_usd, bob.models) == (bob.id, True, None, None)


def test_a_key_of_which_only_the_sha256_is_known_works(shelf: Shelf) -> None:
    """Who shows the secret is let in; who shows its SHA-256 is not, in whatever form; it is rotated as any other."""
    known = sha256(FIRST.encode())
    shelf.take("name,sha256", f"ann,{known.hexdigest()}")
    key = shelf.store.find(FIRST)
    assert key == shelf.get("ann")
    for shown in (known.hexdigest(), f"sk-{known.hexdigest()}", f"sha256:{known.hexdigest()}"):
        assert shelf.store.find(shown) is None
    rows = shelf.database.fetch_all("SELECT digest FROM api_keys")
    assert rows[0][0] != known.digest()
    with pytest.raises(KeyRefused, match="is or was in use already"):
        shelf.store.create("other", secret=FIRST)
    with shelf.database.transaction():
        new = shelf.store.rotate(shelf.get("ann"), overlap_seconds=3600)
    assert shelf.store.find(FIRST) == shelf.store.find(new) == key
    shelf.store.revoke("ann")
    assert shelf.store.find(FIRST) is None


def test_nothing_is_taken_if_anything_is_wrong(shelf: Shelf) -> None:
    """What is wrong in the file and what does not go with the books is told at once, by line, in their order."""
    shelf.store.create("there", secret=FIRST)
    shelf.store.create("gone", secret=SECOND)
    shelf.store.revoke("gone")
    problems = shelf.refuse(
        "name,key,budget_usd,expires",
        "good,,1,",
        "there,,,",
        f"other,{FIRST},,",
        f"again,{SECOND},,",
        "late,,,2026-01-01",
        ",,,",
        "x,,a lot,",
        f"{'n' * 101},,,",
    )
    assert [problem.split(";")[0] for problem in problems] == [
        "line 3: there is a key named 'there' already",
        "line 4: its key is or was in use already by another key, perhaps a revoked one",
        "line 5: its key is or was in use already by another key, perhaps a revoked one",
        "line 6: key 'late' would have expired already",
        "line 8: budget_usd is 'a lot'",
        "line 9: name '(hidden)' is refused",
    ]
    assert shelf.names() == ["there"]


def test_a_dry_run_writes_nothing(shelf: Shelf) -> None:
    """A dry run tells what would be, makes no secret and no key, and finds the same problems."""
    lines = ("name,key", "a,", f"b,{FIRST}")
    done = shelf.take(*lines, is_dry_run=True)
    assert (done.dry_run, done.created, done.keys) == (True, 2, [])
    assert shelf.names() == []
    shelf.take(*lines)
    assert len(shelf.refuse(*lines, is_dry_run=True)) == 2


def test_skipping_what_is_there(shelf: Shelf) -> None:
    """With skip a file can be imported again with what has come to it: what is there stays as it is."""
    shelf.take("name,key,images_per_minute", f"ann,{FIRST},3")
    done = shelf.take(
        "name,key,images_per_minute", f"ann,{SECOND},9", f"other name,{FIRST},9", "bob,,9", on_conflict="skip"
    )
    assert (done.created, done.skipped, [made.name for made in done.keys]) == (1, 2, ["bob"])
    assert shelf.names() == ["ann", "bob"]
    assert shelf.get("ann").images_per_minute == 3
    assert shelf.store.find(SECOND) is None


def test_updating_what_is_there(shelf: Shelf) -> None:
    """With update a key becomes what its row says: empty cells take limits away, absent columns say nothing."""
    shelf.take(
        "name,key,owner,budget_usd,budget_period,images_per_minute,requests_per_minute",
        f"ann,{FIRST},studio,5,day,3,60",
    )
    before = shelf.get("ann")
    done = shelf.take(
        "name,key,budget_usd,images_per_minute", f"ann,{FIRST},,9", "bob,,,", on_conflict="update"
    )
    assert (done.created, done.updated) == (1, 1)
    after = shelf.get("ann")
    assert (after.id, after.owner, after.requests_per_minute) == (before.id, "studio", 60)
    assert (after.budget_micro_usd, after.images_per_minute) == (None, 9)
    assert shelf.store.find(FIRST) == after


def test_an_update_may_exchange_the_secret(shelf: Shelf) -> None:
    """With update a row's secret becomes the key's, and the old one opens nothing; a row without one leaves it."""
    shelf.take("name,key", f"ann,{FIRST}")
    shelf.take("name,key", f"ann,{SECOND}", on_conflict="update")
    assert shelf.store.find(FIRST) is None
    assert shelf.store.find(SECOND) == shelf.get("ann")
    done = shelf.take("name,owner", "ann,o", on_conflict="update")
    assert done.keys == []
    assert shelf.store.find(SECOND) == shelf.get("ann")
    shelf.take("name,key", f"bob,{FIRST}")
    problems = shelf.refuse("name,key", f"ann,{FIRST}", on_conflict="update")
    assert problems == ["line 2: its key is or was in use already by another key, perhaps a revoked one"]


def test_an_expired_key_can_be_updated(shelf: Shelf) -> None:
    """A key whose time is over is updated in all but its end, and gets more time if the row says so."""
    shelf.store.create("ann", expires_at=NOW + 1)
    shelf.database.change("UPDATE api_keys SET expires_at = 5")
    shelf.take("name,images_per_minute", "ann,4", on_conflict="update")
    assert (shelf.get("ann").images_per_minute, shelf.get("ann").expires_at) == (4, 5)
    shelf.take("name,expires", "ann,30d", on_conflict="update")
    assert shelf.get("ann").expires_at == NOW + 30 * 86400


def test_the_last_admin_stays_where_it_must(shelf: Shelf) -> None:
    """An update that would leave no admin key is refused over HTTP, and is not by command."""
    shelf.store.create("boss", is_admin=True)
    lines = ("name,admin", "boss,no")
    with pytest.raises(KeyRefused, match="the last admin key"):
        shelf.take(*lines, on_conflict="update", keeps_admin=True)
    assert shelf.get("boss").is_admin
    shelf.take(*lines, on_conflict="update")
    assert not shelf.get("boss").is_admin


def test_ten_thousand_keys_in_seconds(shelf: Shelf) -> None:
    """A file of ten thousand keys is read and stored within seconds, and changed as one; each of them opens."""
    lines = [f"user {number},sk-imported-{number:012d},1,month" for number in range(10_000)]
    began = time.perf_counter()
    done = shelf.take("name,key,budget_usd,budget_period", *lines)
    assert time.perf_counter() - began < 10
    assert done.created == 10_000
    shorter = [line.replace(",month", ",day") for line in lines]
    assert shelf.take("name,key,budget_usd,budget_period", *shorter, on_conflict="update").updated == 10_000
    for number in (0, 4_999, 9_999):
        key = shelf.store.find(f"sk-imported-{number:012d}")
        assert key is not None
        assert (key.name, key.budget_period) == (f"user {number}", "day")


def test_keys_are_chosen(shelf: Shelf) -> None:
    """Keys are found by owner, by a part of the name whatever its case, by state, and by all of them at once."""
    shelf.take("name,owner", "Ann's phone,ann", "ANN'S DESK,ann", "Ärger_100%,bob", "bob's,bob")
    shelf.store.create("old", expires_at=NOW + 1, owner="ann")
    shelf.database.change("UPDATE api_keys SET expires_at = 5 WHERE name = 'old'")
    shelf.store.create("gone", owner="ann")
    shelf.store.revoke("gone")
    assert shelf.names(owner="ann") == ["ANN'S DESK", "Ann's phone", "old"]
    assert shelf.names(search="aNn'S") == ["ANN'S DESK", "Ann's phone"]
    assert shelf.names(search="Ä") == shelf.names(search="_100%") == ["Ärger_100%"]
    assert shelf.names(search="%") == ["Ärger_100%"]
    assert shelf.names(state="active") == ["ANN'S DESK", "Ann's phone", "bob's", "Ärger_100%"]
    assert shelf.names(state="expired") == ["old"]
    assert shelf.names(state="revoked") == ["gone"]
    assert shelf.names(owner="ann", search="s", state="active") == ["ANN'S DESK", "Ann's phone"]
    assert shelf.names(name="bob's") == ["bob's"]
    assert shelf.names(name="bob") == []
    (gone,) = list_keys(shelf.database, after=None, limit=5, choice=KeyChoice(state="revoked"), now=NOW)
    assert gone.revoked_at == NOW


def test_pages_of_chosen_keys(shelf: Shelf) -> None:
    """Pages of a choice together are the choice, each key once, also behind a key that was revoked meanwhile."""
    shelf.take("name,owner", *(f"k{number},{'ann' if number % 2 else 'bob'}" for number in range(9)))
    seen: list[str] = []
    after: str | None = None
    while True:
        page = list_keys(shelf.database, after=after, limit=2, choice=KeyChoice(owner="ann"), now=NOW)
        if not page:
            break
        seen += [key.name for key in page]
        after = page[-1].id
        shelf.store.revoke(page[-1].name)
    assert sorted(seen) == ["k1", "k3", "k5", "k7"]
