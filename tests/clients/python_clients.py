"""Conversations held by Python's client libraries, used as their documentation shows them."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yaml
from client import Converse, converse_by
from langchain_core.messages import HumanMessage
from langchain_openai import ChatOpenAI
from openai import OpenAI
from openai.types.chat import ChatCompletionMessage
from pydantic import SecretStr
from shown import Shown, show_images, show_markdown

from programs import CLIENT_KEY, Gateway, scrub_environment

Keep = Callable[[ChatCompletionMessage], Any]
"""What of an answer goes back with the next call."""


def keep_content(message: ChatCompletionMessage) -> dict[str, Any]:
    """Role and content, as most scripts do."""
    return {"role": "assistant", "content": message.content}


def keep_message(message: ChatCompletionMessage) -> ChatCompletionMessage:
    """The library's own object, with all that it holds."""
    return message


def keep_dump(message: ChatCompletionMessage) -> dict[str, Any]:
    """The object as a dictionary, with a null for each field that was not there."""
    return message.model_dump()


def list_images(message: Any) -> list[str]:
    """The addresses in `images`, a field that OpenAI's types do not know."""
    return [image["image_url"]["url"] for image in getattr(message, "images", None) or ()]


def show_beside(message: Any) -> Shown:
    """Show the pictures beside the text."""
    return show_images(message.content, list_images(message))


def create_openai(gateway: Gateway) -> OpenAI:
    """OpenAI's client, which tells each failure at once."""
    return OpenAI(base_url=f"{gateway.url}/v1", api_key=CLIENT_KEY, max_retries=0)


def show_content(message: Any) -> Shown:
    """Show the pictures that stand in the text, as scripts do that know no `images`."""
    return show_markdown(message.content)


def converse_openai(keep: Keep, show: Callable[[Any], Shown] = show_content, **options: Any) -> Converse:
    """Return conversations by OpenAI's client, each answer whole."""

    def say(gateway: Gateway, model: str, messages: list[Any]) -> tuple[Shown, Any]:
        with create_openai(gateway) as client:
            answer = client.chat.completions.create(model=model, messages=messages, **options)
        return show(answer.choices[0].message), keep(answer.choices[0].message)

    return converse_by(say)


def stream_openai(gateway: Gateway, model: str, messages: list[Any]) -> tuple[Shown, Any]:
    """OpenAI's client, each answer a stream whose deltas are put together by hand."""
    with create_openai(gateway) as client:
        chunks = client.chat.completions.create(model=model, messages=messages, stream=True)
        content = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    return show_markdown(content), {"role": "assistant", "content": content}


def create_langchain(gateway: Gateway, model: str) -> ChatOpenAI:
    """LangChain's client, as it comes but for its retries."""
    return ChatOpenAI(model=model, base_url=f"{gateway.url}/v1", api_key=SecretStr(CLIENT_KEY), max_retries=0)


def invoke_langchain(gateway: Gateway, model: str, messages: list[Any]) -> tuple[Shown, Any]:
    """LangChain, each answer whole; its own message goes back."""
    answer = create_langchain(gateway, model).invoke(messages)
    return show_markdown(answer.text), answer


def stream_langchain(gateway: Gateway, model: str, messages: list[Any]) -> tuple[Shown, Any]:
    """LangChain, each answer a stream; the sum of its chunks goes back."""
    first, *others = create_langchain(gateway, model).stream(messages)
    answer = first.__add__(others)
    return show_markdown(answer.text), answer


CONVERSE_OPENAI_STREAM = converse_by(stream_openai)
CONVERSE_LANGCHAIN = converse_by(invoke_langchain, HumanMessage)
CONVERSE_LANGCHAIN_STREAM = converse_by(stream_langchain, HumanMessage)


def converse_llm(gateway: Gateway, model: str, prompts: Sequence[str]) -> list[Shown]:
    """The command `llm`, told of the gateway in its file of models; `-c` goes on with the last conversation."""
    home = gateway.folder / f"llm-{model}"
    write_llm_files(home, gateway, model)
    turns = []
    for number, prompt in enumerate(prompts):
        options = ["-c"] if number else ["-m", "limner"]
        done = subprocess.run(
            [sys.executable, "-m", "llm", "prompt", *options, prompt],
            env={**scrub_environment(), "LLM_USER_PATH": str(home), "PATH": os.environ["PATH"]},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        turns.append(show_markdown(done.stdout.removesuffix("\n")))
    return turns


def write_llm_files(home: Path, gateway: Gateway, model: str) -> None:
    """Write the two files of the recipe: where the model is, and its key."""
    home.mkdir()
    told = {
        "model_id": "limner",
        "model_name": model,
        "api_base": f"{gateway.url}/v1",
        "api_key_name": "limner",
    }
    (home / "extra-openai-models.yaml").write_text(yaml.safe_dump([told]))
    (home / "keys.json").write_text(json.dumps({"limner": CLIENT_KEY}))
