"""Links as answers have them: they work when they come, lead to this answer's pictures, and are kept for."""

import re
from http.client import HTTPResponse
from typing import Any
from urllib.parse import urlsplit

import pytest
from linking import get, read_path

from asking import ask, ask_for_answer, ask_for_stream, asking, chat, digest, get_message, split_markdown
from audits import open_books
from gateways import MortalGateway, running
from places import Place
from programs import Emulator

URL: dict[str, Any] = {"limner": {"image_output": "url"}}
LINK = re.compile(r"!\[image\]\((http[^)]+)\)")


def read_until_link(response: HTTPResponse) -> str:
    """Read a stream until a link has come whole; return it."""
    received = ""
    while (found := LINK.search(received)) is None:
        line = response.readline().decode()
        assert line, "the stream ended"
        received += line
    return found[1]


def read_linked(place: Place) -> dict[str, Any]:
    """Return of each call in the books whether it is kept for its links."""
    with open_books(place) as database:
        rows = database.fetch_all("SELECT id, is_linked FROM generations")
    return {str(name): is_linked for name, is_linked in rows}


@pytest.mark.parametrize("public_url", [None, "https://draw.example.org"])
def test_links_in_the_text(public_url: str | None, place: Place, emulator: Emulator) -> None:
    """The link in an answer's text shows the picture named beside it, below the address that browsers know."""
    variables = {} if public_url is None else {"LIMNER_PUBLIC_URL": public_url}
    with running(MortalGateway(place, emulator.url, variables=variables)) as gateway:
        answer = ask_for_answer(gateway, chat(**URL))
        (link,) = LINK.findall(get_message(answer)["content"])
        (image,) = answer["limner"]["images"]
        assert link == image["url"]
        assert link.startswith(f"{public_url or gateway.url}/images/{image['id']}?")
        reply = get(gateway, read_path(link))
        assert (reply.status, digest(reply.body), len(reply.body)) == (200, image["sha256"], image["bytes"])
        assert reply.headers["content-type"] == image["mime_type"]
        streamed = ask_for_stream(gateway, chat("a second one", **URL))
        (link,) = LINK.findall(streamed.content)
        assert get(gateway, read_path(link)).status == 200
    assert set(read_linked(place).values()) == {1}


def test_a_link_works_when_it_comes(place: Place, emulator: Emulator) -> None:
    """Whoever opens a link while its stream still runs sees the picture."""
    with (
        running(MortalGateway(place, emulator.url)) as gateway,
        asking(gateway, chat(stream=True, **URL)) as connection,
        connection.getresponse() as response,
    ):
        link = read_until_link(response)
        assert get(gateway, read_path(link)).status == 200
        assert response.read().endswith(b"data: [DONE]\n\n")


def test_every_answer_says_where_its_pictures_are(place: Place, emulator: Emulator) -> None:
    """Where the pictures are in the answer itself, links to the same bytes stand beside them; they are kept as any."""
    with running(MortalGateway(place, emulator.url)) as gateway:
        answer = ask_for_answer(gateway, chat("two of them [[images=2]]"))
        _, pictures = split_markdown(get_message(answer)["content"])
        links = [image["url"] for image in answer["limner"]["images"]]
        shown = [digest(get(gateway, read_path(link)).body) for link in links]
        assert shown == [digest(data) for _, data in pictures]
        assert len(set(links)) == 2
    assert set(read_linked(place).values()) == {0}


def test_a_replay_has_links_that_work(place: Place, emulator: Emulator) -> None:
    """An answer that is given again has the same link, which goes with the answer when that is deleted."""
    with running(MortalGateway(place, emulator.url)) as gateway:
        key = {"Idempotency-Key": "linked"}
        first, again = (ask(gateway, chat(**URL), headers=key) for _ in range(2))
        assert first.body == again.body
        link = read_path(first.json()["limner"]["images"][0]["url"])
        assert get(gateway, link).status == 200
        path = f"/v1/chat/completions/{first.json()['id']}"
        assert ask(gateway, path=path, method="DELETE").status == 200
        assert get(gateway, link).status == 404
        more = ask(gateway, chat(**URL), headers=key).json()["limner"]["images"][0]["url"]
        assert urlsplit(more).path != link.partition("?")[0]
        assert get(gateway, read_path(more)).status == 200
