"""Secrets of a key exchanged, on each database: both work for the overlap, then the new one alone."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256

import pytest
from databases import FIRST, connect, make_place

from limner.ledger.database import Database
from limner.ledger.errors import KeyRefused
from limner.ledger.key_accounts import describe_key
from limner.ledger.key_changes import find_named_key
from limner.ledger.key_secrets import sweep_previous
from limner.ledger.keys import ApiKey, KeyStore
from limner.ledger.opening import open_books
from limner.ledger.records import RepeatWindows
from limner.ledger.upkeep import Upkeep
from places import Place

place = pytest.fixture(make_place)

SIGNING_SECRET = b"a signing secret of the tests"
OWN_SECRET = "sk-brought-along-0123456789"
HOUR = 3600


@dataclass
class Keys:
    """A key store with a clock that is turned by hand."""

    database: Database
    now: float = 1_000_000.0
    store: KeyStore = field(init=False)

    def __post_init__(self) -> None:
        self.store = KeyStore(self.database, signing_secret=SIGNING_SECRET, now=lambda: self.now)

    def rotate(self, name: str, *, overlap_seconds: int = HOUR, secret: str | None = None) -> str:
        """Rotate a key in a transaction, as a door does."""
        with self.database.transaction():
            key = find_named_key(self.database, name)
            self.database.lock("key", key.id)
            return self.store.rotate(key, overlap_seconds=overlap_seconds, secret=secret)

    def read_end(self, key: ApiKey) -> int | None:
        """Return until when an old secret works, as it is shown."""
        return describe_key(self.database, key, int(self.now * 1000)).previous_secret_ends_at

    def count_previous(self) -> int:
        """Return how many old secrets are kept."""
        return self.database.fetch_integer("SELECT count(*) FROM key_previous_secrets")


@pytest.fixture
def keys(place: Place) -> Iterator[Keys]:
    with connect(place) as database:
        yield Keys(database)


def test_both_work_for_the_overlap(keys: Keys) -> None:
    """The new secret opens the same key at once; the old one does to the last second of the overlap, and then nothing."""
    key, old = keys.store.create("studio", owner="ann", budget_micro_usd=5, images_per_minute=3)
    new = keys.rotate("studio")
    assert new != old
    assert keys.store.find(old) == keys.store.find(new) == key
    assert keys.read_end(key) == keys.now + HOUR
    keys.now += HOUR - 1
    assert keys.store.find(old) == key
    keys.now += 1
    assert keys.store.find(old) is None
    assert keys.store.find(new) == key
    assert keys.read_end(key) is None
    assert keys.store.list() == [key]


def test_no_overlap_ends_all_that_were_before(keys: Keys) -> None:
    """Rotated without an overlap a key is opened by its new secret alone, whatever overlap was promised before."""
    key, first = keys.store.create("studio")
    second = keys.rotate("studio", overlap_seconds=1000 * HOUR)
    third = keys.rotate("studio", overlap_seconds=0)
    assert [keys.store.find(secret) for secret in (first, second, third)] == [None, None, key]
    assert keys.count_previous() == 0


def test_a_shorter_overlap_counts_for_all(keys: Keys) -> None:
    """Of two rotations the one that ends sooner ends every older secret; a longer one prolongs none."""
    key, first = keys.store.create("studio")
    second = keys.rotate("studio", overlap_seconds=10 * HOUR)
    third = keys.rotate("studio", overlap_seconds=HOUR)
    fourth = keys.rotate("studio", overlap_seconds=20 * HOUR)
    keys.now += HOUR - 1
    assert all(keys.store.find(secret) == key for secret in (first, second, third, fourth))
    keys.now += 1
    assert [keys.store.find(secret) for secret in (first, second, third, fourth)] == [None, None, key, key]


def test_revoking_ends_all_secrets(keys: Keys) -> None:
    """A revoked key is opened by none of its secrets, and none of the old ones is kept."""
    _, old = keys.store.create("studio")
    new = keys.rotate("studio")
    keys.store.revoke("studio")
    assert keys.store.find(old) is None
    assert keys.store.find(new) is None
    assert keys.count_previous() == 0


def test_an_expired_key_has_no_overlap(keys: Keys) -> None:
    """The key's own end counts for its old secrets as well."""
    _, old = keys.store.create("short", expires_at=int(keys.now) + 10)
    keys.rotate("short")
    keys.now += 10
    assert keys.store.find(old) is None


def test_a_secret_may_be_brought_along(keys: Keys) -> None:
    """An own secret is taken if it is none that any key has or had; a refusal changes nothing and does not show it."""
    key, old = keys.store.create("studio")
    keys.store.create("other", secret=OWN_SECRET)
    with pytest.raises(KeyRefused, match="is or was in use already") as caught:
        keys.rotate("studio", secret=OWN_SECRET)
    assert OWN_SECRET not in str(caught.value)
    with pytest.raises(KeyRefused, match="accepted: sk- and more"):
        keys.rotate("studio", secret="sk-short")
    newer = keys.rotate("other")
    for taken in (OWN_SECRET, newer, old):
        with pytest.raises(KeyRefused, match="is or was in use already"):
            keys.rotate("studio", secret=taken)
        with pytest.raises(KeyRefused, match="is or was in use already"):
            keys.store.create("third", secret=taken)
    assert keys.store.find(old) == key
    assert (
        keys.rotate("studio", secret="sk-another-0123456789-0123456789") == "sk-another-0123456789-0123456789"
    )


def test_old_secrets_are_swept(keys: Keys) -> None:
    """What is over is deleted by housekeeping and by the next rotation of any key; what is not over stays."""
    keys.store.create("a")
    keys.store.create("b")
    keys.rotate("a", overlap_seconds=HOUR)
    keys.rotate("b", overlap_seconds=2 * HOUR)
    keys.now += HOUR
    with keys.database.transaction():
        sweep_previous(keys.database, int(keys.now))
    assert keys.count_previous() == 1
    keys.now += HOUR
    keys.rotate("a")
    assert keys.count_previous() == 1


def test_housekeeping_sweeps_old_secrets(keys: Keys, place: Place) -> None:
    """What a running gateway does from time to time forgets the secrets whose overlap is over."""
    keys.store.create("a")
    keys.rotate("a")

    async def sweep(now: float) -> None:
        books = open_books(place.data, place.database_url, replica_id=FIRST)
        try:
            await Upkeep(books, now=lambda: now, windows=RepeatWindows()).sweep_requests()
        finally:
            books.close()

    asyncio.run(sweep(keys.now + HOUR - 1))
    assert keys.count_previous() == 1
    asyncio.run(sweep(keys.now + HOUR))
    assert keys.count_previous() == 0


def test_no_row_tells_an_old_secret(keys: Keys) -> None:
    """What is kept of an old secret is not the secret, nor a part of it, nor its plain SHA-256."""
    _, old = keys.store.create("studio")
    keys.rotate("studio")
    ((*values,),) = keys.database.fetch_all("SELECT * FROM key_previous_secrets")
    shown = repr(values)
    assert old.removeprefix("sk-limner-")[:8] not in shown
    assert sha256(old.encode()).digest() not in values


def test_another_connection_rotates_at_once(keys: Keys, place: Place) -> None:
    """The first look after another process rotated a key finds it by the new secret, and by the old no more."""
    key, old = keys.store.create("studio")
    with connect(place) as database:
        new = Keys(database).rotate("studio", overlap_seconds=0)
    assert keys.store.find(old) is None
    assert keys.store.find(new) == key


def test_rotations_at_once_lose_no_secret(keys: Keys, place: Place) -> None:
    """Of a key that several processes rotate in the same moment every secret that was given out works for the overlap."""
    key, first = keys.store.create("studio")

    def rotate(_: int) -> str:
        with connect(place) as database:
            return Keys(database).rotate("studio")

    with ThreadPoolExecutor(6) as threads:
        made = [*threads.map(rotate, range(12))]
    assert len(set(made)) == 12
    assert all(keys.store.find(secret) == key for secret in (first, *made))
    assert keys.count_previous() == 12


def test_rotating_helps_after_the_signing_secret_was_lost(keys: Keys) -> None:
    """A key made under another signing secret, which nothing opens any more, is opened by a new secret."""
    key, _ = keys.store.create("studio")
    others = KeyStore(keys.database, signing_secret=b"another signing secret", now=lambda: keys.now)
    assert others.count_unrecognisable_keys() == 1
    with keys.database.transaction():
        new = others.rotate(key, overlap_seconds=0)
    assert others.find(new) == key
    assert others.count_unrecognisable_keys() == 0
