"""How a stream looks on the wire: its headers, its frames and their order, its lines, its clock."""

import time
from typing import Any

import pytest

from asking import (
    PROMPT,
    ask,
    ask_for_answer,
    ask_for_stream,
    asking,
    chat,
    digest,
    draw_directly,
    get_message,
    read_stream,
    split_images,
    split_markdown,
)
from programs import Emulator, Gateway, ListCalls, StartGateway

MODEL = "gemini-3.1-flash-image"
HEARTBEAT = {"content": ""}


def find_deltas_with_picture(deltas: list[dict[str, Any]]) -> list[str]:
    """Return the contents that hold base64 of a picture."""
    return [delta["content"] for delta in deltas if len(delta.get("content") or "") > 2000]


def test_headers(gateway: Gateway) -> None:
    """A stream is chunked, uncompressed and marked as not to be buffered, whatever the client accepts."""
    reply = ask(
        gateway, chat(stream=True), headers={"Accept": "application/json", "Accept-Encoding": "gzip, br"}
    )
    assert reply.headers["content-type"].split(";")[0] == "text/event-stream"
    assert reply.headers["x-accel-buffering"] == "no"
    assert reply.headers["cache-control"] == "no-cache, no-transform"
    assert reply.headers["transfer-encoding"] == "chunked"
    assert reply.headers["content-encoding"] is None
    assert reply.headers["content-length"] is None
    assert reply.headers["x-request-id"].startswith("req_")
    assert reply.headers["x-limner-generation-id"].startswith("gen_")


def test_a_whole_answer_has_a_length(gateway: Gateway) -> None:
    """A plain answer says its length and is not compressed."""
    reply = ask(gateway, chat(), headers={"Accept-Encoding": "gzip"})
    assert int(reply.headers["content-length"]) == len(reply.body)
    assert reply.headers["content-encoding"] is None
    assert reply.headers["content-type"] == "application/json"


@pytest.mark.parametrize("output", ["markdown", "images"])
def test_order_of_chunks(gateway: Gateway, output: str) -> None:
    """Role, then content, then one finish chunk with Limner's note, then usage without choices, then [DONE]."""
    stream = ask_for_stream(gateway, chat(limner={"image_output": output}))
    first, *middle, finish, usage = stream.chunks
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert {chunk["choices"][0]["finish_reason"] for chunk in middle} == {None}
    assert all("limner" not in chunk and "usage" not in chunk for chunk in middle)
    assert (finish["choices"][0]["delta"], finish["choices"][0]["finish_reason"]) == ({}, "stop")
    assert finish["limner"]["images"][0]["mime_type"] == "image/jpeg"
    assert usage["choices"] == []
    assert usage["usage"]["cost"] == finish["limner"]["cost_usd"]
    assert all(
        (chunk["id"], chunk["created"], chunk["model"], chunk["object"])
        == (first["id"], first["created"], "nano-banana-2", "chat.completion.chunk")
        for chunk in stream.chunks
    )


@pytest.mark.parametrize(
    ("options", "expected"),
    [({}, 1), ({"stream_options": None}, 1), ({"stream_options": {}}, 1),
     ({"stream_options": {"include_usage": True}}, 1), ({"stream_options": {"include_usage": False}}, 0)],
)  # fmt: skip
def test_usage_comes_unless_declined(gateway: Gateway, options: dict[str, Any], expected: int) -> None:
    """Only a client that says so gets no usage chunk; nothing else of the stream changes."""
    stream = ask_for_stream(gateway, chat(**options))
    assert sum("usage" in chunk for chunk in stream.chunks) == expected
    assert sum(chunk["choices"] == [] for chunk in stream.chunks) == expected
    assert stream.finish["limner"]["cost_usd"] > 0


def test_concatenated_deltas_are_the_whole_answer(gateway: Gateway, emulator: Emulator) -> None:
    """A large Markdown picture comes in short lines, which put together are the plain answer's content."""
    extra = {"google": {"image_config": {"image_size": "4K", "aspect_ratio": "21:9"}}}
    asked = chat(model=MODEL, extra_body=extra)
    stream = ask_for_stream(gateway, asked)
    answer = ask_for_answer(gateway, asked)
    content = get_message(answer)["content"]
    assert digest(stream.content.encode()) == digest(content.encode())
    _, ((_, picture),) = split_markdown(content)
    assert digest(picture) == digest(draw_directly(emulator, MODEL, imageSize="4K", aspectRatio="21:9"))
    assert len(find_deltas_with_picture(stream.deltas)) > 3
    assert max(stream.line_bytes) <= 64 * 1024
    assert stream.usage == answer["usage"]


@pytest.mark.parametrize("kib", [1, 16, 128])
def test_the_length_of_lines_is_a_setting(start_gateway: StartGateway, kib: int) -> None:
    """LIMNER_STREAM_LINE_KIB bounds the lines of a Markdown stream, its text included."""
    gateway = start_gateway(LIMNER_STREAM_LINE_KIB=str(kib))
    asked = chat(f"{PROMPT} \u2603" * 20, model="nano-banana-2", extra_body={})
    stream = ask_for_stream(gateway, asked)
    assert max(stream.line_bytes) <= kib * 1024
    assert digest(stream.content.encode()) == digest(
        get_message(ask_for_answer(gateway, asked))["content"].encode()
    )


def test_lines_without_a_bound_hold_a_picture_whole(start_gateway: StartGateway) -> None:
    """With LIMNER_STREAM_LINE_KIB=0 the whole Markdown of a picture is one delta, for clients that look per delta."""
    gateway = start_gateway(LIMNER_STREAM_LINE_KIB="0")
    stream = ask_for_stream(gateway, chat(f"{PROMPT} [[images=2]]"))
    found = find_deltas_with_picture(stream.deltas)
    assert len(found) == 2
    for content in found:
        text, pictures = split_markdown(content)
        assert (text, len(pictures)) == ("\n", 1)


def test_images_output_keeps_pictures_and_text_apart(gateway: Gateway, emulator: Emulator) -> None:
    """In `images` a picture is alone in its chunk, whole on one line, and the content is text only."""
    asked = chat(limner={"image_output": "images"})
    stream = ask_for_stream(gateway, asked)
    assert stream.content == f"Here is the picture you asked for: {PROMPT}\n\n"
    (delta,) = [delta for delta in stream.deltas if "images" in delta]
    assert set(delta) == {"images"}
    ((mime_type, picture),) = split_images(delta["images"])
    assert mime_type == "image/jpeg"
    assert digest(picture) == digest(draw_directly(emulator, MODEL, imageSize="512"))
    message = get_message(ask_for_answer(gateway, asked))
    assert split_images(message["images"]) == [(mime_type, picture)]
    assert message["content"] == stream.content


def test_markdown_output_has_no_images_field(gateway: Gateway) -> None:
    """A picture is never given in both shapes."""
    stream = ask_for_stream(gateway, chat())
    assert stream.images == []
    assert "images" not in get_message(ask_for_answer(gateway, chat()))


@pytest.fixture(scope="module")
def lively_gateway(start_gateway: StartGateway) -> Gateway:
    """A gateway that sends a heartbeat every 0.2 seconds."""
    return start_gateway(LIMNER_HEARTBEAT_SECONDS="0.2")


@pytest.mark.real_time
@pytest.mark.parametrize("output", ["markdown", "images"])
def test_heartbeats_fill_silence(lively_gateway: Gateway, output: str) -> None:
    """While Gemini is silent inside a stream, empty deltas come at the pace that is set, and change nothing."""
    asked = chat(f"{PROMPT} [[stall=1s at=70%]]", limner={"image_output": output})
    stream = ask_for_stream(lively_gateway, asked)
    beats = stream.deltas.count(HEARTBEAT)
    assert 3 <= beats <= 6
    answer = ask_for_answer(lively_gateway, chat(PROMPT, limner={"image_output": output}))
    assert digest(stream.content.encode()) == digest(get_message(answer)["content"].encode())
    assert split_images(stream.images) == split_images(get_message(answer).get("images", []))


@pytest.mark.real_time
@pytest.mark.parametrize("status", [None, 503])
def test_opens_after_five_seconds(lively_gateway: Gateway, status: int | None) -> None:
    """A stream opens 5 s after sending at the latest, with role and heartbeats; an error then is its last frame."""
    directive = "[[delay=6s]]" if status is None else f"[[delay=6s status={status}]]"
    started = time.monotonic()
    with asking(lively_gateway, chat(f"{PROMPT} {directive}", stream=True)) as connection:
        response = connection.getresponse()
        opened_after = time.monotonic() - started
        sent = response.read()
    stream = read_stream(sent)
    assert response.status == 200
    assert 4.9 <= opened_after <= 5.6
    assert stream.chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert stream.chunks[1]["choices"][0]["delta"] == HEARTBEAT
    if status is None:
        assert stream.is_done
        assert len(split_markdown(stream.content)[1]) == 1
    else:
        assert not stream.is_done
        assert stream.chunks[-1]["error"]["code"] == "upstream_overloaded"


@pytest.mark.real_time
@pytest.mark.parametrize("is_stream", [False, True], ids=["plain", "stream"])
def test_a_client_that_leaves_cancels_nothing(
    lively_gateway: Gateway, emulator: Emulator, journal: ListCalls, *, is_stream: bool
) -> None:
    """What was sent to Gemini runs to its end when the client has gone before the picture was drawn."""
    prompt = f"{PROMPT}, {'streamed' if is_stream else 'whole'} [[delay=1s]]"
    leave_early(lively_gateway, chat(prompt, stream=is_stream), after_seconds=0.3)
    call = emulator.wait_for_call("ok")
    assert call["status"] == 200
    assert len(journal()) == 1


@pytest.mark.real_time
def test_a_client_that_leaves_an_open_stream_cancels_nothing(
    lively_gateway: Gateway, emulator: Emulator, journal: ListCalls
) -> None:
    """Nor does leaving in the middle of the picture: the upstream never sees its client go."""
    leave_early(lively_gateway, chat(f"{PROMPT} [[stall=1s at=80%]]", stream=True), after_seconds=0.6)
    time.sleep(1)
    assert emulator.wait_for_call("stall")["status"] == 200
    assert len(journal()) == 1


def leave_early(gateway: Gateway, body: dict[str, Any], *, after_seconds: float) -> None:
    """Ask and close the connection without reading the answer."""
    with asking(gateway, body):
        time.sleep(after_seconds)
