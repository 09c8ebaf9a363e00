"""Conversations that go on at another gateway than the one that answered: same books, same store, another data folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sendings import Sendings
from talking import digest, draw

from asking import ask, chat
from bills import BillBook
from fleet import Fleet, running
from gateways import MortalGateway
from limner.ledger.signing import derive
from limner.pictures.links import PictureLinks
from places import SIGNING_SECRET
from s3 import S3Server
from upstreams import Upstream


@pytest.fixture
def pair(
    tmp_path: Path,
    postgres_url: str,
    s3: S3Server,
    book: BillBook,
    upstream: Upstream,
    sent: Sendings,  # noqa: ARG001 - it answers
) -> Iterator[list[MortalGateway]]:
    """Two gateways of one fleet."""
    with running(Fleet(tmp_path, postgres_url, s3, book, [])) as fleet:
        variables = {"LIMNER_GEMINI_BASE_URL": upstream.url}
        yield [fleet.start(name, variables=variables) for name in ("first", "second")]


def test_a_conversation_goes_on_at_another_gateway(pair: list[MortalGateway], sent: Sendings) -> None:
    """Drawn here, edited there, edited here again: every call has all pictures with their signatures."""
    said: list[str] = []
    drawn: list[str] = []
    for number, text in enumerate(["a red house", "make it blue", "add a moon"]):
        said.append(text)
        messages = [{"role": "user", "content": text} for text in said]
        answer = draw(pair[number % 2], chat(messages=messages, extra_body={}))
        expected = [("model", sha256, True) for sha256 in drawn]
        assert [(role, digest(data), signed) for role, data, signed in sent.last.pictures] == expected
        drawn.append(digest(answer.picture))
    assert len(set(drawn)) == 3


def test_a_link_names_its_picture_at_every_gateway(pair: list[MortalGateway], sent: Sendings) -> None:
    """A link that one gateway gave out is a picture in a message to another, and to be had there itself."""
    answer = draw(pair[0], chat("a red house", extra_body={}))
    links = PictureLinks(derive(SIGNING_SECRET.encode(), "picture links"))
    path = links.sign(answer.note["images"][0]["id"], 4_000_000_000)
    shown = [{"type": "image_url", "image_url": {"url": f"{pair[0].url}{path}"}}, "make it blue"]
    draw(pair[1], chat(messages=[{"role": "user", "content": shown}], extra_body={}))
    assert [digest(data) for _, data, _ in sent.last.pictures] == [digest(answer.picture)]
    reply = ask(pair[1], path=path, key=None)
    assert (reply.status, digest(reply.body)) == (200, digest(answer.picture))
