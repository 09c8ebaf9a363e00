"""The doors to answers that exist: whoever lost one finds it, whoever it does not belong to finds nothing."""

import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from leaving import (
    CHAT_PATH,
    LeavingClient,
    collect,
    list_answers,
    name_generation,
    new_prompt,
    read_picture,
)

from asking import Reply, ask, chat, digest, get_message, split_images
from painting import Gate, Painter, refuse, wait_until
from programs import CLIENT_KEY, Gateway
from upstreams import Answer

both_modes = pytest.mark.parametrize("is_stream", [False, True], ids=["plain", "stream"])
CUT = Answer([b'{"candi'])
MIB = 1024 * 1024


def lose(gateway: Gateway, painter: Painter, *, key: str = CLIENT_KEY, **fields: Any) -> str:
    """Have a picture drawn for a client that has gone; return its generation's id."""
    gate = painter.before_answer = Gate()
    calls = len(painter.calls)
    headers = fields.pop("headers", {})
    with LeavingClient(gateway, chat(new_prompt(), **fields), key=key, headers=headers):
        painter.wait_for_calls(calls + 1)
    gate.open()
    painter.before_answer = None
    newest = "undelivered=true&limit=1&order=desc"
    wait_until(lambda: list_answers(gateway, newest, key)[0]["status"] != "in_progress")
    found: str = list_answers(gateway, newest, key)[0]["generation_id"]
    return found


def to_answer_id(generation_id: str) -> str:
    return generation_id.replace("gen_", "chatcmpl-")


def list_undelivered(gateway: Gateway, key: str = CLIENT_KEY) -> list[str]:
    """Return the ids of the generations that have reached nobody."""
    return [note["generation_id"] for note in list_answers(gateway, "undelivered=true&limit=100", key)]


def test_an_answer_is_there_by_both_ids(painter: Painter, scripted_gateway: Gateway) -> None:
    """An answer is given again by its own id and by its generation's, byte by byte, as often as it is asked for."""
    first = ask(scripted_gateway, chat(new_prompt()))
    ids = [first.json()["id"], name_generation(first)] * 2
    again = [collect(scripted_gateway, answer_id) for answer_id in ids]
    assert [reply.body == first.body for reply in again] == [True] * 4
    assert {name_generation(reply) for reply in again} == {ids[1]}
    assert len(painter.calls) == 1


@pytest.mark.parametrize("output", ["markdown", "images"])
@both_modes
def test_a_lost_answer_has_the_form_that_was_asked_for(
    output: str, painter: Painter, scripted_gateway: Gateway, *, is_stream: bool
) -> None:
    """A lost answer is collected as JSON, whole or streamed as it was, with its picture where it was asked for."""
    fields: dict[str, Any] = {"stream": is_stream, "limner": {"image_output": output}}
    reply = collect(scripted_gateway, lose(scripted_gateway, painter, **fields))
    assert reply.headers["content-type"] == "application/json"
    message = get_message(reply.json())
    shown = split_images(message["images"])[0][1] if output == "images" else read_picture(reply)
    assert digest(shown) == digest(painter.pictures[0])
    assert ("images" in message) is (output == "images")


def test_collecting_is_delivery(painter: Painter, scripted_gateway: Gateway) -> None:
    """What was collected has reached its client: it is listed no more, and the equal call is a new picture."""
    asked = chat(new_prompt())
    generation_id = lose(scripted_gateway, painter, messages=asked["messages"])
    assert generation_id in list_undelivered(scripted_gateway)
    collect(scripted_gateway, generation_id)
    assert generation_id not in list_undelivered(scripted_gateway)
    assert digest(read_picture(ask(scripted_gateway, asked))) == digest(painter.pictures[1])


@both_modes
def test_collecting_waits(painter: Painter, scripted_gateway: Gateway, *, is_stream: bool) -> None:
    """Asked for while it is drawn, an answer is waited for, or with ?wait=0 said to be in progress."""
    gate = painter.before_answer = Gate()
    key = scripted_gateway.create_key(f"waits {is_stream}")
    with LeavingClient(scripted_gateway, chat(new_prompt(), stream=is_stream), key=key):
        painter.wait_for_calls(1)
    ((generation_id, status),) = [
        (note["generation_id"], note["status"])
        for note in list_answers(scripted_gateway, "undelivered=true", key)
    ]
    assert status == "in_progress"
    hasty = collect(scripted_gateway, generation_id, "?wait=0", key)
    assert (hasty.status, hasty.json()) == (
        202,
        {"id": to_answer_id(generation_id), "status": "in_progress"},
    )
    assert name_generation(hasty) == generation_id
    with ThreadPoolExecutor(2) as pool:
        patient = [pool.submit(collect, scripted_gateway, generation_id, "", key) for _ in range(2)]
        time.sleep(0.3)
        assert not any(call.done() for call in patient)
        gate.open()
        assert [digest(read_picture(call.result())) for call in patient] == [digest(painter.pictures[0])] * 2
    assert collect(scripted_gateway, generation_id, "?wait=0", key).status == 200


def test_leaving_while_collecting_is_no_delivery(painter: Painter, scripted_gateway: Gateway) -> None:
    """Whoever breaks off while collecting finds the answer still there, also by the equal call."""
    painter.size_bytes = 12 * MIB
    asked = chat(new_prompt())
    generation_id = lose(scripted_gateway, painter, messages=asked["messages"])
    path = f"{CHAT_PATH}/{generation_id}"
    with LeavingClient(scripted_gateway, None, path=path, receive_bytes=64 * 1024) as client:
        client.read(MIB)
        client.reset()
    assert generation_id in list_undelivered(scripted_gateway)
    assert digest(read_picture(ask(scripted_gateway, asked))) == digest(painter.pictures[0])
    assert len(painter.calls) == 1


UNHAPPY = {
    "cut": ([CUT], 502, "upstream_unknown_outcome"),
    "504": ([refuse(504)], 504, "upstream_timeout"),
    "500 twice": ([refuse(500), refuse(500)], 502, "upstream_error"),
}


@pytest.mark.parametrize("case", UNHAPPY.values(), ids=UNHAPPY)
def test_an_unhappy_end_is_told_again(
    case: tuple[list[Answer], int, str], painter: Painter, scripted_gateway: Gateway
) -> None:
    """A call that ended unknown, or failed after it was sent, is told with its status by its id and by its repeat."""
    answers, status, code = case
    painter.failures = list(answers)
    asked = chat(new_prompt())
    first = ask(scripted_gateway, asked)
    replies = [
        collect(scripted_gateway, name_generation(first)),
        ask(scripted_gateway, asked),
        ask(scripted_gateway, {**asked, "stream": True}),
    ]
    for reply in (first, *replies):
        assert (reply.status, reply.error["code"]) == (status, code)
        assert reply.headers["x-should-retry"] == "false"
        assert name_generation(reply) == name_generation(first)
        assert reply.error["message"] == first.error["message"]
    assert len(painter.calls) == len(answers)


def test_every_answer_after_the_claim_names_its_generation(
    painter: Painter, scripted_gateway: Gateway
) -> None:
    """From the claim on every answer and error names its generation; what was never claimed names none."""
    asked = chat(new_prompt())
    for failures in ([], [refuse(400)], [refuse(503, "90s")], [refuse(429, "90s")], [refuse(403)], [CUT]):
        painter.failures = list(failures)
        for is_stream in (False, True):
            reply = ask(
                scripted_gateway, {**asked, "stream": is_stream}, headers={"X-Limner-Repeat": "never"}
            )
            assert name_generation(reply).startswith("gen_")
    for unclaimed in (
        ask(scripted_gateway, chat(model="no-such-model")),
        ask(scripted_gateway, chat(), key="sk-wrong"),
        ask(scripted_gateway, path=CHAT_PATH),
    ):
        assert unclaimed.headers["x-limner-generation-id"] is None


def test_the_list_of_the_undelivered(painter: Painter, scripted_gateway: Gateway) -> None:
    """Only what waits for its client is listed, in pages, in both orders, with what it cost and no picture."""
    key = scripted_gateway.create_key("pages")
    ids = [lose(scripted_gateway, painter, key=key) for _ in range(5)]
    ask(scripted_gateway, chat(new_prompt()), key=key)
    pages = []
    after = ""
    for _ in range(3):
        reply = ask(scripted_gateway, path=f"{CHAT_PATH}?undelivered=true&limit=2{after}", key=key)
        pages.append(reply.json())
        after = f"&after={pages[-1]['last_id']}"
    assert [note["generation_id"] for page in pages for note in page["data"]] == ids
    assert [page["has_more"] for page in pages] == [True, True, False]
    assert [page["object"] for page in pages] == ["list"] * 3
    assert (pages[0]["first_id"], pages[0]["last_id"]) == (to_answer_id(ids[0]), to_answer_id(ids[1]))
    newest = list_answers(scripted_gateway, f"undelivered=true&order=desc&after={to_answer_id(ids[3])}", key)
    assert [note["generation_id"] for note in newest] == ids[2::-1]
    note = pages[0]["data"][0]
    assert (note["object"], note["state"], note["is_delivered"]) == ("chat.completion", "settled", False)
    assert note["cost_usd"] == note["usage"]["cost"] > 0
    assert (note["choices"][0]["message"]["content"], note["metadata"]) == ("", {})


def test_finding_by_key_and_by_store(painter: Painter, scripted_gateway: Gateway) -> None:
    """`idempotency_key` finds a call by its key; the bare list shows those asked with `store: true` alone."""
    key = scripted_gateway.create_key("keys and stores")
    name = secrets.token_hex(8)
    keyed = lose(scripted_gateway, painter, key=key, headers={"Idempotency-Key": name})
    stored = name_generation(ask(scripted_gateway, chat(new_prompt(), store=True), key=key))
    ask(scripted_gateway, chat(new_prompt(), store=False), key=key)

    def find(query: str) -> list[str]:
        return [note["generation_id"] for note in list_answers(scripted_gateway, query, key)]

    assert find(f"idempotency_key={name}") == [keyed]
    assert find(f"idempotency_key={name}x") == []
    assert find("") == [stored]
    assert find(f"idempotency_key={name}&undelivered=true") == [keyed]
    collect(scripted_gateway, keyed, "", key)
    assert find(f"idempotency_key={name}&undelivered=true") == []
    assert find(f"idempotency_key={name}") == [keyed]


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "order=up", "undelivered=maybe"])
def test_a_wrong_query_is_refused(query: str, scripted_gateway: Gateway) -> None:
    """A query with a value that means nothing is refused and names the field."""
    reply = ask(scripted_gateway, path=f"{CHAT_PATH}?{query}")
    assert (reply.status, reply.error["code"], reply.error["param"]) == (
        400,
        "unsupported_value",
        query.partition("=")[0],
    )


def anonymize(reply: Reply, asked_id: str) -> tuple[int, bytes, dict[str, str]]:
    """Return what of an answer may not differ between ids."""
    assert asked_id.encode() in reply.body
    headers = {name.lower(): value for name, value in reply.headers.items()}
    for name in ("date", "x-request-id"):
        del headers[name]
    return reply.status, reply.body.replace(asked_id.encode(), b"ID"), headers


def test_a_foreign_id_is_as_a_random_one(painter: Painter, scripted_gateway: Gateway) -> None:
    """To everyone but its owner an answer - waiting, running or failed - is not there at all."""
    stranger = scripted_gateway.create_key("stranger")
    waiting = lose(scripted_gateway, painter)
    painter.failures = [CUT]
    failed = name_generation(ask(scripted_gateway, chat(new_prompt())))
    gate = painter.before_answer = Gate()
    with LeavingClient(scripted_gateway, chat(new_prompt())):
        painter.wait_for_calls(3)
    running = list_answers(scripted_gateway, "undelivered=true&limit=1&order=desc")[0]["generation_id"]
    random = f"gen_{secrets.token_hex(16)}"
    for query in ("", "?wait=0"):
        for to_id in (str, to_answer_id):
            ids = [to_id(generation_id) for generation_id in (random, waiting, failed, running)]
            seen = [anonymize(collect(scripted_gateway, one, query, stranger), one) for one in ids]
            assert seen[0][0] == 404
            assert seen == [seen[0]] * len(seen)
    assert list_answers(scripted_gateway, "undelivered=true", stranger) == []
    after = list_answers(scripted_gateway, f"undelivered=true&after={waiting}", stranger)
    assert after == list_answers(scripted_gateway, f"undelivered=true&after={random}", stranger)
    gate.open()


def test_ids_that_are_none(scripted_gateway: Gateway) -> None:
    """What has not the form of an id is not found, whatever it holds."""
    for odd in ("gen_", "chatcmpl-xyz", "%00", "..%2f..", "gen_" + "A" * 32, "x" * 60, "%27%20or%201=1"):
        assert collect(scripted_gateway, odd).status == 404


def test_end_users_do_not_see_each_others(painter: Painter, gateway_of_users: Gateway) -> None:
    """Behind one API key an end user's answers, lists and keys are its own."""
    asked, name = chat(new_prompt()), secrets.token_hex(8)
    users = {user: {"X-End-User": user, "Idempotency-Key": name} for user in ("ann", "bob")}
    ids = {
        user: name_generation(ask(gateway_of_users, {**asked, "store": True}, headers=headers))
        for user, headers in users.items()
    }
    for user, headers in users.items():
        for other, generation_id in ids.items():
            reply = ask(gateway_of_users, path=f"{CHAT_PATH}/{generation_id}", headers=headers)
            assert reply.status == (200 if user == other else 404)
        for query in ("", f"?idempotency_key={name}"):
            listed = ask(gateway_of_users, path=f"{CHAT_PATH}{query}", headers=headers).json()["data"]
            assert [note["generation_id"] for note in listed] == [ids[user]]
    assert len(painter.calls) == 2
