"""README and documents as a whole: links lead somewhere, examples run, the plan of the house is the house."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from programs import Program, scrub_environment

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "limner"
PAGES = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").glob("*.md")),
)
KEY = "sk-key-of-the-examples"
PLACEHOLDER_KEY = "sk-limner-..."
PLACEHOLDER_URL = "http://127.0.0.1:8000"


def read_prose(path: Path) -> str:
    """Return a page without its code."""
    text = path.read_text(encoding="utf-8")
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def list_anchors(path: Path) -> set[str]:
    """Return what the headings of a page can be linked by, as GitHub makes it of them."""
    headings = re.findall(r"^#+ (.+)$", read_prose(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of a page leads to a file of the repository, and to a heading if it names one."""
    links = re.findall(r"\]\(([^()\s]+)\)", re.sub(r"`[^`]*`", "", read_prose(page)))
    for link in links:
        if re.match(r"https?:|mailto:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), f"{page.name}: {link}"
        assert target.is_relative_to(ROOT), f"{page.name}: {link}"
        assert not anchor or anchor in list_anchors(target), f"{page.name}: {link}"


def test_every_document_is_linked() -> None:
    """README leads to every page of docs/."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in (ROOT / "docs").glob("*.md") if f"(docs/{page.name})" not in readme] == []


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """`limner serve --emulator`, as README says to try it."""
    program = Program(
        "limner.cli",
        *("serve", "--emulator", "--port", "0"),
        folder=tmp_path_factory.mktemp("examples"),
        variables={"LIMNER_API_KEYS": KEY},
    )
    yield program
    assert program.stop() == 0


def read_example(gateway: Program, pattern: str, page: str = "README.md") -> str:
    """Return the only example that matches, with the address and the key of this gateway and no other change."""
    text = (ROOT / page).read_text(encoding="utf-8")
    (example,) = re.findall(pattern, text, re.MULTILINE | re.DOTALL)
    assert example.count(PLACEHOLDER_URL) == 1
    assert example.count(PLACEHOLDER_KEY) == 1
    return str(example.replace(PLACEHOLDER_URL, gateway.url).replace(PLACEHOLDER_KEY, KEY))


def run_example(folder: Path, *command: str) -> str:
    """Run a command in `folder` and return what it printed."""
    done = subprocess.run(
        command, cwd=folder, env=scrub_environment(), capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def get_last_call(gateway: Program) -> dict[str, Any]:
    """Return the last call that reached the emulator behind the gateway."""
    emulator_url = fetch(gateway.url, "/healthz")["emulator"]
    call: dict[str, Any] = fetch(emulator_url, "/emulator/journal")[-1]
    return call


def fetch(url: str, path: str) -> Any:
    """Return the JSON at a path of a server on this machine; no proxy is asked."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=10)
    try:
        connection.request("GET", path)
        return json.load(connection.getresponse())
    finally:
        connection.close()


def check_drawn(call: dict[str, Any]) -> None:
    """Check that a call drew what README's programs ask for."""
    assert (call["model"], call["status"]) == ("gemini-nano-banana-2.1", 200)
    assert "lighthouse" in call["prompt"]
    assert {"16:9", "2K"} <= set(re.findall(r"[\w:]+", json.dumps(call["settings"])))


def test_python_example(gateway: Program, tmp_path: Path) -> None:
    """README's Python example draws a 16:9 picture at 2K and prints how the answer begins."""
    printed = run_example(tmp_path, sys.executable, "-c", read_example(gateway, r"^```python\n(.*?)^```$"))
    assert printed.strip()
    check_drawn(get_last_call(gateway))


def test_node_example(gateway: Program, tmp_path: Path) -> None:
    """README's Node example does the same."""
    modules = ROOT / "tests" / "node" / "node_modules"
    if shutil.which("node") is None:
        pytest.skip("there is no node on this machine")
    if not (modules / "openai").is_dir():
        pytest.skip("tests/node/node_modules is not installed: npm ci")
    (tmp_path / "node_modules").symlink_to(modules, target_is_directory=True)
    (tmp_path / "example.mjs").write_text(read_example(gateway, r"^```js\n(.*?)^```$"), encoding="utf-8")
    assert run_example(tmp_path, "node", "example.mjs").strip()
    check_drawn(get_last_call(gateway))


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on this machine")
@pytest.mark.parametrize("page", ["README.md", "docs/chat.md"])
def test_curl_examples(gateway: Program, tmp_path: Path, page: str) -> None:
    """Each curl example is answered with a picture: in `images` where it asks for that, else as Markdown."""
    example = read_example(gateway, r"^```\n(curl .*?)^```$", page)
    answer = json.loads(run_example(tmp_path, "sh", "-c", example))
    message = answer["choices"][0]["message"]
    images = [image["image_url"]["url"] for image in message.get("images", ())]
    assert len(images) == ("modalities" in example)
    assert "data:image/" in (images[0] if images else message["content"])
    assert get_last_call(gateway)["status"] == 200


def read_architecture() -> str:
    """Return the page that says how the house is built."""
    return (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def test_named_modules_exist() -> None:
    """Every module and room that the architecture page names is there."""
    named = set(re.findall(r"`([\w/]+(?:\.py|/))`", read_architecture()))
    assert len(named) > 30
    assert [name for name in sorted(named) if not (SOURCE / name).exists()] == []


def test_every_package_is_named() -> None:
    """The architecture page names every package, and every module outside of one."""
    named = set(re.findall(r"`([\w/]+(?:\.py|/))`", read_architecture()))
    packages = {f"{path.parent.relative_to(SOURCE)}/" for path in SOURCE.glob("*/**/__init__.py")}
    modules = {path.name for path in SOURCE.glob("*.py")} - {"__init__.py", "__main__.py"}
    assert sorted((packages | modules) - named) == []


def test_import_rules_are_those_checked() -> None:
    """The layers on the architecture page are the ones that import-linter checks."""
    (drawn,) = re.findall(r"^```\n(.*?)^```$", read_architecture(), re.MULTILINE | re.DOTALL)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (rule,) = [r for r in project["tool"]["importlinter"]["contracts"] if r["type"] == "layers"]
    assert drawn.splitlines() == [layer.replace("limner.", "") for layer in rule["layers"]]


def test_measured_figures_are_those_of_the_modules() -> None:
    """Every measured figure among the decisions of the architecture page stands in a module's docstring too."""
    decisions = read_architecture().partition("## Decisions")[2].partition("\n## ")[0]
    figures = re.findall(r"\d[\d,.]*(?: to \d+)? (?:ms|page faults|faults|times|microseconds)", decisions)
    assert len(figures) > 8
    source = " ".join(" ".join(path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py")).split())
    assert [figure for figure in figures if figure not in source] == []
