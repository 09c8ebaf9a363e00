"""Own pictures: found, shown, fetched and deleted by their owner's key, on each database."""

import hashlib
from collections.abc import Iterator
from urllib.parse import urlencode, urlsplit

import pytest
from browsing_own import PICTURES, draw, list_prompts, look, see

from asking import ask, chat, configure
from gateways import STRANGER_KEY, MortalGateway, running
from painting import wait_until
from places import Place
from programs import CLIENT_KEY, Emulator, Gateway, StartGateway

CONFIGURED = configure(image_size="512", aspect_ratio="16:9")
PROMPTS = (
    "a lighthouse on a hill",
    "A LIGHTHOUSE by Sea 100%",
    "海边的灯塔 lighthouse",
    "a lighthouse_keeper",
)


@pytest.fixture
def gateway(place: Place, emulator: Emulator) -> Iterator[Gateway]:
    """A gateway of the test's own."""
    with running(MortalGateway(place, emulator.url)) as gateway:
        yield gateway


def test_a_gallery(gateway: Gateway) -> None:
    """Pictures are listed newest first in pages, found by all words in any case and script, and by model and ratio."""
    for prompt in PROMPTS:
        draw(gateway, prompt, extra_body=CONFIGURED if "hill" in prompt else configure(image_size="512"))
    newest_first = list(reversed(PROMPTS))
    assert list_prompts(gateway) == newest_first
    assert list_prompts(gateway, order="asc") == list(PROMPTS)
    assert list_prompts(gateway, q="lighthouse sea") == [PROMPTS[1]]
    assert list_prompts(gateway, q="LIGHTHOUSE HILL") == [PROMPTS[0]]
    assert list_prompts(gateway, q="灯塔") == [PROMPTS[2]]
    assert list_prompts(gateway, q="100%") == [PROMPTS[1]]
    assert list_prompts(gateway, q="lighthouse_") == [PROMPTS[3]]
    assert list_prompts(gateway, q="castle") == []
    assert list_prompts(gateway, ratio="16:9") == [PROMPTS[0]]
    assert list_prompts(gateway, model="gemini-3.1-flash-image") == newest_first
    assert list_prompts(gateway, model="nano-banana-pro") == []
    first = see(gateway, PICTURES, limit=3)
    rest = see(gateway, PICTURES, limit=3, after=first["last_id"])
    assert (len(first["data"]), first["has_more"], len(rest["data"]), rest["has_more"]) == (3, True, 1, False)
    assert [entry["prompt"] for entry in first["data"] + rest["data"]] == newest_first


def test_one_picture(gateway: Gateway) -> None:
    """A picture is shown with its settings and price; its bytes come by key and by link, whole and in ranges."""
    generation_id = draw(gateway, PROMPTS[0], extra_body=CONFIGURED)
    wait_until(lambda: see(gateway, PICTURES)["data"][0]["is_delivered"])  # noted behind the answer
    (entry,) = see(gateway, PICTURES)["data"]
    shown = see(gateway, f"{PICTURES}/{entry['id']}")
    assert {name: shown[name] for name in entry} == entry
    assert (shown["generation_id"], shown["aspect_ratio"], shown["door"]) == (generation_id, "16:9", "chat")
    assert (shown["width"], shown["height"], shown["settings"]["image_size"]) == (688, 384, "512")
    assert shown["picture_ids"] == [shown["id"]]
    assert shown["cost_usd"] > 0.04
    by_key = look(gateway, f"{PICTURES}/{shown['id']}/content")
    link = urlsplit(shown["url"])
    by_link = ask(gateway, path=f"{link.path}?{link.query}", key=None)
    assert hashlib.sha256(by_key.body).hexdigest() == shown["sha256"]
    assert by_link.body == by_key.body
    headers = {"Range": "bytes=2-5"}
    part = ask(gateway, path=f"{PICTURES}/{shown['id']}/content", method="GET", headers=headers)
    assert (part.status, part.body) == (206, by_key.body[2:6])
    assert "access-control-allow-origin" not in by_key.headers


def test_a_picture_is_deleted_with_its_answer(gateway: Gateway) -> None:
    """Deleting a picture takes all of its answer: entries, bytes, links, words and the answer itself."""
    reply = ask(gateway, chat(PROMPTS[0], n=2))
    (one, other) = see(gateway, PICTURES)["data"]
    gone = see(gateway, f"{PICTURES}/{one['id']}", method="DELETE")
    assert gone["deleted"] is True
    assert set(gone["picture_ids"]) == {one["id"], other["id"]}
    assert list_prompts(gateway, q="lighthouse") == []
    for entry in (one, other):
        link = urlsplit(entry["url"])
        assert ask(gateway, path=f"{link.path}?{link.query}", key=None).status == 404
        for tail in ("", "/content", "/thumbnail"):
            assert look(gateway, f"{PICTURES}/{entry['id']}{tail}").status == 404
    collected = look(gateway, f"/v1/chat/completions/{reply.json()['id']}")
    assert collected.status == 404


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ({"limit": "0"}, "limit"),
        ({"order": "up"}, "order"),
        ({"ratio": "wide"}, "ratio"),
        ({"from": "yesterday"}, "from"),
        ({"to": "2026-13-01"}, "to"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    query: dict[str, str], param: str, start_gateway: StartGateway
) -> None:
    """A parameter that cannot be read is named, with what would be accepted."""
    reply = look(start_gateway(), f"{PICTURES}?{urlencode(query)}")
    assert (reply.status, reply.error["param"]) == (400, param)


def test_pictures_are_their_owners_alone(gateway: Gateway) -> None:
    """To another key, or none, a picture is as one that was never there, whatever is asked of it."""
    draw(gateway, PROMPTS[0])
    (entry,) = see(gateway, PICTURES)["data"]
    assert see(gateway, PICTURES, key=STRANGER_KEY)["data"] == []
    unknown = f"img_{'0' * 32}"
    for method, tail in (("GET", ""), ("GET", "/content"), ("GET", "/thumbnail"), ("DELETE", "")):
        foreign = look(gateway, f"{PICTURES}/{entry['id']}{tail}", key=STRANGER_KEY, method=method)
        absent = look(gateway, f"{PICTURES}/{unknown}{tail}", key=STRANGER_KEY, method=method)
        assert foreign.status == absent.status == 404
        told = absent.error["message"].replace(unknown, entry["id"])
        assert foreign.error == {**absent.error, "message": told}
        assert look(gateway, f"{PICTURES}/{entry['id']}{tail}", key=None, method=method).status == 401
    assert see(gateway, f"{PICTURES}/{entry['id']}", key=CLIENT_KEY)["id"] == entry["id"]
