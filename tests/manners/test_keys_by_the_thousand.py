"""Keys rotated and imported beside a running gateway, by command and over HTTP, on each database."""

import json
import time
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest

from asking import Reply, ask, chat
from gateways import MortalGateway, running
from limner.ledger.opening import open_database
from places import Place
from programs import CLIENT_KEY, Emulator, Gateway

ADMIN_KEY = "sk-admin-key-of-the-thousands"
LITELLM_SECRET = "sk-litellm-0123456789abcdef"
NEW_API_KEY = "0123456789abcdefghijABCDEFGHIJ0123456789abcdefgh"
KEYS = "/v1/limner/keys"


@pytest.fixture
def managed(place: Place, emulator: Emulator) -> Iterator[Gateway]:
    """A gateway of the test's own with one admin key; end users come in a header."""
    variables = {"LIMNER_END_USER_HEADER": "X-End-User"}
    with running(MortalGateway(place, emulator.url, variables=variables)) as gateway:
        gateway.create_key("boss", "--admin", "--key", ADMIN_KEY)
        yield gateway


def manage(gateway: Gateway, body: object = None, *, at: str = "", key: str | None = ADMIN_KEY) -> Reply:
    """Ask one of the doors to keys."""
    return ask(gateway, body, path=f"{KEYS}{at}", key=key)


def take_file(
    gateway: Gateway, *lines: str, query: str = "", key: str | None = ADMIN_KEY, kind: str = "text/csv"
) -> Reply:
    """Import a file of these lines over HTTP."""
    body = "\n".join(lines).encode()
    return ask(gateway, body, path=f"{KEYS}/import{query}", key=key, headers={"Content-Type": kind})


def opens(gateway: Gateway, secret: str) -> bool:
    """Return whether a secret is let in."""
    status = ask(gateway, path="/v1/models", key=secret).status
    assert status in {200, 401}
    return status == 200


def find_id(gateway: Gateway, name: str) -> str:
    """Return the id of a key."""
    (entry,) = manage(gateway, at=f"?name={name}").json()["data"]
    return str(entry["id"])


def test_rotated_by_command(managed: Gateway) -> None:
    """`limner keys rotate` counts at once in the running gateway: both secrets work, or only the new one."""
    old = managed.create_key("shop", "--budget-usd", "5")
    assert opens(managed, old)
    new = managed.run_command("keys", "rotate", "shop")
    managed.secrets.append(new)
    assert opens(managed, old)
    assert opens(managed, new)
    told = json.loads(managed.run_command("keys", "rotate", "shop", "--overlap", "0", "--json"))
    managed.secrets.append(told["key"])
    assert (told["name"], told["previous_secret_ends_at"]) == ("shop", None)
    assert [opens(managed, secret) for secret in (old, new, told["key"])] == [False, False, True]
    unknown = ask(managed, path="/v1/models", key="sk-never-was-a-key-of-anyone")
    ended = ask(managed, path="/v1/models", key=old)
    assert (ended.status, ended.error) == (unknown.status, unknown.error)


def test_rotated_over_http(managed: Gateway) -> None:
    """The door does the same: the key keeps its id, limits and what it spent, and says until when the old one works."""
    old = managed.create_key("shop", "--budget-usd", "5", "--budget-period", "month", "--owner", "studio")
    ask(managed, chat(), key=old)
    before = manage(managed, at="/self", key=old).json()
    at = f"/{before['id']}/rotate"
    reply = manage(managed, {"overlap": "7d"}, at=at)
    assert reply.status == 200, reply.body
    rotated = reply.json()
    new = rotated.pop("key")
    managed.secrets.append(new)
    assert abs(rotated["previous_secret_ends_at"] - time.time() - 7 * 86400) < 60
    assert {**rotated, "previous_secret_ends_at": None} == before
    assert before["spent_usd"] > 0
    assert (
        manage(managed, at="/self", key=old).json() == manage(managed, at="/self", key=new).json() == rotated
    )
    own = "sk-brought-along-0123456789"
    managed.secrets.append(own)
    assert manage(managed, {"key": own, "overlap": "0"}, at=at).json()["key"] == own
    assert [opens(managed, secret) for secret in (old, new, own)] == [False, False, True]
    managed.wait_until_said("key 'shop' got another secret from 'boss'")


def test_what_rotation_refuses(managed: Gateway) -> None:
    """Only admins rotate; a span that is none, a taken secret and an unknown field are named and change nothing."""
    secret = managed.create_key("shop")
    at = f"/{find_id(managed, 'shop')}/rotate"
    for body, param, code in (
        ({"overlap": "soon"}, "overlap", "unsupported_value"),
        ({"overlap": 5}, "overlap", "invalid_type"),
        ({"key": "sk-canary"}, "key", "unsupported_value"),
        ({"key": ADMIN_KEY}, "key", "unsupported_value"),
        ({"overlap_hours": 3}, "overlap_hours", "unsupported_parameter"),
    ):
        reply = manage(managed, body, at=at)
        assert (reply.status, reply.error["param"], reply.error["code"]) == (400, param, code), reply.body
        assert b"canary" not in reply.body
    assert manage(managed, {}, at="/key_0/rotate").status == 404
    assert manage(managed, {}, at=at, key=secret).status == 403
    assert manage(managed, {}, at=at, key=None).status == 401
    assert opens(managed, secret)


def test_an_overlap_that_ends(managed: Gateway, place: Place) -> None:
    """When the overlap is over the old secret is refused at the next request, without a restart."""
    old = managed.create_key("shop")
    managed.secrets.append(managed.run_command("keys", "rotate", "shop"))
    with open_database(place.data, place.database_url) as database:
        assert database.change("UPDATE key_previous_secrets SET ends_at = ends_at - 86400") == 1
    assert not opens(managed, old)


def test_an_admin_rotates_itself(managed: Gateway) -> None:
    """The key that asks may be the one that is rotated; a revoked one is gone with all its secrets."""
    reply = manage(managed, {"overlap": "1h"}, at=f"/{find_id(managed, 'boss')}/rotate").json()
    managed.secrets.append(reply["key"])
    assert manage(managed, key=reply["key"]).status == manage(managed).status == 200
    managed.run_command("keys", "revoke", "boss")
    assert not opens(managed, reply["key"])
    assert not opens(managed, ADMIN_KEY)


def test_imported_by_command_and_over_http(managed: Gateway) -> None:
    """A file that is imported by either opens at once in the running gateway, and both say the same of it."""
    file = managed.folder / "keys.csv"
    lines = ("name,key,budget_usd,budget_period", "ann,sk-ann-0123456789abcdef,5,month", "bob,,,")
    file.write_text("\n".join(lines))
    told = json.loads(managed.run_command("keys", "import", str(file), "--dry-run", "--json"))
    assert take_file(managed, *lines, query="?dry_run=true").json() == told
    assert (told["dry_run"], told["created"], told["keys"]) == (True, 2, [])
    assert not opens(managed, "sk-ann-0123456789abcdef")
    printed = managed.run_command("keys", "import", str(file))
    head, made = printed.splitlines()
    assert head == "name,key"
    name, bob = made.split(",")
    managed.secrets += [bob, "sk-ann-0123456789abcdef"]
    assert name == "bob"
    assert opens(managed, "sk-ann-0123456789abcdef")
    assert opens(managed, bob)
    again = take_file(managed, *lines, "cid,,,", query="?on_conflict=skip").json()
    assert (again["created"], again["skipped"]) == (1, 2)
    managed.secrets.append(again["keys"][0]["key"])
    assert opens(managed, again["keys"][0]["key"])
    updated = take_file(managed, "name,budget_usd", "ann,", query="?on_conflict=update").json()
    assert (updated["updated"], updated["keys"]) == (1, [])
    assert manage(managed, at="/self", key="sk-ann-0123456789abcdef").json()["budget_usd"] is None
    managed.wait_until_said("1 keys were imported and 0 updated by 'boss' from columns of limner")


def test_users_of_other_gateways_keep_their_keys(managed: Gateway) -> None:
    """Keys that clients have from new-api and from litellm open this gateway as they did that one."""
    take_file(
        managed,
        "id,user_id,key,status,name,expired_time,remain_quota,unlimited_quota",
        f"1,1,{NEW_API_KEY},1,default,-1,500000,0",
    )
    take_file(managed, "token,key_alias", f"{sha256(LITELLM_SECRET.encode()).hexdigest()},carol")
    assert ask(managed, chat(), key=f"sk-{NEW_API_KEY}").status == 200
    assert ask(managed, chat("another lighthouse"), key=LITELLM_SECRET).status == 200
    assert manage(managed, at="/self", key=f"sk-{NEW_API_KEY}").json()["budget_usd"] == 1
    managed.secrets += [NEW_API_KEY, LITELLM_SECRET]


def test_what_imports_refuse(managed: Gateway) -> None:
    """What is wrong with a file is told by its lines, without secrets; nothing of it is imported."""
    refused = take_file(
        managed, "name,key,budget_usd,models", "a,sk-canary,much,", "b,,,sk-canary-0123456789abcdef", "a,,1,"
    )
    assert (refused.status, refused.error["code"]) == (400, "unsupported_value")
    message = refused.error["message"]
    assert message.startswith("Nothing was imported: line 2: budget_usd is 'much'")
    assert "line 3: models names no model Limner knows" in message
    assert "line 4: the name 'a' is in line 2 already" in message
    assert "canary" not in message
    many = take_file(managed, "name", *("" + "x" * 101 for _ in range(300)), "b").error["message"]
    assert "more." in many
    assert many.count("line ") < 250
    assert take_file(managed, "name", "a", query="?on_conflict=replace").error["param"] == "on_conflict"
    assert take_file(managed, "name", "a", query="?dry_run=maybe").error["param"] == "dry_run"
    assert take_file(managed, "name", "a", query="?owner_from=team").status == 400
    assert take_file(managed, "name", "a", kind="application/json").status == 415
    assert take_file(managed, "name", "a", key=None).status == 401
    assert take_file(managed, "name", "a", key=CLIENT_KEY).status == 403
    assert [entry["name"] for entry in manage(managed).json()["data"]] == ["boss"]
    last = take_file(managed, "name,admin", "boss,no", query="?on_conflict=update")
    assert (last.status, last.error["param"]) == (400, "is_admin")


def test_lists_are_the_same(managed: Gateway) -> None:
    """By name, owner, part of the name, state and page, the command lists just what the door does."""
    take_file(
        managed, "name,owner", *(f"key {number},{'ann' if number % 2 else 'bob'}" for number in range(7))
    )
    managed.run_command("keys", "revoke", "key 6")
    first = manage(managed, at="?limit=1").json()["data"][0]["id"]
    for options, query, count in (
        ((), "", 7),
        (("--owner", "ann"), "owner=ann", 3),
        (("--search", "KEY"), "search=KEY", 6),
        (("--state", "revoked"), "state=revoked", 1),
        (("--state", "active", "--owner", "bob"), "state=active&owner=bob", 3),
        (("--state", "expired"), "state=expired", 0),
        (("--name", "key 3"), "name=key%203", 1),
        (("--limit", "2"), "limit=2", 2),
        (("--after", first), f"after={first}", 6),
    ):
        listed = json.loads(managed.run_command("keys", "list", "--json", *options))
        shown = manage(managed, at=f"?{query}").json()["data"]
        assert listed == shown, query
        assert len(shown) == count, query
    assert manage(managed, at="?state=lost").error["param"] == "state"
    one: dict[str, Any] = json.loads(managed.run_command("keys", "show", "key 3", "--json"))
    assert one == manage(managed, at=f"/{one['id']}").json()


def test_owners_share_and_end_users_do_not(managed: Gateway) -> None:
    """Keys that an import gave one owner see each other's pictures and usage; end users in the header see their own."""
    done = take_file(
        managed,
        "name,key,team",
        "ann,sk-ann-0123456789abcdef,studio",
        "bob,sk-bob-0123456789abcdef,studio",
        "cid,sk-cid-0123456789abcdef,",
        query="?owner_from=team",
    )
    assert done.status == 200, done.body
    ann, bob, cid = (f"sk-{name}-0123456789abcdef" for name in ("ann", "bob", "cid"))
    managed.secrets += [ann, bob, cid]
    for user, prompt in (("u1", "a lighthouse"), ("u2", "a windmill")):
        assert ask(managed, chat(prompt), key=ann, headers={"X-End-User": user}).status == 200

    def see(path: str, key: str, **headers: str) -> Any:
        reply = ask(
            managed, path=path, key=key, headers={name.replace("_", "-"): v for name, v in headers.items()}
        )
        assert reply.status == 200, reply.body
        return reply.json()

    for key, count in ((ann, 2), (bob, 2), (cid, 0)):
        assert len(see("/v1/limner/pictures", key)["data"]) == count
        assert see("/v1/limner/usage", key)["total"]["pictures"] == count
    assert see("/v1/limner/usage", bob)["key"]["spent_usd"] == 0
    for user, count in (("u1", 1), ("u2", 1), ("u3", 0)):
        assert len(see("/v1/limner/pictures", bob, X_End_User=user)["data"]) == count
        told = json.loads(managed.run_command("usage", "--user", user, "--json"))
        assert sum(row["pictures"] for row in told["rows"]) == count
