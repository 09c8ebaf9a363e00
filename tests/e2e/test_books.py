"""The books beside a running gateway: what it writes, the commands show, and what they decide it goes by."""

import json
from typing import Any

from asking import ask, ask_for_answer, chat
from programs import Gateway


def read_usage(gateway: Gateway, *options: str) -> dict[str, Any]:
    total: dict[str, Any] = json.loads(gateway.run_command("usage", "--json", *options))["total"]
    return total


def list_generations(gateway: Gateway, key_name: str) -> list[dict[str, Any]]:
    found = json.loads(gateway.run_command("generations", "list", "--json", "--limit", "1000"))
    return [shown for shown in found if shown["key"] == key_name]


def find_key(gateway: Gateway, name: str) -> dict[str, Any]:
    listed = json.loads(gateway.run_command("keys", "list", "--json"))
    (found,) = [shown for shown in listed if shown["name"] == name]
    return dict(found)


def test_a_picture_is_in_the_books(gateway: Gateway) -> None:
    """What an answer says it cost is what usage, the list of calls and the list of keys say."""
    secret = gateway.create_key("booked", "--budget-usd", "5", "--budget-period", "month")
    answer = ask_for_answer(gateway, chat(user="ann"), key=secret)
    usage, cost_usd = answer["usage"], answer["limner"]["cost_usd"]
    assert read_usage(gateway, "--key", "booked", "--user", "ann", "--since", "1h") == {
        "generations": 1, "pictures": 1, "input_tokens": usage["prompt_tokens"],
        "output_tokens": usage["completion_tokens"], "cost_usd": cost_usd, "held_usd": 0,
    }  # fmt: skip
    (call,) = list_generations(gateway, "booked")
    assert (call["state"], call["user"], call["cost_usd"], call["reserved_usd"]) == (
        "settled",
        "ann",
        cost_usd,
        0,
    )
    key = find_key(gateway, "booked")
    assert (key["spent_usd"], key["reserved_usd"]) == (cost_usd, 0)


def test_an_unknown_outcome_is_decided_beside_the_gateway(gateway: Gateway) -> None:
    """Money held for an unknown outcome keeps a budget from the next picture, until it is given back."""
    secret = gateway.create_key("cut", "--budget-usd", "0.06")
    lost = ask(gateway, chat("a lighthouse [[cut=50%]]"), key=secret)
    assert (lost.status, lost.error["code"]) == (502, "upstream_unknown_outcome")
    (call,) = list_generations(gateway, "cut")
    assert (call["state"], call["error_code"]) == ("unknown", "upstream_unknown_outcome")
    assert read_usage(gateway, "--key", "cut")["held_usd"] == call["reserved_usd"] > 0
    refused = ask(gateway, chat("another lighthouse"), key=secret)
    assert (refused.status, refused.error["code"]) == (429, "insufficient_quota")
    said = gateway.run_command("generations", "resolve", call["id"], "--void")
    assert said.startswith(f"{call['id']}: $0.0")
    assert said.endswith("given back.")
    assert find_key(gateway, "cut")["reserved_usd"] == 0
    assert ask(gateway, chat("another lighthouse"), key=secret).status == 200
