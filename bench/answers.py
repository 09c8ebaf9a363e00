"""Gemini's picture answers, rendered once so that serving one costs no more than writing it.

Knows the shape of the Developer API's answers and HTTP's chunked framing; knows nothing of sockets.
"""

import base64
import json
import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MODEL = "gemini-3-pro-image"

CHUNK_BYTES = 64 * 1024  # of HTTP framing; picture answers arrive in pieces about this long
SEGMENT_BYTES = 1024 * 1024  # of one write to a socket

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

# Each answer carries its own number in the picture's data, so no two pictures are equal and nothing that
# recognises equal pictures gets one for free. It stands behind signature (8), IHDR (25) and the IDAT head
# (8), at the next offset that falls on a base64 group: 6 bytes there are exactly 8 characters.
_SERIAL_OFFSET = 42
_SERIAL_BYTES = 6
_SERIAL_CHARACTERS = 8

# On every event of a stream and at the end of a whole answer.
_NAMES = {"modelVersion": MODEL, "responseId": "ZyjgaJODFaudz7IP2OK9-As"}


@dataclass(frozen=True, slots=True)
class Picture:
    """What the upstream draws for one word of the prompt."""

    file_bytes: int
    side_pixels: int

    @property
    def base64_characters(self) -> int:
        """Length of the file as base64, padding included."""
        return -(-self.file_bytes // 3) * 4


PICTURES = {
    "tiny": Picture(file_bytes=2_048, side_pixels=512),
    "1.5mb": Picture(file_bytes=1_500_000, side_pixels=1024),
    "20mb": Picture(file_bytes=20_000_000, side_pixels=4096),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole HTTP response with a gap of eight characters for its serial number."""

    before_serial: bytes
    after_serial: tuple[memoryview, ...]

    def segments(self, serial: int) -> Iterator[bytes | memoryview]:
        """The bytes to write, in order; only the first piece, under 2 KB, is made anew."""
        yield self.before_serial + base64.b64encode(serial.to_bytes(_SERIAL_BYTES, "big"))
        yield from self.after_serial


def draw_png(picture: Picture) -> bytes:
    """A file with a true PNG header, then data no compressor shortens, as long as the picture says."""
    size = struct.pack(">II5B", picture.side_pixels, picture.side_pixels, 8, 2, 0, 0, 0)
    head = PNG_SIGNATURE + _png_chunk(b"IHDR", size)
    tail = _png_chunk(b"IEND", b"")
    data_bytes = picture.file_bytes - len(head) - len(tail) - 12
    return head + _png_chunk(b"IDAT", os.urandom(data_bytes)) + tail


def render_whole(picture: Picture) -> Answer:
    """What `generateContent` answers: one JSON document, indented as the service indents it."""
    parts = [{"text": "Here is your picture."}, _inline_data(picture)]
    candidate = {"content": {"parts": parts, "role": "model"}, "finishReason": "STOP", "index": 0}
    document = json.dumps({"candidates": [candidate], **_usage(picture)}, indent=2).encode()
    return _cut_at_serial(_frame(b"application/json; charset=UTF-8", [document]))


def render_streamed(picture: Picture) -> Answer:
    """What `streamGenerateContent?alt=sse` answers: text, the picture whole in one event, then the end."""
    events = [
        _event({"content": {"parts": [{"text": "Here is your picture."}], "role": "model"}, "index": 0}),
        _event({"content": {"parts": [_inline_data(picture)], "role": "model"}, "index": 0}),
        _event(
            {
                "content": {"parts": [{"text": ""}], "role": "model"},
                "finishReason": "STOP",
                "index": 0,
            },
            _usage(picture),
        ),
    ]
    return _cut_at_serial(_frame(b"text/event-stream", events))


def render_json(status: bytes, document: object) -> bytes:
    """A small answer with its length, for everything that is not a picture."""
    body = json.dumps(document).encode()
    head = b"HTTP/1.1 %s\r\nContent-Type: application/json; charset=UTF-8\r\n" % status
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _inline_data(picture: Picture) -> dict[str, object]:
    encoded = base64.b64encode(draw_png(picture)).decode()
    return {"inlineData": {"mimeType": "image/png", "data": encoded}}


def _usage(picture: Picture) -> dict[str, object]:
    image_tokens = 2000 if picture.side_pixels > 2048 else 1120
    prompt_tokens, text_tokens = 17, 96
    return {
        "usageMetadata": {
            "promptTokenCount": prompt_tokens,
            "candidatesTokenCount": image_tokens + text_tokens,
            "totalTokenCount": prompt_tokens + image_tokens + text_tokens,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": prompt_tokens}],
            "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": image_tokens}],
        },
        **_NAMES,
    }


def _event(candidate: dict[str, object], rest: dict[str, object] | None = None) -> bytes:
    document = {"candidates": [candidate], **(rest or _NAMES)}
    return b"data: " + json.dumps(document, separators=(",", ":")).encode() + b"\r\n\r\n"


def _frame(content_type: bytes, pieces: Iterable[bytes]) -> bytes:
    """An HTTP/1.1 response in chunks; each piece starts a chunk of its own."""
    framed = [b"HTTP/1.1 200 OK\r\nContent-Type: " + content_type + b"\r\nTransfer-Encoding: chunked\r\n\r\n"]
    for piece in pieces:
        for start in range(0, len(piece), CHUNK_BYTES):
            chunk = piece[start : start + CHUNK_BYTES]
            framed += (b"%x\r\n" % len(chunk), chunk, b"\r\n")
    framed.append(b"0\r\n\r\n")
    return b"".join(framed)


def _cut_at_serial(response: bytes) -> Answer:
    # The picture's first characters always lie in the chunk that begins its piece, so no framing is cut.
    picture_start = response.index(base64.b64encode(PNG_SIGNATURE)[:8])
    serial_start = picture_start + _SERIAL_OFFSET // 3 * 4
    rest = memoryview(response)[serial_start + _SERIAL_CHARACTERS :]
    segments = (rest[start : start + SEGMENT_BYTES] for start in range(0, len(rest), SEGMENT_BYTES))
    return Answer(response[:serial_start], tuple(segments))
