"""Google's own Node client takes the emulator for Google; the program it runs is tests/node/genai.mjs."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from programs import Emulator, scrub_environment

FOLDER = Path(__file__).resolve().parents[1] / "node"


def test_the_node_client_draws_chats_and_lists(emulator: Emulator) -> None:
    """Generate, stream, three turns of a chat, an edit, the list, a count and a refusal, all by the client."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not on this machine")
    if not (FOLDER / "node_modules" / "@google" / "genai").is_dir():
        pytest.skip("the Node client is not installed: run `npm ci` in tests/node")
    done = subprocess.run(
        [node, "genai.mjs"],
        cwd=FOLDER,
        env={**scrub_environment(), "LIMNER_TEST_URL": emulator.url, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    said = json.loads(done.stdout)
    assert said["streamed"] == said["whole"]
    assert len(said["whole"]) == len(said["edited"]) == 1
    assert said["turns"][0] == said["whole"][0]
    assert len(set(said["turns"])) == 3
    assert "models/gemini-nano-banana-2.1" in said["listed"]
    assert said["counted"] > 0
    assert said["refused"] == {"isApiError": True, "status": 400}
