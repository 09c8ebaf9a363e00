"""What a client under test is: which output it is meant to be given, and how it holds a conversation."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from shown import Shown

from programs import Gateway

OpenGateway = Callable[[str], Gateway]
"""Returns the gateway with an image output."""

Converse = Callable[[Gateway, str, Sequence[Any]], list[Shown]]
"""Says the prompts, texts or lists of parts, one after another to a model, sending back each time what such a client keeps of the turns before."""

Say = Callable[[Gateway, str, list[Any]], tuple[Shown, Any]]
"""Sends messages to a model; returns what is shown of the answer, and the message that stays of it."""


@dataclass(frozen=True)
class Client:
    """A client, and the setting its recipe in docs/clients.md names."""

    image_output: str
    converse: Converse
    is_collapsed: bool = False
    """Sends one user turn with the last picture in it, instead of the turns before."""


def converse_by(say: Say, prompt_to_message: Callable[[Any], Any] | None = None) -> Converse:
    """Return conversations that send all messages each time."""
    to_message = prompt_to_message or (lambda prompt: {"role": "user", "content": prompt})

    def converse(gateway: Gateway, model: str, prompts: Sequence[Any]) -> list[Shown]:
        messages: list[Any] = []
        turns = []
        for prompt in prompts:
            messages.append(to_message(prompt))
            shown, kept = say(gateway, model, messages)
            turns.append(shown)
            messages.append(kept)
        return turns

    return converse
