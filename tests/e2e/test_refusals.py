"""Everything that is refused before it costs money: the answer's status, body and headers, and no upstream call."""

import base64
import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from asking import PROMPT, ask, chat, configure
from programs import Gateway, ListCalls

GIF = base64.b64encode(b"GIF89a\x01\x00\x01\x00\x80\x00\x00" + bytes(30)).decode()
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\2\0\0\0").decode()
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Case:
    """One request and what is told of it. `says` are words that the message holds."""

    name: str
    body: Any
    code: str
    param: str | None = None
    says: tuple[str, ...] = ()
    status: int = 400
    type: str = "invalid_request_error"
    headers: Mapping[str, str] = field(default_factory=dict)


def show(url: str, *, part: str = "image_url") -> dict[str, Any]:
    """Return a chat body whose user message shows a picture."""
    shown: dict[str, Any] = {"type": part, "image_url": url if part == "input_image" else {"url": url}}
    return chat(messages=[{"role": "user", "content": [{"type": "text", "text": PROMPT}, shown]}])


CASES = (
    Case("no body", b"", "invalid_json"),
    Case("no JSON", b"{model:", "invalid_json"),
    Case("cut JSON", json.dumps(chat()).encode()[:-1], "invalid_json"),
    Case("two documents", json.dumps(chat()).encode() * 2, "invalid_json"),
    Case("bad UTF-8", b'{"model": "nano-banana", "messages": [{"content": "\xff"}]}', "invalid_json"),
    Case("deep nesting", b"[" * 100_000, "invalid_json"),
    Case("an array", [], "invalid_type"),
    Case("a string", "draw", "invalid_type"),
    Case("no model", {"messages": []}, "missing_required_parameter", "model"),
    Case("an empty model", chat(model=""), "missing_required_parameter", "model"),
    Case("a null model", chat(model=None), "missing_required_parameter", "model"),
    Case("a model of another type", chat(model=["nano-banana"]), "invalid_type", "model"),
    Case(
        "an unknown model",
        chat(model="dall-e-3"),
        "model_not_found",
        "model",
        ("'dall-e-3'", "/v1/models"),
        404,
    ),
    Case("content as a number", chat(messages=[{"content": 1}]), "invalid_type", "messages[0].content"),
    Case("messages as a string", chat(messages="draw"), "invalid_type", "messages", ("an array", "a string")),
    Case(
        "a part's text as a list",
        chat(messages=[{"content": "x"}, {"content": [{"text": []}]}]),
        "invalid_type",
        "messages[1].content[0].text",
    ),
    Case("stream as a string", chat(stream="yes"), "invalid_type", "stream", ("a boolean",)),
    Case("contents as an object", chat(contents={}), "invalid_type", "contents"),
    Case(
        "a size as a number",
        chat(extra_body={"google": {"image_config": {"image_size": 2}}}),
        "invalid_type",
        "extra_body.google.image_config.image_size",
    ),
    Case("n is 5", chat(n=5), "unsupported_value", "n", ("5", "4")),
    Case("nothing to draw", chat(messages=[]), "missing_required_parameter", "messages"),
    Case(
        "system messages alone",
        chat(messages=[{"role": "system", "content": "be brief"}]),
        "missing_required_parameter",
        "messages",
    ),
    Case(
        "an unknown ratio",
        chat(model="nano-banana-pro", extra_body=configure(aspect_ratio="5:1")),
        "unsupported_value",
        "extra_body.google.image_config.aspect_ratio",
        ("'5:1'", "1:1, 2:3, 3:2, 3:4, 4:3, 4:5, 5:4, 9:16, 16:9, 21:9"),
    ),
    Case(
        "a ratio of other models",
        chat(model="nano-banana-pro", extra_body=configure(aspect_ratio="1:8")),
        "unsupported_value",
        "extra_body.google.image_config.aspect_ratio",
        ("'1:8'", "gemini-3-pro-image"),
    ),
    Case(
        "a size of other models",
        chat(model="nano-banana", extra_body=configure(image_size="2K")),
        "unsupported_value",
        "extra_body.google.image_config.image_size",
        ("'2K'", "gemini-2.5-flash-image draws 1K"),
    ),
    Case(
        "an unknown size",
        chat(model="nano-banana-pro", extra_body=configure(image_size="8K")),
        "unsupported_value",
        "extra_body.google.image_config.image_size",
        ("'8K'", "1K, 2K, 4K"),
    ),
    Case(
        "an unknown output",
        chat(limner={"image_output": "paper"}),
        "unsupported_value",
        "limner.image_output",
        ("'paper'", "markdown", "images"),
    ),
    Case(
        "an unknown output in the header",
        chat(),
        "unsupported_value",
        "X-Limner-Image-Output",
        ("'paper'",),
        headers={"X-Limner-Image-Output": "paper"},
    ),
    Case("a temperature", chat(temperature=3), "unsupported_value", "temperature", ("3", "0 and 2")),
    Case(
        "a GIF",
        show(f"data:image/gif;base64,{GIF}"),
        "invalid_image",
        "messages[0].content[1].image_url.url",
        ("image/gif", "PNG, JPEG, WebP"),
    ),
    Case(
        "a GIF called a PNG",
        show(f"data:image/png;base64,{GIF}", part="input_image"),
        "invalid_image",
        "messages[0].content[1].image_url",
        ("image/gif",),
    ),
    Case(
        "no picture at all",
        show(f"data:image/png;base64,{base64.b64encode(b'garbage' * 20).decode()}"),
        "invalid_image",
        "messages[0].content[1].image_url.url",
    ),
    Case(
        "a picture that is not base64",
        show("data:image/png;base64,iVBORw0KGgo*****"),
        "invalid_image",
        "messages[0].content[1].image_url.url",
    ),
    Case(
        "garbage in contents",
        chat(messages=[], contents=[{"parts": [{"inlineData": {"data": "AAAA", "mimeType": "image/png"}}]}]),
        "invalid_image",
        "contents[0].parts[0].inlineData.data",
    ),
    Case(
        "a picture in contents alone, beside messages",
        chat(contents=[{"parts": [{"inlineData": {"data": PNG, "mimeType": "image/png"}}]}]),
        "conflicting_input",
        "contents",
    ),
    Case("a large body", chat("x" * (1024 * 1024)), "request_too_large", None, ("1048576",), 413),
    Case(
        "a compressed body",
        gzip.compress(json.dumps(chat()).encode()),
        "unsupported_media_type",
        status=415,
        headers={"Content-Encoding": "gzip"},
    ),
    Case(
        "a form",
        b"--x\r\n\r\n",
        "unsupported_media_type",
        says=("application/json",),
        status=415,
        headers={"Content-Type": "multipart/form-data; boundary=x"},
    ),
    Case(
        "another host",
        chat(),
        "host_not_allowed",
        None,
        ("'evil.example'", "LIMNER_ALLOWED_HOSTS"),
        403,
        "permission_error",
        {"Host": "evil.example"},
    ),
)


@pytest.fixture(scope="module")
def small_gateway(start_gateway: Any) -> Gateway:
    """A gateway that takes bodies of up to 1 MiB."""
    gateway: Gateway = start_gateway(LIMNER_MAX_BODY_MIB="1")
    return gateway


@pytest.mark.parametrize("is_stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
def test_refused_before_anything_is_bought(
    case: Case, small_gateway: Gateway, journal: ListCalls, *, is_stream: bool
) -> None:
    """Each wrong request is answered with its own code and field, in both modes, and nothing goes upstream."""
    body = case.body
    if is_stream and isinstance(body, dict):
        body = {"stream": True, **body}
    reply = ask(small_gateway, body, headers=case.headers)
    assert (reply.status, reply.error["code"], reply.error["param"]) == (case.status, case.code, case.param)
    assert reply.error["type"] == case.type
    assert set(reply.error) == {"message", "type", "param", "code"}
    assert [word for word in case.says if word not in reply.error["message"]] == []
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["x-should-retry"] == "false"
    assert reply.headers["x-request-id"].startswith("req_")
    assert "x-limner-generation-id" not in reply.headers
    assert journal() == []


def test_a_size_that_grows_as_it_comes_is_refused(small_gateway: Gateway, journal: ListCalls) -> None:
    """A body sent in chunks, without its length, is refused once it has grown too large."""
    body = json.dumps(chat("x" * 1024 * 1024)).encode()
    pieces = iter([body[:500_000], body[500_000:]])
    reply = ask(small_gateway, pieces, headers=JSON)
    assert (reply.status, reply.error["code"]) == (413, "request_too_large")
    assert journal() == []


@pytest.mark.parametrize("path", ["/v1/images", "/v2/chat/completions", "/v1/responses", "/nowhere"])
def test_no_such_door(gateway: Gateway, path: str) -> None:
    """An unknown path is 404 in the form of every error; where OpenAI has a door the right one is named."""
    reply = ask(gateway, chat(), path=path)
    assert (reply.status, reply.error["type"], reply.error["code"]) == (
        404,
        "invalid_request_error",
        "not_found",
    )
    assert set(reply.error) == {"message", "type", "param", "code"}
    assert reply.headers["x-should-retry"] == "false"
    assert ("/v1/chat/completions" in reply.error["message"].partition(".")[2]) == (path == "/v1/responses")


@pytest.mark.parametrize(
    ("method", "path"),
    [("DELETE", "/v1/chat/completions"), ("PUT", "/v1/chat/completions"), ("POST", "/v1/models")],
)
def test_no_such_method(gateway: Gateway, method: str, path: str) -> None:
    """A door that is there answers a wrong method with 405, which names it."""
    reply = ask(gateway, b"{}", path=path, method=method)
    assert (reply.status, reply.error["type"], reply.error["code"]) == (
        405,
        "invalid_request_error",
        "method_not_allowed",
    )
    assert method in reply.error["message"]
    assert reply.headers["x-should-retry"] == "false"


def test_the_key_is_checked_before_the_body(gateway: Gateway, journal: ListCalls) -> None:
    """Without a key not even the worst body is complained of."""
    reply = ask(gateway, b"{", key=None)
    assert (reply.status, reply.error["code"]) == (401, "invalid_api_key")
    assert journal() == []
