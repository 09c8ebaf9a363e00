"""What was asked, given back by the door to a stored answer's messages, and kept nowhere else."""

import json
from pathlib import Path
from typing import Any

import pybase64
import pytest
from leaving import LeavingClient, find_newest, name_generation, new_prompt, wait_for_settlement
from storing import ask_of, delete, draw, make_png, open_client, show, to_answer_id, to_url

from asking import ask, chat, digest
from audits import open_books
from painting import Gate, Painter, refuse, wait_until
from places import Place
from programs import Gateway

MIB = 1024 * 1024

pytestmark = pytest.mark.usefixtures("painter")


def read_all(gateway: Gateway, answer_id: str, query: str = "") -> list[dict[str, Any]]:
    """Return a page of messages."""
    reply = ask_of(gateway, answer_id, f"/messages{query}")
    assert reply.status == 200, reply.body
    page = reply.json()
    messages: list[dict[str, Any]] = page["data"]
    assert page["object"] == "list"
    assert [page["first_id"], page["last_id"]] == [m["id"] for m in (messages[:1] + messages[-1:])[:2]] or (
        not messages and page["first_id"] is page["last_id"] is None
    )
    assert all(set(m) == {"id", "role", "content", "name", "content_parts"} for m in messages)
    return messages


def find_folder(gateway: Gateway, generation_id: str) -> Path:
    (folder,) = (gateway.folder / "data" / "pictures").glob(f"*/{generation_id}")
    return folder


def list_files_with(folder: Path, words: bytes) -> list[str]:
    """Return the names of the files below a folder that hold these words."""
    return sorted(p.name for p in folder.rglob("*") if p.is_file() and words in p.read_bytes())


def test_the_official_client_reads_what_was_asked(scripted_gateway: Gateway) -> None:
    """Roles, names, texts and pictures come back as they were sent, the pictures byte for byte, in any page."""
    prompt, pictures = new_prompt(), [make_png(), make_png(300_000)]
    asked: list[dict[str, Any]] = [
        {"role": "system", "content": "be brief"},
        {
            "role": "user",
            "name": "ann",
            "content": [{"type": "text", "text": "first"}, *map(show, pictures), show(pictures[0])],
        },
        {"role": "assistant", "content": None},
        {"role": "user", "content": prompt},
    ]
    generation_id = draw(scripted_gateway, messages=asked, store=True)
    with open_client(scripted_gateway) as client:
        listed = [*client.chat.completions.messages.list(to_answer_id(generation_id), limit=1)]
        newest = [*client.chat.completions.messages.list(generation_id, order="desc")]
    assert [m.id for m in listed] == [f"{to_answer_id(generation_id)}-{n}" for n in range(4)]
    assert [m.id for m in newest] == [m.id for m in listed[::-1]]
    assert [m.role for m in listed] == ["system", "user", "assistant", "user"]
    assert [(m.model_extra or {})["name"] for m in listed] == [None, "ann", None, None]
    assert [m.content for m in listed] == ["be brief", None, None, prompt]
    text, *images = [part.to_dict() for part in listed[1].content_parts or ()]
    assert text == {"type": "text", "text": "first"}
    assert images == list(map(show, (*pictures, pictures[0])))
    kept = [path.name for path in find_folder(scripted_gateway, generation_id).glob("input-*")]
    assert sorted(kept) == ["input-1.png", "input-2.png"]


def test_pages_of_messages(scripted_gateway: Gateway) -> None:
    """`after`, `limit` and `order` go through the messages one page at a time; what is behind nothing is empty."""
    words = [new_prompt() for _ in range(5)]
    generation_id = draw(
        scripted_gateway, messages=[{"role": "user", "content": word} for word in words], store=True
    )
    answer_id = to_answer_id(generation_id)

    def read(query: str) -> list[str]:
        return [message["content"] for message in read_all(scripted_gateway, answer_id, query)]

    assert read("?limit=2") == words[:2]
    assert read(f"?limit=2&after={answer_id}-1") == words[2:4]
    assert read(f"?limit=2&order=desc&after={answer_id}-3") == words[1:3][::-1]
    assert read(f"?after={answer_id}-4") == read("?after=nothing") == []
    more = [ask_of(scripted_gateway, answer_id, f"/messages?limit={n}").json()["has_more"] for n in (4, 5)]
    assert more == [True, False]
    for query in ("limit=0", "order=up"):
        reply = ask_of(scripted_gateway, answer_id, f"/messages?{query}")
        assert (reply.status, reply.error["param"]) == (400, query.partition("=")[0])


def test_pictures_in_texts_and_contents(scripted_gateway: Gateway) -> None:
    """A picture in a text comes back between what stood around it; `contents` come back as messages."""
    picture, prompt = make_png(), new_prompt()
    in_text = f"{prompt} ![x]({to_url(picture)}) behind"
    generation_id = draw(
        scripted_gateway, messages=[{"content": in_text}], store=True, limner={"image_output": "images"}
    )
    (message,) = read_all(scripted_gateway, generation_id)
    parts = [{"type": "text", "text": f"{prompt} "}, show(picture), {"type": "text", "text": " behind"}]
    assert (message["role"], message["content"], message["content_parts"]) == ("user", None, parts)

    blob = {"inlineData": {"mimeType": "image/png", "data": pybase64.b64encode(picture).decode()}}
    contents = [{"role": "model", "parts": [{"text": "drawn"}]}, {"parts": [{"text": prompt}, blob]}]
    system = {"role": "system", "content": "be brief"}
    blank = {"role": "user", "content": " "}
    generation_id = draw(scripted_gateway, messages=[system, blank], contents=contents, store=True)
    found = read_all(scripted_gateway, generation_id)
    assert [message["role"] for message in found] == ["system", "assistant", "user"]
    assert [message["content_parts"] for message in found] == [
        None,
        [{"type": "text", "text": "drawn"}],
        [{"type": "text", "text": prompt}, show(picture)],
    ]


DATABASE_FILES = {"limner.sqlite3", "limner.sqlite3-wal"}


def find_columns_with(gateway: Gateway, generation_id: str, words: str) -> set[str]:
    """Return the columns of a generation's row that hold `words`."""
    place = Place(gateway.folder, gateway.variables.get("LIMNER_DATABASE_URL"))
    with open_books(place) as database:
        names = ("prompt", "prompt_folded")
        sql = "SELECT prompt, prompt_folded FROM generations WHERE id = :id"
        (held,) = database.fetch_all(sql, {"id": generation_id})
        (row,) = database.fetch_all("SELECT * FROM generations WHERE id = :id", {"id": generation_id})
    found = {name for name, text in zip(names, held, strict=True) if words in str(text)}
    assert sum(words in str(value) for value in row) == len(found)
    return found


@pytest.mark.parametrize("store", [None, False])
def test_nothing_is_kept_of_what_is_not_stored(scripted_gateway: Gateway, *, store: bool | None) -> None:
    """Without `store: true` there are no messages and no metadata to change, and of the prompt what searches go by.

    With `store: false` no file and no row has a word of it.
    """
    prompt, picture = new_prompt(), make_png()
    messages = [{"role": "user", "content": [{"type": "text", "text": prompt}, show(picture)]}]
    fields: dict[str, Any] = {} if store is None else {"store": store}
    generation_id = draw(scripted_gateway, messages=messages, **fields)
    for reply in (
        ask_of(scripted_gateway, generation_id, "/messages"),
        ask_of(scripted_gateway, generation_id, body={"metadata": {}}),
    ):
        assert (reply.status, reply.error["code"]) == (404, "not_found")
        assert "store" in reply.error["message"]
    words = prompt.rpartition(" ")[2]
    files = set(list_files_with(scripted_gateway.folder, words.encode()))
    columns = find_columns_with(scripted_gateway, generation_id, words)
    if store is False:
        assert (files, columns) == (set(), set())
    else:
        assert (files - DATABASE_FILES, columns) == ({"journal.jsonl"}, {"prompt", "prompt_folded"})
    assert list_files_with(scripted_gateway.folder, picture) == []


def test_what_is_stored_is_in_its_folder_only(scripted_gateway: Gateway) -> None:
    """With `store: true` prompt and picture lie beside the answer, and count as stored bytes; the database has what searches go by."""
    prompt, picture = new_prompt(), make_png(100_000)
    messages = [{"role": "user", "content": [{"type": "text", "text": prompt}, show(picture)]}]
    generation_id = draw(scripted_gateway, messages=messages, store=True)
    folder = find_folder(scripted_gateway, generation_id)
    words = prompt.rpartition(" ")[2].encode()
    files = set(list_files_with(scripted_gateway.folder, words))
    assert files - DATABASE_FILES == {"request.jsonl", "journal.jsonl"}
    assert list_files_with(scripted_gateway.folder, picture) == ["input-1.png"]
    place = Place(scripted_gateway.folder, scripted_gateway.variables.get("LIMNER_DATABASE_URL"))
    with open_books(place) as database:
        sql = "SELECT stored_bytes FROM generations WHERE id = :id"
        counted = database.fetch_integer(sql, {"id": generation_id})
    assert counted == sum(path.stat().st_size for path in folder.iterdir())
    columns = find_columns_with(scripted_gateway, generation_id, words.decode())
    assert columns == {"prompt", "prompt_folded"}


def test_messages_of_a_running_call_are_not_there_yet(painter: Painter, scripted_gateway: Gateway) -> None:
    """While the call runs there are no messages; they are there when it has ended, though its client has left."""
    gate = painter.before_answer = Gate()
    prompt = new_prompt()
    with LeavingClient(scripted_gateway, chat(prompt, store=True)):
        painter.wait_for_calls(1)
    generation_id = find_newest(scripted_gateway)
    early = ask_of(scripted_gateway, generation_id, "/messages")
    assert (early.status, early.error["code"]) == (404, "not_found")
    gate.open()
    wait_for_settlement(scripted_gateway, generation_id)
    assert [m["content"] for m in read_all(scripted_gateway, generation_id)] == [prompt]
    assert find_newest(scripted_gateway) == generation_id  # reading what was asked delivers no answer


def test_a_failed_call_keeps_nothing(painter: Painter, scripted_gateway: Gateway) -> None:
    """Of a call that Gemini refuses neither messages nor files stay, but what its owner's list says of it."""
    painter.failures = [refuse(400)]
    prompt = new_prompt()
    reply = ask(scripted_gateway, chat(prompt, store=True))
    assert reply.status == 400
    found = ask_of(scripted_gateway, name_generation(reply), "/messages")
    assert (found.status, found.error["code"]) == (404, "not_found")
    words = prompt.rpartition(" ")[2].encode()
    wait_until(lambda: not set(list_files_with(scripted_gateway.folder, words)) - DATABASE_FILES)


@pytest.mark.parametrize("how", ["left", "deleted"])
def test_a_slow_reader_of_messages(how: str, scripted_gateway: Gateway) -> None:
    """Who reads megabytes of messages while the answer is deleted reads them whole; one may leave as well."""
    pictures = [make_png(6 * MIB) for _ in range(2)]
    messages = [{"role": "user", "content": [show(p) for p in pictures]}]
    generation_id = draw(scripted_gateway, messages=messages, store=True)
    path = f"/v1/chat/completions/{generation_id}/messages"
    with LeavingClient(scripted_gateway, None, path=path, receive_bytes=64 * 1024) as client:
        begun = client.read(MIB)
        if how == "left":
            client.reset()
        else:
            assert delete(scripted_gateway, generation_id).status == 200
            body = json.loads(begun + client.read_reply().body)
            urls = [part["image_url"]["url"] for part in body["data"][0]["content_parts"]]
            assert [digest(url.encode()) for url in urls] == [digest(to_url(p).encode()) for p in pictures]
    expected = 200 if how == "left" else 404
    assert ask_of(scripted_gateway, generation_id, "/messages").status == expected
