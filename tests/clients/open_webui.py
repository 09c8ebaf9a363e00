"""Open WebUI's rules: how its server reads a stream, what its page shows, and what of a chat it sends again.

Facts, from its source and issues (2026-11-22): the server reads the answer line by line with aiohttp, whose lines end
at 128 KiB up to aiohttp 3.13; later versions put lines together themselves. `images` of a delta become files beside
the message. Of an assistant's turn only the text goes back, and a turn of blank text is left out; pictures go back
only in a user's turn.
"""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
from client import converse_by
from shown import Shown, show_markdown

from programs import CLIENT_KEY, Gateway

_READ_BUFFER_BYTES = 64 * 1024
"""aiohttp's own up to 3.13; twice as much is the longest line."""
LONGEST_LINE_BYTES = 2 * _READ_BUFFER_BYTES


async def read_lines(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """The lines, as the reader of most versions gives them; a longer one ends it with an error."""
    async for line in content:
        yield line


async def assemble_lines(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """The lines, however long, as the newest version puts them together."""
    rest = b""
    async for piece in content.iter_any():
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            yield line


async def _ask(gateway: Gateway, model: str, messages: list[Any], *, has_long_lines: bool) -> tuple[str, Any]:
    body = {"model": model, "messages": messages, "stream": True}
    content, files = "", []
    async with (
        aiohttp.ClientSession(read_bufsize=_READ_BUFFER_BYTES) as session,
        session.post(
            f"{gateway.url}/v1/chat/completions",
            data=io.BytesIO(json.dumps(body).encode()),
            headers={"Authorization": f"Bearer {CLIENT_KEY}", "Content-Type": "application/json"},
            timeout=aiohttp.ClientTimeout(total=300),
        ) as response,
    ):
        assert response.status == 200, await response.text()
        assert response.content_type == "text/event-stream"
        lines = assemble_lines(response.content) if has_long_lines else read_lines(response.content)
        async for line in lines:
            said = line.strip()
            if not said.startswith(b"data:") or said == b"data: [DONE]":
                continue
            for choice in json.loads(said.removeprefix(b"data:")).get("choices") or ():
                content += choice["delta"].get("content") or ""
                files += find_files(choice["delta"].get("images") or [])
    return content, files


def find_files(images: list[Any]) -> list[str]:
    """The addresses of entries that are what they must be; others are skipped."""
    return [
        image["image_url"]["url"]
        for image in images
        if isinstance(image, dict) and image.get("type") == "image_url" and image["image_url"].get("url")
    ]


def choose_history(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What goes back: all of a user, and of the assistant text that is not blank."""
    return [
        {"role": message["role"], "content": message["content"]}
        for message in messages
        if message["role"] == "user" or message["content"].strip()
    ]


def _say(gateway: Gateway, model: str, messages: list[Any], *, has_long_lines: bool) -> tuple[Shown, Any]:
    history = choose_history(messages)
    content, files = asyncio.run(_ask(gateway, model, history, has_long_lines=has_long_lines))
    shown = show_markdown(content)
    beside = show_markdown("".join(f"![]({url})" for url in files))
    return Shown(shown.text, shown.pictures + beside.pictures), {"role": "assistant", "content": content}


def say(gateway: Gateway, model: str, messages: list[Any]) -> tuple[Shown, Any]:
    """Ask as most versions do."""
    return _say(gateway, model, messages, has_long_lines=False)


def say_with_long_lines(gateway: Gateway, model: str, messages: list[Any]) -> tuple[Shown, Any]:
    """Ask as the newest version does, or one whose CHAT_STREAM_RESPONSE_CHUNK_MAX_BUFFER_SIZE is set."""
    return _say(gateway, model, messages, has_long_lines=True)


CONVERSE_OPEN_WEBUI = converse_by(say)
CONVERSE_OPEN_WEBUI_LONG_LINES = converse_by(say_with_long_lines)
