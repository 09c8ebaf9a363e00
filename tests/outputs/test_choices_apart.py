"""What several choices say comes in between each other, and is kept apart: pictures, texts and thought signatures."""

import base64
import json
import os
import secrets
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from shapes import MODES, ask_in, digest_choices, read_answer

from asking import ask, chat, digest
from programs import Gateway
from upstreams import Answer, Call, Upstream

N = 3
WAIT_SECONDS = 20
_PNG_HEAD = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\2\0\0\0\2\0\x08\2\0\0\0"


class Choir:
    """An upstream of which all calls answer in turns: each says a part once every other has said its part before."""

    def __init__(self) -> None:
        self.pictures: dict[str, str] = {}
        """Signatures of pictures by digest."""
        self.texts: dict[str, str] = {}
        """What was said with a picture."""
        self._beat = threading.Barrier(N, timeout=WAIT_SECONDS)

    def respond(self, call: Call) -> Answer:
        if not call.is_stream:
            return Answer([json.dumps(self._edit()).encode()])
        return Answer(self._sing(), "text/event-stream")

    def _sing(self) -> Iterator[bytes]:
        picture = _PNG_HEAD + os.urandom(3000)
        text = f"This is {secrets.token_hex(4)}."
        signature = base64.b64encode(os.urandom(900)).decode()
        self.pictures[digest(picture)] = signature
        self.texts[digest(picture)] = text
        data = base64.b64encode(picture).decode()
        parts: list[dict[str, Any]] = [
            {"text": text[:8], "thoughtSignature": base64.b64encode(text.encode()).decode()},
            {"text": text[8:]},
            {"inlineData": {"mimeType": "image/png", "data": data}, "thoughtSignature": signature},
        ]
        for part in parts:
            self._beat.wait()
            yield self._to_event({"candidates": [{"content": {"role": "model", "parts": [part]}}]})
        yield self._to_event(
            {"candidates": [{"finishReason": "STOP"}], "usageMetadata": {"promptTokenCount": 5}}
        )

    def _edit(self) -> dict[str, Any]:
        data = base64.b64encode(_PNG_HEAD + os.urandom(3000)).decode()
        part = {"inlineData": {"mimeType": "image/png", "data": data}, "thoughtSignature": "ZWRpdA=="}
        return {"candidates": [{"content": {"role": "model", "parts": [part]}, "finishReason": "STOP"}]}

    @staticmethod
    def _to_event(event: object) -> bytes:
        return f"data: {json.dumps(event)}\r\n\r\n".encode()


@pytest.fixture
def choir(upstream: Upstream) -> Choir:
    """That upstream."""
    found = Choir()
    upstream.respond = found.respond
    return found


def test_each_choice_is_edited_with_its_own_signatures(
    choir: Choir, upstream: Upstream, scripted_gateway: Gateway
) -> None:
    """Whichever choice a client goes on with, by its reference: its text, picture and signatures go back."""
    prompt = f"a lighthouse {secrets.token_hex(4)}"
    answer = read_answer(ask_in(scripted_gateway, chat(prompt, n=N), "images", "stream"))
    found = [sha256 for (sha256,) in digest_choices(scripted_gateway, answer)]
    assert sorted(found) == sorted(choir.pictures)
    for sha256, said in zip(found, answer.choices, strict=True):
        assert said.content == choir.texts[sha256]
        turns = [
            {"role": "user", "content": prompt},
            {"role": "assistant", "content": said.content, "reasoning_details": said.reference},
            {"role": "user", "content": "now make it blue"},
        ]
        reply = ask(scripted_gateway, chat(messages=turns))
        assert reply.status == 200, reply.body[:500]
        parts = json.loads(upstream.calls[-1].body)["contents"][1]["parts"]
        assert "".join(part.get("text", "") for part in parts) == said.content
        (drawn,) = [part for part in parts if "inlineData" in part]
        assert digest(base64.b64decode(drawn["inlineData"]["data"])) == sha256
        assert drawn["thoughtSignature"] == choir.pictures[sha256]


@pytest.mark.parametrize("mode", MODES)
def test_replays_keep_them_apart(mode: str, choir: Choir, scripted_gateway: Gateway) -> None:
    """A repeat reads from the journal what each choice said."""
    headers = {"Idempotency-Key": secrets.token_hex(8)}
    body = chat(f"a lighthouse {secrets.token_hex(4)}", n=N)
    first = read_answer(ask_in(scripted_gateway, body, "markdown", "stream", headers))
    assert len(choir.pictures) == N
    assert read_answer(ask_in(scripted_gateway, body, "markdown", mode, headers)) == first
