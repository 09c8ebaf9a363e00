"""What tests of the images doors share: pictures to send, forms written byte by byte, answers read.

Forms are written here and not by a client, so that every byte of them is known.
"""

import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pybase64
from PIL import Image

from asking import PROMPT, Reply, ask
from programs import Program

GENERATIONS = "/v1/images/generations"
EDITS = "/v1/images/edits"
MODEL = "nano-banana-2"
BOUNDARY = "a-boundary-of-the-tests"
FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


def make_png(color: str = "white", size: tuple[int, int] = (64, 48)) -> bytes:
    """Return a small picture."""
    file = io.BytesIO()
    Image.new("RGB", size, color).save(file, "PNG")
    return file.getvalue()


def to_uri(picture: bytes) -> str:
    return f"data:image/png;base64,{pybase64.b64encode(picture).decode()}"


def images(prompt: str = PROMPT, **fields: Any) -> dict[str, Any]:
    """Return the body of a call of the images API; the picture is small."""
    return {"model": MODEL, "prompt": prompt, "image_size": "512", **fields}


@dataclass(frozen=True)
class File:
    """A file of a form."""

    data: bytes
    name: str | None = "a.png"
    kind: str | None = "image/png"


Field = tuple[str, str | bytes | File]
"""A name and a value."""


def write_form(fields: Iterable[Field]) -> bytes:
    """Return a form's bytes."""
    body = b""
    for name, value in fields:
        file = value if isinstance(value, File) else File(_to_bytes(value), None, None)
        body += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"'.encode()
        body += b"" if file.name is None else f'; filename="{file.name}"'.encode()
        body += b"" if file.kind is None else f"\r\nContent-Type: {file.kind}".encode()
        body += b"\r\n\r\n" + file.data + b"\r\n"
    return body + f"--{BOUNDARY}--\r\n".encode()


def list_fields(body: Mapping[str, Any]) -> list[Field]:
    """Return the fields of a JSON body whose values are plain, as a form has them."""
    return [(name, value if isinstance(value, str) else json.dumps(value)) for name, value in body.items()]


def ask_form(
    program: Program,
    fields: Iterable[Field],
    *,
    path: str = EDITS,
    headers: Mapping[str, str] | None = None,
    **options: Any,
) -> Reply:
    """Ask with a form."""
    return ask(program, write_form(fields), path=path, headers={**FORM, **(headers or {})}, **options)


def ask_images(program: Program, body: object, *, path: str = GENERATIONS, **options: Any) -> dict[str, Any]:
    """Ask for an answer that succeeds and return it."""
    reply = ask(program, body, path=path, **options)
    assert reply.status == 200, reply.body[:2000]
    answer: dict[str, Any] = reply.json()
    return answer


def read_pictures(answer: Mapping[str, Any]) -> list[bytes]:
    """Return the bytes of an answer's pictures."""
    return [pybase64.b64decode(entry["b64_json"], validate=True) for entry in answer["data"]]


def list_notices(answer: Mapping[str, Any]) -> list[str]:
    """Return the codes of an answer's notices."""
    return [notice["code"] for notice in answer["limner"]["notices"]]


def read_events(body: bytes) -> list[tuple[str, dict[str, Any]]]:
    """Return the names and data of a stream's events; beside them only comments are allowed."""
    events = []
    for frame in body.decode().split("\n\n"):
        lines = [line for line in frame.split("\n") if line and not line.startswith(":")]
        if lines:
            name, data = lines
            assert name.startswith("event: ")
            assert data.startswith("data: ")
            events.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return events


def _to_bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value
