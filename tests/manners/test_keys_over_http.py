"""Client keys over HTTP, on each database: what admins may do, what everybody may see, what is refused and why."""

import json
import time
from collections.abc import Iterator
from threading import Barrier, Thread
from typing import Any

import pytest

from asking import Reply, ask, chat
from gateways import MortalGateway, running
from limner.ledger.opening import open_database
from places import Place
from programs import CLIENT_KEY, Emulator, Gateway

ADMIN_KEY = "sk-admin-key-of-the-keys-tests"
KEYS = "/v1/limner/keys"
FIELDS = {
    "id", "object", "name", "owner", "is_admin", "models", "image_output", "budget_usd", "budget_period",
    "period_ends_at", "spent_usd", "reserved_usd", "left_usd", "images_per_minute", "requests_per_minute",
    "expires_at", "created_at", "previous_secret_ends_at", "revoked_at",
}  # fmt: skip


@pytest.fixture
def managed(place: Place, emulator: Emulator) -> Iterator[Gateway]:
    """A gateway of the test's own with one admin key."""
    with running(MortalGateway(place, emulator.url)) as gateway:
        gateway.create_key("boss", "--admin", "--key", ADMIN_KEY)
        yield gateway


def manage(
    gateway: Gateway,
    body: object = None,
    *,
    at: str = "",
    method: str | None = None,
    key: str | None = ADMIN_KEY,
) -> Reply:
    """Ask one of the doors to keys."""
    return ask(gateway, body, path=f"{KEYS}{at}", method=method, key=key)


def create(gateway: Gateway, *, by: str = ADMIN_KEY, **fields: Any) -> dict[str, Any]:
    """Create a key and return what is answered."""
    reply = manage(gateway, fields, key=by)
    assert reply.status == 200, reply.body
    made: dict[str, Any] = reply.json()
    gateway.secrets.append(made["key"])
    return made


def test_a_life(managed: Gateway) -> None:
    """A key is made, works, is shown without its secret, changed and renamed, and revoked, each time at once."""
    made = create(managed, name="shop")
    assert set(made) == FIELDS | {"key"}
    secret, at = made["key"], f"/{made['id']}"
    assert secret.startswith("sk-limner-")
    assert ask(managed, chat(), key=secret).status == 200
    shown = manage(managed, at=at).json()
    assert set(shown) == FIELDS
    assert shown["spent_usd"] > 0
    limits = {"models": ["nano-banana"], "name": "shop-2", "budget_usd": 12.5, "budget_period": "month"}
    changed = manage(managed, limits, at=at, method="PATCH").json()
    assert (changed["models"], changed["name"]) == (["gemini-2.5-flash-image"], "shop-2")
    assert changed["left_usd"] == pytest.approx(12.5 - changed["spent_usd"])
    assert changed["period_ends_at"] > time.time()
    assert ask(managed, chat(), key=secret).error["code"] == "model_not_allowed"
    freed = manage(managed, {"models": None, "budget_usd": 0}, at=at).json()  # POST does the same
    assert (freed["models"], freed["budget_usd"], freed["left_usd"]) == (None, 0, 0)
    assert ask(managed, chat("another lighthouse"), key=secret).error["code"] == "insufficient_quota"
    revoked = manage(managed, at=at, method="DELETE").json()
    assert revoked == {"id": made["id"], "object": "limner.key.revoked", "deleted": True}
    assert ask(managed, path="/v1/models", key=secret).status == 401
    assert manage(managed, at=at).status == 404
    assert manage(managed, at=at, method="DELETE").status == 404
    assert create(managed, name="shop-2")["id"] != made["id"]


def test_all_that_the_command_can_say(managed: Gateway) -> None:
    """Each option of `limner keys create` is a field, and what the command and the door show is the same."""
    end = int(time.time()) + 30 * 86400
    made = create(
        managed, name="full", owner="studio", admin=True, models=["nano-banana-2", "nano-banana"],
        image_output="url", budget_usd="0.000001", budget_period="day", images_per_minute=3,
        requests_per_minute=60, expires="30d", key="sk-brought-along-0123456789",
    )  # fmt: skip
    assert made.pop("key") == "sk-brought-along-0123456789"
    assert abs(made["expires_at"] - end) < 60
    assert (made["owner"], made["is_admin"], made["budget_usd"]) == ("studio", True, 0.000001)
    listed = {entry["name"]: entry for entry in json.loads(managed.run_command("keys", "list", "--json"))}
    assert listed["full"] == made
    assert manage(managed, at=f"/{made['id']}").json() == made


def test_who_may(managed: Gateway) -> None:
    """Without a key all is 401, with one that is no admin's 403, whether a key is there or not."""
    made = create(managed, name="client")
    for at, method, body in (
        ("", "GET", None), ("", "POST", {"name": "x"}), (f"/{made['id']}", "GET", None), ("/key_0", "GET", None),
        (f"/{made['id']}", "PATCH", {"admin": True}), (f"/{made['id']}", "POST", {"admin": True}),
        (f"/{made['id']}", "DELETE", None),
    ):  # fmt: skip
        for key, status, code in (
            (None, 401, "invalid_api_key"),
            ("sk-wrong", 401, "invalid_api_key"),
            (made["key"], 403, "admin_key_required"),
            (CLIENT_KEY, 403, "admin_key_required"),
        ):
            refused = manage(managed, body, at=at, method=method, key=key)
            assert (refused.status, refused.error["code"]) == (status, code)
    assert {entry["name"] for entry in manage(managed).json()["data"]} == {"boss", "client"}


def test_a_key_sees_itself(managed: Gateway) -> None:
    """Any key may ask what it is: a client's with its limits, a fixed one, an admin's."""
    made = create(managed, name="client", budget_usd=1, images_per_minute=2)
    ask(managed, chat(), key=made["key"])
    seen = manage(managed, at="/self", key=made["key"]).json()
    assert seen["spent_usd"] > 0
    assert seen["left_usd"] == pytest.approx(1 - seen["spent_usd"])
    assert (seen["name"], seen["images_per_minute"], seen["is_admin"]) == ("client", 2, False)
    fixed = manage(managed, at="/self", key=CLIENT_KEY).json()
    assert (fixed["id"][:6], fixed["budget_usd"], fixed["left_usd"]) == ("fixed_", None, None)
    assert manage(managed, at="/self").json()["is_admin"] is True
    assert manage(managed, at="/self", key=None).status == 401


REFUSED: tuple[tuple[object, str | None, str], ...] = (
    (b"{", None, "invalid_json"),
    (b"[]", None, "invalid_type"),
    ({}, "name", "missing_required_parameter"),
    ({"name": 7}, "name", "invalid_type"),
    ({"name": ""}, "name", "unsupported_value"),
    ({"name": "a\nb"}, "name", "unsupported_value"),
    ({"name": "a" * 101}, "name", "unsupported_value"),
    ({"name": "boss"}, "name", "unsupported_value"),
    ({"name": "x", "budgt_usd": 3}, "budgt_usd", "unsupported_parameter"),
    ({"name": "x", "budget_usd": -1}, "budget_usd", "unsupported_value"),
    ({"name": "x", "budget_usd": 0.0000001}, "budget_usd", "unsupported_value"),
    ({"name": "x", "budget_usd": 1e12}, "budget_usd", "unsupported_value"),
    ({"name": "x", "budget_usd": "much"}, "budget_usd", "unsupported_value"),
    ({"name": "x", "budget_usd": []}, "budget_usd", "invalid_type"),
    ({"name": "x", "budget_usd": 1, "budget_period": "week"}, "budget_period", "unsupported_value"),
    ({"name": "x", "budget_period": "day"}, "budget_usd", "missing_required_parameter"),
    ({"name": "x", "images_per_minute": 0}, "images_per_minute", "unsupported_value"),
    ({"name": "x", "requests_per_minute": 10**16}, "requests_per_minute", "unsupported_value"),
    ({"name": "x", "requests_per_minute": 1.5}, "requests_per_minute", "invalid_type"),
    ({"name": "x", "models": ["nobody"]}, "models", "unsupported_value"),
    ({"name": "x", "models": []}, "models", "unsupported_value"),
    ({"name": "x", "models": "nano-banana"}, "models", "invalid_type"),
    ({"name": "x", "image_output": "fax"}, "image_output", "unsupported_value"),
    ({"name": "x", "expires": "soon"}, "expires", "unsupported_value"),
    ({"name": "x", "expires_at": 1}, "expires_at", "unsupported_value"),
    ({"name": "x", "expires_at": 10**18}, "expires_at", "unsupported_value"),
    ({"name": "x", "expires_at": 4102444800, "expires": "1d"}, "expires_at", "conflicting_input"),
    ({"name": "x", "is_admin": True, "admin": False}, "is_admin", "conflicting_input"),
    ({"name": "x", "owner": " "}, "owner", "unsupported_value"),
    ({"name": "x", "key": "sk-canary"}, "key", "unsupported_value"),
    ({"name": "x", "key": ADMIN_KEY}, "key", "unsupported_value"),
)


def test_what_is_refused(managed: Gateway) -> None:
    """What cannot be is 400 with the field's name, makes no key, and is told without the secret."""
    for body, param, code in REFUSED:
        reply = manage(managed, body)
        assert (reply.status, reply.error["param"], reply.error["code"]) == (400, param, code), (
            body,
            reply.body,
        )
        assert b"canary" not in reply.body
        assert ADMIN_KEY.encode() not in reply.body
    assert [entry["name"] for entry in manage(managed).json()["data"]] == ["boss"]


def test_what_changes_are_refused(managed: Gateway) -> None:
    """A change that cannot be leaves the key as it was."""
    made = create(managed, name="shop", budget_usd=5)
    at = f"/{made['id']}"
    before = manage(managed, at=at).json()
    for body, param in (
        ({}, None), ({"name": None}, "name"), ({"name": "boss"}, "name"), ({"key": "sk-0123456789abcdef0123"}, "key"),
        ({"budget_usd": None, "budget_period": "day"}, "budget_usd"), ({"expires_at": 5}, "expires_at"),
        ({"images_per_minute": -1, "name": "other"}, "images_per_minute"), ({"is_admin": None}, "is_admin"),
    ):  # fmt: skip
        reply = manage(managed, body, at=at, method="PATCH")
        assert (reply.status, reply.error["param"]) == (400, param), (body, reply.body)
    assert manage(managed, at=at).json() == before
    assert manage(managed, {"name": "x"}, at="/key_nobody", method="PATCH").status == 404


def test_the_last_admin_stays(managed: Gateway) -> None:
    """Over HTTP nobody can take away the last admin key; by command on the machine one can."""
    (boss,) = manage(managed).json()["data"]
    at = f"/{boss['id']}"
    for body, method in ((None, "DELETE"), ({"is_admin": False}, "PATCH")):
        refused = manage(managed, body, at=at, method=method)
        assert (refused.status, refused.error["param"]) == (400, "is_admin")
    second = create(managed, name="second", is_admin=True)
    assert manage(managed, {"is_admin": False}, at=at, method="PATCH").json()["is_admin"] is False
    assert manage(managed).status == 403
    assert manage(managed, at=f"/{second['id']}", method="DELETE", key=second["key"]).status == 400
    managed.run_command("keys", "revoke", "second")
    assert manage(managed, key=second["key"]).status == 401


def test_two_admins_cannot_take_each_other_away(managed: Gateway) -> None:
    """Of two admins that revoke each other in the same moment one is left, at every attempt."""
    key, key_id = ADMIN_KEY, manage(managed).json()["data"][0]["id"]
    for attempt in range(5):
        other = create(managed, by=key, name=f"admin-{attempt}", is_admin=True)
        replies: list[Reply] = []
        start = Barrier(2)

        def revoke(by: str, at: str, start: Barrier = start, replies: list[Reply] = replies) -> None:
            start.wait()
            replies.append(manage(managed, at=f"/{at}", method="DELETE", key=by))

        threads = [Thread(target=revoke, args=pair) for pair in ((key, other["id"]), (other["key"], key_id))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(reply.status == 200 for reply in replies) == 1, [reply.body for reply in replies]
        if manage(managed, key=key).status != 200:
            key, key_id = other["key"], other["id"]
        assert manage(managed, key=key).status == 200


def test_pages(managed: Gateway) -> None:
    """The list comes in pages of the oldest first, and a key is found by its name."""
    for number in range(7):
        create(managed, name=f"key {number}")
    seen, after = [], ""
    while True:
        page = manage(managed, at=f"?limit=3{after}").json()
        seen += [entry["id"] for entry in page["data"]]
        assert (page["first_id"], page["last_id"]) == (page["data"][0]["id"], page["data"][-1]["id"])
        if not page["has_more"]:
            break
        after = f"&after={page['last_id']}"
    assert len(seen) == len(set(seen)) == 8
    (found,) = manage(managed, at="?name=key%203").json()["data"]
    assert found["name"] == "key 3"
    assert manage(managed, at="?name=nobody").json()["data"] == []
    assert manage(managed, at="?after=key_nobody").json()["data"] == []
    assert manage(managed, at="?limit=0").error["param"] == "limit"


def test_the_command_that_sets(managed: Gateway) -> None:
    """`limner keys set` changes the same, beside the running gateway, and takes limits away by a word."""
    secret = managed.create_key("shop", "--models", "nano-banana", "--expires", "1h", "--budget-usd", "1")
    options = ("--models", "all", "--expires", "never", "--budget-usd", "none", "--images-per-minute", "9")
    managed.run_command("keys", "set", "shop", *options, "--rename", "store", "--owner", "studio", "--admin")
    seen = manage(managed, at="/self", key=secret).json()
    expected = {
        "name": "store", "owner": "studio", "models": None, "expires_at": None, "budget_usd": None,
        "images_per_minute": 9, "is_admin": True,
    }  # fmt: skip
    assert {name: seen[name] for name in expected} == expected
    managed.run_command(
        "keys", "set", "store", "--images-per-minute", "none", "--owner", "self", "--no-admin"
    )
    seen = manage(managed, at="/self", key=secret).json()
    assert (seen["images_per_minute"], seen["owner"], seen["is_admin"]) == (None, seen["id"], False)


def test_who_did_what_is_logged_without_secrets(managed: Gateway) -> None:
    """The log says which admin made, changed and revoked which key; secrets are in no log and in no file."""
    made = create(managed, name="shop")
    manage(managed, {"budget_usd": 3}, at=f"/{made['id']}", method="PATCH")
    manage(managed, at=f"/{made['id']}", method="DELETE")
    for words in (
        "key 'shop' was created by 'boss'",
        "was changed by 'boss': budget_micro_usd",
        "revoked by 'boss'",
    ):
        managed.wait_until_said(words)
    files = [path for path in managed.folder.rglob("*") if path.is_file()]
    assert [path for path in files if made["key"].encode() in path.read_bytes()] == []


def test_an_expired_key_can_be_given_more_time(managed: Gateway, place: Place) -> None:
    """A key whose time is over can still be renamed and is good again with a new end."""
    made = create(managed, name="late", expires="1h")
    with open_database(place.data, place.database_url) as database:
        assert database.change("UPDATE api_keys SET expires_at = 5 WHERE name = 'late'") == 1
    assert ask(managed, path="/v1/models", key=made["key"]).status == 401
    at = f"/{made['id']}"
    assert manage(managed, {"name": "later"}, at=at, method="PATCH").json()["expires_at"] == 5
    assert manage(managed, {"expires": "1d"}, at=at, method="PATCH").status == 200
    assert ask(managed, path="/v1/models", key=made["key"]).status == 200
