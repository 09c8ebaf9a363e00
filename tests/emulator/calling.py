"""Asks the emulator over plain HTTP, in Google's terms, and reads what it answers.

It must not know the emulator's own modules: what a client sees is what is tested.
"""

import io
import json
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pybase64
from PIL import Image

import asking

PRO = "gemini-3-pro-image"
FLASH = "gemini-3.1-flash-image"
LITE = "gemini-3.1-flash-lite-image"
OLD = "gemini-2.5-flash-image"
NEW = "gemini-nano-banana-2.1"

SMALL = {"imageConfig": {"aspectRatio": "1:1", "imageSize": "512"}, "responseModalities": ["IMAGE"]}


class Reply(asking.Reply):
    """An answer of Gemini's form, read to its end."""

    @property
    def candidate(self) -> dict[str, Any]:
        candidate: dict[str, Any] = self.json()["candidates"][0]
        return candidate

    @property
    def parts(self) -> list[dict[str, Any]]:
        parts: list[dict[str, Any]] = self.candidate["content"]["parts"]
        return parts

    @property
    def pictures(self) -> list[bytes]:
        return pictures_of(self.parts)

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events of a stream, whose every line ends with CRLF."""
        lines = self.body.decode().split("\r\n\r\n")
        assert lines[-1] == ""
        assert all(line.startswith("data: ") and "\n" not in line for line in lines[:-1])
        return [json.loads(line.removeprefix("data: ")) for line in lines[:-1]]


def pictures_of(parts: list[dict[str, Any]]) -> list[bytes]:
    """The files of picture parts."""
    return [
        pybase64.b64decode(part["inlineData"]["data"], validate=True)
        for part in parts
        if "inlineData" in part
    ]


def open_picture(data: bytes) -> Image.Image:
    """The picture of a file, fully decoded."""
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def prompt_payload(prompt: str, **config: Any) -> dict[str, Any]:
    """A request for a small picture without text, unless the settings say otherwise."""
    return {"contents": [{"role": "user", "parts": [{"text": prompt}]}], "generationConfig": config or SMALL}


def inline_part(data: bytes, mime_type: str = "image/jpeg") -> dict[str, Any]:
    return {"inlineData": {"mimeType": mime_type, "data": pybase64.b64encode(data).decode()}}


def ask_path(url: str, method: str, path: str, body: bytes | None = None, **headers: str) -> Reply:
    """Ask for any path."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        connection.request(
            method, path, body, {name.replace("_", "-"): value for name, value in headers.items()}
        )
        response = connection.getresponse()
        return Reply(response.status, response.headers, response.read())
    finally:
        connection.close()


def ask(
    url: str, payload: Any, model: str = FLASH, method: str = "generateContent", version: str = "v1beta"
) -> Reply:
    """Ask a model with a key."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    query = "?alt=sse" if method == "streamGenerateContent" else ""
    return ask_path(
        url, "POST", f"/{version}/models/{model}:{method}{query}", body, x_goog_api_key="key-of-test"
    )
