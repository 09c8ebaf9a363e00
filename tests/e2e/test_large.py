"""Much data at once: what must stay on disk and not in memory, and answers that must not mix."""

import base64
import hashlib
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection

import pytest

from asking import (
    ask,
    ask_for_answer,
    chat,
    configure,
    digest,
    draw_directly,
    get_message,
    read_stream,
    split_markdown,
)
from programs import CLIENT_KEY, Emulator, Gateway, Program, StartGateway
from upstreams import Answer, Call, Upstream

MIB = 1024 * 1024
PNG_HEAD = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x10\0\0\0\x10\0\x08\2\0\0\0"


def make_picture(size_bytes: int) -> bytes:
    """Return something that begins like a PNG of 4096 x 4096 and goes on with noise."""
    return PNG_HEAD + os.urandom(size_bytes - len(PNG_HEAD))


@contextmanager
def watching_memory(program: Program) -> Iterator[list[int]]:
    """Give the program's memory in bytes at the start, and at its highest once the block is over."""
    seen = [program.measure_rss_bytes()] * 2
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.wait(0.01):
            seen[1] = max(seen[1], program.measure_rss_bytes())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        is_over.set()
        watcher.join()


@contextmanager
def connect_narrowly(program: Program) -> Iterator[HTTPConnection]:
    """Give a connection whose receiving end holds little."""
    with socket.socket() as narrow:
        narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        narrow.settimeout(60)
        narrow.connect(program.address)
        connection = HTTPConnection(*program.address)
        connection.sock = narrow
        yield connection
        connection.close()


def answer_with(picture: bytes, call: Call) -> Answer:
    """Answer with a picture."""
    blob = {"mimeType": "image/png", "data": base64.b64encode(picture).decode()}
    candidate = {"content": {"role": "model", "parts": [{"inlineData": blob}]}, "finishReason": "STOP"}
    usage = {"promptTokenCount": 5, "candidatesTokenCount": 2520, "totalTokenCount": 2525}
    body = json.dumps({"candidates": [candidate], "usageMetadata": usage}).encode()
    if call.is_stream:
        return Answer([b"data: " + body + b"\r\n\r\n"], "text/event-stream")
    return Answer([body])


@pytest.fixture
def fresh_gateway(start_gateway: StartGateway, upstream: Upstream, request: pytest.FixtureRequest) -> Gateway:
    """A gateway of this test's own, whose memory nothing else has grown, warmed up by a small picture."""
    gateway = start_gateway(upstream.url, LIMNER_KEEP_ALIVE_SECONDS=str(100 + len(request.node.name)))
    upstream.respond = lambda call: answer_with(make_picture(MIB), call)
    for is_stream in (False, True):
        assert ask(gateway, chat(stream=is_stream)).status == 200
    return gateway


@pytest.mark.real_time
@pytest.mark.parametrize("is_stream", [False, True], ids=["plain", "stream"])
def test_a_slow_reader_costs_no_memory(
    fresh_gateway: Gateway, upstream: Upstream, *, is_stream: bool
) -> None:
    """A picture of 32 MiB that a client reads slowly waits in a file: the gateway does not grow by it."""
    picture = make_picture(32 * MIB)
    upstream.respond = lambda call: answer_with(picture, call)
    body = json.dumps(chat(stream=is_stream)).encode()
    headers = {"Authorization": f"Bearer {CLIENT_KEY}", "Content-Type": "application/json"}
    with watching_memory(fresh_gateway) as memory, connect_narrowly(fresh_gateway) as connection:
        connection.request("POST", "/v1/chat/completions", body=body, headers=headers)
        response = connection.getresponse()
        received = bytearray()
        for _ in range(20):
            received += response.read(64 * 1024)
            time.sleep(0.1)
        received += response.read()
    sent = bytes(received)
    content = read_stream(sent).content if is_stream else get_message(json.loads(sent))["content"]
    _, ((_, shown),) = split_markdown(content)
    assert digest(shown) == digest(picture)
    assert memory[1] - memory[0] < 12 * MIB


def test_a_large_request_costs_no_memory(fresh_gateway: Gateway, upstream: Upstream) -> None:
    """More than 60 MB of pictures in one request pass to the upstream byte by byte without being held."""
    pictures = [make_picture(5 * MIB + number) for number in range(13)]
    parts = [
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{base64.b64encode(p).decode()}"}}
        for p in pictures
    ]
    body = json.dumps(chat(messages=[{"role": "user", "content": [{"type": "text", "text": "mix"}, *parts]}]))
    assert len(body) > 85 * MIB
    upstream.calls.clear()
    with watching_memory(fresh_gateway) as memory:
        reply = ask(fresh_gateway, body.encode())
    assert reply.status == 200
    (call,) = upstream.calls
    (content,) = json.loads(call.body)["contents"]
    blobs = [part["inlineData"]["data"] for part in content["parts"] if "inlineData" in part]
    assert [digest(base64.b64decode(blob)) for blob in blobs] == [digest(picture) for picture in pictures]
    assert memory[1] - memory[0] < 40 * MIB


def test_answers_side_by_side_do_not_mix(gateway: Gateway, emulator: Emulator) -> None:
    """Eight 4K pictures asked for at once, whole and streamed, are each what the upstream drew for their prompt."""
    prompts = [f"lighthouse {number}" for number in range(8)]
    extra = configure(image_size="4K", aspect_ratio="1:1")

    def draw(number: int) -> str:
        asked = chat(prompts[number], extra_body=extra, stream=number % 2 == 1)
        if not asked["stream"]:
            return str(get_message(ask_for_answer(gateway, asked))["content"])
        return read_stream(ask(gateway, asked).body).content

    with ThreadPoolExecutor(8) as pool:
        contents = list(pool.map(draw, range(8)))
    for prompt, content in zip(prompts, contents, strict=True):
        text, ((_, picture),) = split_markdown(content)
        drawn = draw_directly(emulator, "gemini-3.1-flash-image", prompt, imageSize="4K", aspectRatio="1:1")
        assert digest(picture) == digest(drawn)
        assert prompt in text
    assert len({hashlib.sha256(content.encode()).digest() for content in contents}) == 8
