"""What a client's user sees of an answer: its text and its pictures, told by digest.

Each function reads one of the shapes a picture comes in, as the programs do that read it. Written against the
standard library: what reads an answer must not know what wrote it.
"""

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.request import ProxyHandler, Request, build_opener

PICTURE_IN_MARKDOWN = re.compile(r"!\[[^\]]*\]\(([^)\s]+)\)")

ORIGIN = "https://chat.example"
"""Where the page of a chat UI comes from, whose browser loads the pictures."""

_open = build_opener(ProxyHandler({})).open


@dataclass(frozen=True)
class Shown:
    """One turn on a user's screen; `pictures` are the SHA-256 of their bytes."""

    text: str
    pictures: tuple[str, ...]


def show_markdown(content: str) -> Shown:
    """Show text whose pictures stand in it as Markdown."""
    return show_images(PICTURE_IN_MARKDOWN.sub("", content), PICTURE_IN_MARKDOWN.findall(content))


def show_images(text: str, urls: Iterable[str]) -> Shown:
    """Show text and pictures that came beside it."""
    return Shown(text, tuple(hashlib.sha256(load_picture(url)).hexdigest() for url in urls))


def load_picture(url: str) -> bytes:
    """Load a picture as a browser does: decode a data URI, fetch a link without a key from a page of another origin."""
    if url.startswith("data:"):
        head, comma, data = url.partition(",")
        assert (head.partition("/")[0], head.rpartition(";")[2], comma) == ("data:image", "base64", ",")
        return base64.b64decode(data, validate=True)
    assert re.match(r"https?://[^/]+/", url), url[:100]
    with _open(Request(url, headers={"Origin": ORIGIN}), timeout=30) as response:  # noqa: S310 - http only
        assert response.headers["Access-Control-Allow-Origin"] in {"*", ORIGIN}
        assert response.headers.get_content_maintype() == "image"
        picture: bytes = response.read()
    return picture
