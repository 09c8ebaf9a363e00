"""Draws pictures and signs links to them, with the secret that the gateways of these tests are started with.

It must not know what a test asks behind a link.
"""

import base64
import json
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

from asking import Reply, ask, ask_for_answer, chat
from limner.ledger.signing import derive
from limner.pictures.links import PictureLinks
from places import SIGNING_SECRET
from programs import Program
from upstreams import Answer, Call

SECRET = {"LIMNER_SIGNING_SECRET": SIGNING_SECRET}
LINKS = PictureLinks(derive(SIGNING_SECRET.encode(), "picture links"))
HOUR_SECONDS = 3600


def sign(picture_id: str, *, for_seconds: int = HOUR_SECONDS) -> str:
    """Return path and query of a link that works for a while, or has not for one."""
    return LINKS.sign(picture_id, int(time.time()) + for_seconds)


def draw(program: Program, prompt: str = "a lighthouse at dusk", **fields: object) -> tuple[str, str, str]:
    """Draw a picture; return the answer's id, the picture's and its digest as the answer has them."""
    answer = ask_for_answer(program, chat(prompt, **fields))
    (image,) = answer["limner"]["images"]
    return answer["id"], image["id"], image["sha256"]


def get(program: Program, path: str, method: str = "GET", **headers: str) -> Reply:
    """Ask without a key; `_` in a header's name stands for `-`."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return ask(program, path=path, method=method, key=None, headers=given)


def assert_refused(reply: Reply, status: int, code: str) -> None:
    """Check that an answer is this error, in the one form there is."""
    assert (reply.status, reply.error["code"]) == (status, code)
    assert set(reply.error) == {"message", "type", "param", "code"}
    assert reply.headers["x-should-retry"] == "false"


def read_path(link: str) -> str:
    """Return path and query of an absolute link."""
    parts = urlsplit(link)
    return f"{parts.path}?{parts.query}"


def to_answer(call: Call, pictures: Sequence[bytes], mime_type: str = "image/png") -> Answer:
    """Return Gemini's answer with these files in it, called by this type."""
    parts = [
        {"inlineData": {"mimeType": mime_type, "data": base64.b64encode(picture).decode()}}
        for picture in pictures
    ]
    candidate = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP"}
    usage = {"promptTokenCount": 5, "candidatesTokenCount": 1120, "totalTokenCount": 1125}
    body = json.dumps({"candidates": [candidate], "usageMetadata": usage}).encode()
    if call.is_stream:
        return Answer([b"data: " + body + b"\r\n\r\n"], "text/event-stream")
    return Answer([body])
