"""A conversation held by curl and a shell: each answer's message goes into the next call's body."""

import json
import shutil
import subprocess
from typing import Any

import pytest
from client import converse_by
from shown import Shown, show_markdown

from programs import CLIENT_KEY, Gateway


def say(gateway: Gateway, model: str, messages: list[Any]) -> tuple[Shown, Any]:
    """Ask for a whole answer; its body comes from a file's worth of standard input."""
    program = shutil.which("curl")
    if program is None:
        pytest.skip("curl is not on this machine")
    done = subprocess.run(
        [
            *(program, "--silent", "--show-error", "--fail-with-body", "--noproxy", "*"),
            *("--header", f"Authorization: Bearer {CLIENT_KEY}", "--data-binary", "@-"),
            f"{gateway.url}/v1/chat/completions",
        ],
        input=json.dumps({"model": model, "messages": messages}).encode(),
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout[:1000] + done.stderr
    message = json.loads(done.stdout)["choices"][0]["message"]
    return show_markdown(message["content"]), message


CONVERSE_CURL = converse_by(say)
