"""`make demo`: two pictures drawn through the official `openai` client on the bundled emulator, in a minute.

Starts a gateway of its own in a temporary folder, asks it as any program would, and ends it. Knows nothing of
the gateway's inside.
"""

import base64
import os
import re
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openai import OpenAI

OUTPUT_FOLDER = Path("demo")
MODEL = "nano-banana-2.1"
PROMPT = "A lighthouse on a cliff above a calm sea at sunset"
EDIT = "Make it blue"

_IMAGE_CONFIG = {"aspect_ratio": "16:9", "image_size": "2K"}
_LISTENING = re.compile(r"Limner listens on (http://\S+)")
_MARKDOWN_PICTURE = re.compile(r"!\[image\]\((data:image/(\w+);base64,([^)]+))\)")


def run() -> int:
    """Draw a picture and an edit of it, print what came, and return the exit code."""
    try:
        from openai import OpenAI  # noqa: PLC0415 - not among what the gateway itself needs
    except ImportError:
        print("The demo draws with the official client: pip install openai", file=sys.stderr)
        return 1
    OUTPUT_FOLDER.mkdir(exist_ok=True)
    with _run_gateway() as (base_url, key):
        print(
            f"Limner runs at {base_url}; its upstream is the bundled emulator, so nothing here costs money."
        )
        client = OpenAI(base_url=f"{base_url}/v1", api_key=key)
        picture_uri = _draw(client)
        _edit(client, picture_uri)
    return 0


def _draw(client: "OpenAI") -> str:
    """Draw the first picture, not streamed; return it as a data URI."""
    started = time.perf_counter()
    completion = client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": PROMPT}],
        extra_body={"extra_body": {"google": {"image_config": _IMAGE_CONFIG}}},
    )
    note = _read_extra(completion, "limner")
    return _report("picture", PROMPT, completion.choices[0].message.content or "", note, started)


def _edit(client: "OpenAI", picture_uri: str) -> None:
    """Have the picture changed, streamed."""
    started = time.perf_counter()
    stream = client.chat.completions.create(
        model=MODEL,
        messages=[
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": EDIT},
                    {"type": "image_url", "image_url": {"url": picture_uri}},
                ],
            }
        ],
        stream=True,
        extra_body={"extra_body": {"google": {"image_config": _IMAGE_CONFIG}}},
    )
    content = ""
    note: dict[str, Any] = {}
    for chunk in stream:
        note = _read_extra(chunk, "limner") or note
        if chunk.choices:
            content += chunk.choices[0].delta.content or ""
    _report("edit", EDIT, content, note, started)


def _report(name: str, prompt: str, content: str, note: dict[str, Any], started: float) -> str:
    """Write the picture that `content` holds, say what it is, and return its data URI."""
    found = _MARKDOWN_PICTURE.search(content)
    if found is None:
        raise SystemExit(f"The answer to {prompt!r} holds no picture: {content[:200]!r}")
    path = OUTPUT_FOLDER / f"{name}.{found[2].replace('jpeg', 'jpg')}"
    path.write_bytes(base64.b64decode(found[3], validate=True))
    image = note["images"][0]
    print(
        f"{path}  {image['width']}x{image['height']}  ${note['cost_usd']:.4f}  "
        f"{time.perf_counter() - started:.1f} s  {prompt!r}",
        flush=True,
    )
    return found[1]


def _read_extra(record: Any, name: str) -> dict[str, Any]:
    """Return a field that the client's own types do not have."""
    extra = record.model_extra or {}
    return dict(extra.get(name) or {})


@contextmanager
def _run_gateway() -> Iterator[tuple[str, str]]:
    """Run `limner serve --emulator` on a free port; yield its address and a key, end it afterwards."""
    key = f"sk-demo-{secrets.token_hex(16)}"
    environ = {name: value for name, value in os.environ.items() if not name.startswith("LIMNER_")}
    with tempfile.TemporaryDirectory(prefix="limner-demo-") as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", "limner.cli", "serve", "--emulator", "--port", "0"],
            cwd=folder,
            env=environ | {"LIMNER_API_KEYS": key, "LIMNER_LOG_LEVEL": "warning"},
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield _wait_for_address(process), key
        finally:
            process.terminate()
            process.communicate(timeout=30)


def _wait_for_address(process: "subprocess.Popen[str]") -> str:
    said = ""
    for line in process.stderr or ():
        said += line
        if (found := _LISTENING.search(line)) is not None:
            return found[1]
    raise SystemExit(f"The gateway did not start:\n{said}")
