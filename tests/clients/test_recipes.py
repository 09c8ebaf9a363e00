"""docs/clients.md: its examples run as they stand, and what it says was run stands in the roster."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from client import Client, OpenGateway
from node_clients import FOLDER as NODE_FOLDER
from recorder import Recorder
from roster import CLIENTS
from test_draw_edit_edit import check_edits

from programs import CLIENT_KEY, Gateway, scrub_environment

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "clients.md").read_text(encoding="utf-8")
PLACEHOLDER_URL = "http://127.0.0.1:8000"
PLACEHOLDER_KEY = "sk-limner-..."
SECOND_PROMPT = "Now make it blue"

_ROW = re.compile(r"^\| \[([^\]]+)\]\(#[^)]+\) \| `(\w+)` \|", re.MULTILINE)
OUTPUTS = dict(_ROW.findall(PAGE))
"""The output that the page's table names for each client."""

TITLES = {
    "openai-python": "openai for Python",
    "openai-node": "openai for Node",
    "ai-sdk": "AI SDK",
    "ai-sdk-openrouter": "AI SDK with OpenRouter's provider",
    "langchain-python": "LangChain for Python",
    "langchain-node": "LangChain for Node",
    "litellm": "litellm",
    "llm": "llm",
    "curl": "curl",
    "open-webui": "Open WebUI",
    "lobechat": "LobeChat",
    "cherry-studio": "Cherry Studio",
    "nextchat": "NextChat",
    "librechat": "LibreChat",
}


def read_section(title: str) -> str:
    """Return what stands under a heading."""
    (section,) = re.findall(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    return str(section)


def read_example(title: str, language: str, gateway: Gateway) -> str:
    """Return the only block in a language, with this gateway's address and key and no other change."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", read_section(title), re.MULTILINE | re.DOTALL)
    (block,) = [block for named, block in blocks if named == language]
    return str(block.replace(PLACEHOLDER_URL, gateway.url).replace(PLACEHOLDER_KEY, CLIENT_KEY))


def run(folder: Path, *command: str, **variables: str) -> str:
    """Run a command in `folder` and return what it printed."""
    bins = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        command,
        cwd=folder,
        env={**scrub_environment(), "LITELLM_LOCAL_MODEL_COST_MAP": "True", "PATH": bins, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def check_recipe(recorder: Recorder) -> None:
    """Check that an example drew and then edited what it had drawn."""
    drawn, edited = recorder.exchanges
    assert (drawn.status, edited.status) == (200, 200)
    check_edits(Client("auto", lambda *_: []), edited, drawn.answered, SECOND_PROMPT)


def list_outputs(root: str) -> set[str]:
    """Return the outputs that the clients of a recipe are run with."""
    return {
        client.image_output
        for name, client in CLIENTS.items()
        if max((other for other in TITLES if name.startswith(other)), key=len) == root
    }


@pytest.mark.parametrize("title", ["openai for Python", "LangChain for Python", "litellm"])
def test_python_examples(title: str, open_gateway: OpenGateway, recorder: Recorder, tmp_path: Path) -> None:
    """Each Python example draws, edits what it drew, and prints something of both."""
    example = read_example(title, "python", open_gateway(OUTPUTS[title]))
    assert len(run(tmp_path, sys.executable, "-c", example).splitlines()) >= 2
    check_recipe(recorder)


@pytest.mark.parametrize(
    "title", ["openai for Node", "LangChain for Node", "AI SDK", "AI SDK with OpenRouter's provider"]
)
def test_node_examples(title: str, open_gateway: OpenGateway, recorder: Recorder, tmp_path: Path) -> None:
    """So does each Node example."""
    if shutil.which("node") is None:
        pytest.skip("Node is not on this machine")
    if not (NODE_FOLDER / "node_modules" / "@openrouter").is_dir():
        pytest.skip("the Node clients are not installed: run `npm ci` in tests/node")
    (tmp_path / "node_modules").symlink_to(NODE_FOLDER / "node_modules", target_is_directory=True)
    (tmp_path / "example.mjs").write_text(read_example(title, "js", open_gateway(OUTPUTS[title])))
    assert len(run(tmp_path, "node", "example.mjs").splitlines()) >= 2
    check_recipe(recorder)


def test_llm_example(open_gateway: OpenGateway, recorder: Recorder, tmp_path: Path) -> None:
    """The commands for `llm`, with the file beside them, draw and edit."""
    gateway = open_gateway(OUTPUTS["llm"])
    (tmp_path / "extra-openai-models.yaml").write_text(read_example("llm", "yaml", gateway))
    run(tmp_path, "sh", "-ec", read_example("llm", "", gateway), LLM_USER_PATH=str(tmp_path))
    check_recipe(recorder)


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on this machine")
def test_curl_example(open_gateway: OpenGateway, recorder: Recorder, tmp_path: Path) -> None:
    """The example for curl draws."""
    printed = run(tmp_path, "sh", "-ec", read_example("curl", "", open_gateway(OUTPUTS["curl"])))
    assert "![image](data:image/" in printed
    assert [exchange.status for exchange in recorder.exchanges] == [200]


@pytest.mark.parametrize("root", TITLES)
def test_the_roster_runs_what_the_page_says(root: str) -> None:
    """The output that a recipe names is one its client is run with; others that it is run with are mentioned."""
    outputs = list_outputs(root)
    assert OUTPUTS[TITLES[root]] in outputs
    assert [output for output in outputs if output not in read_section(TITLES[root]).lower()] == []


def test_every_recipe_is_run() -> None:
    """The page's table and the roster name the same clients."""
    assert OUTPUTS.keys() == set(TITLES.values())
