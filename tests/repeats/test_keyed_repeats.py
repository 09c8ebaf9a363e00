"""Calls with an Idempotency-Key: the same call is bought once however often it comes, another is refused."""

import json
import secrets
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from leaving import CHAT_PATH, LeavingClient, name_generation, new_prompt, read_picture

from asking import Reply, ask, chat, digest, get_message, read_stream
from painting import Gate, Painter, refuse
from programs import CLIENT_KEY, Gateway

both_modes = pytest.mark.parametrize("is_stream", [False, True], ids=["plain", "stream"])


def new_key() -> dict[str, str]:
    """Return the header with a key that nobody has used."""
    return {"Idempotency-Key": secrets.token_hex(8)}


def test_calls_at_once_are_one(painter: Painter, scripted_gateway: Gateway) -> None:
    """Twenty equal calls at once with one key, in both modes, are one charge and twenty times the same answer."""
    painter.before_answer = Gate()
    asked, headers = chat(new_prompt()), new_key()
    with ThreadPoolExecutor(20) as pool:
        calls = [
            pool.submit(ask, scripted_gateway, {**asked, "stream": number % 2 == 1}, headers=headers)
            for number in range(20)
        ]
        painter.wait_for_calls(1)
        painter.before_answer.open()
        replies = [call.result() for call in calls]
    assert {digest(read_picture(reply)) for reply in replies} == {digest(painter.pictures[0])}
    assert len({name_generation(reply) for reply in replies}) == 1
    assert (
        len({reply.body for reply in replies if not reply.headers["content-type"].startswith("text/")}) == 1
    )
    assert len(painter.calls) == 1


def test_a_plain_answer_is_replayed_byte_by_byte(painter: Painter, scripted_gateway: Gateway) -> None:
    """The same call is answered from the store as often as it comes, with the same bytes, and says so."""
    asked, headers = chat(new_prompt()), new_key()
    first, *others = (ask(scripted_gateway, asked, headers=headers) for _ in range(4))
    assert first.status == 200
    assert [other.body == first.body for other in others] == [True] * 3
    assert first.headers["idempotent-replayed"] is None
    assert [other.headers["idempotent-replayed"] for other in others] == ["true"] * 3
    assert len(painter.calls) == 1


def test_a_stream_is_replayed_alike(painter: Painter, scripted_gateway: Gateway) -> None:
    """A replayed stream has the same id, time, concatenated deltas, finish and usage."""
    asked, headers = chat(new_prompt(), stream=True), new_key()
    replies = [ask(scripted_gateway, asked, headers=headers) for _ in range(2)]
    assert [reply.headers["idempotent-replayed"] for reply in replies] == [None, "true"]
    first, second = (read_stream(reply.body) for reply in replies)
    assert second.is_done
    for key in ("id", "created", "model"):
        assert {chunk[key] for chunk in second.chunks} == {chunk[key] for chunk in first.chunks}
    assert digest(second.content.encode()) == digest(first.content.encode())
    assert (second.finish, second.usage) == (first.finish, first.usage)
    assert len(painter.calls) == 1


@pytest.mark.parametrize("output", ["markdown", "images"])
@both_modes
def test_modes_cross(painter: Painter, scripted_gateway: Gateway, output: str, *, is_stream: bool) -> None:
    """What was bought in one mode is told in the other with equal id, time, content, pictures and usage."""
    asked, headers = chat(new_prompt(), limner={"image_output": output}), new_key()
    first, second = (
        ask(scripted_gateway, {**asked, "stream": mode}, headers=headers)
        for mode in (is_stream, not is_stream)
    )
    plain, streamed = (second, first) if is_stream else (first, second)
    answer, stream = plain.json(), read_stream(streamed.body)
    message = get_message(answer)
    assert {(chunk["id"], chunk["created"]) for chunk in stream.chunks} == {(answer["id"], answer["created"])}
    assert digest(stream.content.encode()) == digest(message["content"].encode())
    assert json.dumps(stream.images) == json.dumps(message.get("images", []))
    assert stream.usage == answer["usage"]
    assert stream.finish["limner"] == answer["limner"]
    assert len(painter.calls) == 1


def test_a_call_that_joins_is_no_replay(painter: Painter, scripted_gateway: Gateway) -> None:
    """Only an answer from the store is marked as replayed; one that is shared while it is drawn is not."""
    painter.before_answer = Gate()
    asked, headers = chat(new_prompt()), new_key()
    with ThreadPoolExecutor(1) as pool, LeavingClient(scripted_gateway, asked, headers=headers) as first:
        painter.wait_for_calls(1)
        second = pool.submit(ask, scripted_gateway, {**asked, "stream": True}, headers=headers)
        assert not second.done()
        painter.before_answer.open()
        replies = [first.read_reply(), second.result()]
    assert [reply.status for reply in replies] == [200, 200]
    assert len(painter.calls) == 1


@pytest.mark.parametrize("is_running", [False, True], ids=["ended", "running"])
def test_another_call_is_refused(painter: Painter, scripted_gateway: Gateway, *, is_running: bool) -> None:
    """A key that stands for another call, running or ended, is 422, and nothing is bought."""
    headers = new_key()
    if is_running:
        painter.before_answer = Gate()
    with LeavingClient(scripted_gateway, chat(new_prompt()), headers=headers) as first:
        painter.wait_for_calls(1)
        if not is_running:
            first.read_reply()
        reply = ask(scripted_gateway, chat(new_prompt()), headers=headers)
    assert (reply.status, reply.error["code"], reply.error["type"]) == (
        422,
        "idempotency_key_reused",
        "invalid_request_error",
    )
    assert reply.headers["x-should-retry"] == "false"
    assert len(painter.calls) == 1


MALFORMED = {
    "empty": b"",
    "blank": b"   ",
    "256 characters": b"k" * 256,
    "a control character": b"key\x07key",
    "a tabulator inside": b"key\tkey",
    "a space inside": b"key key",
    "not ASCII": "schlüssel".encode(),
    "Latin-1": "schlüssel".encode("latin-1"),
}


def ask_raw(gateway: Gateway, *keys: bytes) -> Reply:
    """Ask with these Idempotency-Key headers, sent as they are."""
    body = json.dumps(chat(new_prompt())).encode()
    head = [
        f"POST {CHAT_PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {CLIENT_KEY}\r\n".encode(),
        b"Content-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n" % len(body),
        *(b"Idempotency-Key: %b\r\n" % key for key in keys),
        b"\r\n",
    ]
    with closing(gateway.connect()) as connection:
        connection.connect()
        connection.sock.sendall(b"".join([*head, body]))
        response = connection.response_class(connection.sock, method="POST")
        response.begin()
        with response:
            return Reply(response.status, response.headers, response.read())


@pytest.mark.parametrize("key", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_key_buys_nothing(key: bytes, painter: Painter, scripted_gateway: Gateway) -> None:
    """A key that is no key is refused before anything is bought."""
    reply = ask_raw(scripted_gateway, key)
    assert (reply.status, reply.error["code"]) == (
        400,
        # A control character is no part of a header at all, so it is refused as HTTP.
        "unsupported_value" if b"\x07" in key else "invalid_idempotency_key",
    )
    assert painter.calls == []


def test_a_repeated_key_buys_nothing(painter: Painter, scripted_gateway: Gateway) -> None:
    """Two keys, even equal ones, are one too many."""
    for keys in ((b"first", b"second"), (b"same", b"same")):
        reply = ask_raw(scripted_gateway, *keys)
        assert (reply.status, reply.error["code"]) == (400, "invalid_idempotency_key")
    assert painter.calls == []


def test_the_longest_key_is_a_key(painter: Painter, scripted_gateway: Gateway) -> None:
    """255 visible characters of any kind, commas and quotes among them, are taken; spaces around are not read."""
    key = bytes(range(0x21, 0x7F)) * 2 + secrets.token_hex(33).encode() + b"x"
    assert len(key) == 255
    assert ask_raw(scripted_gateway, b"  " + key + b" ").status == 200
    assert ask_raw(scripted_gateway, key).status == 422
    assert len(painter.calls) == 1


def test_the_key_of_another_owner_is_another(painter: Painter, scripted_gateway: Gateway) -> None:
    """One key used with two API keys stands for two calls, equal or not."""
    other = scripted_gateway.create_key("other of the keyed")
    asked, headers = chat(new_prompt()), new_key()
    ask(scripted_gateway, asked, headers=headers)
    assert ask(scripted_gateway, asked, headers=headers, key=other).headers["idempotent-replayed"] is None
    headers = new_key()
    ask(scripted_gateway, asked, headers=headers)
    assert ask(scripted_gateway, chat(new_prompt()), headers=headers, key=other).status == 200
    assert len(painter.calls) == 4


def test_two_keys_of_one_owner_share(painter: Painter, scripted_gateway: Gateway) -> None:
    """An owner's calls are the same through any of its API keys."""
    keys = [scripted_gateway.create_key(f"shared {n}", "--owner", "sharer") for n in range(2)]
    asked, headers = chat(new_prompt()), new_key()
    replies = [ask(scripted_gateway, asked, headers=headers, key=key) for key in keys]
    assert replies[0].body == replies[1].body
    assert len(painter.calls) == 1


def test_the_key_of_another_end_user_is_another(painter: Painter, gateway_of_users: Gateway) -> None:
    """Behind one API key each end user, named by header or by the body's `user`, has keys of its own."""
    asked, headers = chat(new_prompt()), new_key()
    replies = [
        ask(gateway_of_users, asked, headers={**headers, "X-End-User": user})
        for user in ("ann", "bob", "ann")
    ]
    replies += [ask(gateway_of_users, {**asked, "user": user}, headers=headers) for user in ("cid", "dan")]
    assert [reply.status for reply in replies] == [200] * 5
    assert replies[2].body == replies[0].body
    assert len(painter.calls) == 4


@pytest.mark.parametrize("status", [429, 503])
def test_a_key_that_was_refused_is_free(status: int, painter: Painter, scripted_gateway: Gateway) -> None:
    """A key whose call was refused for now is used for the next, the same call or another."""
    for is_same in (True, False):
        painter.failures = [refuse(status, "90s")]
        first, second = chat(new_prompt()), chat(new_prompt())
        headers = new_key()
        assert ask(scripted_gateway, first, headers=headers).status == status
        reply = ask(scripted_gateway, first if is_same else second, headers=headers)
        assert (reply.status, reply.headers["idempotent-replayed"]) == (200, None)


def test_a_key_that_was_not_valid_is_free(painter: Painter, scripted_gateway: Gateway) -> None:
    """A key whose call could not be drawn, or that Gemini refused, is used for the corrected call."""
    headers = new_key()
    assert ask(scripted_gateway, chat(model="no-such-model"), headers=headers).status == 404
    assert ask(scripted_gateway, chat(seed="seven"), headers=headers).status == 400
    painter.failures = [refuse(400)]
    reply = ask(scripted_gateway, chat(new_prompt()), headers=headers)
    assert (reply.status, reply.error["code"]) == (400, "upstream_rejected")
    assert ask(scripted_gateway, chat(new_prompt()), headers=headers).status == 200


def test_calls_with_a_key_are_found_by_it_only(painter: Painter, scripted_gateway: Gateway) -> None:
    """An equal call without the key, or with another, is a new picture even where one waits under the key."""
    painter.before_answer = Gate()
    asked, headers = chat(new_prompt()), new_key()
    with LeavingClient(scripted_gateway, asked, headers=headers):
        painter.wait_for_calls(1)
    painter.before_answer.open()
    others = [ask(scripted_gateway, asked), ask(scripted_gateway, asked, headers=new_key())]
    again = ask(scripted_gateway, asked, headers=headers)
    shown = [digest(read_picture(reply)) for reply in (again, *others)]
    assert shown == [digest(picture) for picture in painter.pictures]
