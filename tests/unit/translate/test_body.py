"""Reading a client's body: pictures pass wherever they stand, the rest is small, faults are named."""

import gc
import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from chat_requests import PNG_HEAD, prepare, read_body
from gemini_bodies import cut
from hypothesis import given, settings
from hypothesis import strategies as st

from limner.errors import GatewayError, InvalidRequest, NotFound, RequestTooLarge
from limner.translate.body import MAX_TEXT_BYTES, BodyReader, read_model_name, to_record
from limner.translate.request import Drawing
from limner.translate.scanner import LongBytes
from limner.wire.openai import ChatCompletionRequest

PICTURE = PNG_HEAD + "AAAANSUhEUg+/8="


def read_text(body: str, step: int = 1000) -> tuple[dict[str, Any], list[str | None]]:
    fields, pictures = read_body(cut(body.encode(), [step]))
    return fields, [picture.text for picture in pictures]


def refuse(body: bytes) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        prepare([body])
    return caught.value


@pytest.mark.parametrize("step", [1, 3, 1000])
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"content":"data:image/png;base64,%s"}', {"content": "data:image/png;base64,\0000"}),
        (
            '{"content":"a ![b](data:image/png;base64,%s) c"}',
            {"content": "a ![b](data:image/png;base64,\0000) c"},
        ),
        ('{"content":"DATA:image/png;BASE64,%s"}', {"content": "DATA:image/png;BASE64,\0000"}),
        (
            '{"a":[{"image_url":{"url":"data:;base64,%s"}}]}',
            {"a": [{"image_url": {"url": "data:;base64,\0000"}}]},
        ),
        ('{"image_url":"data:;base64,%s"}', {"image_url": "data:;base64,\0000"}),
        ('{"file":{"file_data":"data:;base64,%s"}}', {"file": {"file_data": "data:;base64,\0000"}}),
        ('{"inlineData":{"data":"%s"}}', {"inlineData": {"data": "\0000"}}),
        ('{"x":[{"inline_data":{"data":"%s"}}]}', {"x": [{"inline_data": {"data": "\0000"}}]}),
    ],
)
def test_pictures_pass_wherever_they_stand(body: str, expected: dict[str, Any], step: int) -> None:
    """Data URIs in any string, and inline data, pass and leave a mark."""
    assert read_text(body % PICTURE, step) == (expected, [PICTURE])


@pytest.mark.parametrize("step", [1, 5, 1000])
@pytest.mark.parametrize(
    ("sign", "escape"), [("/", "\\/"), ("+", "\\u002B"), ("+", "\\u002b"), ("=", "\\u003d"), ("/", "\\u002F")]
)
@pytest.mark.parametrize(
    "body",
    [
        '{"content":"x data:image/png;base64,%s y"}',
        '{"url":"data:;base64,%s"}',
        '{"inlineData":{"data":"%s"}}',
    ],
)
def test_escaped_pictures_pass_unescaped(body: str, sign: str, escape: str, step: int) -> None:
    """The escapes of PHP, .NET and Java in base64 are undone."""
    _, passed = read_text(body % PICTURE.replace(sign, escape), step)
    assert passed == [PICTURE]


def test_several_pictures_are_numbered_in_order() -> None:
    """Each picture has its number, within one string and across strings."""
    fields, passed = read_text(
        '{"a":"![](data:;base64,QQ==) and ![](data:;base64,Qg==)","inlineData":{"data":"Qw=="},"b":"data:;base64,RA=="}'
    )
    assert passed == ["QQ==", "Qg==", "Qw==", "RA=="]
    assert fields == {
        "a": "![](data:;base64,\0000) and ![](data:;base64,\0001)",
        "inlineData": {"data": "\0002"},
        "b": "data:;base64,\0003",
    }


@pytest.mark.parametrize("step", [1, 7, 1000])
@pytest.mark.parametrize(
    "body",
    [
        '{"image_url":{"url":"%s"}}',
        '{"image_url":"%s"}',
        '{"image":"%s"}',
        '{"images":["%s"]}',
        '{"source":{"data":"%s"}}',
        '{"file":{"file_data":"%s"}}',
        '{"b64_json":"%s"}',
    ],
)
def test_bare_pictures_pass_where_a_picture_is_named(body: str, step: int) -> None:
    """Base64 that begins as a picture does passes in the fields that name one, and is text in any other."""
    fields, passed = read_text(body % PICTURE, step)
    assert (json.dumps(fields), passed) == (json.dumps(json.loads(body % "\\u00000")), [PICTURE])
    assert read_text(json.dumps({"content": PICTURE, "metadata": {"url": PICTURE}}), step)[1] == []


@pytest.mark.parametrize(
    "body",
    [
        '{"messages":[{"reasoning_details":[{"data":"%s"},{"data":"gen_1"}]}]}',
        '{"messages":[{"content":[{"type":"thinking","signature":"%s"}]}]}',
        '{"contents":[{"parts":[{"thoughtSignature":"%s"}]}]}',
        '{"messages":[{"provider_specific_fields":{"thought_signatures":["%s"]}}]}',
    ],
)
def test_signatures_of_others_are_dropped(body: str) -> None:
    """Thought signatures of megabytes that clients send back count as no text and are not held."""
    fields, passed = read_body(cut((body % ("QUJD" * MAX_TEXT_BYTES)).encode(), [65_536]))
    assert (fields, passed) == (json.loads(body % ""), [])


def test_data_that_is_not_inline_stays() -> None:
    """A field `data` elsewhere is no picture."""
    assert read_text('{"data":"QUJD","x":{"data":"QUJD"}}') == ({"data": "QUJD", "x": {"data": "QUJD"}}, [])


def body_of_100_mb() -> Iterator[bytes]:
    yield b'{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:;base64,'
    for _ in range(800):
        yield b"QUJD" * 16_384
    yield b'"}},{"type":"text","text":"![a](data:image/png;base64,'
    for _ in range(800):
        yield b"QUJD" * 16_384
    yield b') red"}]}]}'


def test_large_bodies_are_not_held() -> None:
    """A body of 100 MB passes in a few megabytes of memory."""
    reader = BodyReader()
    passed = 0
    gc.collect()
    tracemalloc.start()
    try:
        for piece in body_of_100_mb():
            passed += sum(len(token.base64) for token in reader.feed(piece) if isinstance(token, LongBytes))
        fields = reader.close()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert passed == 1600 * 65_536
    assert fields["messages"][0]["content"][1]["text"] == "![a](data:image/png;base64,\0001) red"
    assert peak < 2 * 1024 * 1024


def test_text_is_limited() -> None:
    """More text than the limit is refused as too large, however it comes."""
    for opening, piece in ((b'{"a":"', b"x" * 65_536), (b'{"a":[', b"1," * 32_768), (b"", b" " * 65_536)):
        pieces = [opening, *[piece] * (MAX_TEXT_BYTES // len(piece) + 1)]
        with pytest.raises(RequestTooLarge, match=str(MAX_TEXT_BYTES)):
            read_body(pieces)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "The request body is not valid JSON."),
        (b"hello", "The request body is not valid JSON."),
        (b"{'a': 1}", "The request body is not valid JSON."),
        (b'{"a" 1}', "The request body is not valid JSON."),
        (b'{"a": "\xff"}', "The request body is not valid JSON."),
        (b'{"a": "\\ud800"}', "The request body is not valid JSON."),
        (b'{"a": "line\nbreak"}', "The request body is not valid JSON."),
        (b'{"a": 1e999}', "The request body is not valid JSON."),
        (b'{"a": ' + b"1" * 5000 + b"}", "The request body is not valid JSON."),
        (b'{"a": [1, 2', "The request body is not valid JSON: it stops in the middle."),
        (b'{"a": "data:;base64,QUJ', "The request body is not valid JSON: it stops in the middle."),
        (
            b'{"a": 1}}',
            "The request body is not valid JSON: there is more after the end of the JSON document.",
        ),
        (b'{"a": ]}', "The request body is not valid JSON: a bracket closes that was never opened."),
        (
            b'["",' * 5 + b'"",' * 250_000,
            "The request body is not valid JSON: more than 250000 strings, objects and arrays.",
        ),
        (b"[" * 101, "The request body is not valid JSON: nested deeper than 100."),
    ],
)
def test_invalid_json(body: bytes, message: str) -> None:
    """What is not JSON is told so in the gateway's own words."""
    error = refuse(body)
    assert (error.code, error.param, error.message) == ("invalid_json", None, message)


@pytest.mark.parametrize("body", [b"[]", b"1", b'"x"', b"null", b'"data:;base64,QQ=="'])
def test_the_body_is_an_object(body: bytes) -> None:
    """JSON that is no object is of the wrong type."""
    error = refuse(body)
    assert (error.code, error.message) == ("invalid_type", "The request body must be a JSON object.")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "missing_required_parameter"),
        ({"model": None}, "missing_required_parameter"),
        ({"model": ""}, "missing_required_parameter"),
        ({"model": 5}, "invalid_type"),
        ({"model": ["x"]}, "invalid_type"),
    ],
)
def test_the_model_is_named(fields: dict[str, Any], code: str) -> None:
    """A request without a model, or with something else in its place, is refused."""
    with pytest.raises(InvalidRequest) as caught:
        read_model_name(fields)
    assert (caught.value.code, caught.value.param) == (code, "model")


def test_a_name_too_long_is_no_model() -> None:
    """A name stands in every chunk; one that no model can have is not found."""
    assert read_model_name({"model": "m" * 200}) == "m" * 200
    with pytest.raises(NotFound) as caught:
        read_model_name({"model": "models/" * 100})
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")


@pytest.mark.parametrize(
    ("fields", "param", "message"),
    [
        ({"messages": {}}, "messages", "'messages' must be an array, not an object."),
        ({"messages": ["x"]}, "messages[0]", "'messages[0]' must be an object, not a string."),
        (
            {"messages": [{}, {"content": 5}]},
            "messages[1].content",
            "'messages[1].content' must be a string or an array, not an integer.",
        ),
        (
            {"messages": [{"content": [{"text": 1.5}]}]},
            "messages[0].content[0].text",
            "'messages[0].content[0].text' must be a string, not a number.",
        ),
        (
            {"messages": [{"content": [{"image_url": {}}]}]},
            "messages[0].content[0].image_url.url",
            "'messages[0].content[0].image_url.url' is missing.",
        ),
        ({"stream": "true"}, "stream", "'stream' must be a boolean, not a string."),
        ({"n": 1.5}, "n", "'n' must be an integer, not a number."),
        ({"temperature": "hot"}, "temperature", "'temperature' must be a number, not a string."),
        ({"stop": [1]}, "stop[0]", "'stop[0]' must be a string, not an integer."),
        ({"contents": [{"parts": [{"text": True}]}]}, "contents[0].parts[0].text", None),
        ({"modalities": "image"}, "modalities", "'modalities' must be an array, not a string."),
        (
            {"response_format": "json"},
            "response_format",
            "'response_format' must be an object, not a string.",
        ),
    ],
)
def test_wrong_types_are_named_by_path(fields: dict[str, Any], param: str, message: str | None) -> None:
    """A known field of a wrong type is refused with its dotted path and what it should be."""
    with pytest.raises(InvalidRequest) as caught:
        to_record({"model": "m", **fields}, ChatCompletionRequest)
    assert (caught.value.code, caught.value.param) == ("invalid_type", param)
    assert message in (caught.value.message, None)


def test_unknown_fields_and_nulls_are_ignored() -> None:
    """Fields that are not known may be anything, and null is as good as absent."""
    nulls = dict.fromkeys(ChatCompletionRequest.__struct_fields__)
    record = to_record({**nulls, "model": "m", "zzz": {"a": [1]}, "logprobs": 5}, ChatCompletionRequest)
    assert record == ChatCompletionRequest(model="m")


# Whatever comes is translated or refused

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)
words = st.one_of(
    st.text(max_size=10),
    st.sampled_from(
        [
            "",
            " ",
            "a lighthouse",
            f"data:image/png;base64,{PICTURE}",
            f"see ![x](data:image/png;base64,{PICTURE}) there",
            "data:image/gif;base64,R0lGODlh",
            ";base64,QQ",
            "![a](data:x,\0000)",
            "\0000 \0001 \0" + "9" * 5000,
            "https://example.com/a.png",
            "16:9",
            "2k",
            "16:9_4K",
            "1216x896",
            "aspect_ratio=3:2, size=2k",
            "auto",
            "images",
        ]
    ),
)
anything = words | json_values
parts = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["text", "image_url", "input_image", "file", "refusal"]) | anything,
        "text": anything,
        "image_url": anything | st.fixed_dictionaries({"url": anything}),
        "file": anything | st.fixed_dictionaries({}, optional={"file_data": anything, "file_id": anything}),
        "inlineData": anything | st.fixed_dictionaries({}, optional={"data": anything, "mimeType": anything}),
        "inline_data": anything | st.fixed_dictionaries({}, optional={"data": anything}),
    },
)
roles = st.sampled_from(["user", "assistant", "system", "developer", "model", "tool", None]) | anything
messages = st.fixed_dictionaries(
    {}, optional={"role": roles, "content": anything | st.lists(parts | anything, max_size=3)}
)
contents = st.fixed_dictionaries(
    {}, optional={"role": roles, "parts": st.lists(parts, max_size=3) | anything}
)
image_configs = (
    st.fixed_dictionaries({}, optional={"aspect_ratio": anything, "image_size": anything}) | anything
)
googles = st.fixed_dictionaries(
    {},
    optional={
        "image_config": image_configs,
        "thinking_config": anything
        | st.fixed_dictionaries(
            {},
            optional={"include_thoughts": anything, "thinking_level": anything, "thinking_budget": anything},
        ),
        "safety_settings": anything,
        "max_output_tokens": anything,
    },
)
limner_options = st.fixed_dictionaries({}, optional={"image_output": anything}) | anything
chat_requests = st.fixed_dictionaries(
    {
        "model": st.sampled_from(
            ["gemini-3-pro-image", "google/nano-banana", "gemini-3.1-flash-image-preview"]
        )
        | anything
    },
    optional={
        "messages": st.lists(messages, max_size=3) | anything,
        "contents": st.lists(contents, max_size=2) | anything,
        "extra_body": st.fixed_dictionaries({}, optional={"google": googles, "limner": limner_options})
        | anything,
        "limner": limner_options,
        "google": googles,
        **dict.fromkeys(
            ("image_config", "imageConfig", "config", "generationConfig", "generation_config"), image_configs
        ),
        **dict.fromkeys(("size", "quality", "resolution", "aspect_ratio", "imageSize"), anything),
        **dict.fromkeys(
            ("stream", "stream_options", "modalities", "n", "temperature", "top_p", "seed", "tools", "stop"),
            anything,
        ),
    },
)


def translate_or_refuse(body: bytes, step: int) -> Drawing | None:
    try:
        drawing = prepare(cut(body, [step]))
    except GatewayError as error:
        refused = error
    else:
        check_sendable(drawing)
        return drawing
    assert refused.status in {400, 404}
    assert len(refused.message) < 1500
    return None


def check_sendable(drawing: Drawing) -> None:
    sent = msgspec.json.encode(drawing.request)
    assert sent.count(b"\0") == len(drawing.pictures)
    assert msgspec.json.decode(sent.replace(b"\0", b""))["contents"]


@given(json_values, st.integers(1, 50))
@settings(max_examples=150, deadline=None)
def test_any_json_is_translated_or_refused(value: object, step: int) -> None:
    """Whatever JSON comes, the answer is a drawing or a GatewayError, nothing else."""
    translate_or_refuse(json.dumps(value).encode(), step)


@given(chat_requests, st.integers(1, 50))
@settings(max_examples=500, deadline=None)
def test_any_request_is_translated_or_refused(value: dict[str, Any], step: int) -> None:
    """The same for requests of the right shape with anything in any field."""
    translate_or_refuse(json.dumps(value).encode(), step)


@given(st.lists(messages, min_size=1, max_size=4))
@settings(max_examples=200, deadline=None)
def test_base64_never_stays_in_the_text(said: list[dict[str, Any]]) -> None:
    """However pictures stand in the messages, no text that is sent holds one."""
    drawing = translate_or_refuse(json.dumps({"model": "gemini-3-pro-image", "messages": said}).encode(), 17)
    if drawing is not None:
        assert PICTURE not in msgspec.json.encode(drawing.request).decode()


@given(st.binary(max_size=120))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_refused(body: bytes) -> None:
    """Random bytes are no request and raise nothing but a GatewayError."""
    translate_or_refuse(body, 7)
