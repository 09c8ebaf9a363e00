"""Links to this gateway's own pictures in messages: who may use which, and in which forms."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from sendings import Sendings
from talking import Drawn, digest, draw

from asking import Reply, ask, chat
from limner.ledger.signing import derive
from limner.pictures.links import PictureLinks
from programs import CLIENT_KEY, Gateway

HOUR = 3600


def sign(gateway: Gateway, picture_id: str, seconds: float = HOUR) -> str:
    """Return path and query of a link as the gateway makes them."""
    secret = (gateway.folder / "data" / "signing-secret").read_bytes().strip()
    return PictureLinks(derive(secret, "picture links")).sign(picture_id, int(time.time() + seconds))


@pytest.fixture(scope="module")
def drawn(scripted_gateway: Gateway) -> list[Drawn]:  # noqa: ARG001 - it is started by then
    """What was drawn first in this module."""
    return []


@pytest.fixture
def ours(talkative: Gateway, sent: Sendings, drawn: list[Drawn]) -> tuple[str, str]:  # noqa: ARG001 - it draws
    """Id and digest of a picture of the first key."""
    if not drawn:
        drawn.append(draw(talkative, chat("a lantern", extra_body={})))
    return drawn[0].note["images"][0]["id"], digest(drawn[0].picture)


@pytest.fixture(scope="module")
def stranger(scripted_gateway: Gateway) -> str:
    """Another owner's key."""
    return scripted_gateway.create_key("links-stranger")


def show(url: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": ["edit", {"type": "image_url", "image_url": {"url": url}}]}]


def name_file(url: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": ["edit", {"type": "input_image", "file_id": url}]}]


def write(url: str) -> list[dict[str, Any]]:
    answer = {"role": "assistant", "content": f"There:\n![image]({url})\nas asked"}
    return [{"role": "user", "content": "a lantern"}, answer, {"role": "user", "content": "edit"}]


def write_as_user(url: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": f"edit ![it]({url}) well"}]


def ask_with(gateway: Gateway, messages: list[dict[str, Any]], key: str | None = None) -> Reply:
    return ask(gateway, chat(messages=messages, extra_body={}), key=key or CLIENT_KEY)


Form = Callable[[str], list[dict[str, Any]]]
FORMS = pytest.mark.parametrize("form", [show, write, write_as_user], ids=["part", "answer", "text"])


@FORMS
@pytest.mark.parametrize("kind", ["absolute", "relative", "foreign host", "unsigned", "expired"])
def test_an_owner_may_name_its_picture_in_any_way(
    form: Form, kind: str, ours: tuple[str, str], talkative: Gateway, sent: Sendings
) -> None:
    """By a link as it was given out, at whatever address, by one that has expired, and by the bare address."""
    picture_id, sha256 = ours
    url = {
        "absolute": f"{talkative.url}{sign(talkative, picture_id)}",
        "relative": sign(talkative, picture_id),
        "foreign host": f"https://pictures.example.com/x{sign(talkative, picture_id)}",
        "unsigned": f"{talkative.url}/images/{picture_id}",
        "expired": f"{talkative.url}{sign(talkative, picture_id, -HOUR)}",
    }[kind]
    reply = ask_with(talkative, form(url))
    assert reply.status == 200, reply.body
    assert [digest(data) for _, data, _ in sent.last.pictures] == [sha256]
    assert all("images/" not in (part.text or "") for _, parts in sent.last.turns for part in parts)


@pytest.mark.parametrize("form", [show, name_file], ids=["url", "file_id"])
def test_a_bare_id_names_a_picture(
    form: Form, ours: tuple[str, str], talkative: Gateway, sent: Sendings
) -> None:
    """The id that `limner.images` gives is enough for its owner."""
    assert ask_with(talkative, form(ours[0])).status == 200
    assert [digest(data) for _, data, _ in sent.last.pictures] == [ours[1]]


def test_text_around_a_link_keeps_its_place(
    ours: tuple[str, str], talkative: Gateway, sent: Sendings
) -> None:
    """The picture stands where the link stood."""
    ask_with(talkative, write_as_user(f"{talkative.url}{sign(talkative, ours[0])}"))
    (_, parts) = sent.last.turns[-1]
    assert [part.text and part.text.strip() for part in parts] == ["edit", None, "well"]


def test_an_answer_named_by_its_link_is_signed_again(
    ours: tuple[str, str], talkative: Gateway, sent: Sendings
) -> None:
    """A link in the assistant's turn brings the whole answer back, its signature with it."""
    ask_with(talkative, write(f"{talkative.url}{sign(talkative, ours[0])}"))
    assert [(role, is_signed) for role, _, is_signed in sent.last.pictures] == [("model", True)]


@FORMS
def test_a_signed_link_is_leave_to_use_its_picture(
    form: Form, ours: tuple[str, str], stranger: str, talkative: Gateway, sent: Sendings
) -> None:
    """Whoever was given a link may draw from it with another owner's key, without the owner's signatures."""
    url = f"{talkative.url}{sign(talkative, ours[0])}"
    assert ask_with(talkative, form(url), stranger).status == 200
    assert [(role, digest(data), signed) for role, data, signed in sent.last.pictures] == [
        ("user", ours[1], False)
    ]


@FORMS
@pytest.mark.parametrize("kind", ["unsigned", "relative", "expired", "tampered", "unknown"])
def test_without_leave_it_is_as_if_it_were_not_there(
    form: Form, kind: str, ours: tuple[str, str], stranger: str, talkative: Gateway, sent: Sendings
) -> None:
    """Another owner's id unsigned, out of date or tampered with, and one that nobody has: 400, nothing is sent."""
    picture_id = ours[0]
    url = {
        "unsigned": f"{talkative.url}/images/{picture_id}",
        "relative": f"/images/{picture_id}",
        "expired": f"{talkative.url}{sign(talkative, picture_id, -HOUR)}",
        "tampered": f"{talkative.url}{sign(talkative, picture_id)[:-1]}{'A' if sign(talkative, picture_id)[-1] != 'A' else 'B'}",
        "unknown": f"{talkative.url}/images/img_{'0' * 32}",
    }[kind]
    calls = len(sent)
    reply = ask_with(talkative, form(url), stranger)
    assert (reply.status, reply.error["code"]) == (400, "image_not_found")
    assert len(sent) == calls


def test_an_unsigned_path_of_another_host_is_no_link_of_ours(talkative: Gateway, sent: Sendings) -> None:
    """In a text it stays text; as a picture it is fetched like any other link, and here cannot be."""
    url = f"https://127.0.0.1:1/images/img_{'0' * 32}"
    assert ask_with(talkative, write_as_user(url)).status == 200
    assert sent.last.turns[-1][1][0].text == f"edit ![it]({url}) well"
    assert ask_with(talkative, show(url)).error["code"] == "image_fetch_failed"


def test_a_conversation_outlives_its_pictures(talkative: Gateway, sent: Sendings) -> None:
    """A link that was given out and whose picture was deleted stays text in an answer, and is refused as a part."""
    drawn = draw(talkative, chat("a bell that rings", extra_body={}))
    url = f"{talkative.url}{sign(talkative, drawn.note['images'][0]['id'])}"
    path = f"/v1/chat/completions/{drawn.note['generation_id']}"
    assert ask(talkative, path=path, method="DELETE").status == 200
    messages = write(url)
    messages[0] = {"role": "user", "content": "a bell that tolls"}
    assert ask_with(talkative, messages).status == 200
    assert sent.last.pictures == []
    assert ask_with(talkative, show(url)).error["code"] == "image_not_found"
