"""Forms: what is read out of multipart/form-data, in whatever cut and spelling, and what is refused."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from imaging import (
    BOUNDARY,
    EDITS,
    FORM,
    GENERATIONS,
    Field,
    File,
    ask_form,
    ask_images,
    images,
    list_fields,
    make_png,
    read_pictures,
    to_uri,
    write_form,
)

from asking import ask, digest
from programs import Gateway, ListCalls, StartGateway

FIELDS = list_fields(images())
RED, BLUE = make_png("red"), make_png("blue")


@pytest.mark.parametrize(
    "names", [("image", "image"), ("image[]", "image[]"), ("image[1]", "image[0]"), ("image", "image[]")]
)
def test_several_pictures(names: tuple[str, str], gateway: Gateway, journal: ListCalls) -> None:
    """Several pictures may come under one name, with brackets or numbers."""
    reply = ask_form(gateway, [*FIELDS, (names[0], File(RED)), (names[1], File(BLUE))])
    assert reply.status == 200, reply.body[:500]
    (call,) = journal()
    assert call["settings"]["inputPictures"] == 2


def test_a_form_is_the_same_call_as_json(gateway: Gateway, journal: ListCalls) -> None:
    """A form and the JSON that asks the same are equal calls, other pictures are not."""
    headers = {"Idempotency-Key": "a-form-and-json"}
    body = images("equal in both", n=1, seed=3, temperature=0.5)
    asked = ask_images(gateway, {**body, "image": [to_uri(RED)]}, path=EDITS, headers=headers)
    fields: list[Field] = [*list_fields(body), ("image", File(RED))]
    again = ask_form(gateway, fields, headers=headers)
    assert (again.status, again.headers["Idempotent-Replayed"]) == (200, "true")
    assert digest(again.body) == digest(json.dumps(asked, separators=(",", ":"), ensure_ascii=False).encode())
    other = ask_form(gateway, [*fields[:-1], ("image", File(BLUE))], headers=headers)
    assert (other.status, other.error["code"]) == (422, "idempotency_key_reused")
    assert len(journal()) == 1


def test_forms_at_the_generations_door(gateway: Gateway) -> None:
    """A form draws without pictures too, and what it sets is typed."""
    fields = [
        ("model", "nano-banana-2"),
        ("prompt", "a lighthouse"),
        ("n", "2"),
        ("size", "1024x1024"),
        ("stream", "False"),
    ]
    reply = ask_form(gateway, fields, path=GENERATIONS)
    assert reply.status == 200
    assert len(read_pictures(reply.json())) == 2
    assert reply.json()["size"] == "1024x1024"


@pytest.mark.parametrize(
    "fields",
    [
        [("google[image_config][image_size]", "512"), ("google[image_config][aspect_ratio]", "1:1")],
        [("google", '{"image_config": {"image_size": "512", "aspect_ratio": "1:1"}}')],
        [("extra_body[google]", '{"image_config": {"image_size": "512", "aspect_ratio": "1:1"}}')],
        [("image_config[image_size]", "512"), ("image_config[aspect_ratio]", "1:1")],
        [("aspect_ratio", "1:1"), ("image_size", "512")],
    ],
)
def test_nested_fields(fields: list[tuple[str, str]], gateway: Gateway) -> None:
    """What JSON nests may be named with brackets, or come as JSON."""
    asked: list[Field] = [
        ("model", "nano-banana-2"),
        ("prompt", "a lighthouse"),
        ("image", File(RED)),
    ]
    reply = ask_form(gateway, [*asked, *fields])
    assert reply.json()["size"] == "512x512"


@pytest.mark.parametrize(
    "value",
    [
        "URI",
        "BARE",
        File(RED, None, "image/png"),
        File(RED, "a.bin", "application/octet-stream"),
        File(RED, "", None),
    ],
    ids=["uri", "bare", "no-name", "octets", "empty-name"],
)
def test_spellings_of_a_picture(value: str | File, gateway: Gateway, journal: ListCalls) -> None:
    """A picture may also come as text, without a file's name, or under any type."""
    given = {"URI": to_uri(RED), "BARE": to_uri(RED).partition(",")[2]}.get(str(value), value)
    reply = ask_form(gateway, [*FIELDS, ("image", given)])
    assert reply.status == 200, reply.body[:500]
    (call,) = journal()
    assert call["settings"]["inputPictures"] == 1


def test_what_is_left_out(gateway: Gateway) -> None:
    """Unknown fields and files, and fields that nobody has filled in, change nothing."""
    given: list[Field] = [
        *FIELDS,
        ("image", File(RED)),
        ("mask", File(b"", "", "application/octet-stream")),
        ("n", ""),
    ]
    given += [("attachment", File(b"\0" * 100, "a.zip", "application/zip")), ("unknown[x][]", "1")]
    reply = ask_form(gateway, given)
    assert (reply.status, reply.json()["limner"]["notices"]) == (200, [])


def test_base64_in_a_prompt(gateway: Gateway, journal: ListCalls) -> None:
    """A picture in the text of a form is a picture, and text that looks like a mark is text."""
    reply = ask_form(
        gateway,
        [("model", "nano-banana-2"), ("image_size", "512"), ("prompt", f"\0 0 a ![x]({to_uri(RED)})")],
    )
    assert reply.status == 200
    (call,) = journal()
    assert call["settings"]["inputPictures"] == 1
    assert "base64" not in call["prompt"]


@pytest.mark.parametrize(
    ("fields", "code", "param"),
    [
        ([*FIELDS], "missing_required_parameter", "image"),
        ([*FIELDS, ("image", File(b"GIF89a" + bytes(100), "a.gif", "image/gif"))], "invalid_image", "image[0]"),
        ([*FIELDS, ("image[]", File(RED)), ("image[]", File(RED)), ("image[]", File(b"text"))], "invalid_image", "image[2]"),
        ([*FIELDS, ("image", File(RED)), ("mask", File(b"text"))], "invalid_image", "mask"),
        ([*FIELDS, *[("image[]", File(RED))] * 15], "invalid_image", "image"),
        ([*FIELDS, *[("image[]", File(RED))] * 14, ("mask", File(RED))], "invalid_image", "image"),
        ([*FIELDS, ("image", File(RED)), ("n", "many")], "invalid_type", "n"),
        ([*FIELDS, ("image", File(RED)), ("stream", "maybe")], "invalid_type", "stream"),
        ([*FIELDS, ("image", File(RED)), ("prompt", b"\xff\xfe")], "invalid_json", None),
        ([*FIELDS, *[("a", "b")] * 1000], "invalid_json", None),
        ([("", "b")], "invalid_json", None),
    ],
)  # fmt: skip
def test_refused_forms(
    fields: list[tuple[str, Any]], code: str, param: str | None, gateway: Gateway, journal: ListCalls
) -> None:
    """What a form lacks, or has too much of, is refused by name; nothing is bought."""
    reply = ask_form(gateway, fields)
    assert (reply.status, reply.error["code"], reply.error["param"]) == (400, code, param)
    assert journal() == []


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", FORM["Content-Type"]),
        (b"nonsense", FORM["Content-Type"]),
        (write_form(FIELDS)[:-3], FORM["Content-Type"]),
        (write_form(FIELDS)[:40], FORM["Content-Type"]),
        (write_form(FIELDS), "multipart/form-data"),
        (write_form(FIELDS), f"multipart/form-data; boundary={'b' * 300}"),
        (f"--{BOUNDARY}\r\nno colon\r\n\r\n".encode(), FORM["Content-Type"]),
        (f"--{BOUNDARY}\r\n".encode() + b"a: b\r\n" * 100 + b"\r\n", FORM["Content-Type"]),
    ],
)
def test_malformed_forms(body: bytes, kind: str, gateway: Gateway) -> None:
    """What is no form is a 400 that says so."""
    reply = ask(gateway, body, path=EDITS, headers={"Content-Type": kind})
    assert (reply.status, reply.error["code"]) == (400, "invalid_json")
    assert "multipart/form-data" in reply.error["message"]


def test_limits(start_gateway: StartGateway) -> None:
    """A body is counted while it comes, with or without its length told; so is its text."""
    gateway = start_gateway(LIMNER_MAX_BODY_MIB="1")
    form = write_form([*FIELDS, ("image", File(RED + bytes(2 << 20)))])

    def cut() -> Iterator[bytes]:
        yield from (form[at : at + 65536] for at in range(0, len(form), 65536))

    for body in (form, cut()):
        reply = ask(gateway, body, path=EDITS, headers=FORM)
        assert (reply.status, reply.error["code"]) == (413, "request_too_large")


def test_too_much_text(gateway: Gateway) -> None:
    """A form's text is bounded as that of JSON."""
    reply = ask_form(gateway, [*FIELDS, ("unknown", "x" * (4 << 20)), ("image", File(RED))])
    assert (reply.status, reply.error["code"]) == (413, "request_too_large")


def test_a_form_elsewhere(gateway: Gateway) -> None:
    """The chat door still says that it reads JSON."""
    reply = ask_form(gateway, FIELDS, path="/v1/chat/completions")
    assert (reply.status, reply.error["code"]) == (415, "unsupported_media_type")


def test_a_large_form_is_not_held(gateway: Gateway) -> None:
    """A form of 100 MB passes through a fraction of its size in memory."""
    ask_form(gateway, [*FIELDS, ("image", File(RED))])
    before_bytes = gateway.measure_rss_bytes()
    peaks: list[int] = []
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.wait(0.02):
            peaks.append(gateway.measure_rss_bytes())

    watcher = threading.Thread(target=watch)
    watcher.start()
    reply = ask_form(gateway, [("model", "nano-banana-2"), ("image", File(RED + bytes(100_000_000)))])
    is_over.set()
    watcher.join()
    assert (reply.status, reply.error["param"]) == (400, "prompt")
    assert max(peaks) - before_bytes < 40_000_000
