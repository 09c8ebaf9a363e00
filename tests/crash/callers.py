"""Clients that ask as OpenAI's own does: twice more after what may be asked again, with a count of the attempts.

They retry what the official client retries (measured 2026-11): connection errors, time-outs, 408, 409, 429 and 5xx,
unless `x-should-retry` says no. They are written on the standard library, for the official one is too slow to be
started by the thousand.
"""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from random import Random
from threading import Event
from typing import Any
from urllib.parse import urlsplit

import msgspec

from asking import read_stream
from audits import digest_pictures
from orders import Order

_MOST_RETRIES = 2
_FIRST_PAUSE_SECONDS = 0.3
_RETRIED = {408, 409, 429}
_MOST_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Made:
    """A call that was made, and how it ended: with the SHA-256 of its pictures, an error's code, or nothing."""

    order: Order
    secret: str
    generation_id: str | None
    pictures: tuple[str, ...]
    code: str | None


@dataclass(frozen=True, kw_only=True)
class Intent:
    """A logical call: what is ordered, by whom and how patiently."""

    order: Order
    secret: str
    is_stream: bool
    idempotency_key: str | None
    timeout_seconds: float = _MOST_SECONDS

    @property
    def headers(self) -> dict[str, str]:
        key = {} if self.idempotency_key is None else {"Idempotency-Key": self.idempotency_key}
        return {"Authorization": f"Bearer {self.secret}", "Content-Type": "application/json", **key}


class _Again(Exception):
    """The attempt failed in a way that is tried again."""


def make_call(url: str, intent: Intent, random: Random, stop: Event) -> Made:
    """Make a call, with its retries."""
    said: dict[str, str] = {}
    for attempt in range(_MOST_RETRIES + 1):
        if attempt:
            stop.wait(_FIRST_PAUSE_SECONDS * 2**attempt * random.uniform(0.75, 1))
        try:
            pictures = _attempt(url, intent, attempt, said)
        except _Again:
            continue
        return _to_made(intent, said, pictures)
    return _to_made(intent, said, ())


def _to_made(intent: Intent, said: Mapping[str, str], pictures: tuple[str, ...]) -> Made:
    return Made(
        order=intent.order,
        secret=intent.secret,
        generation_id=said.get("generation_id"),
        pictures=pictures,
        code=said.get("code"),
    )


def _attempt(url: str, intent: Intent, attempt: int, said: dict[str, str]) -> tuple[str, ...]:
    """Ask once. Raises _Again."""
    address = urlsplit(url)
    connection = HTTPConnection(address.hostname or "", address.port, timeout=_MOST_SECONDS)
    headers = intent.headers | {"x-stainless-retry-count": str(attempt)}
    body = msgspec.json.encode(intent.order.to_body(is_stream=intent.is_stream))
    has_opened = False
    try:
        connection.request("POST", "/v1/chat/completions", body=body, headers=headers)
        if connection.sock is not None:
            connection.sock.settimeout(intent.timeout_seconds)
        response = connection.getresponse()
        said["generation_id"] = response.headers.get("x-limner-generation-id") or said.get(
            "generation_id", ""
        )
        has_opened = response.status == 200 and intent.is_stream
        data = response.read()
    except (HTTPException, OSError) as error:
        _drop(connection)
        if has_opened:  # the official client does not ask again for a stream that has begun
            said["code"] = type(error).__name__
            return ()
        raise _Again from error
    connection.close()
    if response.status == 200:
        said.pop("code", None)
        return _digest_all(data, said, is_stream=intent.is_stream)
    told = msgspec.json.decode(data)["error"]
    said["code"] = told["code"]
    if response.headers["x-should-retry"] == "true":
        raise _Again
    assert response.headers["x-should-retry"] == "false", (response.status, data)
    return ()


def _digest_all(data: bytes, said: dict[str, str], *, is_stream: bool) -> tuple[str, ...]:
    """Return the SHA-256 of the pictures of a whole answer; none of a stream that ended with an error."""
    if not is_stream:
        return tuple(digest_pictures(msgspec.json.decode(data)))
    stream = read_stream(data)
    if not stream.is_done:
        said["code"] = stream.chunks[-1]["error"]["code"]
        return ()
    answer: dict[str, Any] = {"choices": [{"message": {"content": stream.content}}]}
    return tuple(digest_pictures(answer))


def _drop(connection: HTTPConnection) -> None:
    """Leave without a word."""
    sock = connection.sock
    if isinstance(sock, socket.socket):
        sock.close()
    connection.close()
