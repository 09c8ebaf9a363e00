"""Earlier answers that another gateway drew and the shared store does not give out now."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sendings import Sendings
from talking import draw

from asking import ask, chat
from bills import BillBook
from fleet import Fleet, running
from s3 import S3Server
from upstreams import Upstream


@pytest.fixture
def fleet(tmp_path: Path, postgres_url: str, s3: S3Server, book: BillBook) -> Iterator[Fleet]:
    """A fleet whose gateways a test starts itself."""
    with running(Fleet(tmp_path, postgres_url, s3, book, [])) as fleet:
        yield fleet


@pytest.mark.real_time
def test_all_of_them_are_waited_for_together(
    fleet: Fleet, s3: S3Server, upstream: Upstream, sent: Sendings
) -> None:
    """However many there are, a store that is down holds a call up once, and nothing is bought from words alone."""
    first, second = (
        fleet.start(name, variables={"LIMNER_GEMINI_BASE_URL": upstream.url}) for name in ("first", "second")
    )
    said = ["a red house", "make it blue", "add a moon", "add a cat", "add a dog"]
    asked = [{"role": "user", "content": text} for text in said]
    for number in range(1, len(said)):
        draw(first, chat(messages=asked[:number], extra_body={}))
    calls = len(sent)
    s3.cut()
    try:
        reply = ask(second, chat(messages=asked, extra_body={}))
    finally:
        s3.restore()
    assert (reply.status, reply.error["code"]) == (503, "storage_unavailable")
    assert len(sent) == calls
    assert draw(second, chat(messages=asked, extra_body={})).pictures
    assert len(sent.last.pictures) == 4
