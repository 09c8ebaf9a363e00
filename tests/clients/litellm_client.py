"""Conversations held by litellm as a client: a model of its provider `openai` at the gateway's address."""

import asyncio
import warnings
from collections.abc import Callable
from typing import Any

from client import converse_by
from openai import OpenAI
from python_clients import list_images, show_beside
from shown import Shown, show_images

from programs import CLIENT_KEY, Gateway


def complete_whole(gateway: Gateway, model: str, messages: list[Any]) -> tuple[Shown, Any]:
    """Each answer whole; the message goes back as litellm dumps it."""

    def read(answer: Any) -> tuple[Shown, Any]:
        message = answer.choices[0].message
        return show_beside(message), message.model_dump()

    return _complete(gateway, model, messages, read)


def complete_stream(gateway: Gateway, model: str, messages: list[Any]) -> tuple[Shown, Any]:
    """Each answer a stream; text and images go back."""

    def read(chunks: Any) -> tuple[Shown, Any]:
        deltas = [chunk.choices[0].delta for chunk in chunks]
        content = "".join(delta.content or "" for delta in deltas)
        images = [image for delta in deltas for image in getattr(delta, "images", None) or ()]
        shown = show_images(content, [url for delta in deltas for url in list_images(delta)])
        return shown, {"role": "assistant", "content": content, "images": images}

    return _complete(gateway, model, messages, read, stream=True)


def _complete(
    gateway: Gateway,
    model: str,
    messages: list[Any],
    read: Callable[[Any], tuple[Shown, Any]],
    **options: Any,
) -> tuple[Shown, Any]:
    # Imported late: it takes seconds, which only its own tests should pay.
    import litellm  # noqa: PLC0415

    # For its logging it takes the thread's event loop, or leaves one open that it makes.
    with asyncio.Runner() as runner, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Item '.*' on TypedDict class", UserWarning)  # of its own types
        asyncio.set_event_loop(runner.get_loop())
        try:
            return read(
                litellm.completion(
                    model=f"openai/{model}",
                    api_base=f"{gateway.url}/v1",
                    api_key=CLIENT_KEY,
                    messages=messages,
                    max_retries=0,
                    **options,
                )
            )
        finally:
            asyncio.set_event_loop(None)
            # It keeps its connections for an hour, and leaves them open in the end.
            kept = litellm.in_memory_llm_clients_cache.cache_dict
            for name in [name for name, client in kept.items() if isinstance(client, OpenAI)]:
                kept.pop(name).close()


CONVERSE_LITELLM = converse_by(complete_whole)
CONVERSE_LITELLM_STREAM = converse_by(complete_stream)
