"""Answers that the emulator does not give and some Gemini, proxy or stranger might."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from asking import (
    PROMPT,
    ask,
    ask_for_answer,
    ask_for_stream,
    chat,
    digest,
    get_message,
    split_images,
    split_markdown,
)
from programs import Gateway, StartGateway
from upstreams import Answer, Call, Upstream

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 40
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\7\0\0\0\5\x08\2\0\0\0" + bytes(range(256)) * 50
USAGE = {"promptTokenCount": 5, "candidatesTokenCount": 1120, "totalTokenCount": 1125}


def show(data: bytes, mime_type: str = "image/png", **more: Any) -> dict[str, Any]:
    """Return a part with a picture."""
    return {"inlineData": {"mimeType": mime_type, "data": base64.b64encode(data).decode()}, **more}


def say(*parts: dict[str, Any]) -> Callable[[Call], Answer]:
    """Return how to answer with these parts: at once, or each in an event of its own, cut into odd pieces."""

    def respond(call: Call) -> Answer:
        if not call.is_stream:
            candidate = {"content": {"parts": parts}, "finishReason": "STOP"}
            body = json.dumps({"candidates": [candidate], "usageMetadata": USAGE}, ensure_ascii=False)
            return Answer(cut(body.encode()))
        events: list[dict[str, Any]] = [{"candidates": [{"content": {"parts": [part]}}]} for part in parts]
        events.append({"candidates": [{"finishReason": "STOP"}], "usageMetadata": USAGE})
        lines = (f"data: {json.dumps(event, ensure_ascii=False)}\r\n\r\n" for event in events)
        return Answer(cut("".join(lines).encode()), "text/event-stream")

    return respond


def cut(body: bytes) -> list[bytes]:
    return [body[start : start + 997] for start in range(0, len(body), 997)]


def draw_both(gateway: Gateway, output: str = "markdown") -> tuple[str, list[tuple[str, bytes]]]:
    """Draw in both modes, which must agree; return the content and the pictures."""
    asked = chat(model="nano-banana-2-lite", extra_body={}, limner={"image_output": output})
    answer = ask_for_answer(gateway, asked)
    stream = ask_for_stream(gateway, asked)
    message = get_message(answer)
    assert stream.content == message["content"]
    assert stream.images == message.get("images", [])
    assert stream.usage == answer["usage"]
    for note in (answer["limner"], stream.finish["limner"]):
        del note["generation_id"]
        for image in note["images"]:
            del image["id"], image["url"]
    assert stream.finish["limner"] == answer["limner"]
    if output == "images":
        return message["content"], split_images(message["images"])
    return split_markdown(message["content"])


@pytest.mark.parametrize("output", ["markdown", "images"])
def test_texts_and_pictures_keep_their_order(
    output: str, upstream: Upstream, scripted_gateway: Gateway
) -> None:
    """Texts are joined as they are; in Markdown one line feed parts text and picture, and picture and picture."""
    upstream.respond = say(
        {"text": "a "}, {"text": "b"}, show(PNG), {"text": "c"}, show(JPEG), show(JPEG + b"x")
    )
    content, pictures = draw_both(scripted_gateway, output)
    assert content == ("a b\n\nc\n\n" if output == "markdown" else "a bc")
    assert [data for _, data in pictures] == [PNG, JPEG, JPEG + b"x"]


def test_identical_pictures_count_once(upstream: Upstream, scripted_gateway: Gateway) -> None:
    """The same bytes twice are one picture; others around them stay."""
    upstream.respond = say(show(PNG), show(PNG), show(JPEG), show(PNG))
    _, pictures = draw_both(scripted_gateway)
    assert [data for _, data in pictures] == [PNG, JPEG]


@pytest.mark.parametrize("output", ["markdown", "images"])
def test_the_type_is_what_the_bytes_say(output: str, upstream: Upstream, scripted_gateway: Gateway) -> None:
    """A JPEG that is declared as a PNG is delivered as what it is."""
    upstream.respond = say(show(JPEG, "image/png"))
    assert draw_both(scripted_gateway, output)[1] == [("image/jpeg", JPEG)]


def test_the_order_of_fields_does_not_matter(upstream: Upstream, scripted_gateway: Gateway) -> None:
    """Signature before data, data before type: the picture is the same."""
    data = base64.b64encode(PNG).decode()
    part = {"thoughtSignature": "c2lnbg==", "inlineData": {"data": data, "mimeType": "image/png"}}
    upstream.respond = say(part)
    assert draw_both(scripted_gateway)[1] == [("image/png", PNG)]


def test_text_of_any_characters(upstream: Upstream, scripted_gateway: Gateway) -> None:
    """Separators that some line readers split at, controls, quotes and pairs come through."""
    text = 'a\u2028b\u2029c\u0085d\x00e\x0bf"g\\h\U0001f600i\r\nj'
    upstream.respond = say({"text": text}, show(PNG))
    assert draw_both(scripted_gateway)[0] == f"{text}\n"


@pytest.mark.parametrize("output", ["markdown", "images"])
def test_a_picture_without_words(output: str, upstream: Upstream, scripted_gateway: Gateway) -> None:
    """Where Gemini wrote nothing, Markdown is the picture alone; `images` gets one fixed sentence."""
    upstream.respond = say(show(PNG))
    content, pictures = draw_both(scripted_gateway, output)
    assert content == ("" if output == "markdown" else "Here is your picture.")
    assert pictures == [("image/png", PNG)]


BROKEN = {
    "not JSON": (Answer([b"<html>busy</html>"]), "upstream_invalid_response"),
    "an empty body": (Answer([]), "upstream_unknown_outcome"),
    "an empty object": (Answer([b"{}"]), "upstream_invalid_response"),
    "an array of nothing": (Answer([b"[]"]), "upstream_invalid_response"),
    "no finish": (Answer([b'{"candidates": [{"content": {}}]}']), "upstream_invalid_response"),
    "candidates of another type": (Answer([b'{"candidates": 7}']), "upstream_invalid_response"),
    "a redirect": (
        Answer([], status=302, headers=(("Location", "http://127.0.0.1:9/"),)),
        "upstream_invalid_response",
    ),
    "compressed": (
        Answer([b"\x1f\x8b"], headers=(("Content-Encoding", "gzip"),)),
        "upstream_invalid_response",
    ),
    "a teapot": (Answer([b"short and stout"], status=418), "upstream_unknown_outcome"),
}


@pytest.mark.parametrize("is_stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_answer(
    name: str, upstream: Upstream, scripted_gateway: Gateway, *, is_stream: bool
) -> None:
    """Whatever else comes is a 502 that is not to be repeated, and says nothing of its content."""
    answer, code = BROKEN[name]
    upstream.respond = lambda _call: answer
    reply = ask(scripted_gateway, chat(f"{PROMPT}, {name}, {is_stream}", stream=is_stream))
    assert (reply.status, reply.error["type"], reply.error["code"]) == (502, "upstream_error", code)
    assert reply.headers["x-should-retry"] == "false"
    assert len(upstream.calls) == 1
    assert "stout" not in reply.error["message"]


def test_a_large_error_page_is_not_held(upstream: Upstream, scripted_gateway: Gateway) -> None:
    """Of an error body of 64 MiB only the beginning is read."""
    before = scripted_gateway.measure_rss_bytes()
    upstream.respond = lambda _call: Answer([b"x" * 65_536] * 1024, status=500)
    reply = ask(scripted_gateway, chat(f"{PROMPT} on a large page"))
    assert (reply.status, reply.error["code"]) == (502, "upstream_error")
    assert scripted_gateway.measure_rss_bytes() - before < 16 * 1024 * 1024
    assert digest(reply.body)


def trickle(body: bytes, seconds: float) -> Iterator[bytes]:
    """Yield the bytes in pieces, evenly over that time."""
    step = -(-len(body) // 20)
    for start in range(0, len(body), step):
        yield body[start : start + step]
        time.sleep(seconds / 20)


@pytest.mark.real_time
@pytest.mark.parametrize("output", ["markdown", "images"])
def test_heartbeats_fill_slow_arrival(output: str, upstream: Upstream, start_gateway: StartGateway) -> None:
    """While a picture trickles in that cannot be sent on yet, the client hears heartbeats all the same."""
    lively = start_gateway(upstream.url, LIMNER_HEARTBEAT_SECONDS="0.2")

    def respond(call: Call) -> Answer:
        pieces, content_type, *_ = say(show(PNG))(call)
        return Answer(trickle(b"".join(pieces), 1.6), content_type)

    upstream.respond = respond
    stream = ask_for_stream(
        lively, chat(model="nano-banana-2-lite", extra_body={}, limner={"image_output": output})
    )
    assert 5 <= stream.deltas.count({"content": ""}) <= 9
    pictures = split_images(stream.images) if output == "images" else split_markdown(stream.content)[1]
    assert pictures == [("image/png", PNG)]
