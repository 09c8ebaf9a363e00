"""Reading Gemini's answers: the cut never matters, memory is bounded, and an end is only an end if it is one."""

import gc
import json
import tracemalloc
from collections.abc import Iterator

import pytest
from gemini_bodies import (
    AnswerSketch,
    PartSketch,
    answer_sketches,
    cut,
    ending,
    expected_events,
    read,
    read_to_end,
    to_base64,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from limner.translate.events import (
    Blocked,
    Event,
    Finish,
    PictureBegins,
    PictureBytes,
    PictureEnds,
    PictureSettled,
    SignatureBytes,
    SignatureEnds,
    Text,
    UpstreamError,
    Usage,
)
from limner.translate.reader import AnswerReader, InvalidAnswer, TruncatedAnswer

MIB = 1024 * 1024
PIECE = b"QUJD" * (16 * 1024)
"""64 KiB of base64."""

FIRST_EVENT = b'data: {"candidates":[{"content":{"parts":[{"text":"Here"}]},"index":0}]}\r\n\r\n'
PICTURE_EVENT = b'data: {"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"image/png","data":"QUJD"}}]}}]}\r\n\r\n'
LAST_EVENT = b'data: {"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3}}\r\n\r\n'
ERROR = {
    "error": {"code": 499, "message": "The operation was cancelled.", "status": "CANCELLED", "details": []}
}


@given(answer_sketches(), st.lists(st.integers(1, 40), min_size=1, max_size=30))
@settings(max_examples=250, deadline=None)
def test_events_do_not_depend_on_cuts(sketch: AnswerSketch, sizes: list[int]) -> None:
    """An answer cut anywhere gives the same events as the answer in one piece."""
    body = sketch.to_body()
    whole = read([body], is_stream=sketch.is_stream)
    assert read(cut(body, sizes), is_stream=sketch.is_stream) == whole
    assert read(cut(body, [1]), is_stream=sketch.is_stream) == whole


@given(answer_sketches())
@settings(max_examples=250, deadline=None)
def test_events_say_what_the_answer_says(sketch: AnswerSketch) -> None:
    """Texts, pictures, signatures and flags come out as they were put in, whatever the order of the fields."""
    events = read([sketch.to_body()], is_stream=sketch.is_stream)
    said = [event for event in events if not isinstance(event, Finish | Usage)]
    assert said == expected_events(sketch)
    assert ending(events) == (sketch.finish_reason, sketch.prompt_tokens)


@pytest.mark.parametrize("is_stream", [False, True])
def test_one_byte_at_a_time(is_stream: bool) -> None:
    """A body of about 64 KiB may come byte by byte."""
    parts = [
        PartSketch(text="Here you go!"),
        PartSketch(picture=bytes(range(256)) * 150, signature=b"sig" * 900),
    ]
    body = AnswerSketch(parts, is_stream=is_stream, escapes=".net").to_body()
    assert 48 * 1024 < len(body) <= 64 * 1024
    assert read(cut(body, [1]), is_stream=is_stream) == read([body], is_stream=is_stream)


def answer_pieces(before: bytes, pieces: int, after: bytes) -> Iterator[bytes]:
    yield before
    for _ in range(pieces):
        yield PIECE
    yield after


LARGE_ANSWERS = [
    pytest.param(
        b'{"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"image/png","data":"',
        b'"}}]},"finishReason":"STOP"}]}',
        PictureBytes,
        id="picture",
    ),
    pytest.param(
        b'{"candidates":[{"content":{"parts":[{"text":"","thoughtSignature":"',
        b'"}]},"finishReason":"STOP"}]}',
        SignatureBytes,
        id="signature",
    ),
]


@pytest.mark.parametrize("is_stream", [False, True])
@pytest.mark.parametrize(("before", "after", "kind"), LARGE_ANSWERS)
def test_long_strings_pass_untouched(before: bytes, after: bytes, kind: type[Event], is_stream: bool) -> None:
    """32 MB in pieces of 64 KiB: each piece comes out as it went in, at once, as the same object."""
    reader = AnswerReader(is_stream=is_stream)
    list(reader.feed(b"data: " + before if is_stream else before))
    for _ in range(512):
        (event,) = reader.feed(PIECE)
        assert type(event) is kind
        assert isinstance(event, PictureBytes | SignatureBytes)
        assert event.base64 is PIECE
    list(reader.feed(after + b"\r\n\r\n" if is_stream else after))
    reader.close()


@pytest.mark.parametrize("is_stream", [False, True])
@pytest.mark.parametrize(("before", "after", "kind"), LARGE_ANSWERS)
def test_long_strings_are_not_held(before: bytes, after: bytes, kind: type[Event], is_stream: bool) -> None:
    """A string of 32 MB passes in less memory than a few of its pieces take."""
    reader = AnswerReader(is_stream=is_stream)
    passed = 0
    gc.collect()
    tracemalloc.start()
    try:
        for piece in answer_pieces(b"data: " + before if is_stream else before, 512, after):
            for event in reader.feed(bytes(bytearray(piece))):
                if isinstance(event, PictureBytes | SignatureBytes):
                    assert type(event) is kind
                    passed += len(event.base64)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert passed == 512 * len(PIECE)
    assert peak < MIB


def test_escaped_strings_take_few_events() -> None:
    r"""A writer that escapes every `+` costs no event for each: a piece of 64 KiB is one event."""
    piece = (b"A" * 58 + b"\\u002B") * 1024
    reader = AnswerReader(is_stream=False)
    list(reader.feed(b'{"candidates":[{"content":{"parts":[{"inlineData":{"data":"'))
    for _ in range(16):
        assert list(reader.feed(piece)) == [PictureBytes(0, (b"A" * 58 + b"+") * 1024)]


@pytest.mark.parametrize(
    ("before", "piece"),
    [
        pytest.param(b'{"candidates":[{"content":{"parts":[{"text":"', b"x" * 1000, id="a long text"),
        pytest.param(
            b'{"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"', b"x" * 1000, id="a mime type"
        ),
        pytest.param(b'{"candidates":[{"groundingMetadata":{"data":"', b"x" * 1000, id="data elsewhere"),
        pytest.param(b'{"candidates":[{"tokens":[', b"1, " * 300, id="many numbers"),
        pytest.param(b"", b" " * 1000, id="white space"),
    ],
)
@pytest.mark.parametrize("is_stream", [False, True])
def test_all_else_is_limited(before: bytes, piece: bytes, is_stream: bool) -> None:
    """What is not picture or signature is held, and refused beyond the limit."""
    reader = AnswerReader(is_stream=is_stream, max_skeleton_bytes=10_000)
    list(reader.feed(b"data: " + before if is_stream else before))
    pieces = (event for _ in range(12) for event in reader.feed(piece))
    with pytest.raises(InvalidAnswer, match="more than 10000 bytes besides pictures"):
        list(pieces)


def test_limit_counts_the_largest_part_only() -> None:
    """Parts are let go as they close: an answer may be longer than the limit."""
    reader = AnswerReader(is_stream=False, max_skeleton_bytes=10_000)
    part = b'{"text":"' + b"x" * 5000 + b'"},'
    events = list(reader.feed(b'{"candidates":[{"content":{"parts":[' + part * 100))
    assert len(events) == 100


@pytest.mark.parametrize("nesting", [b"[" * 101, b'{"a":' * 101])
def test_depth_is_limited(nesting: bytes) -> None:
    """JSON nested deeper than 100 is refused."""
    reader = AnswerReader(is_stream=False)
    with pytest.raises(InvalidAnswer, match="nested deeper than 100"):
        list(reader.feed(b'{"candidates":' + nesting))


def test_a_picture_is_announced_with_what_stands_before_it() -> None:
    """The flags at a picture's begin are those of its own part that came before its bytes."""
    body = json.dumps(
        {
            "candidates": [
                {
                    "content": {
                        "parts": [
                            {"thought": True, "text": "hm"},
                            {"inlineData": {"data": "QQ==", "mimeType": "image/png"}, "thought": True},
                        ]
                    },
                    "finishReason": "STOP",
                }
            ]
        }
    )
    assert read([body.encode()], is_stream=False)[1:5] == [
        PictureBegins(1, is_thought=False, mime_type=None),
        PictureBytes(1, b"QQ=="),
        PictureEnds(1),
        PictureSettled(1, is_thought=True, mime_type="image/png"),
    ]


def test_parts_are_numbered_through_all_events() -> None:
    """Parts of later events go on counting where the events before left off."""
    events = read([FIRST_EVENT, FIRST_EVENT, PICTURE_EVENT, LAST_EVENT], is_stream=True)
    assert [event.part for event in events if isinstance(event, Text | PictureBegins)] == [0, 1, 2]


def test_a_signature_may_stand_alone() -> None:
    """A last part with empty text may carry the signature of what came before."""
    body = b'{"candidates":[{"content":{"parts":[{"text":"","thoughtSignature":"QUJD"}]},"finishReason":"STOP"}]}'
    assert read([body], is_stream=False) == [
        SignatureBytes(0, b"QUJD"),
        SignatureEnds(0),
        Text(0, "", is_thought=False),
        Finish("STOP", None),
    ]


@pytest.mark.parametrize("step", [1, 3, 10_000])
@pytest.mark.parametrize("indent", [None, 2])
def test_a_stream_without_events_is_an_array(indent: int | None, step: int) -> None:
    """Without `alt=sse` Gemini streams an array of answers, read as the answers are."""
    documents = [
        {"candidates": [{"content": {"parts": [{"text": "a"}]}}]},
        {"candidates": [{"content": {"parts": [{"text": "b"}]}, "finishReason": "STOP"}]},
    ]
    body = b"\n" + json.dumps(documents, indent=indent).encode() + b"\n"
    expected = [Text(0, "a", is_thought=False), Text(1, "b", is_thought=False), Finish("STOP", None)]
    assert read(cut(body, [step]), is_stream=False) == expected


@pytest.mark.parametrize("step", [1, 5, 10_000])
@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("indent", [None, 2])
def test_an_error_in_mid_stream_may_come_bare(newline: bytes, indent: int | None, step: int) -> None:
    """Lines of JSON without `data:` are an error that ends the stream (the form recorded from Vertex)."""
    error = json.dumps(ERROR, indent=indent).encode().replace(b"\n", newline)
    body = FIRST_EVENT + error + newline
    events = read(cut(body, [step]), is_stream=True)
    assert events[-1] == UpstreamError(499, "CANCELLED", "The operation was cancelled.")


@pytest.mark.parametrize("step", [1, 5, 10_000])
def test_an_error_in_mid_stream_may_come_as_an_event(step: int) -> None:
    """An event that holds an error ends the stream too."""
    body = FIRST_EVENT + b"data: " + json.dumps(ERROR).encode() + b"\r\n\r\n"
    events = read(cut(body, [step]), is_stream=True)
    assert events[-1] == UpstreamError(499, "CANCELLED", "The operation was cancelled.")


def test_an_error_may_come_as_an_array() -> None:
    """Streaming without events wraps an error in an array of one."""
    events = read([json.dumps([ERROR]).encode()], is_stream=False)
    assert events == [UpstreamError(499, "CANCELLED", "The operation was cancelled.")]


def test_an_error_without_fields_is_a_500() -> None:
    """An error that says nothing counts as an internal one."""
    assert read([b'{"error":{}}'], is_stream=False) == [UpstreamError(500, "", "")]


@pytest.mark.parametrize(
    ("feedback", "expected"),
    [
        ('{"blockReason":"SAFETY"}', Blocked("SAFETY", None)),
        ('{"blockReason":"OTHER","blockReasonMessage":"No."}', Blocked("OTHER", "No.")),
        ('{"blockReasonMessage":"No."}', Blocked("BLOCK_REASON_UNSPECIFIED", "No.")),
    ],
)
def test_a_blocked_prompt_ends_the_answer(feedback: str, expected: Blocked) -> None:
    """Feedback with a reason or a message is the end of an answer without candidates."""
    body = f'{{"promptFeedback":{feedback}}}'.encode()
    assert read([body], is_stream=False) == [expected]
    assert read([b"data: " + body + b"\r\n\r\n"], is_stream=True) == [expected]


def test_feedback_without_a_reason_blocks_nothing() -> None:
    """Safety ratings alone, as Vertex sends them with good answers, are no block."""
    body = b'{"promptFeedback":{"safetyRatings":[]},"candidates":[{"finishReason":"STOP"}]}'
    assert read([body], is_stream=False) == [Finish("STOP", None)]


@pytest.mark.parametrize(
    "body",
    [b"", b"\r\n\r\n", b": comment\r\n\r\n", FIRST_EVENT, FIRST_EVENT + PICTURE_EVENT, b"data: {}\r\n\r\n"],
)
def test_a_stream_without_a_last_event_is_cut(body: bytes) -> None:
    """A stream that ends politely but said neither a finish reason, a block nor an error was cut."""
    reader = AnswerReader(is_stream=True)
    list(reader.feed(body))
    with pytest.raises(TruncatedAnswer, match="before its finish reason"):
        reader.close()


def test_a_last_event_needs_no_blank_line() -> None:
    """The end of the bytes ends the last event as a blank line would."""
    assert ending(read([LAST_EVENT.rstrip()], is_stream=True)) == ("STOP", 3)


def test_an_answer_without_an_end_is_invalid() -> None:
    """A whole JSON answer with neither finish reason nor block is not what Gemini answers."""
    for body in (
        b"{}",
        b'{"candidates":[]}',
        b"[]",
        b'{"candidates":[{"content":{"parts":[{"text":"a"}]}}]}',
    ):
        assert read_to_end([body], is_stream=False)[1] == "invalid"


def test_a_cut_answer_is_never_complete() -> None:
    """A body cut at any byte before its last bracket is truncated."""
    sketch = AnswerSketch(
        [PartSketch(text='Hi \\ "there"'), PartSketch(picture=b"abcdef", signature=b"s")], indent=1
    )
    body = sketch.to_body()
    for end in range(len(body)):
        assert read_to_end([body[:end]], is_stream=False)[1] == "truncated", body[:end]
    assert read_to_end([body], is_stream=False)[1] == "complete"


def test_a_cut_stream_is_complete_from_its_last_event_on() -> None:
    """A stream cut at any byte before the end of its last event's JSON is truncated."""
    sketch = AnswerSketch(
        [PartSketch(text="Hi"), PartSketch(picture=b"abcdef", signature=b"s")], is_stream=True
    )
    body = sketch.to_body()
    for end in range(len(body) + 1):
        is_complete = end >= len(body.rstrip())
        expected = "complete" if is_complete else "truncated"
        assert read_to_end([body[:end]], is_stream=True)[1] == expected, body[:end]


GARBAGE = [
    b"<html>502</html>",
    b"not json",
    b'"a string"',
    b"17",
    b'{"candidates": [}',
    b'{"candidates" [{"finishReason":"STOP"}]}',
    b'{"candidates":[{"finishReason":"STOP"}]} more',
    b'{"candidates":[{"finishReason":"STOP"}]}{}',
    b'{"candidates":[{"finishReason":5}]}',
    b'{"candidates":{"finishReason":"STOP"}}',
    b'{"candidates":[{"content":{"parts":[{"text":5}]},"finishReason":"STOP"}]}',
    b'{"candidates":[{"content":{"parts":[{"text":"\xff"}]},"finishReason":"STOP"}]}',
    b'{"candidates":[{"content":{"parts":[{"text":"\\ud800"}]},"finishReason":"STOP"}]}',
    b'{"candidates":[{"content":{"parts":[{"inlineData":{"data":"\\uZZZZ"}}]},"finishReason":"STOP"}]}',
    b'[{"candidates":[{"finishReason":"STOP"}]} nonsense]',
    b"]",
]


@pytest.mark.parametrize("step", [1, 1000])
@pytest.mark.parametrize("body", GARBAGE)
def test_garbage_is_invalid(body: bytes, step: int) -> None:
    """What is not JSON, or JSON of another shape, is an invalid answer, with no word of the library's."""
    with pytest.raises(InvalidAnswer, match=r"^Gemini's answer is not the JSON it should be") as caught:
        read(cut(body, [step]), is_stream=False)
    assert "byte" not in str(caught.value)


@pytest.mark.parametrize("body", GARBAGE)
def test_garbage_in_an_event_is_invalid(body: bytes) -> None:
    """The same holds inside an event."""
    assert read_to_end([b"data: " + body + b"\r\n\r\n"], is_stream=True)[1] == "invalid"


@given(st.binary(max_size=200), st.booleans(), st.integers(1, 9))
@settings(max_examples=200, deadline=None)
def test_any_bytes_end_in_one_of_three_ways(body: bytes, is_stream: bool, step: int) -> None:
    """Random bytes are complete, truncated or invalid, and nothing else is raised."""
    assert read_to_end(cut(body, [step]), is_stream=is_stream)[1] in {"complete", "truncated", "invalid"}


@given(answer_sketches(), st.data())
@settings(max_examples=150, deadline=None)
def test_damaged_answers_end_the_same_in_any_cut(sketch: AnswerSketch, data: st.DataObject) -> None:
    """An answer with a few bytes changed ends in one of the three ways, the same one in every cut."""
    body = bytearray(sketch.to_body())
    for _ in range(data.draw(st.integers(1, 3))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(
            st.sampled_from(b'"\\{}[]:,\n\r u\x00\xffA;')
        )
    _, whole = read_to_end([bytes(body)], is_stream=sketch.is_stream)
    _, cut_up = read_to_end(cut(bytes(body), [1]), is_stream=sketch.is_stream)
    assert cut_up == whole


def test_the_largest_documented_tokens_are_read() -> None:
    """Usage of every event is given out; the last counts."""
    events = read([FIRST_EVENT, LAST_EVENT], is_stream=True)
    counted = [event.metadata.prompt_token_count for event in events if isinstance(event, Usage)]
    assert counted == [3]


def test_base64_is_not_judged_here() -> None:
    """Whatever stands in a picture's place passes; its reader decides whether it is base64."""
    body = b'{"candidates":[{"content":{"parts":[{"inlineData":{"data":"not base64!"}}]},"finishReason":"STOP"}]}'
    assert read([body], is_stream=False)[1] == PictureBytes(0, b"not base64!")
    assert to_base64(b"not") == "bm90"
