"""How `limner draw` words what came from elsewhere: one line, printable, of bounded length.

Covers the error bodies gateways are seen to send (OpenAI's, OpenRouter's, FastAPI's, Google's list, HTML pages
of proxies). This module must not know how they were fetched.
"""

import html
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

_LONGEST_SHOWN_CHARACTERS = 500
_HIDDEN_IN_LINES = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\s]+")
_HIDDEN_IN_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_TITLE = re.compile(r"<(title|h1)\b[^>]{0,200}>([^<]{1,500})<", re.IGNORECASE)


def to_line(text: str) -> str:
    """Return `text` on one line, without control characters, cut where it is long."""
    line = _HIDDEN_IN_LINES.sub(" ", text[: 4 * _LONGEST_SHOWN_CHARACTERS]).strip()
    return line if len(line) <= _LONGEST_SHOWN_CHARACTERS else line[:_LONGEST_SHOWN_CHARACTERS] + "…"


def to_text(text: str) -> str:
    """Return `text` without what a terminal would obey."""
    return _HIDDEN_IN_TEXT.sub("", text.replace("\r\n", "\n")).strip()


def to_amount(size_bytes: int) -> str:
    """Return a number of bytes for people."""
    if size_bytes < 1000:
        return f"{size_bytes} B"
    return f"{size_bytes / 1000:.0f} kB" if size_bytes < 1_000_000 else f"{size_bytes / 1_000_000:.1f} MB"


def to_dollars(cost_usd: float | None) -> str:
    """Return a cost for people; a refusal costs far less than a cent."""
    if cost_usd is None:
        return "cost unknown"
    return f"cost ${cost_usd:.4f}" if cost_usd == 0 or cost_usd >= 0.01 else f"cost ${cost_usd:.6f}"


def describe_status(status: int, headers: Mapping[str, str], body: bytes, *, with_key: bool) -> str:
    """Return why an answer that is no 200 is one, in one line."""
    said = f"HTTP {status}"
    if 300 <= status < 400:
        return f"{said}: it sends on to {to_line(headers.get('location', 'nowhere'))}; set --base-url to that"
    reason = describe_body(body)
    if reason:
        said += f": {reason}"
    if status == 401 and not with_key:
        said += " (no key was given: set LIMNER_API_KEY or --api-key)"
    wait_seconds = _read_wait_seconds(headers)
    return said if wait_seconds is None else f"{said} (try again in {wait_seconds:g} s)"


def describe_body(body: bytes) -> str:
    """Return the message of an error body, a page's title, or the beginning of anything else."""
    if body.lstrip()[:1] == b"<":
        return describe_page(body)
    try:
        found = find_error(msgspec.json.decode(body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = None
    return found or to_line(body.decode("utf-8", "replace"))


def describe_page(body: bytes) -> str:
    """Return what an HTML page is called."""
    title = _TITLE.search(body[:65_536].decode("utf-8", "replace"))
    return "an HTML page" + (f" titled {to_line(html.unescape(title[2]))!r}" if title else "")


def find_error(record: Any) -> str | None:
    """Return the message of an error in any form seen, or None if `record` holds none."""
    if isinstance(record, list) and record:
        record = record[0]
    if not isinstance(record, dict):
        return None
    error = next(
        (record[name] for name in ("error", "detail", "errors", "message") if record.get(name)), None
    )
    return None if error is None else to_line(_word(error))


def _word(error: Any) -> str:
    if isinstance(error, list) and error:
        error = error[0]
    if not isinstance(error, dict):
        return str(error)
    message = next((error[name] for name in ("message", "msg", "error", "code") if error.get(name)), None)
    said = str(error if message is None else message)
    metadata = error.get("metadata")
    if isinstance(metadata, dict) and isinstance(metadata.get("raw"), str):
        said += f": {metadata['raw']}"  # OpenRouter's own message is only "Provider returned error"
    generation_id = error.get("generation_id")
    return f"{said} (generation {generation_id})" if isinstance(generation_id, str) else said


def _read_wait_seconds(headers: Mapping[str, str]) -> float | None:
    try:
        if "retry-after" not in headers:
            return float(headers["retry-after-ms"]) / 1000
        given = headers["retry-after"].strip()
        return (
            float(given)
            if given[:1].isdigit()
            else max(0.0, round(parsedate_to_datetime(given).timestamp() - time.time()))
        )
    except (KeyError, ValueError, TypeError):
        return None
