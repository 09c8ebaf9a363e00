"""docs/draw.md: its examples run, and its tables are the program's."""

import re
import subprocess
import sys
from pathlib import Path

from programs import CLIENT_KEY, Gateway, scrub_environment

PAGE = (Path(__file__).parents[2] / "docs" / "draw.md").read_text(encoding="utf-8")


def test_the_examples_run(gateway: Gateway, tmp_path: Path) -> None:
    """The page's commands, typed one after the other into one shell, write the files they name."""
    script = "\n".join(re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
    for placeholder, value in (("http://127.0.0.1:8000", gateway.url), ("sk-limner-...", CLIENT_KEY)):
        assert script.count(placeholder) == 1
        script = script.replace(placeholder, value)
    program = tmp_path / "bin" / "limner"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m limner.cli "$@"\n')
    program.chmod(0o700)
    environ = scrub_environment()
    done = subprocess.run(
        ["sh", "-ec", script],
        cwd=tmp_path,
        env=environ | {"PATH": f"{program.parent}:{environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert re.match(r"lighthouse\.jpg  2752x1536  \d+ bytes\n", done.stdout)
    names = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.jpg")}
    assert {"lighthouse.jpg", "night.jpg", "fox.jpg", "blue.jpg"} <= names
    assert any(re.fullmatch(r"foxes/a-red-fox-01-\d+x\d+\.jpg", name) for name in names)
    assert any(re.fullmatch(r"cards/limner-\d{8}-\d{6}\.jpg", name) for name in names)


def test_every_option_is_described(tmp_path: Path) -> None:
    """Each option that `--help` names stands on the page."""
    done = subprocess.run(
        [sys.executable, "-m", "limner.cli", "draw", "--help"],
        cwd=tmp_path,
        env=scrub_environment() | {"COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    options = set(re.findall(r"--[a-z-]+", done.stdout)) - {"--help", "--stream"}
    assert len(options) > 10
    assert [option for option in sorted(options) if f"`{option}`" not in PAGE] == []
