"""LobeChat's rules: what it takes from each chunk of a stream, and what of a chat it sends again.

Facts, from its source (lobehub/lobehub, packages/model-runtime, commit ba037cf, read 2026-11-22): a chunk whose delta
has `images` gives its pictures and nothing else; they must be data URIs, for they are uploaded. A data URI in Markdown
is found within one delta and taken out of the text. The assistant's turn goes back as text and `image_url` parts.
"""

import re
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from client import Say, converse_by
from python_clients import create_openai
from shown import Shown, load_picture, show_images, show_markdown

from programs import Gateway

_DATA_URI = re.compile(r"!\[[^\]]*\]\((data:image/[^;]+;base64,[A-Za-z0-9+/=]+)\)")


def read_chunks(chunks: Iterable[Any]) -> tuple[str, list[str]]:
    """Text and pictures of a stream's chunks, of which end and usage must not be lost either."""
    text, pictures, told = "", [], set()
    for chunk in chunks:
        if chunk.usage is not None:
            told.add("usage")
        for choice in chunk.choices:
            images = getattr(choice.delta, "images", None)
            if images:
                pictures += [image["image_url"]["url"] for image in images]
                continue  # whatever else the chunk says is lost
            content = choice.delta.content or ""
            pictures += _DATA_URI.findall(content)
            text += _DATA_URI.sub("", content)
            if choice.finish_reason is not None:
                told.add(choice.finish_reason)
    assert told == {"stop", "usage"}
    return text, pictures


def _ask(gateway: Gateway, model: str, messages: list[Any]) -> tuple[str, list[str]]:
    with create_openai(gateway) as client:
        return read_chunks(client.chat.completions.create(model=model, messages=messages, stream=True))


Upload = Callable[[str], str]
"""Takes a data URI, and returns the address by which the picture goes back."""


def say_with_uploads(upload: Upload) -> Say:
    """Return what asks for a stream, uploads its pictures, and sends them back as parts beside the text."""

    def say(gateway: Gateway, model: str, messages: list[Any]) -> tuple[Shown, Any]:
        text, urls = _ask(gateway, model, messages)
        for url in urls:
            assert url.startswith("data:"), "Invalid base64 data for image"
        parts = [{"type": "image_url", "image_url": {"detail": "auto", "url": upload(url)}} for url in urls]
        kept = {"role": "assistant", "content": [{"type": "text", "text": text}, *parts]}
        return show_images(text, urls), kept

    return say


@contextmanager
def running_bucket() -> Iterator[Upload]:
    """Run a store of uploads for the length of the block: what it takes, it gives to whoever asks."""
    pictures: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            picture = pictures[int(self.path.rpartition("/")[2])]
            self.send_response(200)
            self.send_header("Content-Type", "application/octet-stream")
            self.send_header("Content-Length", str(len(picture)))
            self.end_headers()
            self.wfile.write(picture)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    def upload(url: str) -> str:
        pictures.append(load_picture(url))
        return f"http://127.0.0.1:{server.server_port}/files/{len(pictures) - 1}"

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield upload
        finally:
            server.shutdown()
            thread.join()


def say_with_text(gateway: Gateway, model: str, messages: list[Any]) -> tuple[Shown, Any]:
    """Ask for a stream that is text only, which goes back as it is."""
    text, urls = _ask(gateway, model, messages)
    assert urls == []
    return show_markdown(text), {"role": "assistant", "content": text}


CONVERSE_LOBECHAT = converse_by(say_with_uploads(lambda url: url))
CONVERSE_LOBECHAT_TEXT = converse_by(say_with_text)
