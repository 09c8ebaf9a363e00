"""Decisions on unknown outcomes over HTTP, and what an admin is told to make them by."""

from collections.abc import Iterator
from typing import Any

import pytest
from browsing_own import GENERATIONS, see

from asking import Reply, ask, chat
from audits import read_rows
from gateways import MortalGateway, running
from places import Place
from programs import Emulator

ADMIN_KEY = "sk-admin-key-of-these-tests"


@pytest.fixture
def gateway(place: Place, emulator: Emulator) -> Iterator[MortalGateway]:
    """A gateway of the test's own, whose policy gives unknown money back after an hour."""
    variables = {"LIMNER_UNKNOWN_POLICY": "void", "LIMNER_UNKNOWN_HOURS": "1"}
    with running(MortalGateway(place, emulator.url, variables=variables)) as gateway:
        gateway.create_key("boss", "--admin", "--key", ADMIN_KEY)
        yield gateway


def lose(gateway: MortalGateway, cut: int = 0) -> str:
    """Have a call end unknown, and return its id."""
    reply = ask(gateway, chat(f"a lighthouse at dusk [[cut={cut}%]]"), headers={"X-Limner-Repeat": "never"})
    assert reply.status == 502
    return str(reply.headers["x-limner-generation-id"])


def resolve(gateway: MortalGateway, generation_id: str | None, body: Any, key: str = ADMIN_KEY) -> Reply:
    """Decide on one, or on all."""
    path = f"{GENERATIONS}/resolve" if generation_id is None else f"{GENERATIONS}/{generation_id}/resolve"
    return ask(gateway, body, path=path, key=key)


def test_one_is_decided_once(gateway: MortalGateway) -> None:
    """A decision moves the money and is told; again it changes nothing; the other one is refused."""
    unknown = lose(gateway)
    held = see(gateway, f"{GENERATIONS}/{unknown}")["held_usd"]
    first = resolve(gateway, unknown, {"outcome": "post"})
    assert first.json() == {
        "object": "generations.resolved",
        "outcome": "post",
        "ids": [unknown],
        "amount_usd": held,
        "was_resolved": False,
    }
    shown = see(gateway, f"{GENERATIONS}/{unknown}")
    assert (shown["state"], shown["cost_usd"], shown["held_usd"]) == ("settled", held, 0)
    completion = unknown.replace("gen_", "chatcmpl-")
    assert resolve(gateway, completion, {"outcome": "post"}).json() == {**first.json(), "was_resolved": True}
    refused = resolve(gateway, unknown, {"outcome": "void"})
    assert (refused.status, refused.error["code"]) == (409, "outcome_known")
    assert see(gateway, f"{GENERATIONS}/{unknown}") == shown


def test_all_before_a_moment_are_decided(gateway: MortalGateway) -> None:
    """All that ended before a moment are decided alike, and none after it."""
    ids = [lose(gateway), lose(gateway)]
    none = resolve(gateway, None, {"outcome": "void", "before": "2026-01-01"})
    assert (none.json()["ids"], none.json()["amount_usd"]) == ([], 0)
    some = resolve(gateway, None, {"outcome": "void", "before": "2100-01-01T00:00:00Z"})
    assert some.json()["ids"] == ids
    assert {row.state for row in read_rows(gateway.place)} == {"failed"}


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({}, "missing_required_parameter", "outcome"),
        ({"outcome": "spend", "before": "2026-01-01"}, "unsupported_value", "outcome"),
        ({"outcome": 1, "before": "2026-01-01"}, "invalid_type", "outcome"),
        ({"outcome": "void"}, "missing_required_parameter", "before"),
        ({"outcome": "void", "before": "soon"}, "unsupported_value", "before"),
    ],
)
def test_what_is_no_decision_is_refused(
    gateway: MortalGateway, body: dict[str, Any], code: str, param: str
) -> None:
    """A decision that is none, or on nothing, is 400 and named."""
    refused = resolve(gateway, None, body)
    assert (refused.status, refused.error["code"], refused.error["param"]) == (400, code, param)


def test_only_admins_decide(gateway: MortalGateway) -> None:
    """Other keys may not decide, not even on their own; what is not there is 404; what was never unknown is 409."""
    assert resolve(gateway, "gen_" + "0" * 32, {"outcome": "post"}).status == 404
    assert resolve(gateway, "nobody", {"outcome": "post"}).status == 404
    drawn = ask(gateway, chat("a lighthouse")).headers["x-limner-generation-id"]
    assert resolve(gateway, drawn, {"outcome": "post"}).error["code"] == "outcome_known"
    own = ask(gateway, {"outcome": "post"}, path=f"{GENERATIONS}/{drawn}/resolve")
    assert (own.status, own.error["code"]) == (403, "admin_key_required")


def test_admins_are_told_what_speaks_for_it(gateway: MortalGateway) -> None:
    """An admin sees what Gemini said, what speaks for which decision, and when the policy decides; an owner does not."""
    unknown = lose(gateway, cut=60)
    (entry,) = see(gateway, GENERATIONS, key=ADMIN_KEY, all="true", state="unknown")["data"]
    assert entry["id"] == unknown
    (call,) = entry["upstream_calls"]
    assert (call["choice"], call["upstream"], call["attempts"], call["status"]) == (0, "key-1", 1, 200)
    assert call["model"] == entry["upstream_model"]
    assert entry["unknown"]["policy"] == "void"
    assert entry["unknown"]["decided"] == pytest.approx(entry["ended"] + 3600, abs=1)
    assert entry["unknown"]["leaning"] == "post"
    assert "Google" in entry["unknown"]["reasons"][0]
    assert see(gateway, f"{GENERATIONS}/{unknown}", key=ADMIN_KEY, all="true") == entry
    own = see(gateway, f"{GENERATIONS}/{unknown}")
    assert (own["upstream_calls"], own["unknown"]) == (None, None)
