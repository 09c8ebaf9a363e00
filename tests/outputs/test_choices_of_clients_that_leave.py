"""A client that leaves while some of its choices were sent and others were not."""

import json
import secrets
import time
from typing import Any

import pytest
from shapes import MODES, Read, read_answer

from asking import ask, asking, chat, digest, split_markdown
from painting import Gate, Painter, refuse, wait_until
from programs import Gateway

modes = pytest.mark.parametrize("mode", MODES)


@pytest.fixture
def key(scripted_gateway: Gateway) -> str:
    """A client key of the test's own."""
    return scripted_gateway.create_key(f"leaving-{secrets.token_hex(4)}", "--budget-usd", "1")


def leave(gateway: Gateway, painter: Painter, key: str, mode: str, *, n: int) -> str:
    """Ask for choices, leave once all calls have come, and return the generation's id."""
    body = chat(f"a lighthouse {secrets.token_hex(4)}", n=n, stream=mode == "stream")
    with asking(gateway, body, headers={"Authorization": f"Bearer {key}"}):
        painter.wait_for_calls(n)
        time.sleep(0.2)  # for refusals to be read
        listed = ask(gateway, path="/v1/chat/completions?undelivered=true", key=key).json()["data"]
    time.sleep(0.2)  # for its leaving to be seen
    (generation_id,) = [note["generation_id"] for note in listed]
    return str(generation_id)


def wait_for_end(gateway: Gateway, generation_id: str) -> dict[str, Any]:
    """Return a generation as its operator sees it, once it has ended."""

    def find() -> dict[str, Any]:
        found = json.loads(gateway.run_command("generations", "list", "--json"))
        return next(dict(one) for one in found if one["id"] == generation_id)

    wait_until(lambda: find()["state"] in {"settled", "refused", "failed", "unknown"})
    return find()


def collect(gateway: Gateway, generation_id: str, key: str) -> Read:
    return read_answer(ask(gateway, path=f"/v1/chat/completions/{generation_id}", key=key))


@modes
def test_choices_that_all_wait_are_given_up(
    mode: str, painter: Painter, scripted_gateway: Gateway, key: str
) -> None:
    """Where Gemini has refused every one for now, none is sent again, and nothing is owed."""
    painter.failures = [refuse(429, "1s"), refuse(429, "1s")]
    generation_id = leave(scripted_gateway, painter, key, mode, n=2)
    ended = wait_for_end(scripted_gateway, generation_id)
    assert (ended["state"], ended["cost_usd"]) == ("failed", 0)
    assert len(painter.calls) == 2
    assert ask(scripted_gateway, path=f"/v1/chat/completions/{generation_id}", key=key).status == 404


@modes
def test_a_choice_that_waits_is_given_up_beside_one_that_was_sent(
    mode: str, painter: Painter, scripted_gateway: Gateway, key: str
) -> None:
    """What Gemini has is received and paid for; the other ends unsent, for nothing, and says so."""
    painter.failures = [refuse(429, "1s")]
    gate = painter.before_answer = Gate()
    generation_id = leave(scripted_gateway, painter, key, mode, n=2)
    time.sleep(1.5)  # for the wait to be over
    gate.open()
    assert wait_for_end(scripted_gateway, generation_id)["state"] == "settled"
    assert len(painter.calls) == 2
    answer = collect(scripted_gateway, generation_id, key)
    drawn = [digest(data) for said in answer.choices for _, data in split_markdown(said.content)[1]]
    assert drawn == [digest(painter.pictures[0])]
    (failed,) = [said for said in answer.choices if said.refusal is not None]
    assert failed.refusal == "The client had left before this choice was sent; nothing was bought for it."
    assert answer.usage["completion_tokens_details"]["image_tokens"] == 747
    assert [code for code in answer.codes if code.startswith("choice")] == ["choice_failed"]


@modes
def test_choices_that_were_sent_are_kept(
    mode: str, painter: Painter, scripted_gateway: Gateway, key: str
) -> None:
    """All are received, whoever has left, and are there for who comes for them."""
    gate = painter.before_answer = Gate()
    generation_id = leave(scripted_gateway, painter, key, mode, n=3)
    gate.open()
    assert wait_for_end(scripted_gateway, generation_id)["state"] == "settled"
    answer = collect(scripted_gateway, generation_id, key)
    assert sorted(image["sha256"] for image in answer.note["images"]) == sorted(map(digest, painter.pictures))
    assert len(answer.choices) == 3
