"""Bytes of an answer: pretty JSON, server-sent events, a streamed array, and their broken forms.

It must not know what an answer says.
"""

import json
from typing import Any

JSON_TYPE = "application/json; charset=UTF-8"
EVENTS_TYPE = "text/event-stream"


def encode_json(value: Any) -> bytes:
    """Google's form of a whole body: two spaces of indentation, `<` and `>` escaped (recorded)."""
    return _escape(json.dumps(value, ensure_ascii=False, indent=2)) + b"\n"


def encode_events(events: list[dict[str, Any]]) -> list[bytes]:
    """Server-sent events without names: one line of JSON each, ended by CRLF twice (recorded)."""
    return [b"data: " + _encode_line(event) + b"\r\n\r\n" for event in events]


def encode_array(events: list[dict[str, Any]]) -> list[bytes]:
    """The events as one JSON array, which is what a stream is without `alt=sse`."""
    blocks = [(b"[" if number == 0 else b",\r\n") + encode_json(event) for number, event in enumerate(events)]
    return [*blocks, b"]\n"]


def encode_error_event(error: dict[str, Any], form: str) -> bytes:
    """An error inside a stream of events: `raw` is bare lines of JSON (recorded), `data` an event like the others."""
    return encode_json(error) if form == "raw" else b"data: " + _encode_line(error) + b"\r\n\r\n"


def spoil(blocks: list[bytes]) -> list[bytes]:
    """The same answer as JSON no one can parse: each block loses its end before a nonsense one."""
    return [block[: min(len(block) // 2, 120)] + b'"}<<garbage>>\r\n\r\n' for block in blocks]


def _encode_line(value: Any) -> bytes:
    return _escape(json.dumps(value, ensure_ascii=False, separators=(",", ": ")))


def _escape(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass").replace(b"<", b"\\u003c").replace(b">", b"\\u003e")
