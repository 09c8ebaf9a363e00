"""A stand-in for Gemini that answers at once with rendered pictures, at next to no cost.

`python bench/upstream.py [--port N] [--delay-ms N]` serves, on loopback only,

    POST …/v1beta/models/{model}:generateContent
    POST …/v1beta/models/{model}:streamGenerateContent?alt=sse

for any model and any key, and prints the port it listens on as its first line. The prompt chooses the
picture: `bench-tiny` (2 KB, also without any word), `bench-1.5mb`, `bench-20mb`. It is a load for
gateways, not an imitation: for faithful behaviour there is `limner emulate`.
"""

import argparse
import asyncio
import itertools
import re
from collections import deque
from collections.abc import Mapping
from typing import cast

import uvloop

from answers import MODEL, PICTURES, Answer, render_json, render_streamed, render_whole

_WORD = re.compile(rb"bench-(tiny|1\.5mb|20mb)")
_CONTENT_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:\s*chunked", re.IGNORECASE)
_LAST_CHUNK = b"\r\n0\r\n\r\n"

# Keyed by the word in the prompt, then by whether the call asks for a stream.
Answers = Mapping[bytes, Mapping[bool, Answer]]

_NOT_FOUND = render_json(
    b"404 Not Found",
    {"error": {"code": 404, "message": "Requested entity was not found.", "status": "NOT_FOUND"}},
)
_MODELS = render_json(
    b"200 OK",
    {"models": [{"name": f"models/{MODEL}", "supportedGenerationMethods": ["generateContent"]}]},
)


def render_answers() -> Answers:
    """Every answer this upstream can give."""
    return {
        word.encode(): {False: render_whole(picture), True: render_streamed(picture)}
        for word, picture in PICTURES.items()
    }


class GeminiConnection(asyncio.Protocol):
    """One client's connection: reads calls, writes answers no faster than they are taken."""

    def __init__(self, answers: Answers, serials: "itertools.count[int]", delay_seconds: float) -> None:
        self._answers = answers
        self._serials = serials
        self._delay_seconds = delay_seconds
        self._received = b""
        self._unsent: deque[bytes | memoryview] = deque()
        self._paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to answer."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer every call that is complete with these bytes."""
        self._received += data
        while (call := self._take_call()) is not None:
            if self._delay_seconds:
                loop = asyncio.get_running_loop()
                loop.call_later(self._delay_seconds, self._answer, *call)
            else:
                self._answer(*call)

    def pause_writing(self) -> None:
        """Hold further segments: the client has not taken the last ones."""
        self._paused = True

    def resume_writing(self) -> None:
        """Go on where the client's slowness stopped us."""
        self._paused = False
        self._write_unsent()

    def _take_call(self) -> tuple[bytes, bytes] | None:
        """Request line and body of the first complete call received, or None while it is incomplete."""
        head_end = self._received.find(b"\r\n\r\n")
        if head_end < 0:
            return None
        head = self._received[:head_end]
        body_start = call_end = head_end + 4
        if length := _CONTENT_LENGTH.search(head):
            call_end = body_start + int(length[1])
        elif _CHUNKED.search(head):
            last_chunk = self._received.find(_LAST_CHUNK, body_start)
            if last_chunk < 0:
                return None
            call_end = last_chunk + len(_LAST_CHUNK)
        if len(self._received) < call_end:
            return None
        body = self._received[body_start:call_end]
        self._received = self._received[call_end:]
        return head.partition(b"\r\n")[0], body

    def _answer(self, request_line: bytes, body: bytes) -> None:
        if self._transport.is_closing():
            return
        if request_line.startswith(b"POST ") and b"enerateContent" in request_line:
            word = _WORD.search(body)
            by_mode = self._answers[word[1] if word else b"tiny"]
            answer = by_mode[b":streamGenerateContent" in request_line]
            self._unsent.extend(answer.segments(next(self._serials)))
        else:
            known = request_line.startswith(b"GET ") and b"/models" in request_line
            self._unsent.append(_MODELS if known else _NOT_FOUND)
        self._write_unsent()

    def _write_unsent(self) -> None:
        while self._unsent and not self._paused:
            self._transport.write(self._unsent.popleft())


async def serve(port: int, delay_seconds: float, lifetime_seconds: float) -> None:
    """Listen, tell the port, and end after the lifetime, in case whoever started us is gone."""
    answers, serials = render_answers(), itertools.count(1)
    server = await asyncio.get_running_loop().create_server(
        lambda: GeminiConnection(answers, serials, delay_seconds), "127.0.0.1", port, backlog=1024
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.sleep(lifetime_seconds)
    server.close()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description="A fake Gemini on loopback for load tests.")
    parser.add_argument("--port", type=int, default=0, help="0 (default) takes a free one")
    parser.add_argument("--delay-ms", type=float, default=0, help="wait before each answer")
    parser.add_argument("--lifetime-seconds", type=float, default=3600, help="then it ends by itself")
    options = parser.parse_args()
    uvloop.run(serve(options.port, options.delay_ms / 1000, options.lifetime_seconds))


if __name__ == "__main__":
    main()
