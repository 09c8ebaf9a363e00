"""A client that can leave: it sends a call, reads as much of the answer as it is told, and goes as it is told.

Written on sockets, because no client library lets a test choose between a close and a reset.
"""

import json
import secrets
import socket
import struct
from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse
from types import TracebackType
from typing import Any, Self

from asking import PROMPT, Reply, ask, get_message, read_stream, split_markdown
from painting import wait_until
from programs import CLIENT_KEY, Program

CHAT_PATH = "/v1/chat/completions"


class LeavingClient:
    """One call of one client; without a body it collects."""

    def __init__(
        self,
        program: Program,
        body: Mapping[str, Any] | None,
        *,
        path: str = CHAT_PATH,
        key: str = CLIENT_KEY,
        headers: Mapping[str, str] | None = None,
        receive_bytes: int | None = None,
    ) -> None:
        endpoint = socket.socket()
        if receive_bytes is not None:
            endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        endpoint.settimeout(30)
        endpoint.connect(program.address)
        self._socket = endpoint
        self._connection = HTTPConnection(*program.address)
        self._connection.sock = endpoint
        self._response: HTTPResponse | None = None
        given = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", **(headers or {})}
        sent = None if body is None else json.dumps(body).encode()
        self._connection.request("GET" if body is None else "POST", path, body=sent, headers=given)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

    @property
    def response(self) -> HTTPResponse:
        """The answer, once its head has come."""
        if self._response is None:
            self._response = self._connection.getresponse()
        return self._response

    def read(self, size_bytes: int) -> bytes:
        """Read at least so much of the body."""
        received = bytearray()
        while len(received) < size_bytes and (piece := self.response.read1(64 * 1024)):
            received += piece
        return bytes(received)

    def read_until(self, words: bytes) -> bytes:
        """Read the body until `words` have come."""
        received = bytearray()
        while words not in received:
            piece = self.response.read1(64 * 1024)
            assert piece
            received += piece
        return bytes(received)

    def read_reply(self) -> Reply:
        """Read the answer to its end."""
        body = self.response.read()
        return Reply(self.response.status, self.response.headers, body)

    def leave(self) -> None:
        """Close in good order."""
        if self._response is not None:
            self._response.close()
        self._connection.close()

    def reset(self) -> None:
        """Go without a word: what has not been read is lost."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.leave()


class KeptConnection:
    """A client that makes one call after the other on one connection."""

    def __init__(self, program: Program) -> None:
        self._connection = program.connect()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def ask(self, body: Mapping[str, Any]) -> Reply:
        headers = {"Authorization": f"Bearer {CLIENT_KEY}", "Content-Type": "application/json"}
        self._connection.request("POST", CHAT_PATH, body=json.dumps(body).encode(), headers=headers)
        response = self._connection.getresponse()
        return Reply(response.status, response.headers, response.read())


def new_prompt() -> str:
    """Return a prompt that no call had before: equal calls of other tests must not be found."""
    return f"{PROMPT} {secrets.token_hex(6)}"


def read_pictures(reply: Reply) -> list[bytes]:
    """Return the pictures of an answer that succeeded, of either mode."""
    assert reply.status == 200, reply.body
    if reply.headers["content-type"].startswith("text/event-stream"):
        stream = read_stream(reply.body)
        assert stream.is_done, stream.chunks[-1]
        content = stream.content
    else:
        content = get_message(reply.json())["content"]
    return [picture for _, picture in split_markdown(content)[1]]


def read_picture(reply: Reply) -> bytes:
    """Return the only picture of an answer that succeeded."""
    (picture,) = read_pictures(reply)
    return picture


def name_generation(reply: Reply) -> str:
    """Return the id of the generation that answered."""
    found: str = reply.headers["x-limner-generation-id"]
    return found


def collect(program: Program, answer_id: str, query: str = "", key: str = CLIENT_KEY) -> Reply:
    """Ask for an answer by its id or its generation's."""
    return ask(program, path=f"{CHAT_PATH}/{answer_id}{query}", key=key)


def list_answers(program: Program, query: str, key: str = CLIENT_KEY) -> list[dict[str, Any]]:
    """Return a page of the list."""
    reply = ask(program, path=f"{CHAT_PATH}?{query}", key=key)
    assert reply.status == 200, reply.body
    data: list[dict[str, Any]] = reply.json()["data"]
    return data


def ask_head(program: Program, path: str) -> int:
    """Ask for the head only, and return its status."""
    with closing(program.connect()) as connection:
        connection.request("HEAD", path, headers={"Authorization": f"Bearer {CLIENT_KEY}"})
        return connection.getresponse().status


def wait_for_settlement(program: Program, generation_id: str) -> None:
    """Return once the generation is among the settled and undelivered."""
    wait_until(
        lambda: any(
            note["generation_id"] == generation_id and note["status"] == "completed"
            for note in list_answers(program, "undelivered=true&limit=100&order=desc")
        )
    )


def find_newest(program: Program) -> str:
    """Return the id of the newest generation that has reached nobody."""
    found: str = list_answers(program, "undelivered=true&limit=1&order=desc")[0]["generation_id"]
    return found
