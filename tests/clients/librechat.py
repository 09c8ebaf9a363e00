"""LibreChat's rules: which pictures its page shows, and that text is all it sends again.

Facts, from its source and issues (MarkdownBlocks.tsx at 05f648d, issues 9514 and 11591, read 2026-11-22): answers are
Markdown, drawn by react-markdown, which leaves out addresses of other protocols than a few; `data:` is none of them
(seen with react-markdown 9.1.0). What an answer holds beside its text is not read.
"""

import re
from typing import Any

from client import converse_by
from markdown_it import MarkdownIt
from python_clients import create_openai
from shown import Shown, show_images

from programs import Gateway

_SAFE_PROTOCOL = re.compile(r"^(https?|ircs?|mailto|xmpp):", re.IGNORECASE)


def find_pictures(content: str) -> tuple[str, list[str]]:
    """The text and the addresses of the pictures that are drawn."""
    text, urls = "", []
    for block in MarkdownIt().parse(content):
        for token in block.children or ():
            if token.type == "image" and _SAFE_PROTOCOL.match(str(token.attrs["src"])):
                urls.append(str(token.attrs["src"]))
            elif token.type in {"softbreak", "hardbreak"}:
                text += "\n"
            elif token.type != "image":
                text += token.content
    return text, urls


def say(gateway: Gateway, model: str, messages: list[Any]) -> tuple[Shown, Any]:
    """Ask for a stream, in the name of its user."""
    with create_openai(gateway) as client:
        chunks = client.chat.completions.create(
            model=model, messages=messages, stream=True, user="662f0a1b2c3d4e5f60718293"
        )
        content = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    text, urls = find_pictures(content)
    return show_images(text, urls), {"role": "assistant", "content": content}


CONVERSE_LIBRECHAT = converse_by(say)
