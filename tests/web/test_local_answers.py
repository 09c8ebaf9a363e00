"""What a background task is answered with over HTTP, by a real server with nothing behind it but the sender."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from jsonschema import Draft202012Validator
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from starlette.types import Receive, Scope, Send

from asking import Reply, read_stream
from limner.translate.tasks import Task, find_task
from limner.web.local_answers import LocalAnswer, send_local_answer
from limner.wire.openai import Message

Ask = Callable[..., Reply]
TITLE = '{"title":"Lighthouse at dusk"}'
LONG = "An old lighthouse. " * 400


def find(*said: tuple[str, str]) -> Task:
    task = find_task([Message(role=role, content=text) for role, text in said])
    assert task is not None
    return task


TITLE_PROMPT = """### Task:
A title.
### Output:
{ "title": "words" }
<chat_history>
USER: A lighthouse at dusk
</chat_history>"""
TRANSLATOR = (
    "You are a professional translator. Translate the input text to de. Output ONLY the translated text."
)

TASKS = {
    "/title": find(("user", TITLE_PROMPT)),
    "/long": find(("system", TRANSLATOR), ("user", LONG)),
}


async def app(scope: Scope, _receive: Receive, send: Send) -> None:
    answer = LocalAnswer(
        task=TASKS[scope["path"]], id="chatcmpl-1", created=1_790_000_000, model="nano-banana"
    )
    query = scope["query_string"]
    await send_local_answer(
        answer, is_stream=b"stream" in query, includes_usage=b"no-usage" not in query, send=send
    )


class _Server(uvicorn.Server):
    def __init__(self) -> None:
        config = uvicorn.Config(
            app, interface="asgi3", lifespan="off", log_config=None, timeout_graceful_shutdown=5
        )
        super().__init__(config)
        self.is_ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.is_ready.set()


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    """Return a function that asks the server for a path."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        host, port = listener.getsockname()
        server = _Server()
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        assert server.is_ready.wait(20)

        def get(path: str) -> Reply:
            with closing(HTTPConnection(host, port, timeout=20)) as connection:
                connection.request("GET", path)
                response = connection.getresponse()
                return Reply(response.status, response.headers, response.read())

        yield get
        server.should_exit = True
        thread.join()


def check_note(note: dict[str, Any]) -> None:
    (notice,) = note.pop("notices")
    assert note == {
        "generation_id": None,
        "cost_usd": 0.0,
        "upstream": {"kind": "local", "model": "limner"},
        "images": [],
    }
    assert notice["code"] == "answered_locally"
    assert "title" in notice["message"]
    assert "LIMNER_BACKGROUND_TASKS" in notice["message"]


def test_a_whole_answer_costs_nothing(ask: Ask) -> None:
    """It is a chat completion like any other, with the text asked for, no tokens, no cost, and a notice that says why."""
    reply = ask("/title")
    answer = reply.json()
    assert reply.status == 200
    assert reply.headers["content-type"] == "application/json"
    assert (answer["id"], answer["created"], answer["model"]) == ("chatcmpl-1", 1_790_000_000, "nano-banana")
    (choice,) = answer["choices"]
    assert (choice["message"], choice["finish_reason"]) == ({"content": TITLE, "role": "assistant"}, "stop")
    assert (answer["usage"]["total_tokens"], answer["usage"]["cost"]) == (0, 0.0)
    check_note(answer["limner"])
    ChatCompletion.model_validate(answer, strict=True)


def test_a_stream_says_the_same(ask: Ask) -> None:
    """A role chunk, the text, a finish chunk with what Limner says, a usage chunk without choices, [DONE]."""
    reply = ask("/title?stream")
    stream = read_stream(reply.body)
    assert reply.status == 200
    assert reply.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert reply.headers["x-accel-buffering"] == "no"
    assert stream.is_done
    assert stream.deltas == [{"role": "assistant", "content": ""}, {"content": TITLE}, {}]
    assert stream.finish["choices"][0]["finish_reason"] == "stop"
    check_note(stream.finish["limner"])
    assert (stream.chunks[-1]["choices"], stream.usage["total_tokens"]) == ([], 0)
    for chunk in stream.chunks:
        ChatCompletionChunk.model_validate(chunk, strict=True)


def test_usage_can_be_declined(ask: Ask) -> None:
    """A stream without usage ends with its finish chunk."""
    stream = read_stream(ask("/title?stream&no-usage").body)
    assert stream.is_done
    assert stream.chunks[-1] == stream.finish
    assert "usage" not in json.dumps(stream.chunks)


def test_long_text_comes_in_short_lines(ask: Ask) -> None:
    """A long text is cut into lines that any client reads, and is the same as in a whole answer."""
    stream = read_stream(ask("/long?stream").body)
    assert max(stream.line_bytes) < 32 * 1024
    assert len(stream.deltas) > 3
    assert stream.content == ask("/long").json()["choices"][0]["message"]["content"] == LONG.strip()


def test_the_documented_answer_is_kept_to(ask: Ask) -> None:
    """The answer conforms to the response schema of the documented operation."""
    path = Path(__file__).resolve().parents[3] / "shared" / "seed" / "response.schema.json"
    if not path.is_file():
        pytest.skip("the documented operation is not on this machine")
    Draft202012Validator(json.loads(path.read_text(encoding="utf-8"))).validate(ask("/title").json())
