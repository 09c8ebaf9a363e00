"""Repeats, budgets, crashes and collection at the images doors: a picture is bought once and never lost."""

import json
import time
from contextlib import closing
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest
from imaging import (
    EDITS,
    GENERATIONS,
    Field,
    File,
    ask_form,
    ask_images,
    images,
    list_fields,
    make_png,
    read_events,
    read_pictures,
    to_uri,
)

from asking import Reply, ask, digest
from gateways import MortalGateway, ask_beside, running
from programs import CLIENT_KEY, Emulator, Gateway, ListCalls, Program

RED = make_png("red")
RETRY = {"x-stainless-retry-count": "1"}


def leave(program: Program, body: dict[str, Any]) -> None:
    """Ask and leave at once, so that the answer reaches nobody."""
    headers = {"Authorization": f"Bearer {CLIENT_KEY}", "Content-Type": "application/json"}
    with closing(program.connect()) as connection:
        connection.request("POST", GENERATIONS, body=json.dumps(body).encode(), headers=headers)
        time.sleep(0.7)


def collect(program: Program, generation_id: str) -> Reply:
    return ask(program, path=f"/v1/chat/completions/{generation_id}")


def test_a_key_is_one_picture(gateway: Gateway, journal: ListCalls) -> None:
    """A call with an Idempotency-Key is one picture, whole or streamed, and found by its key whatever its door."""
    key = {"Idempotency-Key": "images-one"}
    first = ask(gateway, images("once"), path=GENERATIONS, headers=key)
    again = ask(gateway, images("once"), path=GENERATIONS, headers=key)
    assert (again.status, again.headers["Idempotent-Replayed"]) == (200, "true")
    assert again.body == first.body
    streamed = ask(gateway, images("once", stream=True), path=GENERATIONS, headers=key)
    ((name, event),) = read_events(streamed.body)
    assert name == event["type"] == "image_generation.completed"
    assert [event["b64_json"]] == [entry["b64_json"] for entry in first.json()["data"]]
    edited = ask_form(gateway, [*list_fields(images("once")), ("image", File(RED))], headers=key)
    assert edited.status == 200
    assert len(journal()) == 2
    found = ask(gateway, path="/v1/chat/completions?idempotency_key=images-one").json()["data"]
    ids = [reply.headers["x-limner-generation-id"] for reply in (first, edited)]
    assert [entry["generation_id"] for entry in found] == ids
    page = ask(gateway, path="/v1/chat/completions?idempotency_key=images-one&limit=1").json()
    assert (len(page["data"]), page["has_more"]) == (1, True)


def test_an_answer_is_collected_in_its_form(gateway: Gateway) -> None:
    """What was bought at the images doors is collected as the images API has it."""
    first = ask(gateway, images("collected"), path=GENERATIONS)
    again = collect(gateway, first.headers["x-limner-generation-id"])
    assert (again.status, again.body) == (200, first.body)


def test_a_client_that_left(gateway: Gateway, journal: ListCalls) -> None:
    """Who left gets the picture of the first call; who got it and asks again, a new one."""
    body = images("left behind [[delay=2s]]")
    leave(gateway, body)
    ask_images(gateway, body)
    assert len(journal()) == 1
    ask_images(gateway, body)
    assert len(journal()) == 2


def test_a_retry(gateway: Gateway, journal: ListCalls) -> None:
    """A client's own retry of a form gets the picture of its first attempt, whatever the boundary."""
    fields: list[Field] = [*list_fields(images("tried twice")), ("image", File(RED))]
    first = ask_form(gateway, fields)
    again = ask_form(gateway, fields, headers=RETRY)
    assert again.body == first.body
    assert len(journal()) == 1


def test_over_a_restart(tmp_path: Path, emulator: Emulator, journal: ListCalls) -> None:
    """Replays are the same bytes after a restart, and no call is bought again."""
    key = {"Idempotency-Key": "over-a-restart"}
    with running(MortalGateway(tmp_path, emulator.url)) as gateway:
        first = ask(gateway, images("kept", n=2), path=GENERATIONS, headers=key)
        assert first.status == 200
    with running(MortalGateway(tmp_path, emulator.url, port=gateway.address[1])) as gateway:
        again = ask(gateway, images("kept", n=2), path=GENERATIONS, headers=key)
        assert again.body == first.body
        streamed = ask(gateway, images("kept", n=2, stream=True), path=GENERATIONS, headers=key)
        assert len(read_events(streamed.body)) == 2
    assert len(journal()) == 2


def test_killed_in_the_middle(tmp_path: Path, emulator: Emulator, journal: ListCalls) -> None:
    """A call that was under way when the gateway was killed is unknown, and is never bought again by itself."""
    key = {"Idempotency-Key": "killed"}
    body = images("killed [[delay=20s]]")
    gateway = MortalGateway(tmp_path, emulator.url)
    asked = ask_beside(gateway, body, path=GENERATIONS, headers=key)
    time.sleep(2)
    gateway.kill()
    with pytest.raises((HTTPException, OSError)):
        asked.result(timeout=30)
    with running(MortalGateway(tmp_path, emulator.url)) as gateway:
        reply = ask(gateway, body, path=GENERATIONS, headers=key)
        assert (reply.status, reply.error["code"]) == (502, "upstream_unknown_outcome")
        (listed,) = ask(gateway, path="/v1/chat/completions?idempotency_key=killed").json()["data"]
        assert listed["state"] == "unknown"
    assert len(journal()) <= 1


def test_budgets_and_rates(gateway: Gateway, journal: ListCalls) -> None:
    """The pictures of a call are reserved together, and count each in the key's minute."""
    poor = gateway.create_key("images-poor", "--budget-usd", "0.15")
    reply = ask(gateway, images(n=10), path=GENERATIONS, key=poor)
    assert (reply.status, reply.error["code"]) == (429, "insufficient_quota")
    assert ask(gateway, images(), path=GENERATIONS, key=poor).status == 200
    slow = gateway.create_key("images-slow", "--images-per-minute", "3")
    assert ask(gateway, images(n=3), path=GENERATIONS, key=slow).status == 200
    reply = ask(gateway, images(), path=GENERATIONS, key=slow)
    assert (reply.status, reply.error["code"]) == (429, "rate_limit_exceeded")
    assert len(journal()) == 4


def test_asked_to_be_kept(gateway: Gateway) -> None:
    """`store` keeps a call among the stored ones, with what was asked and its metadata."""
    body = images("kept in the list", image=to_uri(RED), store=True, metadata={"for": "images"})
    answer = ask_images(gateway, body, path=EDITS)
    found = ask(gateway, path="/v1/chat/completions?metadata[for]=images").json()["data"]
    assert [entry["generation_id"] for entry in found] == [answer["limner"]["generation_id"]]
    messages = ask(gateway, path=f"/v1/chat/completions/{found[0]['id']}/messages").json()["data"]
    (message,) = messages
    assert [part["type"] for part in message["content_parts"]] == ["image_url", "text"]
    assert message["content_parts"][1]["text"] == "kept in the list"


def test_an_image_is_no_turn_of_a_chat(gateway: Gateway) -> None:
    """A chat that begins with the same words never gets a picture of the images door put into it."""
    answer = ask_images(gateway, images("the same words"))
    turns = [
        {"role": "user", "content": "the same words"},
        {"role": "assistant", "content": ""},
        {"role": "user", "content": "now bluer"},
    ]
    chat = ask(gateway, {"model": "nano-banana-2", "messages": turns})
    assert chat.status == 200
    assert "picture_recalled" not in [notice["code"] for notice in chat.json()["limner"]["notices"]]
    assert digest(read_pictures(answer)[0])
