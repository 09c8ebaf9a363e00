"""Asks Limner's own doors. Knows paths and keys, no picture."""

from typing import Any
from urllib.parse import urlencode

from asking import Reply, ask, chat
from programs import CLIENT_KEY, Gateway

PICTURES = "/v1/limner/pictures"
GENERATIONS = "/v1/limner/generations"
USAGE = "/v1/limner/usage"


def look(
    gateway: Gateway, path: str, *, key: str | None = CLIENT_KEY, method: str = "GET", **query: Any
) -> Reply:
    """Ask a door, and return what it answers."""
    return ask(gateway, path=f"{path}?{urlencode(query)}" if query else path, key=key, method=method)


def see(gateway: Gateway, path: str, *, key: str = CLIENT_KEY, method: str = "GET", **query: Any) -> Any:
    """Ask a door that answers well, and return the JSON."""
    reply = look(gateway, path, key=key, method=method, **query)
    assert reply.status == 200, reply.body
    return reply.json()


def draw(gateway: Gateway, prompt: str, *, key: str = CLIENT_KEY, **fields: Any) -> str:
    """Draw a picture, and return the id of its generation."""
    reply = ask(gateway, chat(prompt, **fields), key=key)
    assert reply.status == 200, reply.body
    return str(reply.headers["x-limner-generation-id"])


def list_prompts(gateway: Gateway, **query: Any) -> list[str]:
    """Return what the pictures that a query finds were asked with."""
    return [entry["prompt"] for entry in see(gateway, PICTURES, **query)["data"]]
