"""The chunks of a stream: frames, lines within their limit, pictures put together again."""

import base64
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transcripts import FORMS, JPEG, PNG, Drawn, Scene, Words, compose, scenes

from limner.translate.answer import AnswerHead
from limner.translate.composition import LinkSegment, PictureSegment, TextSegment, ThoughtSegment
from limner.translate.stream import DONE, ChunkWriter, PictureLines
from limner.translate.usage import TokenCount, to_usage
from limner.wire.openai import ErrorBody, LimnerNote, UpstreamNote

HEAD = AnswerHead(id="chatcmpl-1", created=1700000000, model="nano-banana", generation_id="gen_1")
LIMIT = 1024


def writer(line_bytes: int = LIMIT) -> ChunkWriter:
    return ChunkWriter(HEAD, line_bytes=line_bytes)


def parse(body: bytes) -> list[dict[str, Any]]:
    """Return the chunks of `body`, which must hold whole frames and nothing else."""
    *frames, rest = body.split(b"\n\n")
    assert rest == b""
    assert all(frame.startswith(b"data: ") and b"\n" not in frame and b"\r" not in frame for frame in frames)
    return [json.loads(frame.removeprefix(b"data: ")) for frame in frames]


def deltas(body: bytes) -> list[dict[str, Any]]:
    return [chunk["choices"][0]["delta"] for chunk in parse(body)]


def longest_line(body: bytes) -> int:
    return max(len(line) for line in body.split(b"\n"))


def put_in(data: bytes, lines: PictureLines) -> bytes:
    """Return the frames of a picture as a sender writes them."""
    body = lines.opening
    step = lines.bytes_per_line or max(len(data), 1)
    for start in range(0, len(data), step):
        body += lines.line_head + base64.b64encode(data[start : start + step]) + lines.line_tail
    return body + lines.closing


def picture_segment(data: bytes = PNG, *, form: str = "markdown", words: str = "") -> PictureSegment:
    segments = compose([Words(words), Drawn(data)], form=form)
    return next(segment for segment in segments if isinstance(segment, PictureSegment))


def test_plain_chunks() -> None:
    """Role, heartbeat, finish and usage chunks, field by field, and the end."""
    common = {
        "id": "chatcmpl-1",
        "created": 1700000000,
        "model": "nano-banana",
        "object": "chat.completion.chunk",
    }
    choice = {"index": 0, "logprobs": None, "finish_reason": None}
    note = LimnerNote("gen_1", 0.1, UpstreamNote("gemini", "m"), [], [])
    usage = to_usage(TokenCount(input_text=1, input_image=0, output_image=2, output_text=0, thoughts=0), 5)
    body = writer().write_role() + writer().write_heartbeat() + writer().write_finish("stop", note)
    assert parse(body + writer().write_usage(usage)) == [
        {**common, "choices": [{**choice, "delta": {"role": "assistant", "content": ""}}]},
        {**common, "choices": [{**choice, "delta": {"content": ""}}]},
        {
            **common,
            "choices": [{**choice, "delta": {}, "finish_reason": "stop"}],
            "limner": msgspec.to_builtins(note),
        },
        {**common, "choices": [], "usage": msgspec.to_builtins(usage)},
    ]
    assert DONE == b"data: [DONE]\n\n"


def test_an_error_frame() -> None:
    """An error is one frame with OpenAI's four keys and the generation."""
    error = ErrorBody("m", "upstream_error", None, "upstream_timeout", "gen_1")
    assert parse(writer().write_error(error)) == [
        {
            "error": {
                "message": "m",
                "type": "upstream_error",
                "param": None,
                "code": "upstream_timeout",
                "generation_id": "gen_1",
            }
        }
    ]


@given(
    st.text(
        st.characters(exclude_categories=["Cs"]) | st.sampled_from('\x00\x01"\\🗼\u2028\u2029\x85é'),
        max_size=900,
    ),
    st.integers(400, 2000),
)
@settings(max_examples=150, deadline=None)
def test_no_line_of_text_is_too_long(text: str, line_bytes: int) -> None:
    """Any text, thought or refusal is cut into lines within the limit and comes together again."""
    chunks = writer(line_bytes)
    for name, body in (
        ("content", b"".join(chunks.write_text(text))),
        ("reasoning_content", b"".join(chunks.write_thought(text))),
        ("refusal", chunks.write_refusal(text)),
    ):
        assert longest_line(body) <= line_bytes
        assert "".join(delta[name] for delta in deltas(body)) == text


def test_control_characters_take_six_bytes() -> None:
    """The longest escapes fit too, in the field with the longest name."""
    body = b"".join(writer(400).write_thought("\x01" * 5000))
    assert longest_line(body) <= 400


@given(
    st.binary(min_size=1, max_size=6000),
    st.integers(400, 3000),
    st.sampled_from(["", "Here\n"]),
)
@settings(max_examples=150, deadline=None)
def test_pictures_come_together_again(data: bytes, line_bytes: int, words: str) -> None:
    """A Markdown picture is cut into lines within the limit; joined they are its Markdown."""
    segment = picture_segment(data, words=words)
    lines = writer(line_bytes).frame_picture(segment, form="markdown")
    assert lines.bytes_per_line is not None
    assert lines.bytes_per_line % 3 == 0
    body = put_in(data, lines)
    assert longest_line(body) <= line_bytes
    content = "".join(delta["content"] for delta in deltas(body))
    expected = segment.before + base64.b64encode(data).decode() + segment.after
    assert content == expected


def test_the_usual_limit_wastes_little() -> None:
    """At 64 KiB a line carries over 99 % picture."""
    lines = writer(65_536).frame_picture(picture_segment(), form="markdown")
    assert lines.bytes_per_line is not None
    assert lines.bytes_per_line * 4 / 3 > 0.99 * 65_536


def test_without_a_limit_a_picture_is_one_delta() -> None:
    """A limit of 0 puts a picture, with its Markdown, whole into one delta, and text into one."""
    segment = picture_segment(PNG * 50)
    lines = writer(0).frame_picture(segment, form="markdown")
    assert (lines.bytes_per_line, lines.line_head, lines.line_tail) == (None, b"", b"")
    (delta,) = deltas(put_in(PNG * 50, lines))
    assert delta == {"content": segment.before + base64.b64encode(PNG * 50).decode() + segment.after}
    assert len(list(writer(0).write_text("x" * 10**6))) == 1
    assert list(writer(0).write_text("")) == []


def test_images_are_alone_in_their_chunks() -> None:
    """In `images` each picture is one chunk with nothing else, and they are numbered."""
    chunks = writer(0)
    for index, data in enumerate((PNG, JPEG)):
        lines = chunks.frame_picture(picture_segment(data, form="images"), form="images")
        mime_type = "image/png" if data == PNG else "image/jpeg"
        url = f"data:{mime_type};base64,{base64.b64encode(data).decode()}"
        assert deltas(put_in(data, lines)) == [
            {"images": [{"index": index, "type": "image_url", "image_url": {"url": url}}]}
        ]


@pytest.mark.parametrize("name", ["m" * 200, 'a"\\\x00b', "香蕉"])
def test_names_are_escaped(name: str) -> None:
    """A model's name stands in every chunk, whatever signs it has, and the picture's place is still found."""
    head = AnswerHead(id="chatcmpl-1", created=1, model=name, generation_id="gen_1")
    chunks = ChunkWriter(head, line_bytes=65_536)
    body = put_in(PNG, chunks.frame_picture(picture_segment(), form="markdown"))
    assert {chunk["model"] for chunk in parse(body)} == {name}


@given(scenes(), st.sampled_from(FORMS), st.booleans())
@settings(max_examples=100, deadline=None)
def test_a_stream_is_the_content(scene: Scene, form: str, wants_thoughts: bool) -> None:
    """All deltas of an answer joined are its content and its reasoning."""
    chunks = writer(500 if form != "images" else 0)
    body, content, reasoning = b"", "", ""
    data = [piece.data for piece in scene if isinstance(piece, Drawn)]
    for segment in compose(scene, form=form, wants_thoughts=wants_thoughts):
        match segment:
            case TextSegment(text):
                content += text
                body += b"".join(chunks.write_text(text))
            case LinkSegment(_, text):
                content += text
                body += b"".join(chunks.write_text(text))
            case ThoughtSegment(text):
                reasoning += text
                body += b"".join(chunks.write_thought(text))
            case PictureSegment(picture, before, after):
                bytes_drawn = data[picture.number]
                if form != "images":
                    content += before + base64.b64encode(bytes_drawn).decode() + after
                body += put_in(bytes_drawn, chunks.frame_picture(segment, form=form))
    assert "".join(delta.get("content", "") for delta in deltas(body)) == content
    assert "".join(delta.get("reasoning_content", "") for delta in deltas(body)) == reasoning
