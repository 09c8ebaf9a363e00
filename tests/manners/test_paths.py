"""Paths that clients make of an address: forgiven, explained, and never a failure."""

import random
import socket

import pytest

from asking import ask, chat
from limner.web.paths import forgive_path, name_door
from programs import Gateway, ListCalls


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("/v1/chat/completions/", "/v1/chat/completions"),
        ("//v1//chat/completions", "/v1/chat/completions"),
        ("/v1/v1/chat/completions", "/v1/chat/completions"),
        ("/v1/chat/completions/chatcmpl-1/messages/", "/v1/chat/completions/chatcmpl-1/messages"),
        ("/chat/completions", "/v1/chat/completions"),
        ("/chat/completions/gen_1", "/v1/chat/completions/gen_1"),
        ("/images/generations", "/v1/images/generations"),
        ("/images/edits/", "/v1/images/edits"),
        ("/images/img_1", "/images/img_1"),
        ("/models", "/v1/models"),
        ("/models/nano-banana:generateContent", "/v1/models/nano-banana:generateContent"),
        ("/v1/v1beta/models", "/v1beta/models"),
        ("/v1beta/v1beta/models/x:generateContent", "/v1beta/models/x:generateContent"),
        ("/v1beta/v1/chat/completions", "/v1/chat/completions"),
        ("/v1beta/openai/chat/completions", "/v1/chat/completions"),
        ("/v1beta/openai/images/generations", "/v1/images/generations"),
        ("/limner/keys", "/v1/limner/keys"),
        ("/embeddings", "/v1/embeddings"),
        ("/", "/"),
        ("///", "/"),
        ("/v1/", "/v1"),
        ("/v1/metrics", "/v1/metrics"),
        ("/metrics/", "/metrics"),
        ("/docs", "/docs"),
        ("/chat", "/chat"),
        ("*", "/*"),
        ("", "/"),
    ],
)
def test_what_is_meant(asked: str, meant: str) -> None:
    """Slashes too many and versions that lack or come twice lead to the door; other paths stay as they are."""
    assert forgive_path(asked) == meant
    assert forgive_path(meant) == meant


FORGIVEN = (
    "/v1/v1/chat/completions",
    "//v1/chat/completions",
    "/v1beta/openai/chat/completions/",
    "/%76%31/chat/completions",
)


@pytest.mark.parametrize("path", FORGIVEN)
def test_forgiven_paths_draw(path: str, gateway: Gateway, journal: ListCalls) -> None:
    """The call is drawn as at the chat door, without a redirect."""
    assert ask(gateway, chat(), path=path).status == 200
    assert len(journal()) == 1


def test_images_doors_lack_nothing_without_version(gateway: Gateway, journal: ListCalls) -> None:
    """The images doors stand beside links to pictures when the version is left out."""
    body = {"model": "nano-banana", "prompt": "a lighthouse at dusk"}
    assert ask(gateway, body, path="/images/generations").status == 200
    assert len(journal()) == 1
    refused = ask(gateway, path="/images/edits")
    assert (refused.status, refused.headers["allow"]) == (405, "POST")
    assert ask(gateway, path="/images/img_0", key=None).error["code"] == "invalid_link"


@pytest.mark.parametrize(
    ("path", "door"),
    [
        ("/v1/responses", "/v1/chat/completions"),
        ("/responses", "/v1/chat/completions"),
        ("/v1/responses/resp_1", "/v1/chat/completions"),
        ("/v1/completions", "/v1/chat/completions"),
        ("/v1/assistants", "/v1/chat/completions"),
        ("/v1/threads/t/runs", "/v1/chat/completions"),
        ("/v1/images/variations", "/v1/images/edits"),
        ("/images/variations", "/v1/images/edits"),
        ("/v1/embeddings", "/v1/images/generations"),
        ("/v1/audio/speech", "/v1/images/generations"),
        ("/v1/moderations", "/v1/images/generations"),
        ("/v1/fine_tuning/jobs", "/v1/images/generations"),
        ("/v1", "/v1/chat/completions"),
        ("/nowhere", "/docs"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_missing_doors_name_the_right_one(path: str, door: str, method: str, gateway: Gateway) -> None:
    """What OpenAI has and this gateway has not is 404, and the message says where to go instead."""
    reply = ask(gateway, b"{}" if method == "POST" else None, path=path, method=method)
    assert (reply.status, reply.error["code"], reply.error["param"]) == (404, "not_found", None)
    assert door in reply.error["message"]


def test_head_and_options_say_little(gateway: Gateway) -> None:
    """HEAD is GET without a body; OPTIONS that is no preflight is refused with the methods, and nothing is drawn."""
    head = ask(gateway, path="/v1/models", method="HEAD")
    assert (head.status, head.body, head.headers["content-type"]) == (200, b"", "application/json")
    options = ask(gateway, path="/v1/models", method="OPTIONS", key=None)
    assert (options.status, options.error["code"]) == (405, "method_not_allowed")
    assert "GET" in options.headers["allow"]
    assert ask(gateway, path="/nowhere", method="OPTIONS").status == 404


def send_raw(gateway: Gateway, target: bytes, method: bytes = b"GET") -> bytes:
    """Return the first line of what is answered to a request line as it stands."""
    with socket.create_connection(gateway.address, timeout=20) as client:
        client.sendall(method + b" " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        received = b""
        while b"\r\n" not in received and (piece := client.recv(65536)):
            received += piece
    return received.partition(b"\r\n")[0]


ODD = (
    b"/%", b"/%zz", b"/%00", b"/%ff%fe", b"/%2e%2e/%2e%2e/etc/passwd", b"/../../etc/passwd", b"/v1/%0d%0aX: y",
    b"/v1/models/%2f%2f", b"/v1/models/%00", b"/v1beta/models/%ff:generateContent", b"/images/%00?expires=1",
    b"/images/%f0%9f%8e%a8", b"/v1/chat/completions/%ed%a0%80", b"*", b"/?%zz=%", b"/v1/models?key=%zz&key",
    b"http://other.example/v1/models", b"/v1/limner/keys/%00", b"/docs/..%2f..%2fetc", b"/docs/%2e%2e",
    b"/" + b"v1/" * 2000, b"/" + b"a." * 10_000, b"/\xff\xfe", b"/v1/models/\xc3\xa9", b"?", b"/%u0041",
    b"/openapi.json?lang=%00", b"/v1/limner/keys?limit=%ff&after=%00",
)  # fmt: skip


@pytest.mark.parametrize("target", ODD, ids=lambda target: repr(target[:30]))
def test_odd_paths_are_answered(target: bytes, gateway: Gateway) -> None:
    """No path, however it is written, is a failure of the gateway's."""
    line = send_raw(gateway, target)
    assert line.startswith(b"HTTP/1.1 "), line
    assert int(line.split()[1]) < 500, line


def test_random_paths_are_answered(gateway: Gateway) -> None:
    """Nor is any of 500 paths made by chance of the pieces that doors are made of."""
    dice = random.Random(7)  # noqa: S311 - it decides a path
    pieces = ["v1", "v1beta", "models", "images", "chat", "completions", "limner", "keys", "docs", "%2f", "%00",
              "%ff", "..", ".", ":", "x:y", "img_1", "%3f", "%25", "", "é".encode().hex(), "~", "{}", "self"]  # fmt: skip
    for _ in range(500):
        target = "/" + "/".join(dice.choices(pieces, k=dice.randint(1, 6)))
        method = dice.choice([b"GET", b"HEAD", b"OPTIONS", b"DELETE", b"PATCH", b"PUT", b"TRACE"])
        line = send_raw(gateway, target.encode(), method)
        assert line.startswith(b"HTTP/1.1 "), (method, target)
        assert int(line.split()[1]) < 500, (method, target, line)


def test_doors_have_few_names() -> None:
    """What stands in metrics is one of a few names, whatever the path."""
    paths = [
        "/x",
        "/v1/models/a/b",
        "/v1beta/models/x:y",
        "/images/1",
        "/v1/limner/zzz",
        "/v1/images/x",
        "/v1",
        "/*",
    ]
    assert [name_door(path) for path in paths] == [
        "none", "models", "native", "links", "limner", "none", "none", "none",
    ]  # fmt: skip
