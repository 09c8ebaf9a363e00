"""Client keys on each database: created, found, limited in time, revoked, and never readable again."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from databases import connect, make_place

from limner.ledger.database import Database
from limner.ledger.errors import KeyRefused
from limner.ledger.keys import KeyLimits, KeyStore
from limner.ledger.sqlite import SqliteDatabase
from places import Place

place = pytest.fixture(make_place)

SIGNING_SECRET = b"a signing secret of the tests"
OWN_SECRET = "sk-brought-along-0123456789"

REVOKE = """
import sys
from pathlib import Path
from limner.ledger.keys import KeyStore
from limner.ledger.opening import open_database
folder, url, secret, name = sys.argv[1:]
with open_database(Path(folder), url or None) as database:
    KeyStore(database, signing_secret=secret.encode()).revoke(name)
"""


@pytest.fixture
def database(place: Place) -> Iterator[Database]:
    with connect(place) as database:
        yield database


@pytest.fixture
def keys(database: Database) -> KeyStore:
    return KeyStore(database, signing_secret=SIGNING_SECRET)


def test_a_created_key_is_found(keys: KeyStore) -> None:
    """The secret that create returned finds the key, with everything it was created with."""
    key, secret = keys.create(
        "studio", owner="ann", is_admin=True, models={"m1", "m2"}, image_output="images", expires_at=2**40
    )
    assert keys.find(secret) == key
    assert (key.name, key.owner, key.is_admin, key.image_output) == ("studio", "ann", True, "images")
    assert key.models == frozenset({"m1", "m2"})
    assert key.expires_at == 2**40
    assert keys.list() == [key]


def test_generated_secrets_have_their_form(keys: KeyStore) -> None:
    """A generated secret is sk-limner- and 43 characters of base62; without an owner a key owns itself."""
    key, secret = keys.create("plain")
    assert secret.startswith("sk-limner-")
    assert len(secret) == 53
    assert secret.removeprefix("sk-limner-").isalnum()
    assert secret.isascii()
    assert key.owner == key.id
    assert (key.models, key.image_output, key.expires_at, key.is_admin) == (None, None, None, False)


@pytest.mark.parametrize("secret", ["", "sk-limner-", "sk-" + "x" * 50, "\xe9", "\udcff", "x" * 100_000])
def test_unknown_secrets_find_nothing(keys: KeyStore, secret: str) -> None:
    """Whatever a client sends as key, an unknown one is None and no error."""
    keys.create("only")
    assert keys.find(secret) is None


def test_a_key_ends_when_it_expires(database: Database) -> None:
    """Expiry is checked by the clock at each call, also for a key that was just found."""
    time = [1000.0]
    keys = KeyStore(database, signing_secret=SIGNING_SECRET, now=lambda: time[0])
    key, secret = keys.create("short", expires_at=1010)
    time[0] = 1009.9
    assert keys.find(secret) == key
    assert keys.has_usable_key()
    time[0] = 1010.0
    assert keys.find(secret) is None
    assert not keys.has_usable_key()
    assert keys.list() == [key]
    with pytest.raises(KeyRefused, match="expired already"):
        keys.create("late", expires_at=1010)


def test_a_revoked_key_is_gone_and_its_name_free(keys: KeyStore) -> None:
    """Revoking ends the key at once and lets a new one, with another id, take the name."""
    first, secret = keys.create("studio")
    assert keys.find(secret) == first
    keys.revoke("studio")
    assert keys.find(secret) is None
    assert keys.list() == []
    assert not keys.has_usable_key()
    second, _ = keys.create("studio")
    assert second.id != first.id
    with pytest.raises(KeyRefused, match="no key named 'nobody'"):
        keys.revoke("nobody")


def test_another_process_revokes_at_once(keys: KeyStore, place: Place) -> None:
    """The first find after another process revoked the key no longer sees it."""
    key, secret = keys.create("studio")
    other, other_secret = keys.create("other")
    assert keys.find(secret) == key
    where = (str(place.data), place.database_url or "")
    subprocess.run([sys.executable, "-c", REVOKE, *where, SIGNING_SECRET.decode(), "studio"], check=True)
    assert keys.find(secret) is None
    assert keys.find(other_secret) == other


def test_another_connection_creates_at_once(keys: KeyStore, place: Place) -> None:
    """A secret that was unknown is found as soon as another connection created its key."""
    assert keys.find(OWN_SECRET) is None
    with connect(place) as database:
        key, _ = KeyStore(database, signing_secret=SIGNING_SECRET).create("new", secret=OWN_SECRET)
    assert keys.find(OWN_SECRET) == key


def test_another_connections_change_counts_at_once(keys: KeyStore, place: Place) -> None:
    """A key found before is found with what another connection has changed of it since."""
    key, secret = keys.create("studio", budget_micro_usd=5)
    assert keys.find(secret) == key
    with connect(place) as database:
        database.change("UPDATE api_keys SET budget_micro_usd = 7")
    assert keys.find(secret) == replace(key, budget_micro_usd=7)


def test_keys_have_limits(keys: KeyStore) -> None:
    """A key keeps the budget, its period and the limits per minute it was created with; none are the default."""
    key, secret = keys.create(
        "studio",
        budget_micro_usd=2_500_000,
        budget_period="month",
        images_per_minute=10,
        requests_per_minute=60,
    )
    assert keys.find(secret) == key
    assert keys.list() == [key]
    assert (key.budget_micro_usd, key.budget_period) == (2_500_000, "month")
    assert (key.images_per_minute, key.requests_per_minute) == (10, 60)
    plain, _ = keys.create("plain")
    assert (plain.budget_micro_usd, plain.budget_period) == (None, "total")
    assert (plain.images_per_minute, plain.requests_per_minute) == (None, None)


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"budget_micro_usd": -1}, "accepted: 0 dollars and more"),
        ({"budget_micro_usd": 10**18}, "accepted: 0 dollars and more"),
        ({"budget_period": "week"}, "'week' is refused; accepted: day, month, total"),
        ({"images_per_minute": 0}, "a limit of 0 a minute is refused; accepted: 1 and more"),
        ({"requests_per_minute": -5}, "a limit of -5 a minute is refused; accepted: 1 and more"),
    ],
)
def test_limits_that_are_none_are_refused(keys: KeyStore, limits: KeyLimits, reason: str) -> None:
    """A budget below nothing, a period nobody knows and a limit that lets nothing through are refused."""
    with pytest.raises(KeyRefused, match=reason):
        keys.create("studio", **limits)
    assert keys.list() == []


def test_fixed_keys_are_never_stored(database: Database) -> None:
    """A configured key has no limits, an owner that stays the same, and no row."""
    keys = KeyStore(
        database, signing_secret=SIGNING_SECRET, fixed_keys=["sk-fixed-a", "sk-fixed-b", "sk-fixed-a"]
    )
    key = keys.find("sk-fixed-a")
    other = keys.find("sk-fixed-b")
    assert key is not None
    assert other is not None
    assert (key.models, key.expires_at, key.image_output, key.is_admin) == (None, None, None, False)
    assert key.owner != other.owner
    assert "sk-fixed" not in repr(key)
    assert (
        KeyStore(database, signing_secret=SIGNING_SECRET, fixed_keys=["sk-fixed-a"]).find("sk-fixed-a") == key
    )
    assert keys.list() == []
    assert keys.has_usable_key()


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "sk-short",
        "sk-" + "x" * 16,
        "pk-0123456789-0123456789",
        "sk-0123456789 0123456789",
        "sk-0123456789-012345678\u00e9",
        "sk-0123456789-0123456789\n",
        "sk-" + "x" * 600,
    ],
)
def test_malformed_own_secrets_are_refused(keys: KeyStore, secret: str) -> None:
    """A key brought along must begin with sk- and have 20 or more visible characters; it is not shown."""
    with pytest.raises(KeyRefused, match="accepted: sk- and more, 20 to 512 visible ASCII") as caught:
        keys.create("own", secret=secret)
    assert not secret or secret not in str(caught.value)
    assert keys.list() == []


def test_duplicates_are_refused(keys: KeyStore) -> None:
    """A name in use, and a secret in use or once used, give errors that say which."""
    keys.create("studio", secret=OWN_SECRET)
    with pytest.raises(KeyRefused, match="a key named 'studio' already"):
        keys.create("studio")
    with pytest.raises(KeyRefused, match="is or was in use already") as caught:
        keys.create("second", secret=OWN_SECRET)
    assert OWN_SECRET not in str(caught.value)
    keys.revoke("studio")
    with pytest.raises(KeyRefused, match="is or was in use already"):
        keys.create("third", secret=OWN_SECRET)


@pytest.mark.parametrize("name", ["", " a", "a\n", "a\x1bb", "x" * 101])
def test_names_and_owners_are_printable(keys: KeyStore, name: str) -> None:
    """Names and owners that would spoil a list or a log are refused."""
    with pytest.raises(KeyRefused, match=r"^name .* printable"):
        keys.create(name)
    with pytest.raises(KeyRefused, match=r"^owner .* printable"):
        keys.create("good", owner=name)


def test_another_signing_secret_finds_no_key(keys: KeyStore, database: Database) -> None:
    """Under another signing secret a key is unknown, and counted as such."""
    _, secret = keys.create("studio")
    others = KeyStore(database, signing_secret=b"another signing secret")
    assert others.find(secret) is None
    assert not others.has_usable_key()
    assert (keys.count_unrecognisable_keys(), others.count_unrecognisable_keys()) == (0, 1)


def test_no_secret_is_on_disk(tmp_path: Path) -> None:
    """Neither the database nor its journal holds a secret, during use and after closing."""
    with SqliteDatabase(tmp_path) as database:
        keys = KeyStore(database, signing_secret=SIGNING_SECRET, fixed_keys=["sk-fixed-key-of-the-test"])
        _, generated = keys.create("generated")
        keys.create("own", secret=OWN_SECRET)
        keys.find("sk-fixed-key-of-the-test")
        during = b"".join(path.read_bytes() for path in tmp_path.iterdir())
        keys.revoke("own")
    after = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"generated" in during
    for secret in (generated, generated.removeprefix("sk-limner-"), OWN_SECRET, "sk-fixed-key-of-the-test"):
        assert secret.encode() not in during + after


def test_no_row_tells_a_secret(database: Database, keys: KeyStore) -> None:
    """What is kept of a key is not the key, nor a part of it."""
    _, secret = keys.create("studio")
    ((*values,),) = database.fetch_all("SELECT * FROM api_keys")
    assert "studio" in values
    assert secret.removeprefix("sk-limner-")[:8] not in repr(values)
