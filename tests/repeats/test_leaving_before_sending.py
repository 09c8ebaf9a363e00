"""A client that leaves before its call was sent buys nothing; once it was sent, its leaving changes nothing."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from typing import Any

import pytest
from leaving import LeavingClient, collect, list_answers, name_generation, new_prompt, read_picture

from asking import ask, chat, digest
from painting import Gate, Painter, refuse, wait_until
from programs import Gateway, StartGateway

both_modes = pytest.mark.parametrize("is_stream", [False, True], ids=["plain", "stream"])


def list_generations(gateway: Gateway) -> list[dict[str, Any]]:
    """Return the gateway's generations as its operator sees them, the newest first."""
    found: list[dict[str, Any]] = json.loads(gateway.run_command("generations", "list", "--json"))
    return found


def wait_for_end(gateway: Gateway, generation_id: str) -> dict[str, Any]:
    """Return the generation as its operator sees it, once it has ended."""
    ends = {"settled", "refused", "failed", "unknown"}

    def find() -> dict[str, Any]:
        (found,) = [one for one in list_generations(gateway) if one["id"] == generation_id]
        return found

    wait_until(lambda: find()["state"] in ends)
    return find()


@both_modes
def test_leaving_in_the_wait_before_a_retry_cancels(
    painter: Painter, scripted_gateway: Gateway, *, is_stream: bool
) -> None:
    """A call that Gemini refused for now is not sent again when its client has left; its money is free again."""
    painter.failures = [refuse(429, "1s")]
    key = scripted_gateway.create_key(f"left in the wait {is_stream}", "--budget-usd", "0.2")
    asked = chat(new_prompt(), stream=is_stream)
    with LeavingClient(scripted_gateway, asked, key=key):
        painter.wait_for_calls(1)
        time.sleep(0.2)  # for the refusal to be read
        (note,) = list_answers(scripted_gateway, "undelivered=true", key)
    ended = wait_for_end(scripted_gateway, note["generation_id"])
    assert (ended["state"], ended["cost_usd"]) == ("failed", 0)
    time.sleep(0.5)
    assert len(painter.calls) == 1
    assert list_answers(scripted_gateway, "undelivered=true", key) == []
    assert collect(scripted_gateway, note["generation_id"], "", key).status == 404
    assert digest(read_picture(ask(scripted_gateway, asked, key=key))) == digest(painter.pictures[0])


def test_a_repeat_in_the_wait_takes_over(painter: Painter, scripted_gateway: Gateway) -> None:
    """Whoever repeats the call in that wait is its client, and it is sent again for it."""
    painter.failures = [refuse(429, "1s")]
    asked = chat(new_prompt())
    with LeavingClient(scripted_gateway, asked):
        painter.wait_for_calls(1)
        time.sleep(0.2)
    time.sleep(0.1)  # for its leaving to be seen
    reply = ask(scripted_gateway, asked)
    assert digest(read_picture(reply)) == digest(painter.pictures[0])
    assert len(painter.calls) == 2


@both_modes
def test_leaving_once_it_was_sent_cancels_nothing(
    painter: Painter, scripted_gateway: Gateway, *, is_stream: bool
) -> None:
    """A call that Gemini has is received to its end and paid for, whoever has left."""
    gate = painter.before_answer = Gate()
    key = scripted_gateway.create_key(f"left too late {is_stream}")
    with LeavingClient(scripted_gateway, chat(new_prompt(), stream=is_stream), key=key):
        painter.wait_for_calls(1)
    (note,) = list_answers(scripted_gateway, "undelivered=true", key)
    gate.open()
    ended = wait_for_end(scripted_gateway, note["generation_id"])
    assert ended["state"] == "settled"
    assert ended["cost_usd"] > 0


@pytest.fixture
def silent_port() -> Iterator[socket.socket]:
    """A listener whose queue is full: connecting to it takes until it accepts."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(2):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield listener


def test_leaving_while_connecting_cancels(silent_port: socket.socket, start_gateway: StartGateway) -> None:
    """A client that leaves while the upstream cannot be reached buys nothing when it can be."""
    gateway = start_gateway(f"http://127.0.0.1:{silent_port.getsockname()[1]}")
    with LeavingClient(gateway, chat(new_prompt())):
        time.sleep(0.3)
    time.sleep(0.2)  # for its leaving to be seen
    assert read_all(silent_port, seconds=4) == b""


def read_all(listener: socket.socket, seconds: float) -> bytes:
    """Accept for so long and return what came first on each connection: the kernel tries to connect at 1 and 3 s."""
    received = bytearray()
    ends_at = time.monotonic() + seconds
    while (left := ends_at - time.monotonic()) > 0 and not received:
        listener.settimeout(left)
        with suppress(TimeoutError, ConnectionResetError):
            peer, _ = listener.accept()
            with closing(peer):
                peer.settimeout(0.2)
                received += peer.recv(64 * 1024)
    return bytes(received)


def test_leaving_while_sending_a_large_body(painter: Painter, scripted_gateway: Gateway) -> None:
    """Calls that were sent in full are found again by their repeat, also where the client left at once."""
    asked = chat(
        new_prompt(), messages=[{"role": "user", "content": f"{new_prompt()} " + "and so on " * 20_000}]
    )
    with LeavingClient(scripted_gateway, asked):
        pass
    time.sleep(0.3)
    reply = ask(scripted_gateway, asked)
    assert digest(read_picture(reply)) == digest(painter.pictures[0])
    assert len(painter.calls) == 1
    assert name_generation(reply).startswith("gen_")
