"""The body of the call: what was typed, and the pictures to work from, in OpenAI's chat format.

Ratio and size go as `image_config` beside `modalities`, at the top: the form that Limner, OpenRouter and LiteLLM
read (2026-11). `stream_options` is there because LiteLLM counts tokens in a stream only when asked. Nothing else
is sent: strict gateways refuse fields they do not know. This module must not know who is asked.
"""

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pybase64
import typer

from limner.cli_draw_wording import to_line
from limner.cli_failure import CommandFailed
from limner.pictures.sniff import HEAD_BYTES, sniff_mime_type

_INPUT_TYPES = frozenset({"image/png", "image/jpeg", "image/webp", "image/heic", "image/heif"})


@dataclass(frozen=True, kw_only=True)
class Order:
    """What was typed."""

    prompt: str
    model: str
    aspect_ratio: str | None = None
    image_size: str | None = None
    system: str | None = None
    inputs: tuple[str, ...] = ()
    output: str | None = None
    is_forced: bool = False
    is_streamed: bool = True
    as_json: bool = False
    timeout_seconds: float = 600.0
    base_url: str | None = None
    api_key: str | None = field(default=None, repr=False)


def read_prompt(order: Order) -> str:
    """Return the prompt, from standard input if it is `-`.

    Raises:
        typer.BadParameter: it is empty, or standard input is named twice.
        CommandFailed: it is not text.
    """
    if [order.prompt, *order.inputs].count("-") > 1:
        raise typer.BadParameter("standard input (-) can be read only once")
    prompt = order.prompt
    if prompt == "-":
        try:
            prompt = sys.stdin.buffer.read().decode("utf-8")
        except UnicodeDecodeError:
            raise CommandFailed("the prompt on standard input is not UTF-8") from None
    if not prompt.strip():
        raise typer.BadParameter("the prompt is empty")
    return prompt.strip()


def build_body(order: Order, prompt: str) -> bytes:
    """Return the body of the call.

    Raises:
        typer.BadParameter: an option is not text.
        CommandFailed: a picture cannot be read.
    """
    messages: list[dict[str, Any]] = []
    if order.system:
        messages.append({"role": "system", "content": order.system})
    content: str | list[dict[str, Any]] = prompt
    if order.inputs:
        pictures = [{"type": "image_url", "image_url": {"url": _read_input(name)}} for name in order.inputs]
        content = [*pictures, {"type": "text", "text": prompt}]
    messages.append({"role": "user", "content": content})
    body: dict[str, Any] = {"model": order.model, "messages": messages, "modalities": ["image", "text"]}
    image_config = {"aspect_ratio": order.aspect_ratio, "image_size": normalise_size(order.image_size)}
    if given := {name: value for name, value in image_config.items() if value}:
        body["image_config"] = given
    body["stream"] = order.is_streamed
    if order.is_streamed:
        body["stream_options"] = {"include_usage": True}
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:
        raise typer.BadParameter("an argument is not UTF-8") from None


def normalise_size(image_size: str | None) -> str | None:
    """Return `2K` for `2k`: Gemini tells them apart, and a gateway may pass on what it gets."""
    return image_size.upper() if image_size and re.fullmatch(r"\d+k", image_size) else image_size


def _read_input(name: str) -> str:
    shown = "standard input" if name == "-" else to_line(name)
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except (OSError, ValueError) as error:
        raise CommandFailed(f"cannot read {shown} ({getattr(error, 'strerror', None) or error})") from None
    mime_type = sniff_mime_type(data[:HEAD_BYTES])
    if mime_type not in _INPUT_TYPES:
        found = "is empty" if not data else "is not a PNG, JPEG, WebP or HEIC picture"
        raise CommandFailed(f"{shown} {found}")
    return f"data:{mime_type};base64,{pybase64.b64encode(data).decode('ascii')}"
