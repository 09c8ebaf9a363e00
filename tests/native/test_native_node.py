"""Google's own Node client draws through the gateway; the program it runs is tests/node/genai.mjs, as for the emulator."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from asking import digest, draw_directly
from native import MODEL
from programs import CLIENT_KEY, Emulator, Gateway, scrub_environment

FOLDER = Path(__file__).resolve().parents[1] / "node"


def test_the_node_client_draws_chats_and_lists(gateway: Gateway, emulator: Emulator) -> None:
    """Generate, stream, three turns of a chat, an edit, the list, a count and a refusal, all by the client."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not on this machine")
    if not (FOLDER / "node_modules" / "@google" / "genai").is_dir():
        pytest.skip("the Node client is not installed: run `npm ci` in tests/node")
    given = {"LIMNER_TEST_URL": gateway.url, "LIMNER_TEST_KEY": CLIENT_KEY, "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [node, "genai.mjs"],
        cwd=FOLDER,
        env={**scrub_environment(), **given},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    said = json.loads(done.stdout)
    drawn = digest(draw_directly(emulator, MODEL, "a lighthouse", aspectRatio="1:1", imageSize="512"))
    assert said["whole"] == said["streamed"] == said["turns"][:1] == [drawn]
    assert len(said["edited"]) == 1
    assert len(set(said["turns"])) == 3
    assert f"models/{MODEL}" in said["listed"]
    assert said["counted"] > 0
    assert said["refused"] == {"isApiError": True, "status": 400}
