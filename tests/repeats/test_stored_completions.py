"""OpenAI's stored completions: listed, found by what was noted on them, noted on anew, deleted for good."""

import json
import secrets
from typing import Any

import pytest
from leaving import CHAT_PATH, LeavingClient, ask_head, collect, find_newest, list_answers, new_prompt
from openai import ConflictError, NotFoundError
from storing import ask_of, delete, draw, make_png, open_client, show, to_answer_id

from asking import ask, chat, digest, get_message, split_markdown
from audits import open_books, read_rows
from painting import Gate, Painter, refuse, wait_until
from places import Place
from programs import Gateway
from upstreams import Answer

SAID = "Here is the lighthouse."
MIB = 1024 * 1024

pytestmark = pytest.mark.usefixtures("painter")


def say(text: str, picture: bytes) -> Answer:
    """Return Gemini's answer of a text and a picture."""
    url = show(picture)["image_url"]["url"]
    data = {"inlineData": {"mimeType": "image/png", "data": url.partition(",")[2]}}
    candidate = {"content": {"parts": [{"text": text}, data]}, "finishReason": "STOP"}
    usage = {"promptTokenCount": 5, "candidatesTokenCount": 1120, "totalTokenCount": 1125}
    return Answer([json.dumps({"candidates": [candidate], "usageMetadata": usage}).encode()])


@pytest.fixture
def key(scripted_gateway: Gateway) -> str:
    """A client key whose answers are a test's own."""
    return scripted_gateway.create_key(secrets.token_hex(6))


def find(gateway: Gateway, query: str, key: str) -> list[str]:
    """Return the ids of the generations that a list has."""
    return [note["generation_id"] for note in list_answers(gateway, query, key)]


def place_of(gateway: Gateway) -> Place:
    return Place(gateway.folder, gateway.variables.get("LIMNER_DATABASE_URL"))


@pytest.mark.parametrize("output", ["markdown", "images"])
def test_the_official_client(output: str, painter: Painter, scripted_gateway: Gateway, key: str) -> None:
    """OpenAI's client lists a stored answer with its text, usage and metadata, gets, changes and deletes it."""
    painter.failures = [say(SAID, make_png())]
    with open_client(scripted_gateway, key) as client:
        made = client.chat.completions.create(
            model="nano-banana-2",
            messages=[{"role": "user", "content": new_prompt()}],
            store=True,
            metadata={"order": "4711"},
            extra_body={"limner": {"image_output": output}},
        )
        (listed,) = client.chat.completions.list()
        assert (listed.id, listed.object, listed.created) == (made.id, "chat.completion", made.created)
        assert (listed.model, listed.metadata) == ("nano-banana-2", {"order": "4711"})
        assert (listed.choices[0].message.role, listed.choices[0].message.content) == ("assistant", SAID)
        assert listed.choices[0].finish_reason == made.choices[0].finish_reason == "stop"
        assert listed.usage == made.usage
        got = client.chat.completions.retrieve(made.id)
        assert (got.choices, got.usage, got.metadata) == (made.choices, made.usage, {"order": "4711"})
        changed = client.chat.completions.update(made.id, metadata={"order": "4712", "for": "ann"})
        assert (changed.id, changed.metadata) == (made.id, {"order": "4712", "for": "ann"})
        assert changed.choices == listed.choices
        assert client.chat.completions.retrieve(made.id).metadata == changed.metadata
        assert client.chat.completions.update(made.id, metadata=None).metadata == {}
        assert client.chat.completions.retrieve(made.id).metadata is None
        deleted = client.chat.completions.delete(made.id)
        assert deleted.to_dict() == {"id": made.id, "object": "chat.completion.deleted", "deleted": True}
        assert list(client.chat.completions.list()) == []
        for again in (client.chat.completions.retrieve, client.chat.completions.delete):
            with pytest.raises(NotFoundError):
                again(made.id)


def test_the_client_goes_through_all_pages(scripted_gateway: Gateway, key: str) -> None:
    """OpenAI's client goes through any number of pages, in both orders, and meets stored answers only."""
    ids = []
    for number in range(5):
        ids.append(to_answer_id(draw(scripted_gateway, key=key, store=True, metadata={"n": str(number)})))
        draw(scripted_gateway, key=key)
    with open_client(scripted_gateway, key) as client:
        listed = [note.id for note in client.chat.completions.list(limit=2)]
        newest = [note.id for note in client.chat.completions.list(limit=2, order="desc")]
    assert (listed, newest) == (ids, ids[::-1])


def test_finding_by_metadata_and_model(scripted_gateway: Gateway, key: str) -> None:
    """A list filtered by metadata has what carries all pairs exactly; by model what was asked by that name."""
    odd = {"a b": '"x": 1, "y', "ü]": "%\\", "c": "1"}
    first = draw(scripted_gateway, key=key, store=True, metadata=odd)
    second = draw(scripted_gateway, key=key, store=True, metadata={"c": "1"}, model="nano-banana")
    third = draw(scripted_gateway, key=key, store=True)
    with open_client(scripted_gateway, key) as client:

        def filter_by(**filters: Any) -> list[str]:
            return [
                (note.model_extra or {})["generation_id"] for note in client.chat.completions.list(**filters)
            ]

        assert filter_by(metadata=odd) == [first]
        assert filter_by(metadata={"c": "1"}) == [first, second]
        assert filter_by(metadata={"c": "1"}, limit=1, order="desc") == [second, first]
        assert filter_by(metadata={"c": "1"}, model="nano-banana") == [second]
        for unfound in ({"c": "2"}, {"y": "1"}, {"d": "1"}, {"c": ""}, {"x": "1"}, {"c": "1", "d": "1"}):
            assert filter_by(metadata=unfound) == []
        assert filter_by(model="nano-banana-2") == [first, third]
        assert filter_by(model="gemini-2.5-flash-image") == filter_by(model='nano"') == []


@pytest.mark.parametrize(
    ("query", "code", "param"),
    [
        ("metadata=x", "unsupported_value", "metadata"),
        ("metadata[k]=%00", "unsupported_value", "metadata.k"),
        ("&".join(f"metadata[{n}]=x" for n in range(17)), "unsupported_value", "metadata"),
        (f"metadata[k]={'x' * 513}", "unsupported_value", "metadata.k"),
        ("undelivered=true&model=x", "unsupported_parameter", "model"),
        ("idempotency_key=x&metadata[k]=v", "unsupported_parameter", "metadata"),
    ],
)
def test_filters_that_mean_nothing(query: str, code: str, param: str, scripted_gateway: Gateway) -> None:
    """A filter that no answer can meet, or that goes with another list, is refused by its name."""
    reply = ask(scripted_gateway, path=f"{CHAT_PATH}?{query}")
    assert (reply.status, reply.error["code"], reply.error["param"]) == (400, code, param)


WRONG_METADATA: dict[str, tuple[object, str, str]] = {
    "a list": ([], "invalid_type", "metadata"),
    "a number": ({"n": 1}, "invalid_type", "metadata.n"),
    "null inside": ({"n": None}, "invalid_type", "metadata.n"),
    "17 pairs": ({str(n): "" for n in range(17)}, "unsupported_value", "metadata"),
    "a long key": ({"k" * 65: ""}, "unsupported_value", "metadata"),
    "a long value": ({"k": "v" * 513}, "unsupported_value", "metadata.k"),
    "NUL": ({"k": "a\0b"}, "unsupported_value", "metadata.k"),
    "NUL in a key": ({"a\0b": ""}, "unsupported_value", "metadata"),
}


@pytest.mark.parametrize("case", WRONG_METADATA.values(), ids=WRONG_METADATA)
def test_wrong_metadata(case: tuple[object, str, str], painter: Painter, scripted_gateway: Gateway) -> None:
    """Metadata that OpenAI would not take is refused with the field's path, in a call before it costs anything."""
    metadata, code, param = case
    generation_id = draw(scripted_gateway, store=True)
    for reply in (
        ask(scripted_gateway, chat(new_prompt(), metadata=metadata)),
        ask_of(scripted_gateway, generation_id, body={"metadata": metadata}),
    ):
        assert (reply.status, reply.error["code"], reply.error["param"]) == (400, code, param)
    assert len(painter.calls) == 1


@pytest.mark.parametrize("body", [{}, {"meta": {}}, [], b"{", b""])
def test_updates_without_metadata(body: object, scripted_gateway: Gateway) -> None:
    """A change that brings no metadata is refused, and changes nothing."""
    generation_id = draw(scripted_gateway, store=True, metadata={"a": "b"})
    reply = ask_of(scripted_gateway, generation_id, body=body, method="POST")
    assert reply.status == 400
    assert collect(scripted_gateway, generation_id).json()["metadata"] == {"a": "b"}


def test_all_metadata_that_may_be(scripted_gateway: Gateway, key: str) -> None:
    """As much metadata as OpenAI takes is kept to the letter, what looks like a picture in it too."""
    most = {f"{n:064}": "\u0001" * 512 for n in range(14)} | {
        "uri": "data:image/png;base64,iVBORw0KGgo=",
        ";base64,AAAA": "😀",
    }
    generation_id = draw(scripted_gateway, key=key, store=True, metadata=most)
    assert list_answers(scripted_gateway, "", key)[0]["metadata"] == most
    reply = ask_of(scripted_gateway, generation_id, body={"metadata": most | {"uri": "x"}}, key=key)
    assert reply.json()["metadata"] == most | {"uri": "x"}


def test_metadata_of_what_is_not_stored(painter: Painter, scripted_gateway: Gateway, key: str) -> None:
    """Metadata of other answers are shown where these are listed, unless the call said `store: false`."""
    for name, store in (("unsaid", None), ("false", False)):
        fields = {} if store is None else {"store": store}
        draw(scripted_gateway, key=key, metadata={"a": "b"}, headers={"Idempotency-Key": name}, **fields)
    painter.failures = [refuse(400)]
    failed = chat(new_prompt(), metadata={"a": "b"})
    assert ask(scripted_gateway, failed, key=key, headers={"Idempotency-Key": "failed"}).status == 400
    noted = [
        list_answers(scripted_gateway, f"idempotency_key={name}", key)[0]["metadata"]
        for name in ("unsaid", "false", "failed")
    ]
    assert noted == [{"a": "b"}, {}, {}]


def test_the_text_in_lists_is_bounded(painter: Painter, scripted_gateway: Gateway, key: str) -> None:
    """Of a long text a list shows the first 2,000 characters; by id it comes whole."""
    text = "ü" * 5000
    painter.failures = [say(text, make_png())]
    generation_id = draw(scripted_gateway, key=key, store=True)
    (note,) = list_answers(scripted_gateway, "", key)
    shown = note["choices"][0]["message"]["content"]
    assert shown == f"{text[:1999]}…"
    whole = get_message(collect(scripted_gateway, generation_id, "", key).json())["content"]
    assert split_markdown(whole)[0].strip() == text


ASKED: dict[str, dict[str, Any]] = {"store": {"store": True}, "not": {}, "never": {"store": False}}


@pytest.mark.parametrize("fields", ASKED.values(), ids=ASKED)
def test_a_deleted_answer_is_gone(
    fields: dict[str, Any], painter: Painter, scripted_gateway: Gateway, key: str
) -> None:
    """Deleted, an answer is on no disk, in no list and no repeat; what it cost stays, and nothing is said of it."""
    asked = chat(
        messages=[{"role": "user", "content": [{"type": "text", "text": new_prompt()}, show(make_png())]}],
        metadata={"secret": "word"},
        **fields,
    )
    keyed = {"Idempotency-Key": "one"}
    first = ask(scripted_gateway, asked, key=key, headers=keyed)
    generation_id = first.headers["x-limner-generation-id"]
    cost = first.json()["usage"]["cost"]
    reply = delete(scripted_gateway, generation_id, key=key)
    assert (reply.status, reply.json()["id"]) == (200, first.json()["id"])
    for answer_id in (generation_id, to_answer_id(generation_id)):
        for gone in (
            collect(scripted_gateway, answer_id, "", key),
            ask_of(scripted_gateway, answer_id, "/messages", key=key),
            ask_of(scripted_gateway, answer_id, body={"metadata": {}}, key=key),
            delete(scripted_gateway, answer_id, key=key),
        ):
            assert (gone.status, gone.error["code"]) == (404, "not_found")
    assert find(scripted_gateway, "", key) == find(scripted_gateway, "idempotency_key=one", key) == []
    assert not list((scripted_gateway.folder / "data").rglob(f"*{generation_id}*"))
    with open_books(place_of(scripted_gateway)) as database:
        words = database.fetch_all("SELECT * FROM generations WHERE id = :id", {"id": generation_id})
    assert "secret" not in str(words)
    (row,) = [row for row in read_rows(place_of(scripted_gateway)) if row.id == generation_id]
    assert (row.state, row.cost_micro_usd, row.pictures) == ("settled", round(cost * 1_000_000), ())
    again = ask(scripted_gateway, asked, key=key, headers=keyed)
    assert again.status == 200
    assert again.headers["idempotent-replayed"] is None
    assert again.headers["x-limner-generation-id"] != generation_id
    assert len(painter.calls) == 2


def test_an_undelivered_answer_can_be_deleted(painter: Painter, scripted_gateway: Gateway, key: str) -> None:
    """An answer that reached nobody is deleted like any other; the equal call is a new picture."""
    gate = painter.before_answer = Gate()
    asked = chat(new_prompt())
    with LeavingClient(scripted_gateway, asked, key=key):
        painter.wait_for_calls(1)
    (running,) = find(scripted_gateway, "undelivered=true", key)
    early = delete(scripted_gateway, running, key=key)
    assert (early.status, early.error["code"]) == (409, "already_sent")
    assert early.headers["x-should-retry"] == "false"
    with open_client(scripted_gateway, key) as client, pytest.raises(ConflictError):
        client.chat.completions.delete(to_answer_id(running))
    gate.open()
    wait_until(lambda: delete(scripted_gateway, running, key=key).status == 200)
    assert find(scripted_gateway, "undelivered=true", key) == []
    assert ask(scripted_gateway, asked, key=key).status == 200
    assert len(painter.calls) == 2


def test_an_error_cannot_be_deleted(painter: Painter, scripted_gateway: Gateway) -> None:
    """A call that ended with an error has nothing to delete and no metadata; its error is told on."""
    painter.failures = [Answer([b'{"candi'])]
    failed = ask(scripted_gateway, chat(new_prompt(), store=True))
    generation_id = failed.headers["x-limner-generation-id"]
    for reply in (
        delete(scripted_gateway, generation_id),
        ask_of(scripted_gateway, generation_id, body={"metadata": {}}),
    ):
        assert (reply.status, reply.error["code"]) == (404, "not_found")
        assert "error" in reply.error["message"]
    assert collect(scripted_gateway, generation_id).status == 502


def test_a_reader_reads_on(painter: Painter, scripted_gateway: Gateway) -> None:
    """Who is reading an answer while it is deleted reads it to its end."""
    painter.size_bytes = 12 * MIB
    generation_id = draw(scripted_gateway, store=True)
    path = f"{CHAT_PATH}/{generation_id}"
    with LeavingClient(scripted_gateway, None, path=path, receive_bytes=64 * 1024) as client:
        begun = client.read(MIB)
        assert delete(scripted_gateway, generation_id).status == 200
        content = get_message(json.loads(begun + client.read_reply().body))["content"]
    ((_, picture),) = split_markdown(content)[1]
    assert digest(picture) == digest(painter.pictures[0])
    assert collect(scripted_gateway, generation_id).status == 404


def test_to_strangers_there_is_nothing(painter: Painter, scripted_gateway: Gateway, key: str) -> None:
    """To another owner every door says of a stored answer, whatever its state, what it says of a random id."""
    stored, unstored = draw(scripted_gateway, store=True, metadata={"a": "b"}), draw(scripted_gateway)
    gate = painter.before_answer = Gate()
    with LeavingClient(scripted_gateway, chat(new_prompt(), store=True)):
        painter.wait_for_calls(3)
    ids = [f"gen_{secrets.token_hex(16)}", stored, unstored, find_newest(scripted_gateway)]
    requests: list[dict[str, Any]] = [
        {"method": "DELETE"},
        {"below": "/messages"},
        {"body": {"metadata": {"a": "c"}}},
        {"body": {"metadata": "wrong"}},
    ]
    for request in requests:
        seen = []
        for answer_id in ids:
            reply = ask_of(scripted_gateway, answer_id, key=key, **request)
            headers = {name.lower() for name in reply.headers}
            seen.append((reply.status, reply.body.replace(answer_id.encode(), b"ID"), headers))
        assert seen[0][0] == 404
        assert seen == [seen[0]] * len(ids)
    assert find(scripted_gateway, "metadata[a]=b", key) == []
    assert find(scripted_gateway, f"after={stored}", key) == []
    gate.open()
    assert collect(scripted_gateway, stored).json()["metadata"] == {"a": "b"}


def test_end_users_keep_to_their_own(gateway_of_users: Gateway) -> None:
    """Behind one key an end user can neither read, note on nor delete what is another's; without the header all is one."""
    ann, bob = ({"X-End-User": f"{name} {secrets.token_hex(4)}"} for name in ("ann", "bob"))
    generation_id = draw(gateway_of_users, store=True, headers=ann)
    requests: list[dict[str, Any]] = [
        {"below": "/messages"},
        {"body": {"metadata": {"a": "b"}}},
        {"method": "DELETE"},
    ]
    for headers, statuses in ((bob, [404] * 3), ({}, [200] * 3), (ann, [404] * 3)):
        replies = [
            ask_of(gateway_of_users, generation_id, headers=headers, **request) for request in requests
        ]
        assert [reply.status for reply in replies] == statuses


def test_methods_of_the_doors(scripted_gateway: Gateway) -> None:
    """The doors name their methods, refuse HEAD where it would fetch pictures, and let pages of other sites delete."""
    generation_id = draw(scripted_gateway, store=True)
    path = f"{CHAT_PATH}/{generation_id}"
    assert [ask_head(scripted_gateway, where) for where in (path, f"{path}/messages")] == [405, 405]
    refused = ask_of(scripted_gateway, generation_id, method="PUT")
    assert refused.status == 405
    assert {"GET", "POST", "DELETE"} <= set(refused.headers["allow"].split(", "))
    assert ask_of(scripted_gateway, generation_id, "/messages", method="DELETE").status == 405
    page = {"Origin": "https://chat.example.org", "Access-Control-Request-Method": "DELETE"}
    preflight = ask_of(scripted_gateway, generation_id, method="OPTIONS", headers=page)
    assert preflight.status == 204
    assert "DELETE" in preflight.headers["access-control-allow-methods"]
    assert collect(scripted_gateway, generation_id).status == 200
