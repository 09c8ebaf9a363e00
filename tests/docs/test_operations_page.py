"""The pages for operators, against what there is: commands and their options, settings, metrics, codes, files."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from limner.cli import app
from limner.config import Settings
from limner.errors import GatewayError

ROOT = Path(__file__).parents[2]
PAGES = ("operations.md", "migrating.md", "recovery.md", "money.md")
OTHERS_VARIABLES = {"LIMNER_KEY"}
"""What an example calls something of the reader's own."""


def read(page: str) -> str:
    return (ROOT / "docs" / page).read_text(encoding="utf-8")


def list_commands(page: str) -> Iterator[list[str]]:
    """Yield the words of each command line of Limner's on a page, in code blocks and in sentences."""
    text = read(page).replace("\\\n", " ")
    blocks = re.findall(r"^[ ]*(?:docker exec limner )?(limner [a-z].*)$", text, re.MULTILINE)
    for command in [*blocks, *re.findall(r"`(limner [a-z][^`]*)`", text)]:
        line = re.split(r" #|\s[|>]\s", command.replace("…", "..."))[0]
        yield shlex.split(line)[1:]


@pytest.mark.parametrize("page", PAGES)
def test_commands_are_there(page: str) -> None:
    """Every command that a page names is one, with every option that it is given."""
    root = get_command(app)
    for words in list_commands(page):
        command, rest = root, [*words]
        while isinstance(command, TyperGroup) and rest and not rest[0].startswith("-"):
            found = command.commands.get(rest[0])
            assert found is not None, words
            command, rest = found, rest[1:]
        options = {
            name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)
        }
        given = {word.partition("=")[0] for word in rest if re.match(r"--[a-z]", word)}
        assert given <= options | {"--help"}, words


@pytest.mark.parametrize("page", PAGES)
def test_settings_are_there(page: str) -> None:
    """Every variable of Limner's that a page names is a setting."""
    known = {str(field.validation_alias) for field in Settings.model_fields.values()}
    known |= {f"{name}_FILE" for name in known} | {"LIMNER_BASE_URL", "LIMNER_API_KEY"}
    named = set(re.findall(r"\bLIMNER_[A-Z_]+\b", read(page)))
    assert named - known - OTHERS_VARIABLES == set()


def test_metrics_are_there() -> None:
    """Every metric that the page on operations names is on the page of metrics."""
    named = set(re.findall(r"\blimner_[a-z_]+\b", read("operations.md")))
    assert {name for name in named if name not in read("metrics.md")} == set()
    assert len(named) > 5


def test_codes_are_there() -> None:
    """Every code of an error that the page on operations names with its status is one of that status."""
    codes: dict[str, int] = {}
    kinds = [GatewayError]
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        codes |= dict.fromkeys(getattr(kind, "codes", ()), getattr(kind, "status", 0))
    named = re.findall(r"\b(\d{3}) `(\w+)`", read("operations.md"))
    assert len(named) > 5
    assert {(status, code) for status, code in named if codes.get(code) != int(status)} == set()


def test_files_are_there() -> None:
    """Every file of the repository that a page names is one."""
    named = {
        path
        for page in PAGES
        for path in re.findall(r"\b((?:deploy|bench|docs/samples)/[\w./-]+\w)", read(page))
    }
    assert {path for path in named if not (ROOT / path).exists()} == set()
    assert "deploy/prometheus/limner-rules.yml" in named
