"""What a test orders of the bill book's upstream, written into the prompt, and what is drawn for it. Knows no network.

Each drawing has bytes of its own, so a picture names the charge that paid for it.
"""

import base64
import json
import os
import re
import zlib
from dataclasses import asdict, dataclass
from typing import Any

from asking import chat

_ORDERED = re.compile(r"a lighthouse as ordered (\{[^{}]*\})$")

# gemini-3.1-flash-image at 512, in nano-dollars a token: the book prices without the gateway's table.
_PICTURE_TOKENS = 747
_INPUT_NANO_USD = 500
_TEXT_NANO_USD = 3000
_PICTURE_NANO_USD = 60_000
_RESERVED_TEXT_TOKENS = 2000


@dataclass(frozen=True, kw_only=True)
class Order:
    """What the upstream does with one call. Calls of one name are one logical call of a client's."""

    call: str
    size_bytes: int = 20_000
    pictures: int = 1
    delay_seconds: float = 0.0
    """Before the status line, after the charge."""
    holds_at: float | None = None
    """Waits for `release` here: 0 is before the status line, else after this share of the body."""
    pauses_seconds: float = 0.0
    """In the middle of the body."""
    cut_at: float | None = None
    """Breaks the connection after this share of the body; 0 is before the status line."""
    status: int = 200
    """Anything else is refused, without a charge, the first `times` times."""
    times: int = 1
    has_usage: bool = True

    @property
    def prompt(self) -> str:
        return f"a lighthouse as ordered {json.dumps(asdict(self))}"

    @property
    def reserved_micro_usd(self) -> int:
        """What the gateway must set aside for it."""
        nano_usd = _PICTURE_TOKENS * _PICTURE_NANO_USD + _RESERVED_TEXT_TOKENS * _TEXT_NANO_USD
        return -(-(nano_usd + len(self.prompt.encode()) * _INPUT_NANO_USD) // 1000)

    def to_body(self, *, is_stream: bool = False, **fields: Any) -> dict[str, Any]:
        """Return the chat call that orders it."""
        return chat(self.prompt, stream=is_stream, **fields)


@dataclass(frozen=True)
class Drawing:
    """What one charge draws."""

    pictures: list[bytes]
    tokens: dict[str, Any]
    cost_micro_usd: int


def read_order(body: Any) -> Order:
    """Return what a call to Gemini orders."""
    text = body["contents"][-1]["parts"][-1]["text"]
    found = _ORDERED.search(text)
    assert found is not None, "a prompt without an order"
    return Order(**json.loads(found[1]))


def draw(order: Order, number: int) -> Drawing:
    """Return pictures like no others, and tokens that are unlikely to be another charge's."""
    pictures = [_to_png(order.size_bytes) for _ in range(order.pictures)]
    drawn = _PICTURE_TOKENS * order.pictures
    prompt, extra = 20, 88 + number % 500
    nano_usd = prompt * _INPUT_NANO_USD + drawn * _PICTURE_NANO_USD + extra * _TEXT_NANO_USD
    tokens = {
        "promptTokenCount": prompt,
        "candidatesTokenCount": drawn + extra,
        "totalTokenCount": prompt + drawn + extra,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": prompt}],
        "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": drawn}],
    }
    return Drawing(pictures, tokens, (nano_usd + 500) // 1000)


def _to_png(size_bytes: int) -> bytes:
    """Return what measures as a PNG of 512 pixels square; what it shows is noise."""
    head = _to_chunk(b"IHDR", bytes.fromhex("00000200000002000802000000"))
    return b"\x89PNG\r\n\x1a\n" + head + _to_chunk(b"IDAT", os.urandom(size_bytes)) + _to_chunk(b"IEND", b"")


def _to_chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data).to_bytes(4, "big")
    return len(data).to_bytes(4, "big") + kind + data + check


def to_bytes(order: Order, drawing: Drawing, *, is_stream: bool) -> bytes:
    """Return the body: one document, or an event for each part as Gemini sends them."""
    parts: list[dict[str, Any]] = [{"text": "As ordered."}]
    for picture in drawing.pictures:
        data = base64.b64encode(picture).decode()
        parts.append({"inlineData": {"mimeType": "image/png", "data": data}, "thoughtSignature": "c2lnbmVk"})
    usage = drawing.tokens if order.has_usage else None
    if not is_stream:
        return json.dumps(_to_response(parts, usage, is_last=True), indent=2).encode()
    early = {"promptTokenCount": drawing.tokens["promptTokenCount"]} if order.has_usage else None
    responses = [_to_response([part], early, is_last=False) for part in parts]
    responses.append(_to_response([{"text": ""}], usage, is_last=True))
    return b"".join(b"data: %b\r\n\r\n" % json.dumps(response).encode() for response in responses)


def _to_response(
    parts: list[dict[str, Any]], usage: dict[str, Any] | None, *, is_last: bool
) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}, "index": 0}
    if is_last:
        candidate["finishReason"] = "STOP"
    response = {
        "candidates": [candidate],
        "modelVersion": "gemini-3.1-flash-image",
        "responseId": "ordered",
    }
    return response if usage is None else {**response, "usageMetadata": usage}
