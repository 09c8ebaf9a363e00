"""NextChat's rules: how long it waits and for what, what it calls an answer, and what of a chat it sends again.

Facts, from its source (app/client/platforms/openai.ts and app/utils/chat.ts, read 2026-11-22): the headers must be
there within 60 s and say `text/event-stream`; any other type is shown as the answer. It reads `delta.content` and
nothing else; an answer of no content is an error. The last messages go back, their content a string.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from http.client import HTTPResponse
from typing import Any

from shown import ORIGIN, Shown, show_markdown

from programs import CLIENT_KEY, Gateway

_HEADERS_SECONDS = 60
_KEPT_MESSAGES = 2
"""The least that a user can set and still edit; its own setting is 4."""


@contextmanager
def asking(gateway: Gateway, model: str, messages: list[Any]) -> Iterator[HTTPResponse]:
    """Ask as the page in a browser does, and wait for the headers."""
    body = {
        "messages": messages,
        "stream": True,
        "model": model,
        "temperature": 0.5,
        "presence_penalty": 0,
        "frequency_penalty": 0,
        "top_p": 1,
    }
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Authorization": f"Bearer {CLIENT_KEY}",
        "Origin": ORIGIN,
    }
    with closing(gateway.connect()) as connection:
        connection.timeout = _HEADERS_SECONDS
        connection.request("POST", "/v1/chat/completions", body=json.dumps(body).encode(), headers=headers)
        with closing(connection.getresponse()) as response:
            assert response.headers["Access-Control-Allow-Origin"] in {"*", ORIGIN}
            yield response


def read_answer(response: HTTPResponse) -> str:
    """The text of an answer: the content of its events, or all of it if it is no stream of events."""
    if not response.headers["Content-Type"].startswith("text/event-stream"):
        said: str = response.read().decode()
        return said
    content = ""
    for line in response:
        data = line.strip().removeprefix(b"data:").strip()
        if not line.startswith(b"data:") or data == b"[DONE]":
            continue
        choices = json.loads(data)["choices"]
        content += (choices[0]["delta"].get("content") or "") if choices else ""
    assert content, "empty response from server"
    return content


def converse_nextchat(gateway: Gateway, model: str, prompts: Sequence[str]) -> list[Shown]:
    """Ask with the new prompt and the last messages before it."""
    history: list[dict[str, str]] = []
    turns = []
    for prompt in prompts:
        asked = {"role": "user", "content": prompt}
        with asking(gateway, model, [*history[-_KEPT_MESSAGES:], asked]) as response:
            content = read_answer(response)
        turns.append(show_markdown(content))
        history += [asked, {"role": "assistant", "content": content}]
    return turns
