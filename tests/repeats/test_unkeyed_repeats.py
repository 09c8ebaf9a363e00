"""Calls without an Idempotency-Key: which is a repeat and gets what was bought, and which is a new picture."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from leaving import (
    KeptConnection,
    LeavingClient,
    find_newest,
    name_generation,
    new_prompt,
    read_picture,
    wait_for_settlement,
)

from asking import Reply, ask, chat, digest
from painting import Gate, Painter, refuse
from programs import Gateway

RETRY = {"x-stainless-retry-count": "1"}
MIB = 1024 * 1024

both_modes = pytest.mark.parametrize("is_stream", [False, True], ids=["plain", "stream"])


@both_modes
def test_regenerating_is_a_new_picture(
    painter: Painter, scripted_gateway: Gateway, *, is_stream: bool
) -> None:
    """An equal call after an answer that was read, at once on the same connection or on another, is a new one."""
    asked = chat(new_prompt(), stream=is_stream)
    with KeptConnection(scripted_gateway) as kept:
        replies = [kept.ask(asked) for _ in range(8)]
    replies += [ask(scripted_gateway, asked) for _ in range(8)]
    assert [digest(read_picture(reply)) for reply in replies] == [digest(p) for p in painter.pictures]
    assert not any(reply.headers["idempotent-replayed"] for reply in replies)


@both_modes
def test_a_repeat_adopts_what_runs(painter: Painter, scripted_gateway: Gateway, *, is_stream: bool) -> None:
    """A client that left while its picture was being drawn gets it by the equal call it makes next."""
    painter.before_answer = Gate()
    asked = chat(new_prompt(), stream=is_stream)
    with LeavingClient(scripted_gateway, asked):
        painter.wait_for_calls(1)
    time.sleep(0.1)  # for its leaving to be seen
    with LeavingClient(scripted_gateway, asked) as again:
        time.sleep(0.1)
        painter.before_answer.open()
        reply = again.read_reply()
    assert digest(read_picture(reply)) == digest(painter.pictures[0])
    assert reply.headers["idempotent-replayed"] is None
    assert len(painter.calls) == 1


@pytest.mark.parametrize("is_second_stream", [False, True], ids=["to plain", "to stream"])
@both_modes
def test_a_repeat_adopts_what_has_settled(
    painter: Painter, scripted_gateway: Gateway, *, is_stream: bool, is_second_stream: bool
) -> None:
    """A picture that was drawn for nobody waits, in both modes, for the next equal call; the one after is new."""
    painter.before_answer = Gate()
    asked = chat(new_prompt(), stream=is_stream)
    with LeavingClient(scripted_gateway, asked):
        painter.wait_for_calls(1)
    generation_id = find_newest(scripted_gateway)
    painter.before_answer.open()
    wait_for_settlement(scripted_gateway, generation_id)
    first, second = (ask(scripted_gateway, {**asked, "stream": is_second_stream}) for _ in range(2))
    assert digest(read_picture(first)) == digest(painter.pictures[0])
    assert (first.headers["idempotent-replayed"], name_generation(first)) == ("true", generation_id)
    assert digest(read_picture(second)) == digest(painter.pictures[1])


@both_modes
def test_a_retry_joins_what_runs(painter: Painter, scripted_gateway: Gateway, *, is_stream: bool) -> None:
    """A call that says it is a retry joins the running equal one whose client still seems to be there."""
    painter.before_answer = Gate()
    asked = chat(new_prompt(), stream=is_stream)
    with (
        LeavingClient(scripted_gateway, asked) as first,
        ThreadPoolExecutor(1) as pool,
    ):
        painter.wait_for_calls(1)
        second = pool.submit(ask, scripted_gateway, asked, headers=RETRY)
        time.sleep(0.2)
        painter.before_answer.open()
        replies = [first.read_reply(), second.result()]
    assert [digest(read_picture(reply)) for reply in replies] == [digest(painter.pictures[0])] * 2
    assert len(painter.calls) == 1


@both_modes
def test_a_retry_replays_what_ended_lately(
    painter: Painter, scripted_gateway: Gateway, *, is_stream: bool
) -> None:
    """A retry of a call that was answered moments ago - a proxy lost the answer - is answered from the store."""
    asked = chat(new_prompt(), stream=is_stream)
    first = ask(scripted_gateway, asked)
    again = ask(scripted_gateway, asked, headers=RETRY)
    assert (again.headers["idempotent-replayed"], len(painter.calls)) == ("true", 1)
    assert name_generation(again) == name_generation(first)
    assert read_picture(again) == read_picture(first)


def test_a_retry_after_a_refusal_is_new(painter: Painter, scripted_gateway: Gateway) -> None:
    """A retry of an equal call that the upstream refused draws; it does not get the earlier call's picture."""
    asked = chat(new_prompt())
    ask(scripted_gateway, asked)
    painter.failures = [refuse(503)] * 3
    assert ask(scripted_gateway, asked).status == 503
    reply = ask(scripted_gateway, asked, headers=RETRY)
    assert digest(read_picture(reply)) == digest(painter.pictures[1])


def test_a_retry_after_the_keys_own_limit_is_new(painter: Painter, scripted_gateway: Gateway) -> None:
    """A retry of an equal call that the key's own limit refused is no repeat of the one that was let in."""
    key = scripted_gateway.create_key("one a minute", "--images-per-minute", "1")
    asked = chat(new_prompt())
    read_picture(ask(scripted_gateway, asked, key=key))
    assert ask(scripted_gateway, asked, key=key).status == 429
    assert ask(scripted_gateway, asked, key=key, headers=RETRY).status == 429
    assert len(painter.calls) == 1


def test_never_is_always_new(painter: Painter, scripted_gateway: Gateway) -> None:
    """`X-Limner-Repeat: never` draws, even where a picture waits and even if it says it is a retry."""
    painter.before_answer = Gate()
    asked = chat(new_prompt())
    with LeavingClient(scripted_gateway, asked):
        painter.wait_for_calls(1)
    painter.before_answer.open()
    wait_for_settlement(scripted_gateway, find_newest(scripted_gateway))
    reply = ask(scripted_gateway, asked, headers={**RETRY, "X-Limner-Repeat": "never"})
    assert digest(read_picture(reply)) == digest(painter.pictures[1])


@both_modes
def test_equal_calls_of_live_clients_are_not_merged(
    painter: Painter, scripted_gateway: Gateway, *, is_stream: bool
) -> None:
    """Four equal calls at once are four variants, also those that come when the first runs for over a second."""
    painter.before_answer = Gate()
    asked = chat(new_prompt(), stream=is_stream)
    with ThreadPoolExecutor(4) as pool:
        calls = [pool.submit(ask, scripted_gateway, asked) for _ in range(3)]
        painter.wait_for_calls(3)
        time.sleep(1.1)
        calls.append(pool.submit(ask, scripted_gateway, asked))
        painter.wait_for_calls(4)
        painter.before_answer.open()
        seen = {digest(read_picture(call.result())) for call in calls}
    assert seen == {digest(picture) for picture in painter.pictures}
    assert len(seen) == 4


def test_a_client_just_leaving_is_waited_for(painter: Painter, scripted_gateway: Gateway) -> None:
    """A call that meets an equal one whose client leaves a tenth of a second later takes its place."""
    painter.before_answer = Gate()
    asked = chat(new_prompt())
    with ThreadPoolExecutor(1) as pool, LeavingClient(scripted_gateway, asked) as first:
        painter.wait_for_calls(1)
        time.sleep(1.1)
        second = pool.submit(ask, scripted_gateway, asked)
        time.sleep(0.1)
        first.leave()
        time.sleep(0.3)
        painter.before_answer.open()
        reply: Reply = second.result()
    assert digest(read_picture(reply)) == digest(painter.pictures[0])
    assert len(painter.calls) == 1


def test_each_repeat_adopts_another(painter: Painter, scripted_gateway: Gateway) -> None:
    """Of three equal pictures that reached nobody three equal calls at once get one each, and a fourth draws."""
    painter.before_answer = Gate()
    asked = chat(new_prompt())
    clients = [LeavingClient(scripted_gateway, asked) for _ in range(3)]
    painter.wait_for_calls(3)
    for client in clients:
        client.leave()
    time.sleep(0.2)
    painter.before_answer.open()
    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(lambda _: ask(scripted_gateway, asked), range(4)))
    assert len({digest(read_picture(reply)) for reply in replies}) == 4
    assert len(painter.calls) == 4
