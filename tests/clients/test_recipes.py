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
from node_clients import find_node
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


PLACES = {
    "openai for Python": "completions.create(",
    "openai for Node": "completions.create({",
    "LangChain for Python": "ChatOpenAI(",
    "LangChain for Node": "new ChatOpenAI({",
    "AI SDK": "generateText({",
    "AI SDK with OpenRouter's provider": "createOpenRouter({",
    "litellm": "litellm.completion(",
}
"""Where in an example its recipe's way to set the ratio goes."""


def run_program(title: str, gateway: Gateway, folder: Path, added: str = "") -> str:
    """Run an example, with `added` in its place; return what it printed."""
    is_python = "```python" in read_section(title)
    example = read_example(title, "python" if is_python else "js", gateway)
    example = example.replace(PLACES[title], f"{PLACES[title]}{added}")
    if is_python:
        return run(folder, sys.executable, "-c", example)
    node = find_node("@openrouter/ai-sdk-provider")
    (folder / "node_modules").symlink_to(NODE_FOLDER / "node_modules", target_is_directory=True)
    (folder / "example.mjs").write_text(example)
    return run(folder, node, "example.mjs")


@pytest.mark.parametrize("title", PLACES)
def test_programs(title: str, open_gateway: OpenGateway, recorder: Recorder, tmp_path: Path) -> None:
    """Each example in Python or JavaScript draws, edits what it drew, and prints something of both."""
    printed = run_program(title, open_gateway(OUTPUTS[title]), tmp_path)
    assert len(printed.splitlines()) >= 2
    check_recipe(recorder)
    assert [exchange.ratio for exchange in recorder.exchanges] == [None, None]


@pytest.mark.parametrize("title", PLACES)
def test_ratios(title: str, open_gateway: OpenGateway, recorder: Recorder, tmp_path: Path) -> None:
    """The way to set the ratio that a recipe names, put into its example, reaches the upstream."""
    (line,) = re.findall(
        r"^- \*\*Ratio and size\*\*: `([^`]+)`|Ratio and size stand.*?: `([^`]+)`",
        read_section(title),
        re.MULTILINE,
    )
    run_program(title, open_gateway(OUTPUTS[title]), tmp_path, f"{''.join(line)}, ")
    assert {exchange.ratio for exchange in recorder.exchanges} == {"16:9"}
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
