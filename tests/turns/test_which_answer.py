"""Which earlier answer a conversation gets back: its own, delivered and kept; and what happens where there is none."""

import base64
import io
import time
from typing import Any

import pytest
from PIL import Image
from sendings import Sendings
from talking import Talk, digest, draw, drop, keep_content, keep_text

from asking import ask, asking, chat, configure
from gateways import MortalGateway, running
from limner.pictures.store import JOURNAL_NAME
from places import Place
from programs import Gateway, StartGateway
from upstreams import Upstream


def ask_on(*texts: str, **fields: Any) -> dict[str, Any]:
    """Return a call whose answers the client has dropped."""
    return chat(messages=[{"role": "user", "content": text} for text in texts], extra_body={}) | fields


def test_another_end_user_has_no_part_in_it(talkative: Gateway, sent: Sendings) -> None:
    """Behind one key, what one end user drew is not put into another's conversation."""
    drawn = draw(talkative, ask_on("a fence", user="ann"))
    assert draw(talkative, ask_on("a fence", "blue", user="bob")).notices == []
    assert sent.last.pictures == []
    assert "picture_recalled" in draw(talkative, ask_on("a fence", "blue", user="ann")).notices
    assert [digest(data) for _, data, _ in sent.last.pictures] == [digest(drawn.picture)]


def test_another_owner_has_no_part_in_it(talkative: Gateway, sent: Sendings) -> None:
    """Nor what another key's owner drew, by words, by bytes or by reference."""
    drawn = draw(talkative, ask_on("a gate"))
    key = talkative.create_key("stranger")
    reference = [{"type": "reasoning.encrypted", "data": drawn.note["generation_id"]}]
    for answer in ({"content": ""}, {"content": "", "reasoning_details": reference}, drawn.message):
        messages = [
            {"role": "user", "content": "a gate"},
            {"role": "assistant", **answer},
            {"role": "user", "content": "blue"},
        ]
        reply = ask(talkative, chat(messages=messages, extra_body={}), key=key)
        assert reply.status == 200
        assert "picture_recalled" not in reply.body.decode()
        assert all(not is_signed for _, _, is_signed in sent.last.pictures)
    assert [role for role, _, _ in sent.last.pictures] == ["user"]


def test_what_reached_nobody_is_not_put_back(talkative: Gateway, sent: Sendings, upstream: Upstream) -> None:
    """A client that left before its picture came does not speak of it."""
    with asking(talkative, ask_on("a ladder")):
        while not upstream.calls:
            time.sleep(0.02)
    deadline = time.monotonic() + 20
    while (
        b'"in_progress"'
        in ask(talkative, path="/v1/chat/completions?undelivered=true&limit=1&order=desc").body
    ):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert draw(talkative, ask_on("a ladder", "blue")).notices == []
    assert sent.last.roles == ["user", "user"]


@pytest.mark.parametrize(
    ("first", "then"),
    [("gemini-3-pro-image", "nano-banana-2"), ("gemini-2.5-flash-image", "nano-banana-2.1")],
)
@pytest.mark.parametrize("send_back", [keep_content, drop], ids=["kept", "dropped"])
def test_another_model_gets_the_picture_from_the_user(
    first: str, then: str, send_back: Any, talkative: Gateway, sent: Sendings
) -> None:
    """Signatures are bound to their model; with another one the picture stands in the user's turn."""
    talk = Talk(talkative, send_back, model=first, user=f"{first}{send_back}")
    drawn = talk.say("a hedge")
    talk.model = then
    talk.say("make it blue")
    assert [(role, digest(data), signed) for role, data, signed in sent.last.pictures] == [
        ("user", digest(drawn.picture), False)
    ]


def test_a_picture_without_signatures_stays_where_none_is_asked(talkative: Gateway, sent: Sendings) -> None:
    """What another model drew is to 2.5 Flash a picture like its own."""
    talk = Talk(talkative, drop, model="gemini-3-pro-image", user="to-flash")
    drawn = talk.say("a hedge")
    talk.model = "nano-banana"
    talk.say("make it blue")
    assert sent.last.pictures == [("model", drawn.picture, False)]


def test_a_changed_picture_is_the_clients_own(talkative: Gateway, sent: Sendings) -> None:
    """A picture that was encoded anew has no signature; it moves to the user, and nothing else is put in its place."""

    def encode_anew(message: dict[str, Any]) -> list[dict[str, Any]]:
        with Image.open(io.BytesIO(shown[-1])) as picture:
            file = io.BytesIO()
            picture.resize((64, 64)).save(file, "WEBP")
        data = base64.b64encode(file.getvalue()).decode()
        return [{**message, "content": f"![](data:image/webp;base64,{data})"}]

    shown: list[bytes] = []
    talk = Talk(talkative, drop, model="nano-banana-2.1", user="anew")
    drawn = talk.say("a barrel")
    shown.append(drawn.picture)
    talk.turns += encode_anew(drawn.message)
    assert talk.say("make it blue").notices == []
    ((role, data, is_signed),) = sent.last.pictures
    assert (role, data[:4], is_signed) == ("user", b"RIFF", False)


def test_the_newest_of_equal_conversations_counts(talkative: Gateway, sent: Sendings) -> None:
    """After "regenerate" it is the new picture that is edited."""
    draw(talkative, ask_on("a well", extra_body=configure(aspect_ratio="16:9")))
    newest = draw(talkative, ask_on("a well", extra_body=configure(aspect_ratio="1:1")))
    draw(talkative, ask_on("a well", "make it blue"))
    assert [digest(data) for _, data, _ in sent.last.pictures] == [digest(newest.picture)]


def test_a_deleted_answer_does_not_come_back(talkative: Gateway, sent: Sendings) -> None:
    """What its owner deleted is not put back, and the conversation goes on without it."""
    drawn = draw(talkative, ask_on("a shed"))
    path = f"/v1/chat/completions/{drawn.note['generation_id']}"
    assert ask(talkative, path=path, method="DELETE").status == 200
    assert draw(talkative, ask_on("a shed", "make it blue")).notices == []
    assert sent.last.roles == ["user", "user"]


def test_an_answer_without_a_picture_is_left_as_it_is(talkative: Gateway, sent: Sendings) -> None:
    """Words alone are the client's to send back."""
    talk = Talk(talkative, keep_text, model="nano-banana-2", user="words")
    talk.say("a cellar [[text-only]]")
    assert talk.say("draw it all the same").notices == []
    assert sent.last.roles == ["user", "model", "user"]
    assert sent.last.pictures == []


def test_conversations_go_on_after_a_restart(place: Place, upstream: Upstream, sent: Sendings) -> None:
    """On both databases another process finds what was drawn before, by words and by bytes."""
    with running(MortalGateway(place, upstream.url)) as gateway:
        drawn = draw(gateway, ask_on("a mill"))
    with running(MortalGateway(place, upstream.url)) as gateway:
        assert "picture_recalled" in draw(gateway, ask_on("a mill", "make it blue")).notices
        assert [digest(data) for _, data, _ in sent.last.pictures] == [digest(drawn.picture)]
        messages = [
            {"role": "user", "content": "a mill"},
            drawn.message,
            {"role": "user", "content": "now red"},
        ]
        draw(gateway, chat(messages=messages, extra_body={}))
        assert [(role, digest(data), signed) for role, data, signed in sent.last.pictures] == [
            ("model", digest(drawn.picture), True)
        ]


def test_recalled_pictures_are_reserved_and_paid_for(start_gateway: StartGateway) -> None:
    """What is put back counts as input: a budget that holds the words alone refuses the call."""
    gateway = start_gateway()
    key = gateway.create_key("words-alone", "--budget-usd", "0.14")
    assert ask(gateway, ask_on("a raft", model="nano-banana-2.1"), key=key).status == 200
    answer = ask(gateway, ask_on("a raft", "make it blue", model="nano-banana-2.1"), key=key).json()
    assert answer["usage"]["prompt_tokens_details"]["image_tokens"] > 0


def test_pictures_that_the_client_sends_are_counted_once(talkative: Gateway, sent: Sendings) -> None:
    """Of a hundred pictures in a call sixty may be answers that the client sent whole: all get their signatures."""
    drawn = draw(talkative, ask_on("a hundred fences"))
    said = [{"role": "user", "content": "a hundred fences"}, drawn.message] * 60
    draw(talkative, chat(messages=[*said, {"role": "user", "content": "blue"}], extra_body={}))
    assert [(role, is_signed) for role, _, is_signed in sent.last.pictures] == [("model", True)] * 60


@pytest.mark.parametrize(
    "kept", [b'{"type":"signature","part":', b'{"type":"signature","part":1,"base64":"QUJDREVG']
)
def test_a_journal_that_was_cut_puts_nothing_back(kept: bytes, talkative: Gateway, sent: Sendings) -> None:
    """Where a disk lost the end of a signature, the picture goes back without one, and the conversation goes on."""
    prompt = f"a torn fence {len(kept)}"
    drawn = draw(talkative, ask_on(prompt))
    (journal,) = talkative.folder.glob(f"data/**/{drawn.note['generation_id']}/{JOURNAL_NAME}")
    whole = journal.read_bytes()
    journal.write_bytes(whole[: whole.index(b'{"type":"signature"')] + kept)
    messages = [{"role": "user", "content": prompt}, drawn.message, {"role": "user", "content": "blue"}]
    draw(talkative, chat(messages=messages, extra_body={}))
    assert [(role, is_signed) for role, _, is_signed in sent.last.pictures] == [("user", False)]
