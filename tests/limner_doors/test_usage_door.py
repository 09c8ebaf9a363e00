"""Usage by day, model and key: the sums are those of the command and of the answers."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from browsing_own import USAGE, draw, look, see

from asking import ask, chat
from gateways import MortalGateway, running
from places import Place
from programs import CLIENT_KEY, Emulator, Gateway

ADMIN_KEY = "sk-admin-key-of-these-tests"
SHOP_KEY = "sk-shops-key-of-these-tests"


@pytest.fixture
def gateway(place: Place, emulator: Emulator) -> Iterator[Gateway]:
    """A gateway of the test's own, with an admin's key and one with a budget."""
    with running(MortalGateway(place, emulator.url)) as gateway:
        gateway.create_key("boss", "--admin", "--key", ADMIN_KEY)
        gateway.create_key("shop", "--budget-usd", "5", "--key", SHOP_KEY)
        yield gateway


def test_sums_are_true(gateway: Gateway) -> None:
    """What a key is told it spent is what its answers cost, and what the command says."""
    costs = [ask(gateway, chat(f"a lighthouse {n}"), key=SHOP_KEY).json()["usage"]["cost"] for n in range(2)]
    draw(gateway, "a lighthouse at dusk", key=CLIENT_KEY)
    today = datetime.now(UTC).date().isoformat()
    report = see(gateway, USAGE, key=SHOP_KEY)
    (entry,) = report["data"]
    assert (entry["day"], entry["model"], entry["pictures"]) == (today, "gemini-3.1-flash-image", 2)
    assert entry["cost_usd"] == pytest.approx(sum(costs), abs=1e-9)
    assert report["total"]["cost_usd"] == entry["cost_usd"]
    assert report["key"]["left_usd"] == pytest.approx(5 - sum(costs), abs=1e-9)
    assert report["keys"] is None
    told = json.loads(gateway.run_command("usage", "--key", "shop", "--json"))
    assert "shop" in json.dumps(told)
    everybody = see(gateway, USAGE, key=ADMIN_KEY)
    assert everybody["total"]["pictures"] == 3
    by_key = {
        entry["key"]: entry["pictures"] for entry in see(gateway, USAGE, key=ADMIN_KEY, by="key")["data"]
    }
    assert by_key["shop"] == 2
    assert sum(by_key.values()) == 3
    assert {key["name"] for key in everybody["keys"]} == {"boss", "shop"}
    assert see(gateway, USAGE, key=ADMIN_KEY, **{"from": "2020-01-01", "to": "2020-01-31"})["data"] == []


def test_what_cannot_be_meant_is_refused(gateway: Gateway) -> None:
    """Days that are none, or the wrong way round, and groups there are not, are refused by name; so is 'all' to others."""
    for query, param in (
        ({"from": "yesterday"}, "from"),
        ({"from": "2026-02-02", "to": "2026-02-01"}, "from"),
        ({"from": "2020-01-01", "to": "2026-02-01"}, "from"),
        ({"by": "colour"}, "by"),
    ):
        reply = look(gateway, USAGE, **query)
        assert (reply.status, reply.error["param"]) == (400, param)
    assert look(gateway, USAGE, all="true").status == 403
    assert look(gateway, USAGE, key=None).status == 401
