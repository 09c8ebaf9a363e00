"""Conversations held by Node's client libraries; each is a small program in tests/node."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from shown import Shown

from programs import CLIENT_KEY, Gateway, scrub_environment

FOLDER = Path(__file__).resolve().parents[1] / "node"


def find_node(package: str) -> str:
    """Return the path of Node; skip the test where it or a package is missing, which in CI neither may be."""
    node = shutil.which("node")
    give_up = pytest.fail if os.environ.get("CI") else pytest.skip
    if node is None:
        give_up("Node is not on this machine")
    if not (FOLDER / "node_modules" / package).is_dir():
        give_up("the Node clients are not installed: run `npm ci` in tests/node")
    return node


def converse_node(program: str, package: str, *, is_stream: bool) -> Callable[..., list[Shown]]:
    """Return conversations by `program`, which needs `package`."""

    def converse(gateway: Gateway, model: str, prompts: Sequence[str]) -> list[Shown]:
        node = find_node(package)
        asked = {"model": model, "prompts": list(prompts), "isStream": is_stream}
        done = subprocess.run(
            [node, f"{program}.mjs"],
            cwd=FOLDER,
            env={
                **scrub_environment(),
                "PATH": os.environ["PATH"],
                "LIMNER_TEST_URL": gateway.url,
                "LIMNER_TEST_KEY": CLIENT_KEY,
                "LIMNER_TEST_BODY": json.dumps(asked),
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return [Shown(turn["text"], tuple(turn["pictures"])) for turn in json.loads(done.stdout)]

    return converse
