"""When a client has got its picture: what its own kernel has acknowledged, whatever the gateway has handed over.

What it has not got is there for its next equal call; after what it has got that call is a new picture.
"""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest
from leaving import (
    CHAT_PATH,
    LeavingClient,
    ask_head,
    find_newest,
    list_answers,
    new_prompt,
    read_picture,
    read_pictures,
    wait_for_settlement,
)
from openai import OpenAI

from asking import ask, chat, digest
from painting import Gate, Painter, wait_until
from programs import CLIENT_KEY, Gateway, ListCalls

RETRY = {"x-stainless-retry-count": "1"}
MIB = 1024 * 1024

both_modes = pytest.mark.parametrize("is_stream", [False, True], ids=["plain", "stream"])


@both_modes
def test_half_a_picture_is_not_delivered(
    painter: Painter, scripted_gateway: Gateway, *, is_stream: bool
) -> None:
    """A client that read half of its picture and was cut off gets the whole one by its next equal call."""
    painter.size_bytes = 12 * MIB
    asked = chat(new_prompt(), stream=is_stream)
    with LeavingClient(scripted_gateway, asked, receive_bytes=64 * 1024) as client:
        client.read(6 * MIB)
        client.reset()
    reply = ask(scripted_gateway, asked, headers=RETRY)
    assert digest(read_picture(reply)) == digest(painter.pictures[0])
    assert len(painter.calls) == 1


def test_a_picture_read_whole_is_delivered(painter: Painter, scripted_gateway: Gateway) -> None:
    """A client that read all of the picture and closed before [DONE] has it: its next equal call is a new one."""
    painter.before_end = Gate()
    asked = chat(new_prompt(), stream=True)
    with LeavingClient(scripted_gateway, asked) as client:
        client.read_until(b")")
    time.sleep(0.1)  # for its leaving to be seen, before the answer's end
    generation_id = find_newest(scripted_gateway)
    painter.before_end.open()
    wait_until(
        lambda: (
            generation_id
            not in {note["generation_id"] for note in list_answers(scripted_gateway, "undelivered=true")}
        )
    )
    assert digest(read_picture(ask(scripted_gateway, asked))) == digest(painter.pictures[1])


def test_one_picture_of_two_is_not_delivered(painter: Painter, scripted_gateway: Gateway) -> None:
    """A client that left with the first of two pictures gets both by its next equal call."""
    painter.pictures_per_call = 2
    painter.before_end = Gate()
    asked = chat(new_prompt(), stream=True)
    with LeavingClient(scripted_gateway, asked) as client:
        client.read_until(b")")
    time.sleep(0.1)  # for its leaving to be seen
    painter.before_end.open()
    wait_for_settlement(scripted_gateway, find_newest(scripted_gateway))
    time.sleep(0.1)  # only then it is known that the client has not got all, and it counts as gone
    shown = [digest(picture) for picture in read_pictures(ask(scripted_gateway, asked))]
    assert shown == [digest(picture) for picture in painter.pictures]
    assert len(painter.calls) == 1


@both_modes
def test_a_slow_reader_is_delivered_at_its_end(
    painter: Painter, scripted_gateway: Gateway, *, is_stream: bool
) -> None:
    """While a large picture is read slowly it is not delivered, though the gateway has handed over most of it."""
    painter.size_bytes = 6 * MIB
    asked = chat(new_prompt(), stream=is_stream)
    with LeavingClient(scripted_gateway, asked, receive_bytes=64 * 1024) as client:
        for _ in range(10):
            client.read(64 * 1024)
            time.sleep(0.1)
        generation_id = client.response.headers["x-limner-generation-id"]
        assert find_newest(scripted_gateway) == generation_id
        client.read_reply()
    notes = list_answers(scripted_gateway, "undelivered=true&limit=100")
    assert generation_id not in {note["generation_id"] for note in notes}


def test_a_head_is_no_delivery(painter: Painter, scripted_gateway: Gateway) -> None:
    """Asking for the head of an answer, which shows no picture, leaves it undelivered."""
    painter.before_answer = Gate()
    with LeavingClient(scripted_gateway, chat(new_prompt())):
        painter.wait_for_calls(1)
    generation_id = find_newest(scripted_gateway)
    painter.before_answer.open()
    wait_for_settlement(scripted_gateway, generation_id)
    ask_head(scripted_gateway, f"{CHAT_PATH}/{generation_id}")
    time.sleep(0.1)
    assert find_newest(scripted_gateway) == generation_id


@both_modes
@pytest.mark.parametrize("directive", ["text-only", "finish=IMAGE_SAFETY", "cut=90%"])
def test_an_answer_without_its_picture_is_delivered_too(
    directive: str, gateway: Gateway, journal: ListCalls, *, is_stream: bool
) -> None:
    """Words alone, a refusal, a cut answer: a client that read it all asks anew by its next equal call."""
    asked = chat(f"{new_prompt()} [[{directive}]]", stream=is_stream)
    assert [ask(gateway, asked).headers["idempotent-replayed"] for _ in range(3)] == [None] * 3
    assert len(journal()) == 3


@both_modes
def test_a_blocked_prompt_that_was_told_is_asked_anew(
    gateway: Gateway, journal: ListCalls, *, is_stream: bool
) -> None:
    """A refusal of the prompt is an answer: who has read it and asks again wants Gemini to be asked again."""
    asked = chat(f"{new_prompt()} [[block=PROHIBITED_CONTENT]]", stream=is_stream)
    assert [ask(gateway, asked).status for _ in range(2)] == [400, 400]
    assert len(journal()) == 2


@both_modes
def test_the_official_client_gets_what_it_reads(
    painter: Painter, scripted_gateway: Gateway, *, is_stream: bool
) -> None:
    """The Python client, which closes the moment it has read [DONE], has its answer: every call is a new picture."""

    def draw(prompt: str) -> None:
        for _ in range(15):
            with OpenAI(base_url=f"{scripted_gateway.url}/v1", api_key=CLIENT_KEY, max_retries=0) as client:
                messages: Any = [{"role": "user", "content": prompt}]
                answer = client.chat.completions.create(
                    model="nano-banana-2-512", messages=messages, stream=is_stream
                )
                if is_stream:
                    assert list(answer)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(draw, [new_prompt() for _ in range(4)]))
    assert len(painter.calls) == 60


def test_pipelined_calls_are_calls(painter: Painter, scripted_gateway: Gateway) -> None:
    """Three equal calls sent at once on one connection are answered in turn, each with a picture of its own."""
    body = json.dumps(chat(new_prompt())).encode()
    head = f"POST {CHAT_PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {CLIENT_KEY}\r\n".encode()
    with closing(scripted_gateway.connect()) as connection:
        connection.connect()
        connection.sock.sendall((head + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)) * 3)
        ids = []
        with connection.sock.makefile("rb") as answers:
            for _ in range(3):
                lines = iter(answers.readline, b"\r\n")
                headers = dict(line.decode().strip().lower().partition(": ")[::2] for line in lines)
                assert len(answers.read(int(headers["content-length"]))) > painter.size_bytes
                ids.append(headers["x-limner-generation-id"])
        wait_until(lambda: not set(ids) & list_undelivered(scripted_gateway))
    assert len(set(ids)) == len(painter.calls) == 3


def list_undelivered(gateway: Gateway) -> set[str]:
    """Return the ids of the newest generations that have reached nobody."""
    notes = list_answers(gateway, "undelivered=true&limit=100&order=desc")
    return {note["generation_id"] for note in notes}
