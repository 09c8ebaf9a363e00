"""Calls of all kinds and ends, and taking one back before it is sent."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from browsing_own import GENERATIONS, PICTURES, draw, look, see

from asking import Reply, ask, chat
from gateways import STRANGER_KEY, MortalGateway, ask_beside, running
from places import Place
from programs import Emulator, Gateway, ListCalls
from stepping import STEPS, Stepper
from upstreams import Upstream

ADMIN_KEY = "sk-admin-key-of-these-tests"


@pytest.fixture
def gateway(place: Place, emulator: Emulator) -> Iterator[Gateway]:
    """A gateway of the test's own."""
    with running(MortalGateway(place, emulator.url)) as gateway:
        gateway.create_key("boss", "--admin", "--key", ADMIN_KEY)
        yield gateway


def test_ends_of_calls(gateway: Gateway) -> None:
    """Every call is listed with its state, money, error and pictures, newest first, and by its state alone."""
    drawn = draw(gateway, "a lighthouse at dusk")
    failed = ask(gateway, chat("a lighthouse [[status=503]]"))
    unknown = ask(gateway, chat("a lighthouse [[cut=0%]]"))
    ids = [drawn, *(str(reply.headers["x-limner-generation-id"]) for reply in (failed, unknown))]
    entries = see(gateway, GENERATIONS)["data"]
    assert [entry["id"] for entry in entries] == ids[::-1]
    assert [entry["state"] for entry in entries] == ["unknown", "failed", "settled"]
    assert [entry["error"] and entry["error"]["status"] for entry in entries] == [502, 503, None]
    assert entries[0]["held_usd"] > 0.04
    assert entries[2]["cost_usd"] > 0.04
    (picture,) = see(gateway, PICTURES)["data"]
    assert entries[2]["picture_ids"] == [picture["id"]]
    assert not any(entry["can_cancel"] for entry in entries)
    for state, generation_id in zip(("settled", "failed", "unknown"), ids, strict=True):
        (entry,) = see(gateway, GENERATIONS, state=state)["data"]
        assert entry == see(gateway, f"{GENERATIONS}/{generation_id}")
    assert look(gateway, GENERATIONS, state="lost").error["param"] == "state"
    page = see(gateway, GENERATIONS, limit=1, after=ids[2])
    assert ([entry["id"] for entry in page["data"]], page["has_more"]) == ([ids[1]], True)


def test_who_sees_what(gateway: Gateway) -> None:
    """Others see nothing of a call; an admin who asks for all sees state and money, and no words and no pictures."""
    generation_id = draw(gateway, "a lighthouse at dusk")
    path = f"{GENERATIONS}/{generation_id}"
    assert look(gateway, path, key=None).status == 401
    assert look(gateway, path, key=STRANGER_KEY).status == 404
    assert look(gateway, path, key=ADMIN_KEY).status == 404
    assert look(gateway, path, key=STRANGER_KEY, method="DELETE").status == 404
    assert look(gateway, GENERATIONS, key=STRANGER_KEY, all="true").error["code"] == "admin_key_required"
    (entry,) = see(gateway, GENERATIONS, key=ADMIN_KEY, all="true")["data"]
    assert (entry["id"], entry["state"], entry["prompt"]) == (generation_id, "settled", None)
    assert entry["picture_ids"] == []
    assert entry["cost_usd"] > 0.04


def take_back(gateway: Gateway) -> Reply:
    """Take back the first call that can be."""
    ends_at = time.monotonic() + 20
    while time.monotonic() < ends_at:
        for entry in see(gateway, GENERATIONS)["data"]:
            if entry["can_cancel"]:
                return look(gateway, f"{GENERATIONS}/{entry['id']}", method="DELETE")
        time.sleep(0.05)
    raise AssertionError("no call could be taken back")


@pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "stream"])
def test_a_call_is_taken_back(
    place: Place, emulator: Emulator, journal: ListCalls, *, is_stream: bool
) -> None:
    """A call taken back before it is sent buys nothing, its client is told, and the same call may come again."""
    gateway = MortalGateway(place, emulator.url, program="hesitant")
    with running(gateway):
        body = chat("a lighthouse at dusk", stream=is_stream)
        waiting = ask_beside(gateway, body)
        assert take_back(gateway).json()["cancelled"] is True
        told = waiting.result(20)
        assert (told.status, told.error["code"]) == (409, "cancelled")
        assert journal() == []
        (entry,) = see(gateway, GENERATIONS)["data"]
        assert (entry["state"], entry["cost_usd"], entry["held_usd"]) == ("failed", 0, 0)
        again = look(gateway, f"{GENERATIONS}/{entry['id']}", method="DELETE")
        assert (again.status, again.error["code"]) == (409, "already_sent")
        assert ask(gateway, body).status == 200
        assert len(journal()) == 1


def test_what_was_sent_is_not_taken_back(gateway: Gateway) -> None:
    """A call that is on its way, or over, is not taken back, and goes on."""
    waiting = ask_beside(gateway, chat("a lighthouse at dusk [[delay=2s]]"))
    ends_at = time.monotonic() + 20
    sent: list[dict[str, Any]] = []
    while not sent and time.monotonic() < ends_at:
        sent = see(gateway, GENERATIONS, state="sent")["data"]
    refused = look(gateway, f"{GENERATIONS}/{sent[0]['id']}", method="DELETE")
    assert (refused.status, refused.error["code"]) == (409, "already_sent")
    assert waiting.result(30).status == 200


@pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "stream"])
def test_what_has_come_of_a_picture(place: Place, upstream: Upstream, *, is_stream: bool) -> None:
    """While a picture arrives both doors tell how much of it has come, and nothing of a call that has ended."""
    stepper = Stepper()
    upstream.respond = stepper.respond
    with running(MortalGateway(place, upstream.url)) as gateway:
        body = chat("a lighthouse at dusk", stream=is_stream)
        waiting = ask_beside(gateway, body, headers={"Idempotency-Key": "watched"})
        for number, gate in enumerate(stepper.gates, start=1):
            least = len(stepper.picture) * number // STEPS - 1000
            assert least <= wait_for_bytes(gateway, least) <= least + 1000
            gate.open()
        assert waiting.result(30).status == 200
        assert list_received(gateway) == [None, None]


def list_received(gateway: Gateway) -> list[int | None]:
    """Return what each of the two doors says has come of the only call."""
    (note,) = see(gateway, "/v1/chat/completions", idempotency_key="watched")["data"]
    entry = see(gateway, f"{GENERATIONS}/{note['generation_id']}")
    return [note["received_bytes"], entry["received_bytes"]]


def wait_for_bytes(gateway: Gateway, least: int) -> int:
    """Wait until both doors say that so much has come; return what they say."""
    ends_at = time.monotonic() + 20
    told: list[int | None] = []
    while time.monotonic() < ends_at:
        if look(gateway, "/v1/chat/completions", idempotency_key="watched").json()["data"]:
            told = list_received(gateway)
            if all(found is not None and found >= least for found in told):
                return max(found for found in told if found is not None)
        time.sleep(0.05)
    raise AssertionError(f"it does not come: {told}")
